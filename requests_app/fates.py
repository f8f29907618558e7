"""What a deletion would take and leave, from the policy alone: the same words for everybody, with the dates that hold if you ask today."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from portal.organisations.promises import Category, PolicyDocument
from requests_app.rules.counting import add_months
from requests_app.templatetags.habeas import day, month


@dataclass(frozen=True)
class Line:
    """A kind of data in a person's words, and what to know about it."""

    words: str
    note: str = ""


@dataclass(frozen=True)
class Ledger:
    """Goes and stays; when backups are clear; who is told, who decides for themselves, and what is held for others who decide."""

    goes: tuple[Line, ...]
    stays: tuple[Line, ...]
    backups_days: int | None
    backups_clear: date | None
    told: tuple[str, ...]
    outside: tuple[str, ...]
    for_others: tuple[str, ...] = ()


def ledger(promises: PolicyDocument, today: date) -> Ledger:
    """What the policy says that a deletion does."""
    held = [category for category in promises.categories if category.held]
    days = promises.backups_days
    return Ledger(
        goes=tuple(_going(one, today) for one in held if one.on_deletion.when == "now"),
        stays=tuple(_staying(one, today) for one in held if one.on_deletion.when != "now"),
        backups_days=days,
        backups_clear=today + timedelta(days=days) if days else None,
        told=tuple(one.name for one in promises.recipients if "deletion" in one.told_on and not one.outside_control),
        outside=tuple(one.name for one in promises.recipients if one.outside_control),
        for_others=tuple(one.title for one in promises.categories if one.processor and not one.held),
    )


def after(start: date, period: str) -> date:
    """The day an ISO 8601 period after another; hours count as a day begun."""
    dated, _sep, timed = period.removeprefix("P").partition("T")
    sizes = {sign: int(number) for number, sign in re.findall(r"(\d+)([YMWD])", dated)}
    months = sizes.get("Y", 0) * 12 + sizes.get("M", 0)
    return add_months(start, months) + timedelta(weeks=sizes.get("W", 0), days=sizes.get("D", 0) + bool(timed))


def _going(category: Category, today: date) -> Line:
    words, _stop, note = (category.goes_line or category.title).partition(". ")
    other = category.alternative
    if other and other.period:
        late = _("At once, or by %(day)s at the latest") % {"day": day(after(today, other.period))}
        note = f"{note}. {late}" if note else late
    return Line(words.rstrip("."), note)


def _staying(category: Category, today: date) -> Line:
    fate = category.on_deletion
    if fate.period is None:
        return Line(category.goes_line or category.title, fate.because)
    ends = after(today, fate.period)
    when = month(ends) if "Y" in fate.period else day(ends)
    until = _("Until %(when)s at the latest.") if category.sweep else _("Until %(when)s.")
    return Line(category.goes_line or category.title, f"{until % {'when': when}} {fate.because}".strip())
