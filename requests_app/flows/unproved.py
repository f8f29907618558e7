"""Opt-out and limit: the law forbids asking who it is, and nothing is disclosed. Such a request is open as soon as it is here."""

from portal.kit import clock, crypto, limits
from requests_app import letters
from requests_app.flows import moving, timing
from requests_app.flows.challenges import MAILS_AN_HOUR
from requests_app.models import Case
from requests_app.rules.states import State


def open_at_once(case: Case) -> None:
    """Opens the case, in the transaction in which it arrived, and writes that it is here; no address becomes proved by it."""
    case = moving.locked(case)
    case.confirmed_at = clock.now()
    timing.set_clock(case)
    moving.record(case, "identity.not_asked", by="system")
    moving.move(case, State.OPEN, by="system")
    address = next((one.value for one in case.identifiers.all() if one.kind == "email"), "")
    if address and limits.allow(f"mail/{crypto.blind_index('email', address)}", times=MAILS_AN_HOUR, seconds=3600):
        letters.queue(case, "received", to=address, facts={"is_unproved": True})
