"""Arithmetic on local calendar dates: months, days, working days, rolling. No law stands in here."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

ONE_DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6


class Unit(StrEnum):
    DAY = "day"
    WORKING_DAY = "working_day"
    MONTH = "month"


@dataclass(frozen=True)
class Calendar:
    """Which days are not working days: some weekdays, and dates with their names."""

    non_working_weekdays: frozenset[int] = frozenset()
    dates: Mapping[date, str] = field(default_factory=dict)
    title: str = ""

    def is_working(self, when: date) -> bool:
        return when.weekday() not in self.non_working_weekdays and when not in self.dates


EVERY_DAY = Calendar(title="every calendar day")
WEEKENDS = Calendar(frozenset({SATURDAY, SUNDAY}), title="weekends")


def add_months(start: date, months: int) -> date:
    """The same day of a later month, or that month's last day if it is shorter."""
    years, month0 = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month0 + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def add_working_days(start: date, count: int, calendar: Calendar) -> date:
    """The count-th working day strictly after the start."""
    when = start
    for _ in range(count):
        when = next_working_day(when + ONE_DAY, calendar)
    return when


def subtract_working_days(end: date, count: int, calendar: Calendar) -> date:
    """The count-th working day strictly before the end."""
    when = end
    while count:
        when -= ONE_DAY
        count -= calendar.is_working(when)
    return when


def next_working_day(when: date, calendar: Calendar) -> date:
    """This day if it is a working day, else the first one after it."""
    while not calendar.is_working(when):
        when += ONE_DAY
    return when


def add(start: date, count: int, unit: Unit, calendar: Calendar) -> date:
    """The start plus a period in the law's own unit."""
    if unit is Unit.MONTH:
        return add_months(start, count)
    if unit is Unit.WORKING_DAY:
        return add_working_days(start, count, calendar)
    return start + timedelta(days=count)


def days_between(first: date, last: date) -> frozenset[date]:
    """Every day from the first to the last, both included."""
    return frozenset(first + timedelta(days=n) for n in range((last - first).days + 1))


def holidays_between(first: date, last: date, calendar: Calendar) -> tuple[tuple[date, str], ...]:
    """Named holidays after the first day and up to the last that fall on an otherwise working weekday."""
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return tuple((d, calendar.dates[d]) for d in days if d.weekday() not in calendar.non_working_weekdays and d in calendar.dates)
