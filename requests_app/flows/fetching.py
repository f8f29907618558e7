"""A round to one mailbox: what waits there is taken in one by one, and put away once its transaction is over.

Whoever holds the lease of a mailbox reads it. A round that dies leaves every message either untouched or taken in and not yet put
away; the next round sees by the rows which is which.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings

from portal.kit import clock, leases
from portal.organisations.models import Organisation
from requests_app.flows import receiving
from requests_app.mail.imap import MailboxUnread, Visit
from requests_app.models import InboundMail, Mailbox

AT_ONCE = 100
AN_HOUR = 1000  # of one organisation; a flood waits in the mailbox, with its true dates
PAUSE = timedelta(seconds=20)


class NoMailbox(Exception):
    """No mailbox is set for this organisation."""


@dataclass
class Round:
    """One visit, and what became of each message."""

    organisation: Organisation
    mailbox: Mailbox
    token: int
    visit: Visit
    taken: Counter[str] = field(default_factory=Counter)
    stuck: int = 0

    def waiting(self) -> list[int]:
        """What is to be taken in, oldest first. What was taken in but not put away is put away now."""
        here = self.visit.waiting()
        rows = InboundMail.objects.filter(place=self.visit.digest, uid_validity=self.visit.uid_validity)
        known = set(rows.filter(uid__in=here[: AT_ONCE * 5]).values_list("uid", flat=True))
        for uid in sorted(known):
            self.visit.put_away(uid)
        return [uid for uid in here if uid not in known][: min(AT_ONCE, self._room())]

    def take(self, uid: int) -> None:
        """One message: taken in, committed, put away."""
        leases.renew(Mailbox, self.mailbox.pk, self.token)
        arrived = self.visit.fetch(uid)
        if arrived is not None:
            outcome = receiving.take(self.organisation, arrived)
            self.visit.put_away(uid)
            self.taken[outcome.value] += 1

    def _room(self) -> int:
        since = clock.now() - timedelta(hours=1)
        return max(0, AN_HOUR - InboundMail.objects.filter(organisation=self.organisation, taken_at__gt=since).count())


@contextmanager
def round_to(organisation: Organisation, *, at_once: bool = False) -> Iterator[Round | None]:
    """The mailbox, opened; None while somebody else reads it or has just read it. Notes how it went, whatever happens."""
    place = settings.MAILBOXES.get(organisation.key)
    if place is None:
        raise NoMailbox(organisation.key)
    mailbox, _is_new = Mailbox.objects.get_or_create(organisation=organisation, defaults={"due_at": clock.now()})
    if at_once:
        Mailbox.objects.filter(pk=mailbox.pk).update(due_at=clock.now())
    token = leases.claim(Mailbox, mailbox.pk)
    if token is None:
        yield None
        return
    try:
        with Visit(place) as visit:
            current = Round(organisation, mailbox, token, visit)
            yield current
        _note(mailbox, token, stuck=current.stuck)
    except MailboxUnread as problem:
        _note(mailbox, token, error=problem.code)
        raise
    finally:
        leases.release(Mailbox, mailbox.pk, token, again_in=PAUSE)


def _note(mailbox: Mailbox, token: int, *, error: str = "", stuck: int = 0) -> None:
    """How the mailbox is, for the desk: an error keeps the moment when it began."""
    mine = Mailbox.objects.filter(pk=mailbox.pk, lease_token=token)
    if not error:
        mine.update(read_at=clock.now(), error="", error_since=None, stuck=stuck)
    elif not mine.filter(error=error).update(error=error):
        mine.update(error=error, error_since=clock.now())


def configured() -> list[Organisation]:
    """Organisations in use whose mail we read."""
    return list(Organisation.objects.filter(key__in=settings.MAILBOXES, is_active=True).order_by("key"))
