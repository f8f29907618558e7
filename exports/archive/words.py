"""Numbers, days and values in the words of the reader's language."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext, ngettext

from exports.archive.cells import csv_cell

FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "binary": lambda text: base64.b64decode(text, validate=True),
}
NUMBERS = frozenset({int, float})
LONGEST = 4000
DEEPEST = 8


class Shown(NamedTuple):
    """A value as a person reads it. `quiet`: nothing is stored; `code`: its line breaks and indents matter; `cut`: there is more."""

    text: str
    quiet: bool = False
    code: bool = False
    cut: str = ""


NOTHING = Shown("–", quiet=True)


def day(value: date) -> str:
    """9 December 2026."""
    return _day(value.year, value.month, value.day, get_language())


@lru_cache(maxsize=2000)
def _day(year: int, month: int, number: int, language: str | None) -> str:
    """Many records share a day, and the language decides its words."""
    del language
    return date_format(date(year, month, number), "j F Y")


@lru_cache(maxsize=100)
def _moment_form(language: str | None) -> str:
    del language
    return gettext("%(day)s, %(clock)s%(zone)s")


def months(first_and_last: tuple[date, date] | None) -> str:
    """Mar 2024 – Dec 2026, one month alone, or nothing."""
    if first_and_last is None:
        return ""
    first, last = (date_format(value, "M Y") for value in first_and_last)
    return first if first == last else gettext("%(first)s – %(last)s") % {"first": first, "last": last}


def number(value: int) -> str:
    """4,364, grouped as the language does."""
    return _number(value, get_language())


@lru_cache(maxsize=2000)
def _number(value: int, language: str | None) -> str:
    del language
    return number_format(value, force_grouping=True)


def size(value: int) -> str:
    """4.2 MB."""
    return filesizeformat(value)


def records(count: int) -> str:
    """58 records, 1 record."""
    return ngettext("%(count)s record", "%(count)s records", count) % {"count": number(count)}


def places(count: int) -> str:
    """5 places, 1 place."""
    return ngettext("%(count)s place", "%(count)s places", count) % {"count": number(count)}


def as_meant(value: Any, kind: str) -> Any:
    """The value behind its written form: a date that came as text is a date, bytes in base64 are bytes, 1 in a yes-or-no column is yes."""
    if kind == "boolean" and isinstance(value, int):
        return bool(value)
    if kind in FROM_TEXT and isinstance(value, str) and value:
        try:
            return FROM_TEXT[kind](value)
        except ValueError:
            return value
    return value


def column(values: Iterable[Any], kind: str) -> list[str | Shown]:
    """The values of a column of this kind in ordinary words; one of which nothing more is to be said comes as a bare text."""
    if kind in FROM_TEXT:
        language = get_language()
        return [_from_text(value, kind, language) for value in values]
    if kind == "boolean":
        written = {value: _simple(value) for value in (True, False)}
        return [written[value] if type(value) is bool else shown(as_meant(value, kind)) for value in values]
    return [
        value
        if type(value) is str and 0 < len(value) <= LONGEST and "\n" not in value
        else str(csv_cell(value))
        if type(value) in NUMBERS
        else shown(value)
        for value in values
    ]


def _from_text(value: Any, kind: str, language: str | None) -> str | Shown:
    meant = as_meant(value, kind)
    if type(meant) is datetime:
        return _moment(meant, language)
    return _day(meant.year, meant.month, meant.day, language) if type(meant) is date else shown(meant)


def shown(value: Any) -> Shown:
    """One value in ordinary words; long ones are cut here, never in the JSON file, and say so."""
    if type(value) is str:
        return _ordinary(value)
    if type(value) is int:
        return Shown(str(value))
    if value is None:
        return NOTHING
    if isinstance(value, bytes | bytearray | memoryview):
        return Shown(gettext("Not text, %(size)s. It is in the JSON file.") % {"size": size(len(value))}, quiet=True)
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _cut("\n".join(_listed(value)), lines=True)
    return _cut(_simple(value))


def _ordinary(text: str) -> Shown:
    if 0 < len(text) <= LONGEST:
        return Shown(text, False, "\n" in text and _is_code(text))
    return _cut(text) if text else Shown(gettext("(empty text)"), quiet=True)


def _simple(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, datetime):
        return _moment(value, get_language())
    if isinstance(value, date):
        return day(value)
    if isinstance(value, time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else str(csv_cell(value))


def _moment(value: datetime, language: str | None) -> str:
    """The language is asked for once for a whole column: to ask takes as long as to write."""
    zone = f" {value.tzname() or value.strftime('%z')}" if value.tzinfo else ""
    clock = f"{value.hour:02}:{value.minute:02}{f':{value.second:02}' if value.second else ''}"
    return _moment_form(language) % {"day": _day(value.year, value.month, value.day, language), "clock": clock, "zone": zone}


def _cut(text: str, *, lines: bool = False) -> Shown:
    more = len(text) - LONGEST
    if more <= 0:
        return Shown(text, code=_is_code(text) and not lines)
    cut = ngettext("%(count)s more character is in the JSON file.", "%(count)s more characters are in the JSON file.", more) % {
        "count": number(more)
    }
    return Shown(text[:LONGEST], code=_is_code(text) and not lines, cut=cut)


def _is_code(text: str) -> bool:
    return "\n " in text or "\n\t" in text


def _listed(value: Any, path: str = "", depth: int = 0) -> Iterator[str]:
    """A nested value as lines: address › city: Berlin."""
    if depth < DEEPEST and isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _listed(item, f"{path} › {key}" if path else str(key), depth + 1)
    elif depth < DEEPEST and isinstance(value, list | tuple | set | frozenset) and value:
        simple = not any(isinstance(item, Mapping | list | tuple) for item in value)
        if simple:
            yield f"{path}: " * bool(path) + ", ".join(shown(item).text for item in value)
        else:
            for place, item in enumerate(value, 1):
                yield from _listed(item, f"{path} › {place}" if path else str(place), depth + 1)
    else:
        text = str(value) if isinstance(value, Mapping | list | tuple | set | frozenset) else shown(value).text
        yield f"{path}: {text}" if path else text
