"""Whether a cell that was read back holds what was written, whatever the driver makes of its type. Plain Python."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

DOCUMENTS = ("{", "[")


def same(read: Any, written: Any) -> bool:
    """The same value: 0 and False, a date and its text, JSON and its text, padded CHAR and its word count as the same."""
    if read is None or written is None:
        return read is written
    if isinstance(read, dict | list):
        return isinstance(written, str) and _json(written) == read
    if isinstance(read, str) and isinstance(written, str) and read != written and read[:1] in DOCUMENTS and written[:1] in DOCUMENTS:
        return bool(_json(read) == _json(written))  # a source may order and space a document as it likes
    if isinstance(read, memoryview | bytes | bytearray) or isinstance(written, bytes):
        return _bytes(read) == _bytes(written)
    if isinstance(read, bool | int | float | Decimal) and isinstance(written, bool | int | float | Decimal):
        return Decimal(str(float(read))) == Decimal(str(float(written))) if float in (type(read), type(written)) else read == written
    if isinstance(read, datetime | date | time) or isinstance(written, datetime | date | time):
        return _moment(read) == _moment(written)
    if isinstance(read, UUID) or isinstance(written, UUID):
        return str(read).lower() == str(written).lower()
    return str(read).rstrip(" ") == str(written).rstrip(" ")


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return text


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None).isoformat(sep=" ")
    elif isinstance(value, date | time):
        value = value.isoformat()
    text = str(value).replace("T", " ")
    whole, dot, fraction = text.partition(".")
    return whole if dot and not fraction.strip("0") else text
