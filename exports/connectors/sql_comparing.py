"""Compares columns as the truth wants it, whatever their collations and types: one pair for the index, one that decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, literal, literal_column, or_, true, tuple_

from exports.blocks import Block
from exports.connectors.base import ColumnSchema
from exports.connectors.sql_dialects import Dialect

Side = tuple[ColumnElement[Any], ColumnSchema]
SPARSE = 10  # reading a row costs a tenth of looking for one, or less


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
        return _one_holds(dialect, parts[0], mine[0][1], [value for (value,) in values])
    if dialect.takes_tuples and not any(live.collation for _, live in mine):
        return tuple_(*parts).in_(values)
    if not dialect.takes_tuples:
        return _few_ways(dialect, mine, values)
    return or_(*(_all_hold(dialect, mine, value) for value in values))


def _one_holds(dialect: Dialect, part: ColumnElement[Any], live: ColumnSchema, values: Sequence[Any]) -> ColumnElement[bool]:
    exact = [dialect.exact_value(value) for value in values]
    if dialect.mixed(live, live):
        return dialect.among(part, exact)
    if not live.collation:
        return dialect.among(part, values)
    loose = [dialect.loose_value(value, live) for value in values]
    return and_(dialect.among(part, loose), dialect.among(dialect.exactly(part), exact))


def _few_ways(dialect: Dialect, mine: Sequence[Side], values: Sequence[Sequence[Any]]) -> ColumnElement[bool]:
    """Tuples without row values: one alternative for each value of the part that has the fewest of them."""
    least = min(range(len(mine)), key=lambda number: len({value[number] for value in values}))
    rest = [side for number, side in enumerate(mine) if number != least]
    ways: dict[Any, list[Sequence[Any]]] = {}
    for value in values:
        ways.setdefault(value[least], []).append([part for number, part in enumerate(value) if number != least])
    return or_(*(and_(listed(dialect, [mine[least]], [(one,)]), listed(dialect, rest, others)) for one, others in ways.items()))


def _all_hold(dialect: Dialect, mine: Sequence[Side], values: Sequence[Any]) -> ColumnElement[bool]:
    """One tuple, part by part: MariaDB finds too little by (a, b) IN (…) where characters have to be converted."""
    return and_(*(listed(dialect, [side], [(value,)]) for side, value in zip(mine, values, strict=True)))


def between(mine: Sequence[Side], block: Block) -> ColumnElement[bool]:
    """The columns come neither before nor after all rows of the block, as far as it knows: an index on them goes straight to that range.

    A row is compared as a whole: it comes after another by the first part in which they differ.
    """
    spans = list(takewhile(bool, (part.span for part in block.parts)))
    parts = [part for part, _live in mine[: len(spans)]]
    if not parts:
        return true()
    least, most = ([literal(span[end], part.type) for part, span in zip(parts, spans, strict=True) if span] for end in (0, 1))
    if len(parts) == 1:
        return and_(parts[0] >= least[0], parts[0] <= most[0])
    return and_(tuple_(*parts) >= tuple_(*least), tuple_(*parts) <= tuple_(*most))


def is_dense(block: Block) -> bool:
    """Hardly any other rows can lie between the first and the last of these."""
    span = block.parts[0].span
    return span is not None and span[1] - span[0] < SPARSE * len(block)


def holding(parts: Sequence[ColumnElement[Any]], held: Select[Any], *, tuples: bool = True) -> ColumnElement[bool]:
    """The columns together hold one of the selected tuples; asked row by row where `tuples` cannot be compared."""
    if len(parts) > 1 and not tuples:
        equal = (part == other for part, other in zip(parts, held.selected_columns, strict=True))
        return exists(held.with_only_columns(literal_column("1"), maintain_column_froms=True).where(*equal))
    return parts[0].in_(held) if len(parts) == 1 else tuple_(*parts).in_(held)
