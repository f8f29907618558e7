"""Answers a question over rows that are here already: for sources that cannot be asked in nested questions. Plain Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from exports.connectors.base import ColumnSchema, Row, Schema, SourceMismatch, TableSchema
from exports.connectors.http_templates import all_at
from exports.connectors.sql_values import exact_number, strict_fit
from exports.query import (
    AllOf,
    AnyOf,
    Before,
    Beyond,
    ByKey,
    Dated,
    Equals,
    Filled,
    Key,
    Outside,
    Predicate,
    Together,
    Within,
)

Holds = Callable[[Row], bool]
Inside = Callable[[Within], Iterable[Key]]


def table_of(schema: Schema, name: str) -> TableSchema:
    """The table of this name; raises SourceMismatch."""
    found = schema.tables.get(name)
    if found is None:
        raise SourceMismatch(f"The table '{name}' does not exist there.")
    return found


def column_of(table: TableSchema, path: str) -> ColumnSchema:
    """The column of this name, or one of no certain type for what lies inside it; raises SourceMismatch."""
    root, _dot, inside = path.partition(".")
    found = table.columns.get(root)
    if found is None:
        raise SourceMismatch(f"The table '{table.name}' has no column '{root}'.")
    return ColumnSchema(path, "any", "") if inside else found


def comparable(value: Any, column: ColumnSchema) -> Any:
    """The value as it is compared in such a column; None when it cannot be such a value, which matches nothing."""
    if value is None or isinstance(value, dict | list):
        return None
    if column.type in ("integer", "boolean"):
        return strict_fit(value, column)
    if column.type == "number":
        return exact_number(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal) and (exact := exact_number(value)) is not None:
        return str(int(exact)) if exact == exact.to_integral_value() else str(exact.normalize())
    return str(value)


def key_of(table: TableSchema, row: Row) -> Key:
    """What the row is addressed by."""
    return tuple(row[name] for name in table.key)


def in_order(key: Key) -> tuple[tuple[str, Any], ...]:
    """Numbers before texts, each in its own order."""
    return tuple(("1", str(part)) if isinstance(part, bool | str) else _ranked(part) for part in key)


def _ranked(part: Any) -> tuple[str, Any]:
    return ("0", Decimal(str(part))) if isinstance(part, int | float | Decimal) else ("1", str(part))


def holds(table: TableSchema, part: Predicate, inside: Inside) -> Holds:
    """A test of one row. `inside` answers the questions that stand within this one."""
    match part:
        case Equals():
            return _equals(table, part)
        case Together():
            return _among(table, part.fields, part.values)
        case ByKey():
            return _among(table, table.key, part.keys)
        case Within():
            return _among(table, part.fields, inside(part))
        case AnyOf():
            tests = [holds(table, one, inside) for one in part.parts]
            return lambda row: any(test(row) for test in tests)
        case AllOf():
            tests = [holds(table, one, inside) for one in part.parts]
            return lambda row: all(test(row) for test in tests)
        case Outside():
            test = holds(table, part.part, inside)
            return lambda row: not test(row)
    return _of_one_field(table, part)


def _equals(table: TableSchema, part: Equals) -> Holds:
    column = column_of(table, part.field)
    wanted = {comparable(value, column) for value in part.values} - {None}
    if not part.caseless:
        return lambda row: any(comparable(value, column) in wanted for value in all_at(row, part.field))
    folded = {str(value).casefold() for value in wanted}
    return lambda row: any(
        str(found).casefold() in folded for value in all_at(row, part.field) if (found := comparable(value, column)) is not None
    )


def _among(table: TableSchema, fields: tuple[str, ...], tuples: Iterable[Key]) -> Holds:
    columns = [column_of(table, name) for name in fields]
    wanted = {tuple(comparable(value, column) for value, column in zip(one, columns, strict=True)) for one in tuples}
    wanted = {one for one in wanted if None not in one}
    if len(fields) == 1:
        return lambda row: any((comparable(value, columns[0]),) in wanted for value in all_at(row, fields[0]))
    return lambda row: tuple(comparable(next(all_at(row, column.name), None), column) for column in columns) in wanted


def _of_one_field(table: TableSchema, part: Predicate) -> Holds:
    match part:
        case Beyond():
            last = in_order(part.key)
            return lambda row: in_order(key_of(table, row)) > last
        case Filled(name):
            column_of(table, name)
            return lambda row: row.get(name) is not None
        case Dated(name):
            column_of(table, name)
            return lambda row: moment_of(row.get(name)) is not None
        case Before(name, moment):
            column_of(table, name)
            return lambda row: (found := moment_of(row.get(name))) is not None and found < moment
    raise SourceMismatch("This question cannot be asked here.")


def moment_of(value: Any) -> datetime | None:
    """A text as the moment it names; a day ends at its end. None when it names none. Without a zone it is UTC."""
    text = str(value).strip() if value is not None else ""
    try:
        if len(text) == len("2026-01-01"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, microseconds=-1)
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def chosen(row: Row, fields: Iterable[str]) -> Row:
    """The row with these fields only."""
    return {name: row[name] for name in fields}


def known_fields(table: TableSchema, fields: Iterable[str]) -> tuple[str, ...]:
    """The fields asked for, or all; raises SourceMismatch for one that is not there."""
    wanted = tuple(fields)
    for name in wanted:
        column_of(table, name)
    return wanted or tuple(table.columns)


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def plain_json(value: Any, column: ColumnSchema) -> Any:
    """A value as it is written into a JSON body."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if column.type == "json" and isinstance(value, str):
        return _document(value)
    if isinstance(value, Mapping | list | str | int | float | bool) or value is None:
        return value
    return str(value)
