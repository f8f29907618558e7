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
from exports.query import Query

Asking = Callable[[], AbstractContextManager[None]]
ORDERED = ("number", "date", "datetime")


class Writing:
    """One question whose answer the database writes; each statement is compiled by a compiler of its own."""

    def __init__(self, compilers: Callable[[], Compiler], connection: Connection, query: Query, *, asking: Asking) -> None:
        self._compilers, self._connection, self._query, self._asking = compilers, connection, query, asking
        compiler = compilers()
        self._rows = compiler.dialect.rows
        self._key = compiler.table(query.collection).key
        names = query.fields or tuple(compiler.table(query.collection).columns)
        self._live: Sequence[ColumnSchema] = [compiler.live(query.collection, name) for name in names]

    def written(self) -> Written | None:
        """How to have the rows written; None when a type, the encoding or a single value forbids it."""
        if self._rows is None or not self._rows.is_exact(self._connection):
            return None
        if any(form is None for form in self._forms(self._rows, *self._asked(), as_csv=False)):
            return None
        spans = self._spans()
        if any(is_odd(one) for span in spans.values() for one in span):
            return None
        return Written(spans, partial(self._copied, self._rows, None), partial(self._copied, self._rows))

    def _asked(self) -> tuple[Compiler, FromClause]:
        compiler = self._compilers()
        compiler.note(self._query)
        return compiler, compiler.source(self._query.collection)

    def _found(self, statement: Select[Any], compiler: Compiler, source: FromClause) -> Select[Any]:
        return statement.select_from(source).where(compiler.where(source, self._query.collection, self._query.where))

    def _forms(self, rows: RowWriting, compiler: Compiler, source: FromClause, *, as_csv: bool) -> list[Any]:
        parts = ((compiler.column(source, live.name, self._query.collection), live) for live in self._live)
        return [rows.form(part, live, as_csv=as_csv) for part, live in parts]

    def _spans(self) -> dict[str, tuple[Any, Any]]:
        """The smallest and the largest value of each column in which a value can be one that Python and JSON do not know."""
        names = [live.name for live in self._live if live.type in ORDERED]
        if not names:
            return {}
        compiler, source = self._asked()
        parts = [compiler.column(source, name, self._query.collection) for name in names]
        ends = [end for part in parts for end in (func.min(part, type_=part.type), func.max(part, type_=part.type))]
        row = self._connection.execute(self._found(select(*ends), compiler, source)).one()
        return {name: (row[2 * place], row[2 * place + 1]) for place, name in enumerate(names)}

    def _copied(self, rows: RowWriting, null: str | None) -> Iterator[list[bytes]]:
        compiler, source = self._asked()
        forms = self._forms(rows, compiler, source, as_csv=null is not None)
        chosen = [form.label(live.name) for form, live in zip(forms, self._live, strict=True)]
        statement = self._found(select(*chosen), compiler, source).order_by(*(source.c[name] for name in self._key))
        if null is None:
            row = statement.subquery("habeas_row")
            statement = select(func.row_to_json(literal_column(row.name))).select_from(row)
        with self._asking():
            yield from rows.copied(self._connection, statement, null=null)


def is_odd(value: Any) -> bool:
    """Infinite, not a number, or a day that calendars of four-figure years do not have: those come as text."""
    if isinstance(value, Decimal):
        return not value.is_finite()
    if isinstance(value, float):
        return not isfinite(value)
    return not (value is None or isinstance(value, date))
