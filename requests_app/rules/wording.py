"""Dates and lengths in plain English, for explanations and letters."""

from collections.abc import Sequence
from datetime import date

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNITS = {"day": ("day", "days"), "working_day": ("working day", "working days"), "month": ("month", "months")}


def day(when: date) -> str:
    """14 October 2026, whatever the machine's locale."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def weekday(when: date) -> str:
    return WEEKDAYS[when.weekday()]


def long_day(when: date) -> str:
    """Wednesday 14 October 2026"""
    return f"{weekday(when)} {day(when)}"


def length(count: int, unit: str) -> str:
    """30 days, 1 month, 20 working days"""
    one, many = UNITS[unit]
    return f"{count} {one if count == 1 else many}"


def listing(items: Sequence[str]) -> str:
    """a, b and c"""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
