"""Cells and keys as JSON that comes back with the same types. Plain Python."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

TAG = "~"
WRITE: tuple[tuple[type, str, Callable[[Any], str]], ...] = (
    (datetime, "datetime", lambda value: str(value.isoformat())),
    (date, "date", lambda value: str(value.isoformat())),
    (time, "time", lambda value: str(value.isoformat())),
    (Decimal, "decimal", str),
    (UUID, "uuid", str),
    (bytes, "bytes", lambda value: base64.b64encode(value).decode()),
)
READ: dict[str, Callable[[str], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "decimal": Decimal,
    "uuid": UUID,
    "bytes": base64.b64decode,
}


def dumps(value: Any) -> str:
    """The value as one line of JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_plain)


def loads(text: str) -> Any:
    """The value that `dumps` wrote; lists come back as lists."""
    return json.loads(text, object_hook=_typed)


def _plain(value: Any) -> Any:
    if isinstance(value, memoryview | bytearray):
        value = bytes(value)
    for kind, name, write in WRITE:
        if isinstance(value, kind):
            return {TAG: name, "v": write(value)}
    return str(value)


def _typed(found: dict[str, Any]) -> Any:
    return READ[found[TAG]](found["v"]) if set(found) == {TAG, "v"} and found[TAG] in READ else found
