"""A question to a source as plain data: which rows of which collection. Connectors translate it, nobody else looks inside.

NULL never matches anything; 0 and the empty string are values like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Equals:
    """The field holds one of these values. `caseless` also accepts other upper and lower case letters."""

    field: str
    values: tuple[Any, ...]
    caseless: bool = False


@dataclass(frozen=True)
class Within:
    """The fields together hold what the other query's fields hold in one of its rows: a semi-join."""

    fields: tuple[str, ...]
    query: Query
    of: tuple[str, ...]


@dataclass(frozen=True)
class Together:
    """The fields together hold one of these tuples: what a composite reference carries across sources."""

    fields: tuple[str, ...]
    values: tuple[Key, ...]


@dataclass(frozen=True)
class ByKey:
    """The row's primary key is one of these, each named once."""

    keys: Collection[Key]


@dataclass(frozen=True)
class Beyond:
    """The row comes after this key in the source's own order of keys."""

    key: Key


@dataclass(frozen=True)
class Filled:
    """The field is not NULL."""

    field: str


@dataclass(frozen=True)
class Dated:
    """The field holds a day or a moment that can be read as one."""

    field: str


@dataclass(frozen=True)
class Before:
    """The field holds a moment before this one, or a day that was over by then. What has no time zone is taken as UTC."""

    field: str
    moment: datetime


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds; without parts, no row does."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True)
class AllOf:
    """Every part holds; without parts, every row does."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True)
class Outside:
    """The part does not hold (and is not unknown either: a NULL counts as outside)."""

    part: Predicate


Predicate = Equals | Within | Together | ByKey | Beyond | Filled | Dated | Before | AnyOf | AllOf | Outside

NOTHING = AnyOf(())
EVERYTHING = AllOf(())


@dataclass(frozen=True, eq=False)
class Query:
    """Rows of one collection; `fields` empty means every column of the live table.

    Two queries are the same only when they are one object: a sub-query that several others share is evaluated once.
    """

    collection: str
    where: Predicate
    fields: tuple[str, ...] = ()


def any_of(parts: list[Predicate]) -> Predicate:
    """The parts joined by 'or', without wrapping a single one."""
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def collections_of(query: Query) -> Iterator[str]:
    """Every collection that the query touches, itself first."""
    yield query.collection
    yield from (inner.collection for inner in inner_queries(query))


def inner_queries(query: Query) -> Iterator[Query]:
    """Every query inside this one, each before those inside it."""
    for inner in _inside(query.where):
        yield inner
        yield from inner_queries(inner)


def _inside(part: Predicate) -> Iterator[Query]:
    if isinstance(part, Within):
        yield part.query
    elif isinstance(part, AnyOf | AllOf):
        for inner in part.parts:
            yield from _inside(inner)
    elif isinstance(part, Outside):
        yield from _inside(part.part)
