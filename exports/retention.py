"""How long something stays: ISO 8601 periods as calendar arithmetic, and a policy's word about deletion as a date. Plain Python."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from portal.organisations.promises import Category, Fate

PERIOD = re.compile(r"P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
NOW, LATER = "now", "later"
LEGAL = frozenset({"legal_obligation", "legal_claims", "public_interest", "vital_interest"})
ENDLESS = date.max
LEGAL_HOLD = "legal_hold"  # the basis of what a person decided must stay for now; no day ends it by itself


class PeriodError(ValueError):
    """This is not a period; the text says what one looks like."""


@dataclass(frozen=True)
class Due:
    """What the policy does to a category on deletion, with its day. `on` is ENDLESS where the policy keeps it without an end."""

    when: str
    on: date
    period: str = ""
    basis: str = ""
    because: str = ""

    @property
    def is_kept(self) -> bool:
        """It stays because of a basis; when a day is named, it goes then."""
        return self.when == "kept"

    @property
    def law_keeps_it(self) -> bool:
        """A law, not a wish of the organisation, keeps it."""
        return self.is_kept and self.basis in LEGAL


@dataclass(frozen=True)
class Settled:
    """The fate that counts for a category, and both, by 'now' and 'later', where the policy says two things."""

    due: Due
    choices: Mapping[str, Due] = field(default_factory=dict)
    chosen: str = ""
    by_default: bool = True


def add_period(start: date, period: str) -> date:
    """The day a period after `start`: months and years first, clamped to the month's end, then days; begun days count whole."""
    found = PERIOD.fullmatch(period)
    if not found:
        raise PeriodError(f"'{period}' is not a period such as P30D, P3M or P7Y.")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    begun = -(-(hours * 3600 + minutes * 60 + seconds) // 86400)
    try:
        return _add_months(start, 12 * years + months) + timedelta(days=7 * weeks + days + begun)
    except (OverflowError, ValueError):
        return ENDLESS


def period_before(moment: datetime, period: str) -> datetime:
    """The moment a period earlier, to the second. What happened before it has lasted longer than the period."""
    found = PERIOD.fullmatch(period)
    if not found:
        raise PeriodError(f"'{period}' is not a period such as P30D, P3M or P7Y.")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        day = _add_months(moment.date(), -12 * years - months)
        return datetime.combine(day, moment.timetz()) - timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except (OverflowError, ValueError):
        return datetime.min.replace(tzinfo=moment.tzinfo)


def due_of(fate: Fate, today: date) -> Due:
    """The day on which this fate falls, counted from today."""
    if fate.when == "now":
        return Due("now", today, "", fate.basis or "", fate.because)
    on = add_period(today, fate.period) if fate.period else ENDLESS
    return Due(fate.when, on, fate.period or "", fate.basis or "", fate.because)


def settle(category: Category, today: date, choice: str = "") -> Settled:
    """The fate of a category. Where the policy says two things, the earlier counts, unless a law keeps it or somebody chose."""
    first = due_of(category.on_deletion, today)
    if category.alternative is None:
        return Settled(first)
    early, late = sorted((first, due_of(category.alternative, today)), key=lambda due: due.on)
    choices = {NOW: early, LATER: late}
    chosen = choice if choice in choices else LATER if late.law_keeps_it else NOW
    return Settled(choices[chosen], choices, chosen, by_default=choice not in choices)


def _add_months(start: date, months: int) -> date:
    years, month0 = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month0 + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))
