"""SQL databases through SQLAlchemy Core: the walk is pushed down, rows are streamed, everything is one snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, func, select

from exports.blocks import Block, batches
from exports.connectors.base import Link, Row, SourceMismatch, Written
from exports.connectors.sql_blocks import blocks_of, key_sum
from exports.connectors.sql_compile import Compiler
from exports.connectors.sql_documents import Documents
from exports.connectors.sql_listing import carried
from exports.connectors.sql_session import SqlSession
from exports.connectors.sql_written import Writing
from exports.query import ByKey, Key, Outside, Query, inner_queries

KEYS_AT_ONCE = 400
NOBODY = (None, 0)


class SqlReader(SqlSession):
    """Questions to one SQL database inside one read-only snapshot."""

    @cached_property
    def documents(self) -> Documents:
        """Answers what is asked about the insides of documents."""
        return Documents(self)

    def count(self, query: Query) -> int:
        """How many rows the query finds, each once."""
        query = self.documents.resolved(query)
        compiler = self.compiler()
        known = query.where.keys if isinstance(query.where, ByKey) else None
        beside = carried(compiler, query.collection, known) if isinstance(known, Block) else None
        if beside is not None:
            return self._numbers(select(func.count()).select_from(beside.whole).where(beside.joined))[0]
        return self._numbers(_selected(compiler, query, func.count()))[0]

    def tally(self, query: Query) -> tuple[int, int | None]:
        """How many rows the query finds, and a sum over their keys that tells them from other rows; None where there is none."""
        query = self.documents.resolved(query)
        compiler = self.compiler()
        source = compiler.source(query.collection)
        summed = key_sum(compiler, source, query.collection)
        if summed is None:
            return self.count(query), None
        rows, found = self._numbers(_selected(compiler, query, func.count(), summed, source=source))
        return rows, found

    def read(self, query: Query, *, batch: int = 1000) -> Iterator[list[Row]]:
        """The rows in batches, each once, ordered by key, streamed."""
        query = self.documents.resolved(query)
        compiler = self.compiler()
        fields = query.fields or tuple(compiler.table(query.collection).columns)
        statement = _ordered(compiler, query, fields, compiler.table(query.collection).key)
        for rows in self.stream(statement, batch):
            yield [dict(zip(fields, row, strict=True)) for row in rows]

    def sample(self, collection: str, fields: tuple[str, ...], *, most: int) -> list[Row]:
        """Some rows, whichever the source finds first: to see what a column looks like, never to answer anybody."""
        compiler = self.compiler()
        source = compiler.source(collection)
        chosen = [compiler.column(source, name, collection) for name in fields]
        with self._asking():
            rows = self.connection.execute(select(*chosen).select_from(source).limit(most)).all()
        return [dict(zip(fields, row, strict=True)) for row in rows]

    def written(self, query: Query) -> Written | None:
        """How to have the database write the rows itself; None where it cannot write every one of them exactly."""
        query = self.documents.resolved(query)
        leading = max((self.led.get(id(inner.where), NOBODY)[1] for inner in inner_queries(query)), default=0)
        with self._asking():
            written = Writing(self.compiler, self.connection, query, asking=self._asking, leading=leading).written()
        if written is not None:
            self.led[id(query.where)] = query.where, written.count
        return written

    def blocks(self, query: Query, fields: tuple[str, ...], *, rows: int) -> Iterator[Block] | None:
        """These fields of the rows found, the key among them, of about so many rows; None where a value would not be written exactly."""
        query = self.documents.resolved(query)
        with self._asking():
            statement = blocks_of(self.compiler(), self.connection, Query(query.collection, query.where, fields), rows=rows)
        return None if statement is None else statement.read(self.stream)

    def values(self, query: Query, fields: tuple[str, ...]) -> Iterator[Key]:
        """Distinct tuples of these fields over the rows found, those with a NULL left out."""
        if self.documents.is_inside(query.collection, fields):
            yield from self.documents.values(query, fields)
            return
        query = self.documents.resolved(query)
        compiler = self.compiler()
        statement = compiler.select(query, fields)
        loose = [number for number, name in enumerate(fields) if compiler.live(query.collection, name).collation]
        apart = [self.dialect.exactly(statement.selected_columns[number]) for number in loose]
        for rows in self.stream(statement.add_columns(*apart).distinct(), 1000):
            yield from (tuple(row)[: len(fields)] for row in rows if None not in tuple(row))

    def targets(self, query: Query, *, most: int | None = None) -> Iterator[Key]:
        """The keys of the rows found (the first `most` of them), each once, ordered; raises SourceMismatch when the table has no key."""
        query = self.documents.resolved(query)
        compiler = self.compiler()
        key = compiler.key(query.collection)
        for rows in self.stream(_held(self, _ordered(compiler, query, key, key).limit(most)), 1000):
            for row in rows:
                if None in tuple(row):
                    raise SourceMismatch(f"A row of '{query.collection}' has no key, so it cannot be told apart.")
                yield tuple(row)

    def read_back(self, collection: str, keys: Iterable[Key], *, fields: tuple[str, ...] = ()) -> Iterator[tuple[Key, Row | None]]:
        """Every key with its row as it stands now, or None when the row is gone."""
        for some in batches(keys, KEYS_AT_ONCE):
            compiler = self.compiler()
            key = compiler.key(collection)
            wanted = fields or tuple(compiler.table(collection).columns)
            statement = _held(self, compiler.select(Query(collection, ByKey(tuple(some))), (*key, *wanted)))
            with self._asking():
                rows = self.connection.execute(statement).all()
            held = {tuple(row[: len(key)]): dict(zip(wanted, row[len(key) :], strict=True)) for row in rows}
            yield from ((one, held.get(one)) for one in some)

    def referrers(self, link: Link, *, targeted: Query, outside: Query) -> Iterator[tuple[Key, int]]:
        """Keys of targeted rows to which rows point that are not in `outside`'s answer, each with their number."""
        targeted, outside = self.documents.resolved(targeted), self.documents.resolved(outside)
        if self.documents.is_inside(link.collection, link.columns):
            yield from self.documents.referrers(link, targeted=targeted, outside=outside)
            return
        compiler = self.compiler()
        compiler.note(targeted)
        compiler.note(outside)
        key = compiler.key(link.target)
        target, other = compiler.source(link.target), compiler.source(link.collection)
        chosen = [compiler.column(target, name, link.target) for name in key]
        pairs = zip(link.columns, link.target_columns, strict=True)
        joined = [compiler.same((other, link.collection, mine), (target, link.target, theirs)) for mine, theirs in pairs]
        statement = (
            select(*chosen, func.count())
            .select_from(target)
            .join(other, and_(*joined))
            .where(compiler.where(target, link.target, targeted.where))
            .where(compiler.where(other, link.collection, Outside(outside.where)))
            .group_by(*chosen)
            .order_by(*chosen)
        )
        for rows in self.stream(statement, 1000):
            yield from ((tuple(row[:-1]), int(row[-1])) for row in rows)

    def _numbers(self, statement: Select[Any]) -> list[int]:
        with self._asking():
            return [int(number) for number in self.connection.execute(statement).one()]


def _held(session: SqlReader, statement: Select[Any]) -> Select[Any]:
    return statement.with_for_update() if session.holds and session.dialect.writes_past_its_snapshot else statement


def _selected(compiler: Compiler, query: Query, *chosen: ColumnElement[Any], source: FromClause | None = None) -> Select[Any]:
    compiler.note(query)
    source = compiler.source(query.collection) if source is None else source
    return select(*chosen).select_from(source).where(compiler.where(source, query.collection, query.where))


def _ordered(compiler: Compiler, query: Query, fields: tuple[str, ...], key: tuple[str, ...]) -> Select[Any]:
    compiler.note(query)
    source = compiler.source(query.collection)
    chosen = [compiler.column(source, name, query.collection) for name in fields]
    found = select(*chosen).select_from(source).where(compiler.where(source, query.collection, query.where))
    return found.order_by(*(source.c[name] for name in key))
