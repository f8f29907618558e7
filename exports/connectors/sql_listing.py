"""A table and some of its keys: those travel in the statement itself, or stand in a table that was made for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, TableClause, and_, select, true

from exports.blocks import Block
from exports.connectors.base import SourceMismatch
from exports.connectors.sql_comparing import Side, between, holding, is_dense, pairs
from exports.connectors.sql_compile import Compiler
from exports.connectors.sql_values import fitting
from exports.query import Key


@dataclass(frozen=True)
class Listing:
    """The table, and that a row of it is listed: as a join says it, and as a sub-query does."""

    whole: TableClause
    joined: ColumnElement[bool]
    inside: ColumnElement[bool]


def listing(compiler: Compiler, collection: str, listed: FromClause, columns: Sequence[ColumnElement[Any]]) -> Listing:
    """By a list with these columns, one for each part of the key."""
    mine, whole = sides_of(compiler, collection)
    both = [pair for one, column in zip(mine, columns, strict=True) for pair in pairs(compiler.dialect, one, (column, one[1]))]
    inside = holding(
        [left for left, _ in both], select(*(right for _, right in both)).select_from(listed), tuples=compiler.dialect.takes_tuples
    )
    return Listing(whole, and_(*(left == right for left, right in both)), inside)


def sides_of(compiler: Compiler, collection: str) -> tuple[list[Side], TableClause]:
    """The parts of the key of a table, and the table."""
    whole = compiler.whole(collection)
    return [(whole.c[name], compiler.live(collection, name)) for name in compiler.key(collection)], whole


def carried(compiler: Compiler, collection: str, keys: Collection[Key]) -> Listing | None:
    """By the keys in the statement; None where the product cannot do that, or slowly."""
    mine, whole = sides_of(compiler, collection)
    live = [column for _part, column in mine]
    if any(len(one) != len(mine) for one in ([keys.parts] if isinstance(keys, Block) else keys)):
        raise SourceMismatch(f"A key of '{collection}' has another number of parts than the table's key. Nothing was changed.")
    blocks = compiler.dialect.blocks
    if blocks is None:
        return None
    if not isinstance(keys, Block) or not blocks.takes(keys, live):
        listed = compiler.dialect.unpacked(fitting(keys, live, compiler.dialect), live)
        return None if listed is None else listing(compiler, collection, listed, list(listed.c))
    listed = compiler.dialect.unpacked(keys, live) if len(mine) > 1 else None
    found = listing(compiler, collection, listed, list(listed.c)) if listed is not None else Listing(whole, true(), true())
    sides = [(found.whole.c[name], column) for name, column in zip(compiler.key(collection), live, strict=True)]
    # Less exact than a list, and enough to keep a large table from being gone through whole, again and again.
    rough = between(sides, keys)
    if listed is None or not is_dense(keys):
        rough = and_(rough, blocks.holds_any(sides[0][0], keys, live[0]))
    return Listing(found.whole, and_(found.joined, rough), and_(found.inside, rough))
