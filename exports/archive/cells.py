"""The exact written form of one value, in JSON and in CSV. Nothing is rounded, trimmed, folded or guessed."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from exports.archive.cover import Row

_NESTED = frozenset({dict, list, tuple})


def json_line(row: Row) -> bytes:
    """One record as JSON: decimals as text with all their digits, whole numbers whole, dates as ISO 8601, bytes as base64."""
    try:
        line = orjson.dumps(row, default=plain)
    except TypeError:  # a number beyond 64 bits, half of a surrogate pair, a key that is not text
        return _patient(row)
    # orjson writes a number that is not finite as null, which would be a lie.
    return _patient(row) if b"null" in line and _has(_is_odd, row) else line


def read_line(line: bytes) -> Any:
    """What `json_line` wrote, with every digit: the fast reader turns a whole number beyond 64 bits into a rounded one."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:  # half of a surrogate pair
        return json.loads(line)
    return json.loads(line) if _has(_is_huge, value) else value


def plain(value: Any) -> Any:
    """The JSON form of a value that JSON does not know."""
    if isinstance(value, float):
        return odd_number(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)


def odd_number(value: float) -> str:
    """NaN, INF or -INF, as Table Schema spells them."""
    return "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"


def duration(value: timedelta) -> str:
    """ISO 8601, in days and seconds: P1DT3600.5S. A negative one is written with a minus in front."""
    if value < timedelta(0):
        return f"-{duration(-value)}"
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    return f"P{value.days}DT{value.seconds}{fraction}S"


def _patient(row: Row) -> bytes:
    readied = _readied(row)
    try:
        return json.dumps(readied, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(readied, separators=(",", ":")).encode()


def _readied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _readied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_readied(item) for item in value]
    if isinstance(value, float) and math.isfinite(value):
        return value
    if value is None or isinstance(value, str | int):
        return value
    simple = plain(value)
    return _readied(simple) if isinstance(simple, list | dict) else simple


def _has(found: Callable[[float], bool], value: Any) -> bool:
    """Whether such a floating-point number is anywhere in it. Asked of many records, so it looks at types before it looks inside."""
    for item in value.values() if type(value) is dict else value if type(value) in _NESTED else (value,):
        kind = type(item)
        if kind is float:
            if found(item):
                return True
        elif kind in _NESTED and _has(found, item):
            return True
    return False


def _is_odd(value: float) -> bool:
    return not math.isfinite(value)


def _is_huge(value: float) -> bool:
    return abs(value) >= 2**63


def _float_text(value: float) -> str:
    return repr(value) if math.isfinite(value) else odd_number(value)


# Types that the csv module itself writes in the right form.
CSV_READY = frozenset({str, int, Decimal, date, UUID})
_CSV_FORMS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    float: _float_text,
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    Decimal: str,
    UUID: str,
}


def csv_cell(value: Any) -> Any:
    """The same written form for CSV; NULL is the caller's."""
    kind = type(value)
    if kind is str or kind is int:
        return value
    form = _CSV_FORMS.get(kind)
    return form(value) if form else value if isinstance(value, str) else plain(value)
