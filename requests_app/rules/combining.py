"""Several laws and the policy's own promise at once: the earliest date counts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from typing import Any, Self, TypedDict, Unpack

from requests_app.rules import explaining
from requests_app.rules.counting import WEEKENDS, Calendar, subtract_working_days
from requests_app.rules.errors import RuleError
from requests_app.rules.events import CONFIRMED, EXTENSION_NOTIFIED, ClockEvent, dates_of
from requests_app.rules.laws import Regime
from requests_app.rules.reckoning import RECEIVED, Deadline, deadline
from requests_app.rules.regimes import fallback_regime
from requests_app.rules.rights import Right
from requests_app.rules.wording import day, length, long_day

TARGET_WORKING_DAYS = 5
POLICY = "POLICY"
DATES = ("ack_due", "due", "extended_due", "starts_on", "unpaused_due", "target_by", "target_on")


@dataclass(frozen=True)
class Promise:
    """What the organisation's own policy promises: so many days from receipt or from the confirmed request."""

    days: int | None
    start: str = RECEIVED
    title: str = "Our own promise"

    def __post_init__(self) -> None:
        if self.start not in (RECEIVED, "verified"):
            raise RuleError(f"A promise counts from “received” or “verified”, not from “{self.start}”.")


class Circumstances(TypedDict, total=False):
    """What else bears on a clock. A calendar given here replaces each law's own; a mapping replaces it by regime id."""

    events: Sequence[ClockEvent]
    calendar: Calendar | Mapping[str, Calendar] | None
    promise: Promise | None


@dataclass(frozen=True)
class Clock:
    """Every date that bears on one case; `all` stands in order, earliest first."""

    binding: Deadline
    all: tuple[Deadline, ...]
    due: date | None
    ack_due: date | None
    extended_due: date | None
    target_on: date | None
    explanation: tuple[str, ...]
    extended: bool = False

    @property
    def in_force(self) -> date | None:
        """The date that holds now: the extended one once an extension was announced in time."""
        return self.extended_due or self.due if self.extended else self.due

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON column."""
        return {key: _plain(value) for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """The clock that `to_json` wrote; keys of a newer version are left aside."""
        values = _known(cls, content)
        binding = Deadline(**_known(Deadline, content["binding"]))
        every = tuple(Deadline(**_known(Deadline, one)) for one in content["all"])
        return cls(**{**values, "binding": binding, "all": every})


def clock(regimes: Sequence[Regime], right: Right, received_on: date, **circumstances: Unpack[Circumstances]) -> Clock:
    """The dates of every law that binds and of the policy's promise. Keywords: events, calendar, promise."""
    events = tuple(circumstances.get("events", ()))
    calendar, promise = circumstances.get("calendar"), circumstances.get("promise")
    found = [
        deadline(regime, right, received_on, events=events, calendar=_own(calendar, regime))
        for regime in _applying(regimes, right, promise)
    ]
    if promise and promise.days is not None:
        found.append(_promised(promise, received_on, events))
    every = tuple(sorted(found, key=lambda one: one.due or date.max))
    due = every[0].due
    notice = next((event for event in sorted(events, key=lambda event: event.on) if event.type == EXTENSION_NOTIFIED), None)
    extended_due = _announced(every, due, notice) if notice else extended_date(every, due)
    extended = extended_due is not None and notice is not None
    return Clock(
        binding=every[0],
        all=every,
        due=due,
        ack_due=min((one.ack_due for one in every if one.ack_due), default=None),
        extended_due=extended_due,
        target_on=_target(every, received_on, last=extended_due if extended else due, extended=extended),
        explanation=_explained(every, due),
        extended=extended,
    )


def extended_date(every: Sequence[Deadline], due: date | None, reason: str | None = None) -> date | None:
    """The latest date that every rule allows for this reason; None if that is no later than the first date.

    A law without extensions keeps its date; one without a longest date, and the policy's own promise, give way.
    """
    limits = [_limit(one, reason) for one in every if one.due]
    latest = min((limit for limit in limits if limit), default=None)
    return latest if latest and due and latest > due else None


def is_open_ended(every: Sequence[Deadline], reason: str | None = None) -> bool:
    """Whether every law with a date lets us take longer for this reason without naming a longest date."""
    dated = [one for one in every if one.due and one.extension != "follows"]
    return bool(dated) and all(one.extension == "open" and reason in (None, *one.extension_reasons) for one in dated)


def _announced(every: Sequence[Deadline], due: date | None, notice: ClockEvent) -> date | None:
    """The extended date for the reason given, or the earlier one that the letter named. A late notice moves nothing."""
    reason, named = notice.reason or None, notice.until
    if due is None or notice.on > due:
        return None
    latest = extended_date(every, due, reason)
    if named is None or named <= due:
        return latest
    if latest is None:
        return named if is_open_ended(every, reason) else None
    return min(named, latest)


def _limit(one: Deadline, reason: str | None) -> date | None:
    if one.extension == "follows":
        return None
    accepts = one.extension in ("fixed", "open") and reason in (None, *one.extension_reasons)
    return one.extended_due if accepts else one.due


def _applying(regimes: Sequence[Regime], right: Right, promise: Promise | None) -> list[Regime]:
    """The laws that bind, and the house rule where neither a law nor the policy speaks of this right."""
    is_spoken_of = any(right in regime.rights for regime in regimes) or (promise is not None and promise.days is not None)
    return list(regimes) if regimes and is_spoken_of else [*regimes, fallback_regime()]


def _own(calendar: Calendar | Mapping[str, Calendar] | None, regime: Regime) -> Calendar | None:
    return calendar.get(regime.id) if isinstance(calendar, Mapping) else calendar


def _promised(promise: Promise, received_on: date, events: Sequence[ClockEvent]) -> Deadline:
    """The policy's own date: plain days, no roll, no pause. None before the request is confirmed, where it counts from then."""
    days, words, title = promise.days or 0, length(promise.days or 0, "day"), promise.title
    blank = Deadline(POLICY, title, short=title, plain=title, citation=title, counts=words, length=words, extension="follows")
    confirmed = [*dates_of(events, CONFIRMED), *dates_of(events, "identity_received")]
    if promise.start == RECEIVED:
        start, event = received_on, RECEIVED
        said = f"Our policy promises an answer within {words} of the day the request arrived, {day(start)}."
    elif confirmed:
        start, event = max(confirmed[0], received_on), CONFIRMED
        said = f"Our policy promises an answer within {words} of the day the person confirmed the request, {day(start)}."
    else:
        said = f"Our policy promises an answer within {words} of the day the person confirms the request, which has not happened yet."
        return replace(blank, undated="not_started", start_event=CONFIRMED, explanation=(said,))
    due = start + timedelta(days=days)
    counted = f"{words} after {day(start)}: that is {long_day(due)}."
    return replace(blank, due=due, unpaused_due=due, starts_on=start, start_event=event, explanation=(said, counted))


def _target(every: Sequence[Deadline], received_on: date, *, last: date | None, extended: bool) -> date | None:
    """Our own aim, never before receipt: five working days before the last day; no later than the date without its
    pauses, or than the target that stands in for a missing number."""
    aims = [subtract_working_days(last, TARGET_WORKING_DAYS, WEEKENDS)] if last else []
    if not extended:
        aims += [when for one in every for when in (one.target_by, one.unpaused_due) if when]
    return max(min(aims), received_on) if aims else None


def _explained(every: Sequence[Deadline], due: date | None) -> tuple[str, ...]:
    first = [one.short or one.title for one in every if due and one.due == due]
    opening = [explaining.binding(first, due)] if due and len(every) > 1 else []
    return (*opening, *(sentence for one in every for sentence in one.explanation))


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return value


def _known(kind: type, content: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the fields that this dataclass has, dates and tuples restored."""
    names = {one.name for one in fields(kind)}
    restored = {key: date.fromisoformat(value) if key in DATES and value else value for key, value in content.items() if key in names}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in restored.items()}
