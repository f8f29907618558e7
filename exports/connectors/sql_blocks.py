"""Columns of many rows as the database joins them into large texts itself, so that a person's keys are never taken one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Integer, Select, func, literal_column, select

from exports.blocks import WHOLE, Block, Part
from exports.connectors.sql_compile import Compiler
from exports.query import Query

AT_MOST = 50_000  # rows of one block

Stream = Callable[[Select[Any], int], Iterator[Any]]


@dataclass(frozen=True)
class Blocks:
    """A statement that answers with blocks, each a row: how many rows it stands for, the sum over their keys, its columns, then the
    smallest and the largest value of these of them."""

    statement: Select[Any]
    kinds: Sequence[str]
    spanned: Sequence[int]

    def read(self, stream: Stream) -> Iterator[Block]:
        """The blocks; none where no row is found."""
        for answers in stream(self.statement, 1):
            for rows, key_sum, *found in answers:
                if rows:
                    parts = list(map(Part, self.kinds, found))
                    ends = iter(found[len(parts) :])
                    for number in self.spanned:
                        parts[number] = replace(parts[number], span=(next(ends), next(ends)))
                    yield Block(rows, tuple(parts), int(key_sum))


def blocks_of(compiler: Compiler, connection: Connection, query: Query, *, rows: int) -> Blocks | None:
    """How to ask for these fields, the key among them, of about so many rows; None where the product would not write each value exactly."""
    joins = compiler.dialect.blocks
    kinds = [joins.joined_as(compiler.live(query.collection, name)) if joins else "" for name in query.fields]
    if joins is None or not all(kinds) or not joins.is_exact(connection):
        return None
    found, key = compiler.select(query, query.fields), compiler.table(query.collection).key
    spanned = [number for number, name in enumerate(query.fields) if name in key and kinds[number] == WHOLE]
    if rows > AT_MOST:
        # one after the other in the order of the key, so that each block is a range of it
        order = [found.selected_columns[name] for name in key] if spanned else []
        number = (func.row_number(type_=Integer).over(order_by=order) - 1) // literal_column(str(AT_MOST), Integer)
        found = found.add_columns(number.label("habeas_block"))
    inner = found.subquery("found")
    columns = [joins.joined(inner.c[name], kind) for name, kind in zip(query.fields, kinds, strict=True)]
    ends = [end(inner.c[query.fields[number]]) for number in spanned for end in (func.min, func.max)]
    summed = key_sum(compiler, inner, query.collection)
    if summed is None:
        return None
    statement: Select[Any] = select(func.count(), summed, *columns, *ends)
    return Blocks(statement.group_by(inner.c.habeas_block) if rows > AT_MOST else statement, kinds, spanned)


def key_sum(compiler: Compiler, source: FromClause, collection: str) -> ColumnElement[Any] | None:
    """A sum over the keys of the rows, in which each part of a key counts by its value and its place; None where it cannot be had."""
    sums, live = compiler.dialect.blocks, compiler.table(collection)
    mixed: ColumnElement[Any] | None = literal_column("0") if sums and live.key else None
    for name in live.key:
        if sums is not None and mixed is not None:
            mixed = sums.mixed_in(compiler.column(source, name, collection), compiler.live(collection, name), mixed)
    return None if mixed is None else func.coalesce(func.sum(mixed), 0)
