"""How a cell is emptied when its row has to stay: by the type that the live column has, never by what a file says. Plain Python.

A mask is a constant for all rows, or a value of its own for each row (`hash`: the same word for the same value; `random`:
nothing that was there). What cannot be masked is said, never passed over.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from exports.connectors.base import ColumnSchema
from exports.datasets import Field

NULL, REWRITE, HASH, RANDOM, PRESERVE, STUCK = "null", "rewrite", "hash", "random", "preserve", "stuck"
ELEMENTS = "elements"  # of a document: those that are the person's go, the others stay
OVERRIDES = {"null_rewrite": NULL, "string_rewrite": REWRITE, "random_string_rewrite": RANDOM}
EMPTY: Mapping[str, Any] = {
    "string": "",
    "integer": 0,
    "number": 0,
    "boolean": False,
    "datetime": datetime(2000, 1, 1),  # MariaDB knows no TIMESTAMP at the beginning of 1970
    "date": date(2000, 1, 1),
    "time": time(0, 0),
    "json": "{}",
    "binary": b"",
}
SIGNS = "abcdefghijklmnopqrstuvwxyz234567"
LONGEST, SHORTEST = 26, 8
INVALID = "@erased.invalid"


@dataclass(frozen=True)
class Mask:
    """What one column becomes. `shape` is how a value of its own looks: text, address, uuid, integer or binary."""

    column: str
    strategy: str
    value: Any = None
    shape: str = ""
    length: int = LONGEST
    note: str = ""

    @property
    def is_own(self) -> bool:
        """Each row gets a value of its own."""
        return self.strategy in (HASH, RANDOM, ELEMENTS)

    @property
    def writes(self) -> bool:
        """The cell is changed at all."""
        return self.strategy not in (PRESERVE, STUCK)

    def to_json(self) -> dict[str, Any]:
        """The mask as JSON values; constants as text."""
        value = self.value.hex() if isinstance(self.value, bytes) else self.value
        plain = value if value is None or isinstance(value, str | int | float | bool) else str(value)
        return {"strategy": self.strategy, "value": plain, "shape": self.shape, "length": self.length}


def wanted(field: Field | None) -> tuple[str, Any]:
    """The strategy that the dataset file asks for, and the text it wants written; empty when it leaves it to us."""
    if field is None:
        return "", None
    if field.read_only:
        return PRESERVE, None
    if field.override:
        strategy = OVERRIDES[field.override.strategy]
        return strategy, _text(field.override.configuration) if strategy == REWRITE else None
    return (PRESERVE, None) if field.shared else (field.erase, None)


def _text(configuration: Mapping[str, Any]) -> Any:
    """The text that the file wants written, with the ending that it asks for."""
    text, form = configuration.get("rewrite_value"), configuration.get("format_preservation")
    suffix = form.get("suffix") if isinstance(form, Mapping) else None
    return text if text is None or suffix is None else f"{text}{suffix}"


def mask_of(column: ColumnSchema, field: Field | None = None, *, unique: bool = False) -> Mask:
    """The mask of one column by its live type. A column that may not be NULL gets the emptiest value of its type instead."""
    strategy, text = wanted(field)
    if strategy == PRESERVE or column.generated:
        return Mask(column.name, PRESERVE, note="" if strategy else "The database computes it from other columns.")
    length = min([LONGEST, *(one for one in (column.length, field.length if field else None) if one)])
    own = Mask(column.name, HASH if strategy == HASH else RANDOM, shape=shape_of(column), length=length)
    if strategy in (HASH, RANDOM):
        return own if _can_be_own(own) else _fallback(column, unique=unique, own=own)
    if column.nullable and not (strategy == REWRITE and text is not None):
        return Mask(column.name, NULL)
    if strategy == REWRITE and text is not None and not unique:
        lengths = [one for one in (column.length, field.length if field else None) if one]
        return rewritten(column, str(text), length=min(lengths) if lengths else None)
    return _fallback(column, unique=unique, own=own)


def rewritten(column: ColumnSchema, text: str, *, length: int | None) -> Mask:
    """A constant that the dataset file names, if the live type can hold it; else the emptiest value."""
    if column.type in ("string", "any"):
        return Mask(column.name, REWRITE, text[:length] if length else text)
    note = "The file's text does not fit the live type, so the emptiest value is written."
    return Mask(column.name, NULL, note=note) if column.nullable else replace(_constant(column), note=note)


def shape_of(column: ColumnSchema) -> str:
    """How a value of one row alone would look in this column; empty when the type has no room for one."""
    native = column.native.upper()
    if "UUID" in native:
        return "uuid"
    if column.type == "integer":
        return "" if "SMALLINT" in native or "TINYINT" in native or "INT2" in native else "big" if "BIG" in native else "integer"
    return {"string": "text", "any": "text" if not native else "", "binary": "binary", "number": "integer"}.get(column.type, "")


def own_value(mask: Mask, old: Any, secret: bytes) -> Any:
    """The value of one row: for `hash` the same for the same old value under this secret, for `random` fresh."""
    if mask.strategy == HASH and old is None:
        return None
    kept = repr(old) if isinstance(old, bytes) else str(old)
    raw = hmac.new(secret, kept.encode(), hashlib.sha256).digest() if mask.strategy == HASH else secrets.token_bytes(32)
    if mask.shape == "uuid":
        return str(uuid.UUID(bytes=raw[:16], version=4))
    if mask.shape in ("integer", "big"):
        return 1 + int.from_bytes(raw[:8]) % ((1 << 31) - 2 if mask.shape == "integer" else (1 << 53) - 2)
    if mask.shape == "binary":
        return raw[: mask.length] if mask.length < LONGEST else raw
    text = "".join(SIGNS[byte % 32] for byte in raw)
    return text[: mask.length - len(INVALID)] + INVALID if mask.shape == "address" else text[: mask.length]


def addressed(mask: Mask, column: ColumnSchema) -> Mask:
    """The same mask in the shape of an email address, for a column whose rule asks for one."""
    return replace(mask, shape="address", length=min(column.length or 64, LONGEST + len(INVALID)))


def _fallback(column: ColumnSchema, *, unique: bool, own: Mask) -> Mask:
    if column.nullable:
        return Mask(column.name, NULL)
    if not unique:
        return _constant(column)
    own = replace(own, strategy=RANDOM)
    if _can_be_own(own):
        return replace(own, note="It must be there and differ from row to row, so it becomes a random value.")
    return Mask(column.name, STUCK, note=f"It must be there and be unique, and its type ({column.native}) has no room for a random value.")


def _can_be_own(mask: Mask) -> bool:
    return bool(mask.shape) and (mask.shape not in ("text", "binary") or mask.length >= SHORTEST)


def _constant(column: ColumnSchema) -> Mask:
    if "UUID" in column.native.upper():
        return Mask(column.name, REWRITE, str(uuid.UUID(int=0)))
    if column.type == "any" and column.native:
        return Mask(column.name, STUCK, note=f"It must be there, and its type ({column.native}) is not known here.")
    return Mask(column.name, REWRITE, EMPTY.get(column.type, ""))
