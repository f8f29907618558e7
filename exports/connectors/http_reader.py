"""Questions to a source that answers over HTTP: its calls bring what may be meant, and what is meant is decided here, row by row.

An answer is kept for the whole session, so all questions of a session see the same. A service that finds too much (by a part of an
address, say) therefore never puts another person's record into an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from exports.connectors.base import Link, Row, Schema, SourceMismatch, TableSchema
from exports.connectors.evaluating import Holds, chosen, column_of, comparable, holds, in_order, known_fields, table_of
from exports.connectors.http_calls import Wire
from exports.connectors.http_gathering import Gathering, Rows
from exports.connectors.http_templates import all_at
from exports.query import AllOf, ByKey, Key, Predicate, Query, Together, Within


class HttpReader:
    """One session. Whatever was asked once is not asked again."""

    def __init__(self, wire: Wire, schema: Schema) -> None:
        self.wire, self.schema = wire, schema
        self.gathering = Gathering(wire, self.values)
        self._found: dict[int, tuple[Query, Rows]] = {}
        self._tried: set[str] = set()

    def describe(self) -> Schema:
        """What the datasets and sources.yaml say is there: such a source has no schema of its own to tell."""
        return self.schema

    def count(self, query: Query) -> int:
        """How many rows the query finds, each once."""
        return len(self.rows(query))

    def read(self, query: Query, *, batch: int = 1000) -> Iterator[list[Row]]:
        """The rows in batches, each once, ordered by key."""
        fields = known_fields(self.table(query.collection), query.fields)
        found = [chosen(row, fields) for row in self.rows(query).values()]
        for start in range(0, len(found), batch):
            yield found[start : start + batch]

    def values(self, query: Query, fields: tuple[str, ...]) -> Iterator[Key]:
        """Distinct tuples of these fields over the rows found, those with a NULL left out."""
        table = self.table(query.collection)
        columns = [column_of(table, name) for name in fields]
        seen: dict[tuple[Any, ...], Key] = {}
        for row in self.rows(query).values():
            parts = [list(all_at(row, name)) for name in fields]
            tuples = [(one,) for one in parts[0]] if len(fields) == 1 else [tuple(part[0] if part else None for part in parts)]
            for value in tuples:
                plain = tuple(comparable(part, column) for part, column in zip(value, columns, strict=True))
                if None not in plain:
                    seen.setdefault(plain, value)
        yield from seen.values()

    def targets(self, query: Query, *, most: int | None = None) -> Iterator[Key]:
        """The keys of the rows found, ordered; raises SourceMismatch when they have none, or when no call leads back to a row."""
        table = self.table(query.collection)
        if not table.key:
            raise SourceMismatch(f"The rows of '{table.name}' have no key, so they cannot be told apart.")
        keys = list(self.rows(query))[:most]
        self._try_way_back(table, keys)
        yield from keys

    def read_back(self, collection: str, keys: Iterable[Key], *, fields: tuple[str, ...] = ()) -> Iterator[tuple[Key, Row | None]]:
        """Every key with its row as it stands now, or None when the row is gone."""
        table = self.table(collection)
        wanted, asked = known_fields(table, fields), list(keys)
        found = self.rows(Query(collection, ByKey(tuple(asked))))
        columns = [table.columns[name] for name in table.key]
        held = {tuple(comparable(part, column) for part, column in zip(key, columns, strict=True)): row for key, row in found.items()}
        for key in asked:
            row = held.get(tuple(comparable(part, column) for part, column in zip(key, columns, strict=True)))
            yield key, None if row is None else chosen(row, wanted)

    def referrers(self, link: Link, *, targeted: Query, outside: Query) -> Iterator[tuple[Key, int]]:
        """Keys of targeted rows to which rows point that are not in `outside`'s answer, each with their number."""
        table, child = self.table(link.target), self.table(link.collection)
        wanted = self.rows(targeted)
        pointed = Query(link.collection, Within(link.columns, targeted, link.target_columns))
        pointing = self.rows(pointed).values()
        test = self.test(child, outside.where, pointing)
        others = [row for row in pointing if not test(row)]
        for key, row in wanted.items():
            told = tuple(comparable(row.get(name), column_of(table, name)) for name in link.target_columns)
            pairs = [tuple(comparable(one.get(name), column_of(child, name)) for name in link.columns) for one in others]
            count = sum(tuple(map(str, pair)) == tuple(map(str, told)) for pair in pairs if None not in pair)
            if count:
                yield key, count

    def table(self, name: str) -> TableSchema:
        """The table of this name; raises SourceMismatch."""
        return table_of(self.schema, name)

    def rows(self, query: Query) -> Rows:
        """Every row that the query finds, by key, in order."""
        known = self._found.get(id(query))
        if known is None:
            table = self.table(query.collection)
            gathered = self.gathering.rows(table, query.where)
            test = self.test(table, query.where, gathered.values())
            found = {key: row for key, row in gathered.items() if test(row)}
            ordered = {key: found[key] for key in sorted(found, key=in_order)}
            known = self._found[id(query)] = (query, ordered)  # the query is kept too, so that its number is not given to another
        return known[1]

    def test(self, table: TableSchema, where: Predicate, rows: Iterable[Row]) -> Holds:
        """What tells which of these rows hold. A question within it is asked for their values only: not for everybody else's rows."""
        asked = tuple(rows)

        def inside(part: Within) -> Iterable[Key]:
            if id(part.query) in self._found:
                return self.values(part.query, part.of)
            tuples = [tuple(next(all_at(row, name), None) for name in part.fields) for row in asked]
            if len(part.fields) == 1:
                tuples = [(value,) for row in asked for value in all_at(row, part.fields[0])]
            here = Together(
                part.of,
                tuple(dict.fromkeys(one for one in tuples if not any(part is None or isinstance(part, dict | list) for part in one))),
            )
            return self.values(Query(part.query.collection, AllOf((here, part.query.where))), part.of) if here.values else ()

        return holds(table, where, inside)

    def forget(self) -> None:
        """Ask everything afresh from now on."""
        self.gathering.answers.clear()
        self._found.clear()

    def _try_way_back(self, table: TableSchema, keys: list[Key]) -> None:
        """Before anything hangs on it: the call that reads a row back must find one that a list has just given."""
        if keys and table.name not in self._tried:
            self._tried.add(table.name)
            if not self.rows(Query(table.name, ByKey((keys[0],)))):
                raise SourceMismatch(f"A row of '{table.name}' that was listed is not found by its key, so nothing could be proved there.")
