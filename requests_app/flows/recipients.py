"""Whoever got the data from us hears what we did with it (GDPR Art. 19): a letter to their contact, or a note that it was done by hand.

The letter holds no more than they need to find the person and to do the same. Who must still be told keeps a request from closing.
"""

import re
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.organisations.promises import Recipient
from requests_app import askers, letters
from requests_app.access import Actor
from requests_app.flows.moving import locked, record
from requests_app.flows.searching import NotYet
from requests_app.flows.triage import address_of
from requests_app.models import Case, Telling
from requests_app.models.decision import How
from requests_app.models.letter import LetterState
from requests_app.rules.rights import Right
from requests_app.wishes import decisions_of, wish_of

DONE = frozenset({"erased", "done", "partly"})
ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>.,;]+")
# Rights of which a recipient must hear; of any other only a person can tell them in words.
WRITTEN = frozenset({Right.DELETION.value, Right.CORRECTION.value, Right.RESTRICTION.value, Right.OBJECTION.value, Right.WITHDRAWAL.value})


def must_tell(case: Case) -> list[Recipient]:
    """Who got the data from us and must hear what we did with it; nobody while nothing was done."""
    return [one for one in case.policy.read().recipients if case.right in one.told_on] if case.outcome in DONE else []


def told(case: Case) -> dict[str, Telling]:
    """Recipient key → how and when they were told."""
    return {one.recipient: one for one in case.tellings.select_related("letter")}


def untold(case: Case) -> list[Recipient]:
    """Who must still be told."""
    known = told(case)
    return [one for one in must_tell(case) if one.key not in known]


def contact_of(recipient: Recipient) -> str:
    """The email address among the words of their contact; empty where there is none, so that somebody tells them by hand."""
    found = ADDRESS.search(recipient.contact or "")
    return found.group() if found else ""


@transaction.atomic
def write(case: Case, recipient_key: str, *, by: Actor) -> Telling:
    """Mails the recipient what to do, for whom, and by when we ask them to confirm it."""
    case = locked(case)
    recipient = _waiting(case, recipient_key)
    to = contact_of(recipient)
    if not to or case.right not in WRITTEN:
        sentence = _("The policy names no email address for %(name)s. Tell them, and note it here. Nothing was sent.")
        raise NotYet(sentence % {"name": recipient.name})
    answer_by = clock.today(case.organisation.timezone) + timedelta(days=case.policy.read().recipient_days)
    facts = {"recipient": recipient, "person": askers.own_address(case), "changes": _changes(case), "answer_by": answer_by}
    letter = letters.queue(case, letters.TO_RECIPIENT, to=to, facts=facts)
    telling = _keep(case, recipient, by=by, how=How.LETTER)
    telling.letter, telling.answer_by = letter, answer_by
    telling.save()
    return telling


@transaction.atomic
def note(case: Case, recipient_key: str, *, by: Actor) -> Telling:
    """Writes down that somebody has told them in another way; once is enough."""
    case = locked(case)
    return _keep(case, _waiting(case, recipient_key), by=by, how=How.HAND)


def _waiting(case: Case, recipient_key: str) -> Recipient:
    waiting = {one.key: one for one in untold(case)}
    if recipient_key not in waiting:
        raise NotYet(_("There is nobody of that name who must still be told. Nothing was changed."))
    return waiting[recipient_key]


def _keep(case: Case, recipient: Recipient, *, by: Actor, how: How) -> Telling:
    record(case, "recipient.told", by=by.key, recipient=recipient.key, name=recipient.name, how=how.value)
    return Telling.objects.create(case=case, recipient=recipient.key, how=how, told_by=by.name, told_at=clock.now())


def _changes(case: Case) -> list[tuple[str, str]]:
    """What a recipient must correct: the fields that we corrected, with what they should say. Nothing of what was refused."""
    if case.right != Right.CORRECTION.value:
        return []
    decided = decisions_of(case)
    kept = {number for number, one in decided.items() if one["verdict"] != "refuse"}
    return [(one.title, one.new) for number, one in enumerate(wish_of(case).corrections) if number in kept]


@transaction.atomic
def confirm(case: Case, recipient_key: str, who: str, *, by: Actor) -> None:
    """Writes down who confirmed that it was done there, or that they cannot, and why."""
    case = locked(case)
    telling = case.tellings.filter(recipient=recipient_key).first()
    if telling is None or telling.answered_at:
        raise NotYet(_("Nobody of that name was told and has still to confirm. Nothing was changed."))
    if not who.strip():
        raise NotYet(_("Write who confirmed it, and how. Nothing was changed."))
    telling.answered_at, telling.answer_sealed = clock.now(), case.seal(who.strip())
    telling.save()
    record(case, "recipient.confirmed", by=by.key, recipient=recipient_key, name=_name(case, recipient_key))


@transaction.atomic
def name_to_person(case: Case, *, by: Actor) -> None:
    """The person asked who was told: a letter names each of them, with the day."""
    case = locked(case)
    known = told(case)
    listed = [(one, known.get(one.key)) for one in must_tell(case)]
    if not listed:
        raise NotYet(_("Nobody has to be told of this request, so there is nobody to name. Nothing was sent."))
    zone = case.organisation.timezone
    rows = [(one.name, clock.local_date(line.told_at, zone) if line else None, bool(line and line.answered_at)) for one, line in listed]
    record(case, "recipients.named", by=by.key, count=len(rows))
    letters.queue(case, "recipients_named", to=address_of(case), facts={"rows": rows})


def standing(case: Case, telling: Telling) -> str:
    """Where it stands, as a code: confirmed, returned, failed, overdue, queued or sent; by_hand for a note."""
    if telling.answered_at:
        return "confirmed"
    letter = telling.letter
    if letter is not None and (letter.bounced_at or letter.state == LetterState.FAILED.value):
        return "returned"
    if telling.answer_by and telling.answer_by < clock.today(case.organisation.timezone):
        return "overdue"
    if letter is None:
        return "by_hand"
    return "sent" if letter.state == LetterState.SENT.value else "queued"


def _name(case: Case, recipient_key: str) -> str:
    found = case.policy.read().recipient(recipient_key)
    return found.name if found else recipient_key
