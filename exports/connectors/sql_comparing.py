"""Compares columns as the truth wants it, whatever their collations and types: one pair for the index, one that decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, tuple_

from exports.connectors.base import ColumnSchema
from exports.connectors.sql_dialects import Dialect

Side = tuple[ColumnElement[Any], ColumnSchema]


def pairs(dialect: Dialect, mine: Side, theirs: Side) -> Iterator[tuple[ColumnElement[Any], ColumnElement[Any]]]:
    """What must be equal for two columns to hold the same value. A first, loose pair lets an index help; the exact one decides."""
    (one, my_column), (other, their_column) = mine, theirs
    if dialect.mixed(my_column, their_column):
        yield dialect.as_text(one, my_column), dialect.as_text(other, their_column)
        return
    loose = bool(my_column.collation or their_column.collation)
    yield one, dialect.aligned(other, my_column) if loose else other
    if loose:
        yield dialect.exactly(one), dialect.exactly(other)


def listed(dialect: Dialect, mine: Sequence[Side], values: Sequence[Sequence[Any]]) -> ColumnElement[bool]:
    """The columns hold one of these tuples, each value a parameter of its own."""
    parts = [dialect.as_text(part, live) if dialect.mixed(live, live) else part for part, live in mine]
    if len(mine) == 1:
        (part, live), texts = (parts[0], mine[0][1]), [value for (value,) in values]
        found = part.in_([dialect.loose_value(text, live) for text in texts] if live.collation else texts)
        return and_(found, dialect.exactly(part).in_([dialect.exact_value(text) for text in texts])) if live.collation else found
    if not any(live.collation for _, live in mine):
        return tuple_(*parts).in_(values)
    return or_(*(_all_hold(dialect, mine, value) for value in values))


def _all_hold(dialect: Dialect, mine: Sequence[Side], values: Sequence[Any]) -> ColumnElement[bool]:
    """One tuple, part by part: MariaDB finds too little by (a, b) IN (…) where characters have to be converted."""
    return and_(*(listed(dialect, [side], [(value,)]) for side, value in zip(mine, values, strict=True)))


def holding(parts: Sequence[ColumnElement[Any]], held: Select[Any]) -> ColumnElement[bool]:
    """The columns together hold one of the selected tuples."""
    return parts[0].in_(held) if len(parts) == 1 else tuple_(*parts).in_(held)
