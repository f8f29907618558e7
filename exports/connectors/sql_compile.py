"""Turns query trees into SQL expressions. A sub-query becomes a semi-join; one that is shared becomes a named part of the statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnClause,
    ColumnElement,
    FromClause,
    Select,
    String,
    alias,
    and_,
    cast,
    column,
    false,
    not_,
    or_,
    select,
    table,
    true,
    tuple_,
)

from exports.connectors.base import Schema, SourceMismatch, TableSchema
from exports.connectors.sql_dialects import Dialect
from exports.query import AllOf, AnyOf, ByKey, Equals, Outside, Predicate, Query, Together, Within

MOST_PARAMETERS = 200
NUMBERS = ("integer", "number", "boolean")

Place = tuple[FromClause, str, str]


class Compiler:
    """Compiles the queries of one statement against one live schema."""

    def __init__(self, schema: Schema, dialect: Dialect) -> None:
        self.schema, self.dialect = schema, dialect
        self._shared: dict[int, tuple[CTE, tuple[str, ...]]] = {}
        self._wanted: dict[int, set[str]] = {}
        self._uses: Counter[int] = Counter()
        self._kept: list[Query] = []

    def table(self, name: str) -> TableSchema:
        """The live table; raises SourceMismatch when there is none."""
        found = self.schema.tables.get(name)
        if found is None:
            raise SourceMismatch(f"The table '{name}' does not exist there.")
        return found

    def source(self, name: str) -> FromClause:
        """A fresh alias of the live table with all its columns and, where it is the key, the row number."""
        live = self.table(name)
        schema, _, bare = name.rpartition(".")
        columns: list[ColumnClause[Any]] = [column(one) for one in dict.fromkeys((*live.columns, *live.key))]
        return alias(table(bare, *columns, schema=schema or None))

    def column(self, source: FromClause, name: str, called: str) -> ColumnElement[Any]:
        """A column of the alias; raises SourceMismatch when the table has none of this name."""
        if name not in source.c:
            raise SourceMismatch(f"The table '{called}' has no column '{name}'.")
        return source.c[name]

    def select(self, query: Query, fields: Sequence[str]) -> Select[Any]:
        """These columns of the rows that the query finds."""
        self.note(query)
        source = self.source(query.collection)
        chosen = [self.column(source, name, query.collection) for name in fields]
        return select(*chosen).select_from(source).where(self.where(source, query.collection, query.where))

    def where(self, source: FromClause, name: str, part: Predicate) -> ColumnElement[bool]:
        """The predicate over the alias of table `name`."""
        match part:
            case AnyOf(parts):
                return or_(false(), *(self.where(source, name, inner) for inner in parts))
            case AllOf(parts):
                return and_(true(), *(self.where(source, name, inner) for inner in parts))
            case Outside(inner):
                return not_(self.where(source, name, inner).is_(true()))
            case Equals():
                return self._equals(source, name, part)
            case Together(fields, values):
                return self._holds(source, name, fields, values)
            case ByKey(keys):
                return self._holds(source, name, self.key(name), keys)
            case Within():
                return self._within(source, name, part)

    def key(self, name: str) -> tuple[str, ...]:
        """What the rows of the table are addressed by; raises SourceMismatch when there is nothing."""
        found = self.table(name).key
        if not found:
            raise SourceMismatch(f"The rows of '{name}' have no key, so they cannot be told apart.")
        return found

    def note(self, query: Query) -> None:
        """Look at a query of the statement before it is built, so that what its parts share is found."""
        waiting = [query]
        while waiting:
            here = waiting.pop()
            self._kept.append(here)  # ids stay unique only while the objects live
            for part in _withins(here.where):
                inner = part.query
                self._uses[id(inner)] += 1
                self._wanted.setdefault(id(inner), set()).update(part.of)
                if self._uses[id(inner)] == 1:
                    waiting.append(inner)

    def same(self, mine: Place, theirs: Place) -> ColumnElement[bool]:
        """Two columns hold the same value, compared as text where only one of them is text."""
        (source, name, field), (other_source, other_name, other_field) = mine, theirs
        one, other = self.column(source, field, name), self.column(other_source, other_field, other_name)
        kinds = self._type(name, field), self._type(other_name, other_field)
        if mixed(*kinds):
            return cast(one, String) == cast(other, String)
        return one == other

    def _type(self, name: str, field: str) -> str:
        found = self.table(name).columns.get(field)
        return found.type if found else "any"

    def _equals(self, source: FromClause, name: str, part: Equals) -> ColumnElement[bool]:
        mine = self.column(source, part.field, name)
        values = list(fitting(((value,) for value in part.values), (self._type(name, part.field),)))
        texts = [value for (value,) in values if isinstance(value, str)]
        if part.caseless and texts:
            return self.dialect.folded(mine).in_([text.casefold() for text in texts])
        found = self._holds(source, name, (part.field,), values)
        return and_(found, self.dialect.exactly(mine).in_(texts)) if texts and len(values) <= MOST_PARAMETERS else found

    def _holds(self, source: FromClause, name: str, fields: Sequence[str], values: Iterable[tuple[Any, ...]]) -> ColumnElement[bool]:
        mine = [self.column(source, field, name) for field in fields]
        fit = list(fitting(values, tuple(self._type(name, field) for field in fields)))
        if not fit:
            return false()
        if len(fit) * len(mine) > MOST_PARAMETERS and not any(isinstance(part, bytes) for value in fit for part in value):
            return _isin(mine, self.dialect.unpacked(fit, len(mine)))
        if len(mine) == 1:
            return mine[0].in_([value for (value,) in fit])
        return tuple_(*mine).in_(fit)

    def _within(self, source: FromClause, name: str, part: Within) -> ColumnElement[bool]:
        mine = [self.column(source, field, name) for field in part.fields]
        inner, columns = self._sub(part.query, part.of)
        theirs = list(columns)
        for number, (field, other) in enumerate(zip(part.fields, part.of, strict=True)):
            my_type, their_type = self._type(name, field), self._type(part.query.collection, other)
            if mixed(my_type, their_type):  # only one side is text: the other is read as text
                theirs[number] = cast(columns[number], String) if my_type == "string" else columns[number]
                mine[number] = mine[number] if my_type == "string" else cast(mine[number], String)
        held = select(*theirs).select_from(inner).where(*(one.is_not(None) for one in columns))
        if not isinstance(inner, CTE):
            held = held.where(self.where(inner, part.query.collection, part.query.where))
        return _isin(mine, held)

    def _sub(self, query: Query, of: Sequence[str]) -> tuple[FromClause, list[ColumnElement[Any]]]:
        if self._uses[id(query)] < 2:
            source = self.source(query.collection)
            return source, [self.column(source, name, query.collection) for name in of]
        if id(query) not in self._shared:
            names = tuple(sorted(self._wanted[id(query)]))
            source = self.source(query.collection)
            chosen = [self.column(source, name, query.collection) for name in names]
            body = select(*chosen).select_from(source).where(self.where(source, query.collection, query.where))
            self._shared[id(query)] = body.cte(f"found_{len(self._shared) + 1}"), names
        shared, _ = self._shared[id(query)]
        return shared, [shared.c[name] for name in of]


def _withins(part: Predicate) -> Iterator[Within]:
    if isinstance(part, Within):
        yield part
    elif isinstance(part, AnyOf | AllOf):
        for inner in part.parts:
            yield from _withins(inner)
    elif isinstance(part, Outside):
        yield from _withins(part.part)


def mixed(one: str, other: str) -> bool:
    """One column holds text and the other numbers."""
    return (one == "string" and other in NUMBERS) or (other == "string" and one in NUMBERS)


def _isin(parts: Sequence[ColumnElement[Any]], held: Select[Any]) -> ColumnElement[bool]:
    return parts[0].in_(held) if len(parts) == 1 else tuple_(*parts).in_(held)


def fitting(values: Iterable[tuple[Any, ...]], kinds: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Tuples cast to the types of the columns they are compared with; one that cannot be such a value matches nothing."""
    for value in values:
        cast_value = tuple(_cast(part, kind) for part, kind in zip(value, kinds, strict=True))
        if None not in cast_value:
            yield cast_value


def _cast(value: Any, kind: str) -> Any:
    if value is None or isinstance(value, bytes):
        return value
    if kind == "string" or isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        return _number(str(value), whole=kind == "integer")
    if kind in ("integer", "number") and isinstance(value, str):
        return _number(value, whole=kind == "integer")
    return value


def _number(text: str, *, whole: bool) -> int | float | None:
    try:
        exact = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not exact.is_finite():
        return None
    if exact == exact.to_integral_value():
        return int(exact) if abs(exact) < 2**63 else None
    return None if whole else float(exact)
