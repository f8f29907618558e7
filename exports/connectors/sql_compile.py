"""Turns query trees into SQL expressions. A sub-query becomes a semi-join; one that is shared becomes a named part of the statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Select, and_, case, false, or_, select, true

from exports.blocks import Block
from exports.connectors.base import ColumnSchema, Schema, SourceMismatch
from exports.connectors.sql_comparing import Side, between, holding, listed, pairs
from exports.connectors.sql_dialects import Dialect
from exports.connectors.sql_moments import before, dated
from exports.connectors.sql_tables import Tables
from exports.connectors.sql_values import fitting
from exports.query import AllOf, AnyOf, Before, Beyond, ByKey, Dated, Equals, Filled, Key, Outside, Predicate, Query, Together, Within

MOST_PARAMETERS = 200

Place = tuple[FromClause, str, str]


class Compiler(Tables):
    """Compiles the queries of one statement against one live schema."""

    def __init__(self, schema: Schema, dialect: Dialect) -> None:
        super().__init__(schema, dialect)
        self._shared: dict[int, tuple[CTE, tuple[str, ...]]] = {}
        self._wanted: dict[int, set[str]] = {}
        self._uses: Counter[int] = Counter()
        self._kept: list[Query] = []

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
                return case((self.where(source, name, inner), 0), else_=1) == 1  # what is neither true nor false is outside, too
            case Equals():
                return self._equals(source, name, part)
            case Together(fields, values):
                return self._holds(source, name, fields, values)
            case ByKey(keys):
                return self._holds(source, name, self.key(name), keys)
            case Within():
                return self._within(source, name, part)
            case _:
                return self._of_one_row(source, name, part)

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
        """Two columns hold the same value."""
        one, other = ((self.column(source, field, name), self.live(name, field)) for source, name, field in (mine, theirs))
        return and_(*(left == right for left, right in pairs(self.dialect, one, other)))

    def _equals(self, source: FromClause, name: str, part: Equals) -> ColumnElement[bool]:
        texts = [value for value in part.values if isinstance(value, str) and "\x00" not in value]
        live = self.live(name, part.field)
        if part.caseless and texts and live.type in ("string", "any"):
            return self.dialect.caseless(self.column(source, part.field, name), live, texts)
        return self._holds(source, name, (part.field,), ((value,) for value in part.values))

    def _holds(self, source: FromClause, name: str, fields: Sequence[str], values: Iterable[Sequence[Any]]) -> ColumnElement[bool]:
        columns = [self.live(name, field) for field in fields]
        mine = [self.column(source, field, name) for field in fields]
        if isinstance(values, Block) and self.dialect.blocks and self.dialect.blocks.takes(values, columns):
            taken = self._carried(mine, columns, values)
            if taken is not None:
                return and_(between(list(zip(mine, columns, strict=True)), values), taken)
        fit = fitting(values, columns, self.dialect)
        if not fit:
            return false()
        many = self._carried(mine, columns, fit) if len(fit) * len(fields) > MOST_PARAMETERS else None
        return listed(self.dialect, list(zip(mine, columns, strict=True)), fit) if many is None else many

    def _carried(
        self, mine: Sequence[ColumnElement[Any]], columns: Sequence[ColumnSchema], values: Collection[Key]
    ) -> ColumnElement[bool] | None:
        """The columns together hold one of these tuples, which travel in one parameter; None where they cannot."""
        carried = self.dialect.unpacked(values, columns)
        if carried is None:
            return None
        theirs = [(carried.c[f"v{number}"], live) for number, live in enumerate(columns)]
        sides = self._sides(zip(mine, columns, strict=True), theirs)
        right = select(*(right for _, right in sides)).select_from(carried)
        return holding([left for left, _ in sides], right, tuples=self.dialect.takes_tuples)

    def _of_one_row(self, source: FromClause, name: str, part: Beyond | Filled | Dated | Before) -> ColumnElement[bool]:
        """What is said of the row alone, without other rows and without values to be carried."""
        match part:
            case Beyond(key):
                return self._beyond(source, name, key)
            case Filled(field):
                return self.column(source, field, name).is_not(None)
            case Dated(field):
                self._telling(name, field)
                return dated(self.dialect.name, self.column(source, field, name))
            case Before(field, moment):
                return before(self.dialect.name, self.column(source, field, name), self._telling(name, field), moment)

    def _telling(self, name: str, field: str) -> ColumnSchema:
        live = self.live(name, field)
        if not self.schema.tells_age(live):
            raise SourceMismatch(f"The column '{field}' of '{name}' ({live.native}) holds no day and no moment.")
        return live

    def _beyond(self, source: FromClause, name: str, key: Key) -> ColumnElement[bool]:
        """After this key, part by part: an index on the key can be used from its first part on."""
        after: ColumnElement[bool] = false()
        for field, value in reversed(list(zip(self.key(name), key, strict=True))):
            column, live = self.column(source, field, name), self.live(name, field)
            fit = self.dialect.loose_value(self.dialect.fit(value, live), live)
            after = and_(column >= fit, or_(column > fit, after))
        return after

    def _within(self, source: FromClause, name: str, part: Within) -> ColumnElement[bool]:
        mine = [(self.column(source, field, name), self.live(name, field)) for field in part.fields]
        inner, columns = self._sub(part.query, part.of)
        sides = self._sides(mine, zip(columns, (self.live(part.query.collection, other) for other in part.of), strict=True))
        held = select(*(right for _, right in sides)).select_from(inner).where(*(one.is_not(None) for one in columns))
        if not isinstance(inner, CTE):
            held = held.where(self.where(inner, part.query.collection, part.query.where))
            if len(sides) == 1 and self._is_of_few(part.query):
                return self.dialect.among_few(sides[0][0], held)
        return holding([left for left, _ in sides], held, tuples=self.dialect.takes_tuples)

    def _is_of_few(self, query: Query) -> bool:
        """It finds one row for each of some values, at most."""
        part, table = query.where, self.table(query.collection)
        return isinstance(part, Equals) and not part.caseless and (part.field,) in (table.key, table.primary_key, *table.uniques)

    def _sides(self, mine: Iterable[Side], theirs: Iterable[Side]) -> list[tuple[ColumnElement[Any], ColumnElement[Any]]]:
        return [pair for one, other in zip(mine, theirs, strict=True) for pair in pairs(self.dialect, one, other)]

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
