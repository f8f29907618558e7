"""Questions that lead into documents, answered in two steps: rows whose document may hold the value, then a look into each.

A field `column.part.part` is no column of any table; it lies in a document of `column`. What is asked of such a field becomes a list of
keys before the statement is built, so that everything else about a question stays as it is, on every product.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, Text, cast, func, or_, select, true

from exports import documents
from exports.connectors.base import Link, Row, Schema, SourceMismatch
from exports.connectors.sql_compile import Compiler
from exports.query import AllOf, AnyOf, ByKey, Equals, Key, Outside, Predicate, Query, Together, Within

MOST_WORDS = 50
RUN = re.compile(r"[A-Za-z0-9]+")
ESCAPED = "\\u00"  # an ASCII sign may be written as its number


Words = dict[str, frozenset[str]]


class Session(Protocol):
    """The session that the questions are asked in."""

    @property
    def schema(self) -> Schema:
        """The live schema."""

    def compiler(self) -> Compiler:
        """A compiler for one statement."""

    def read(self, query: Query, *, batch: int = 1000) -> Iterator[list[Row]]:
        """The rows in batches."""

    def values(self, query: Query, fields: tuple[str, ...]) -> Iterator[Key]:
        """Distinct tuples."""

    def targets(self, query: Query, *, most: int | None = None) -> Iterator[Key]:
        """Keys."""

    def stream(self, statement: Select[Any], batch: int) -> Iterator[Any]:
        """The answer to a statement, in batches."""


class Documents:
    """Resolves what one session is asked about the insides of documents; the same question is resolved once."""

    def __init__(self, reader: Session) -> None:
        self._reader = reader
        self._known: dict[int, tuple[Query, Query, Words]] = {}

    def resolved(self, query: Query) -> Query:
        """The same question without fields inside documents; the very same object where there are none."""
        return self._of(query)[1]

    def _of(self, query: Query, *, part: bool = False) -> tuple[Query, Query, Words]:
        """The question, what became of it, and what an element of its documents must hold to be meant.

        What was looked for is kept, and so is a `part`, which other questions share; whole questions without documents are not.
        """
        if id(query) in self._known:
            return self._known[id(query)]
        words: Words = {}
        where = self._part(query.collection, query.where, words)
        plain = query if where is query.where else Query(query.collection, where, query.fields)
        found = (query, plain, words)
        if part or plain is not query:
            self._known[id(query)] = found
        return found

    def is_inside(self, collection: str, fields: Iterable[str]) -> bool:
        """One of these fields lies in a document."""
        return any(_is_inside(self._reader.schema, collection, name) for name in fields)

    def values(self, query: Query, fields: Sequence[str]) -> Iterator[Key]:
        """Distinct values of this field inside documents; of arrays by which a row is found, only out of the elements that are meant."""
        if len(fields) > 1:
            raise SourceMismatch(f"References of several fields cannot lead into the documents of '{query.collection}'.")
        _query, plain, words = self._of(query)
        column, path = _place(fields[0])
        ways = {tuple(_place(field)[1]): meant for field, meant in words.items() if _place(field)[0] == column}
        seen = set[str]()
        for rows in self._reader.read(Query(plain.collection, plain.where, (column,))):
            for row in rows:
                for value in documents.leaves_at(documents.own_part(documents.opened(row[column]), ways)[0], path):
                    if documents.word(value) not in seen:
                        seen.add(documents.word(value))
                        yield (documents.word(value),)

    def referrers(self, link: Link, *, targeted: Query, outside: Query) -> Iterator[tuple[Key, int]]:
        """As the reader's own, where the pointing field lies in a document: each key once, without a count of who points."""
        theirs = Query(link.collection, Outside(outside.where))
        values = tuple(self._reader.values(theirs, link.columns))
        if values:
            pointed = Query(link.target, AllOf((targeted.where, Together(link.target_columns, values))))
            yield from ((key, 1) for key in self._reader.targets(pointed))

    def _part(self, collection: str, part: Predicate, words: Words) -> Predicate:
        match part:
            case AnyOf(parts) | AllOf(parts):
                done = tuple(self._part(collection, one, words) for one in parts)
                return part if all(one is other for one, other in zip(done, parts, strict=True)) else type(part)(done)
            case Outside(inner):
                done_inner = self._part(collection, inner, {})
                return part if done_inner is inner else Outside(done_inner)
            case Within():
                return self._within(collection, part, words)
            case Equals(field, values, caseless) if self.is_inside(collection, [field]):
                return self._found(collection, field, values, words, caseless=caseless)
            case Together(fields, values) if self.is_inside(collection, fields):
                return self._together(collection, fields, values, words)
        return part

    def _within(self, collection: str, part: Within, words: Words) -> Predicate:
        inner = self._of(part.query, part=True)[1]
        if self.is_inside(part.query.collection, part.of):
            return self._part(collection, Together(part.fields, tuple(self.values(part.query, part.of))), words)
        if self.is_inside(collection, part.fields):
            return self._together(collection, part.fields, self._reader.values(inner, part.of), words)
        return part if inner is part.query else Within(part.fields, inner, part.of)

    def _together(self, collection: str, fields: Sequence[str], values: Iterable[Key], words: Words) -> Predicate:
        if len(fields) > 1:
            raise SourceMismatch(f"References of several fields cannot lead into the documents of '{collection}'.")
        return self._found(collection, fields[0], (value[0] for value in values), words, caseless=False)

    def _found(self, collection: str, field: str, values: Iterable[Any], words: Words, *, caseless: bool) -> Predicate:
        """The rows with a document in which the field holds one of the values."""
        column, path = _place(field)
        meant = frozenset(documents.word(value) for value in values if value is not None)
        words[field] = words.get(field, frozenset()) | meant
        if not meant:
            return AnyOf(())
        keys = [
            key
            for key, document in self._candidates(collection, column, meant)
            if documents.holds(documents.opened(document), {tuple(path): meant}, caseless=caseless)
        ]
        return ByKey(tuple(keys))

    def _candidates(self, collection: str, column: str, words: frozenset[str]) -> Iterator[tuple[Key, Any]]:
        compiler = self._reader.compiler()
        key = compiler.key(collection)
        source = compiler.source(collection)
        chosen = [compiler.column(source, name, collection) for name in (*key, column)]
        statement = select(*chosen).select_from(source).where(chosen[-1].is_not(None), _may_hold(chosen[-1], words))
        for rows in self._reader.stream(statement, 500):
            yield from ((tuple(row[:-1]), row[-1]) for row in rows)


def _may_hold(column: ColumnElement[Any], words: frozenset[str]) -> ColumnElement[bool]:
    """The text of the document holds the longest plain part of one of the words, or signs that are written as numbers."""
    runs = {max(RUN.findall(word), key=len, default="") for word in words}
    if len(runs) > MOST_WORDS or "" in runs:
        return true()
    text = func.lower(cast(column, Text))
    return or_(*(text.contains(run.lower(), autoescape=True) for run in sorted(runs)), text.contains(ESCAPED, autoescape=True))


def _place(field: str) -> tuple[str, list[str]]:
    column, *path = field.split(".")
    return column, path


def _is_inside(schema: Schema, collection: str, field: str) -> bool:
    """It lies in a document, or its column is one: a list of values is looked into as well."""
    table = schema.tables.get(collection)
    column = table.columns.get(_place(field)[0]) if table else None
    if table is None or column is None:
        return False
    return "." in field if field not in table.columns else column.type == "json" or column.native.endswith("[]")
