"""The clock of a case: worked out by the rules from what history knows, and stored with its reasons."""

from collections.abc import Sequence
from datetime import date, timedelta

from portal.kit import clock as time
from portal.organisations.promises import PolicyDocument
from requests_app.flows import moving
from requests_app.models import Case, Event
from requests_app.rules.deadlines import Clock, ClockEvent, Promise, clock
from requests_app.rules.events import CONFIRMED
from requests_app.rules.regimes import binding_regimes, calendars_for
from requests_app.rules.rights import Right

PREFIX = "clock."
LEAST = timedelta(days=7)


def reckon(promises: PolicyDocument, right: Right, received_on: date, *, country: str = "", events: Sequence[ClockEvent] = ()) -> Clock:
    """Every date that bears on such a request: the laws of the organisation and of the person's place, and the policy's own promise."""
    promised = promises.rights.get(right.value)
    promise = Promise(promised.days, promised.start) if promised and promised.days is not None else None
    laws = binding_regimes(promises.regimes, country or None, residence=promises.residence_regimes)
    return clock(laws, right, received_on, events=events, promise=promise, calendar=calendars_for(laws, promises.timezone))


def note(case: Case, kind: str, *, by: str, reason: str = "", until: date | None = None) -> None:
    """Writes down something that may move the clock, on today's local date; call `set_clock` after it.

    An announced extension carries its coded `reason`: a law that does not accept it keeps its date. `until` is the date that it names.
    """
    happened = ClockEvent(kind, time.today(case.organisation.timezone), reason)
    said = {"reason": reason, "until": until.isoformat() if until else ""}
    moving.record(case, f"{PREFIX}{kind}", by=by, on=happened.on.isoformat(), **{name: word for name, word in said.items() if word})


def clock_events(case: Case) -> list[ClockEvent]:
    """What history knows that may move the clock, in order."""
    lines = Event.objects.filter(case_reference=case.reference, code__startswith=PREFIX).order_by("position")
    events = [_event(line) for line in lines]
    if case.confirmed_at:
        events.append(ClockEvent(CONFIRMED, time.local_date(case.confirmed_at, case.organisation.timezone)))
    return events


def _event(line: Event) -> ClockEvent:
    until = date.fromisoformat(line.facts["until"]) if "until" in line.facts else None
    kind, on = line.code.removeprefix(PREFIX), date.fromisoformat(line.facts["on"])
    return ClockEvent(kind, on, line.facts.get("reason", ""), until)


def last_day(case: Case) -> date:
    """By when a question of today should be answered. Where the date runs on, an answer after it would be too late; a week is the least."""
    today = time.today(case.organisation.timezone)
    promised = today + timedelta(days=case.policy.read().question_days)
    return max(min(promised, case.due_on), today + LEAST) if case.due_on else promised


def set_clock(case: Case) -> Clock:
    """Works the dates of a locked case out again and puts them on it; the caller saves."""
    events = clock_events(case) if case.pk else ()
    received_on = time.local_date(case.received_at, case.organisation.timezone)
    reckoned = reckon(case.policy.read(), Right(case.right), received_on, country=case.country, events=events)
    case.clock = reckoned.to_json()
    case.due_on = reckoned.in_force
    case.target_on = reckoned.target_on
    return reckoned
