"""Rows that the database writes itself, so that nothing is done with each of them here. Where one of them is odd, it is not asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from functools import partial
from math import isfinite
from typing import Any

from sqlalchemy import Connection, FromClause, Select, func, literal_column, select

from exports.connectors.base import ColumnSchema, Written
from exports.connectors.sql_compile import Compiler
from exports.connectors.sql_row_writing import RowWriting
from exports.query import Query, collections_of

Asking = Callable[[], AbstractContextManager[None]]
ORDERED = ("number", "date", "datetime")


class Writing:
    """One question whose answer the database writes; each statement is compiled by a compiler of its own."""

    def __init__(
        self, compilers: Callable[[], Compiler], connection: Connection, query: Query, *, asking: Asking, leading: int = 0
    ) -> None:
        """`leading` is how many rows are known to be found in a collection over which the way leads to this one."""
        self._compilers, self._connection, self._query, self._asking = compilers, connection, query, asking
        self._leading = leading
        compiler = compilers()
        self._rows = compiler.dialect.rows
        self._key = compiler.table(query.collection).key
        names = query.fields or tuple(compiler.table(query.collection).columns)
        self._live: Sequence[ColumnSchema] = [compiler.live(query.collection, name) for name in names]

    def written(self) -> Written | None:
        """How to have the rows written; None when a type, the encoding or a single value forbids it."""
        if self._rows is None or not self._rows.is_exact(self._connection):
            return None
        if any(form is None for form in self._forms(self._rows, *self._asked())):
            return None
        with self._joining(self._rows):
            count, spans = self._counted()
        if any(is_odd(one) for span in spans.values() for one in span):
            return None
        return Written(count, spans, partial(self._copied, self._rows))

    def _asked(self) -> tuple[Compiler, FromClause]:
        compiler = self._compilers()
        compiler.note(self._query)
        return compiler, compiler.source(self._query.collection)

    def _found(self, statement: Select[Any], compiler: Compiler, source: FromClause) -> Select[Any]:
        return statement.select_from(source).where(compiler.where(source, self._query.collection, self._query.where))

    def _forms(self, rows: RowWriting, compiler: Compiler, source: FromClause) -> list[Any]:
        parts = ((compiler.column(source, live.name, self._query.collection), live) for live in self._live)
        return [rows.form(part, live) for part, live in parts]

    def _counted(self) -> tuple[int, dict[str, tuple[Any, Any]]]:
        """How many rows, and the ends of each column in which a value can be one that Python and JSON do not know."""
        names = [live.name for live in self._live if live.type in ORDERED]
        compiler, source = self._asked()
        parts = [compiler.column(source, name, self._query.collection) for name in names]
        ends = [end for part in parts for end in (func.min(part, type_=part.type), func.max(part, type_=part.type))]
        asked: list[Any] = [func.count(), *ends]
        row = self._connection.execute(self._found(select(*asked), compiler, source)).one()
        return row[0], {name: (row[2 * place + 1], row[2 * place + 2]) for place, name in enumerate(names)}

    def _copied(self, rows: RowWriting) -> Iterator[tuple[bytes, int]]:
        compiler, source = self._asked()
        chosen = [form.label(live.name) for form, live in zip(self._forms(rows, compiler, source), self._live, strict=True)]
        row = self._found(select(*chosen), compiler, source).order_by(*(source.c[name] for name in self._key)).subquery("habeas_row")
        with self._asking(), self._joining(rows):
            yield from rows.copied(self._connection, select(func.row_to_json(literal_column(row.name))).select_from(row))

    def _joining(self, rows: RowWriting) -> AbstractContextManager[None]:
        whole = self._compilers().whole
        return rows.joining(self._connection, [whole(name) for name in dict.fromkeys(collections_of(self._query))], self._leading)


def is_odd(value: Any) -> bool:
    """Infinite, not a number, or a day that calendars of four-figure years do not have: those come as text."""
    if isinstance(value, Decimal):
        return not value.is_finite()
    if isinstance(value, float):
        return not isfinite(value)
    return not (value is None or isinstance(value, date))
