"""Opt-out and limit: the law forbids asking who it is, and nothing is disclosed. Such a request is open as soon as it is here."""

from datetime import timedelta

from portal.kit import clock
from requests_app import letters
from requests_app.flows import moving, timing
from requests_app.flows.challenges import MAILS_AN_HOUR
from requests_app.models import Case, Letter
from requests_app.rules.states import State
from requests_app.rules.verification import NEVER_VERIFIED

HOUR = timedelta(hours=1)


def open_at_once(case: Case) -> None:
    """Opens the case, in the transaction in which it arrived, and writes that it is here; no address becomes proved by it."""
    case = moving.locked(case)
    case.confirmed_at = clock.now()
    timing.set_clock(case)
    moving.record(case, "identity.not_asked", by="system")
    moving.move(case, State.OPEN, by="system")
    address = case.identifiers.filter(kind="email").first()
    if address is not None and _written_lately(case, address.token) < MAILS_AN_HOUR:
        letters.queue(case, "received", to=address.value, facts={"is_unproved": True})


def _written_lately(case: Case, token: str) -> int:
    """How often this organisation wrote to this mailbox within the hour because of such requests: nobody can be flooded by them."""
    written = Letter.objects.filter(kind="received", created_at__gt=clock.now() - HOUR, case__right__in=NEVER_VERIFIED)
    return written.filter(case__organisation=case.organisation_id, case__identifiers__kind="email", case__identifiers__token=token).count()
