"""Values on their way into a comparison: cast to the type of the live column; one that cannot be such a value matches nothing.

None means just that: it cannot be one. A server would otherwise refuse the whole statement, or match what only looks alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol
from uuid import UUID

from exports.connectors.base import ColumnSchema

NUMBERS = ("integer", "number", "boolean")
TRUE, FALSE = ("true", "t", "1"), ("false", "f", "0")


class Fits(Protocol):
    """How one product casts."""

    def fit(self, value: Any, column: ColumnSchema) -> Any:
        """The value as such a column holds it, or None."""


def fitting(values: Iterable[Sequence[Any]], columns: Sequence[ColumnSchema], product: Fits) -> list[tuple[Any, ...]]:
    """Tuples cast to the types of the columns they are compared with; those that cannot match are left out."""
    rows = [tuple(value) for value in values]
    if rows and all(already_fit(parts, column, product) for parts, column in zip(zip(*rows, strict=True), columns, strict=True)):
        return rows
    cast_rows = (tuple(product.fit(part, column) for part, column in zip(row, columns, strict=True)) for row in rows)
    return [row for row in cast_rows if None not in row]


def already_fit(values: Sequence[Any], column: ColumnSchema, product: Fits) -> bool:
    """All these values are what such a column holds, as keys that came out of it are: told by a look at few of them."""
    kinds = set(map(type, values))
    if kinds == {int}:
        telling: tuple[Any, ...] = (min(values), max(values))
    elif kinds == {UUID} or (kinds == {str} and column.type == "string" and "\x00" not in "".join(values)):
        telling = (values[0],)
    else:
        return False
    return all(product.fit(one, column) is one for one in telling)


def loose_fit(value: Any, column: ColumnSchema) -> Any:
    """For a product whose columns hold whatever they are given."""
    if value is None or isinstance(value, bytes):
        return value
    if column.type == "string" or isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal) or (column.type in ("integer", "number") and isinstance(value, str)):
        return _short(exact_number(value), whole=column.type == "integer")
    return value


def strict_fit(value: Any, column: ColumnSchema, *, biggest: int = 2**63) -> Any:
    """For a product whose columns hold their type and nothing else."""
    if value is None:
        return None
    match column.type:
        case "integer" if type(value) is int:  # most keys: no need to look closer
            return value if -(2**63) <= value < biggest else None
        case "integer":
            number = exact_number(value)
            whole = number is not None and number == number.to_integral_value() and -(2**63) <= number < biggest
            return int(number) if number is not None and whole else None
        case "number":
            return value if isinstance(value, float | Decimal) else exact_number(value)
        case "boolean":
            return _truth(value)
        case "binary":
            return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else None
        case "datetime" | "date" | "time":
            return _moment(value, column.type)
    if "UUID" in column.native.upper():
        return _uuid(value)
    return None if isinstance(value, bytes) or "\x00" in str(value) else str(value)


def exact_number(value: Any) -> Decimal | None:
    """The value as an exact number; none for words, NaN and infinity."""
    try:
        exact = Decimal(int(value) if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value).strip())
    except InvalidOperation:
        return None
    return exact if exact.is_finite() else None


def _short(exact: Decimal | None, *, whole: bool) -> int | float | None:
    if exact is None:
        return None
    if exact == exact.to_integral_value():
        return int(exact) if abs(exact) < 2**63 else None
    return None if whole else float(exact)


def _truth(value: Any) -> bool | None:
    word = str(value).strip().lower()
    return True if word in TRUE else False if word in FALSE else None


def _uuid(value: Any) -> UUID | None:
    try:
        return value if isinstance(value, UUID) else UUID(str(value).strip())
    except ValueError:
        return None


def _moment(value: Any, kind: str) -> Any:
    kinds: dict[str, type[datetime] | type[date] | type[time]] = {"datetime": datetime, "date": date, "time": time}
    if isinstance(value, datetime | date | time):
        return value
    try:
        return kinds[kind].fromisoformat(str(value).strip())
    except ValueError:
        return None


def in_utc(value: datetime) -> datetime:
    """The same instant without a zone."""
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
