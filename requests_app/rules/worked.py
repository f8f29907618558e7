"""Worked cases: reads timestamps, events and whole files of expected dates, and compares them with ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from requests_app.rules.counting import Calendar
from requests_app.rules.errors import RuleError
from requests_app.rules.events import ClockEvent
from requests_app.rules.reckoning import Deadline, deadline
from requests_app.rules.regimes import regime_named
from requests_app.rules.rights import right_named

WEEKDAYS = {"Mon": 0, "Tue": 1, "Wed": 2, "Thu": 3, "Fri": 4, "Sat": 5, "Sun": 6}
ANSWERS = ("ack_due", "due", "extended_due")


class UnreadableCase(RuleError):
    """A worked case, a date or a zone that cannot be read."""


@dataclass(frozen=True)
class Comparison:
    """One worked case with its expected dates and ours."""

    id: str
    expected: Mapping[str, str | None]
    got: Mapping[str, str | None]
    error: str = ""

    @property
    def agrees(self) -> bool:
        return not self.error and dict(self.expected) == dict(self.got)


def zone_named(name: str) -> ZoneInfo:
    """An IANA time zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnreadableCase(f"“{name}” is not a time zone. Name one of the IANA list, like Europe/Berlin.") from None


def local_date(text: str, zone: ZoneInfo) -> date:
    """The calendar date that a timestamp falls on in this zone. A time without an offset is local already."""
    try:
        when = datetime.fromisoformat(text)
        return when.date() if when.tzinfo is None else when.astimezone(zone).date()
    except (ValueError, OverflowError):
        raise UnreadableCase(f"“{text}” is not a date. Write it like 2026-11-20T09:30:00+01:00 or 2026-11-20.") from None


def dates_of_answer(found: Deadline) -> dict[str, str | None]:
    """The three dates as text, None where there is none."""
    values = {"ack_due": found.ack_due, "due": found.due, "extended_due": found.extended_due}
    return {key: value.isoformat() if value else None for key, value in values.items()}


def read_calendars(content: Mapping[str, Any]) -> dict[str, Calendar]:
    """The calendars that a file of worked cases brings along."""
    calendars = {}
    for name, listed in content.items():
        try:
            weekdays = frozenset(WEEKDAYS[word] for word in listed["non_working_weekdays"])
            days = {date.fromisoformat(when): str(title) for when, title in listed["dates"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise UnreadableCase(f"calendars.{name} cannot be read: {wrong!r}") from None
        calendars[name] = Calendar(weekdays, days, name)
    return calendars


def compare(content: Any) -> list[Comparison]:
    """Every worked case of a file against our own dates. A case that cannot be read counts as one that differs."""
    if not isinstance(content, Mapping) or not isinstance(content.get("cases"), list) or not isinstance(content.get("calendars"), Mapping):
        raise UnreadableCase("the file must hold “calendars” (a mapping) and “cases” (a list)")
    calendars = read_calendars(content["calendars"])
    return [_compare_one(case, number, calendars) for number, case in enumerate(content["cases"], 1)]


def totals(comparisons: Sequence[Comparison]) -> dict[str, int]:
    """How many cases there are, and how many agree, differ or could not be worked."""
    agree, failed = sum(one.agrees for one in comparisons), sum(bool(one.error) for one in comparisons)
    return {"cases": len(comparisons), "agree": agree, "differ": len(comparisons) - agree - failed, "failed": failed}


def _compare_one(case: Any, number: int, calendars: Mapping[str, Calendar]) -> Comparison:
    label, expected = f"case {number}", {}
    try:
        label, expected = str(case["id"]), {key: case["expect"].get(key) for key in ANSWERS}
        return Comparison(label, expected, _work(case, calendars))
    except RuleError as refused:
        return Comparison(label, expected, {}, str(refused))
    except (KeyError, TypeError, AttributeError) as wrong:
        return Comparison(label, expected, {}, f"cannot be read: {wrong!r}")


def _work(case: Mapping[str, Any], calendars: Mapping[str, Calendar]) -> dict[str, str | None]:
    zone, name = zone_named(case["timezone"]), case["holidays_calendar"]
    if name not in calendars:
        raise UnreadableCase(f"“{name}” is not a calendar of this file. Choose one of: {', '.join(calendars)}.")
    events = [ClockEvent(event["type"], local_date(event["at"], zone)) for event in case.get("events", ())]
    received_on = local_date(case["received_at"], zone)
    return dates_of_answer(
        deadline(regime_named(case["regime"]), right_named(case["right"]), received_on, events=events, calendar=calendars[name])
    )
