"""When staff hear of a request by themselves: which days, in which order of urgency. The days are an organisation's own choice."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portal.organisations.promises import Reminders


class Kind(StrEnum):
    """What a reminder says, the mildest first."""

    ACKNOWLEDGE = "acknowledge"
    TARGET = "target"
    AT_RISK = "at_risk"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    BREACH = "breach"
    BACKUPS = "backups"
    LOST = "lost"
    HOLD = "hold"
    HOLD_OPEN = "hold_open"
    RECIPIENT = "recipient"


# The leads hear of these too; of backups and holds they alone do, because they alone may attest, and let go.
ESCALATES = frozenset({Kind.OVERDUE, Kind.BREACH})
FOR_LEADS = frozenset({Kind.BACKUPS, Kind.HOLD, Kind.HOLD_OPEN})
# Each of these is a matter of its own: it is said whatever else is due of the request.
APART = frozenset({Kind.HOLD, Kind.HOLD_OPEN, Kind.RECIPIENT})
URGENCY = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(frozen=True, kw_only=True)
class Dates:
    """The dates of one request that somebody must keep; None where there is none, or where it is settled."""

    acknowledge_by: date | None = None
    target_on: date | None = None
    due_on: date | None = None
    backups_until: date | None = None
    holds_until: tuple[date, ...] = ()  # when somebody looks at what is held
    holds_since: tuple[date, ...] = ()  # of holds for which no such day is named
    recipients_by: tuple[date, ...] = ()  # when those should have confirmed who have not


@dataclass(frozen=True, order=True)
class Due:
    """One reminder: `about` is the date that must be kept, `on` the day from which somebody is told."""

    on: date
    kind: Kind
    about: date


def reminders(dates: Dates, days: Reminders) -> list[Due]:
    """Every reminder of a request, earliest first. Those of one day stand in the order of their urgency."""
    before = [
        (Kind.ACKNOWLEDGE, dates.acknowledge_by, days.acknowledge),
        (Kind.TARGET, dates.target_on, days.target),
        (Kind.AT_RISK, dates.due_on, days.at_risk),
        (Kind.DUE_SOON, dates.due_on, days.due_soon),
        (Kind.OVERDUE, dates.due_on, -1),
        (Kind.BREACH, dates.due_on, -max(days.breach, 1)),
        (Kind.BACKUPS, dates.backups_until, 0),
        *((Kind.HOLD, day, days.hold) for day in dates.holds_until),
        *((Kind.HOLD_OPEN, day, -days.hold_open) for day in dates.holds_since),
        *((Kind.RECIPIENT, day, -1) for day in dates.recipients_by),
    ]
    found = {Due(about - timedelta(days=ahead), kind, about) for kind, about, ahead in before if about}
    return sorted(found, key=lambda one: (one.on, URGENCY[one.kind]))


def due(dates: Dates, days: Reminders, *, today: date, made: Collection[tuple[str, date]] = ()) -> list[Due]:
    """The reminders whose day has come and that were not made yet, the most urgent last. Only that one need be said, and those `APART`."""
    waiting = [one for one in reminders(dates, days) if one.on <= today and (one.kind.value, one.about) not in made]
    return sorted(waiting, key=lambda one: URGENCY[one.kind])
