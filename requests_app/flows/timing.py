"""The clock of a case: worked out by the rules from what history knows, and stored with its reasons."""

from collections.abc import Sequence
from datetime import date

from portal.kit import clock as time
from portal.organisations.promises import PolicyDocument
from requests_app.flows import moving
from requests_app.models import Case, Event
from requests_app.rules.deadlines import Clock, ClockEvent, Promise, clock
from requests_app.rules.events import CONFIRMED
from requests_app.rules.regimes import binding_regimes, calendars_for
from requests_app.rules.rights import Right

PREFIX = "clock."


def reckon(promises: PolicyDocument, right: Right, received_on: date, *, country: str = "", events: Sequence[ClockEvent] = ()) -> Clock:
    """Every date that bears on such a request: the laws of the organisation and of the person's place, and the policy's own promise."""
    promised = promises.rights.get(right.value)
    promise = Promise(promised.days, promised.start) if promised and promised.days is not None else None
    laws = binding_regimes(promises.regimes, country or None)
    return clock(laws, right, received_on, events=events, promise=promise, calendar=calendars_for(laws, promises.timezone))


def note(case: Case, kind: str, *, by: str, reason: str = "") -> None:
    """Writes down something that may move the clock, on today's local date; call `set_clock` after it.

    An announced extension carries its coded `reason`: a law that does not accept it keeps its date.
    """
    happened = ClockEvent(kind, time.today(case.organisation.timezone), reason)
    moving.record(case, f"{PREFIX}{kind}", by=by, on=happened.on.isoformat(), **({"reason": reason} if reason else {}))


def clock_events(case: Case) -> list[ClockEvent]:
    """What history knows that may move the clock, in order."""
    lines = Event.objects.filter(case_reference=case.reference, code__startswith=PREFIX).order_by("position")
    events = [
        ClockEvent(line.code.removeprefix(PREFIX), date.fromisoformat(line.facts["on"]), reason=line.facts.get("reason", ""))
        for line in lines
    ]
    if case.confirmed_at:
        events.append(ClockEvent(CONFIRMED, time.local_date(case.confirmed_at, case.organisation.timezone)))
    return events


def set_clock(case: Case) -> Clock:
    """Works the dates of a locked case out again and puts them on it; the caller saves."""
    events = clock_events(case) if case.pk else ()
    received_on = time.local_date(case.received_at, case.organisation.timezone)
    reckoned = reckon(case.policy.read(), Right(case.right), received_on, country=case.country, events=events)
    case.clock = reckoned.to_json()
    case.due_on = reckoned.in_force
    case.target_on = reckoned.target_on
    return reckoned
