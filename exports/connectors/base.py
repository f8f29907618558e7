"""What every source answers, whatever it is.

A connector opens sessions. A *reading* session sees one consistent snapshot and cannot change anything; a *writing*
session is one transaction that is kept when its block ends and undone when it raises. Rows are plain dicts, keys are
tuples in the order of `TableSchema.key`. All walking is done by `exports.query` trees that the source evaluates itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, runtime_checkable

from exports.blocks import Block
from exports.query import Key, Query

Row = dict[str, Any]


class SourceError(Exception):
    """Something is wrong with a source; the text is a sentence without personal data."""


class SourceUnreachable(SourceError):
    """The source cannot be reached, opened or signed in to. Nothing was read or changed."""


class SourceMismatch(SourceError):
    """The live schema lacks what the dataset names."""


class SourceBusy(SourceError):
    """A lock was not granted in time. The transaction was undone."""


class SourceRefused(SourceError):
    """The source refused a change (a constraint, a trigger, a permission). The transaction was undone."""


class SourceWaiting(SourceUnreachable):
    """A person was asked and has not answered yet."""


class SourceHalfDone(SourceUnreachable):
    """Some of the changes were made, the rest was not. Only a source without transactions says so; it is gone on with by handles."""


# What a connector can, beyond what every one of them must: the contract's tests hold it to what it says.
WHOLE = "whole"  # a writing session is kept or undone as a whole, by the source itself
SNAPSHOT = "snapshot"  # a reading session sees the source as it was at one moment
LIVE_SCHEMA = "live schema"  # `describe` tells columns, keys and rules as the source itself holds them
CHECKS_KEYS = "checks keys"  # `targets` makes sure that a row is found again by its key


@dataclass(frozen=True)
class ColumnSchema:
    """`type` is one of string integer number boolean datetime date time binary json any; `native` is the source's own word.

    `collation` is named where the source's own comparison does not tell all texts apart: letters, accents, trailing blanks.
    """

    name: str
    type: str
    native: str
    nullable: bool = True
    length: int | None = None
    generated: bool = False
    default: str | None = None
    collation: str = ""


@dataclass(frozen=True)
class ForeignKey:
    """`collection.columns` points at `target.target_columns`; `on_delete` is upper case, 'NO ACTION' when unsaid.

    'RESTRICT' is what looks at each row by itself, even where the row that points is deleted by the same statement.
    """

    collection: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"


@dataclass(frozen=True)
class Trigger:
    """`event` is INSERT, UPDATE or DELETE; `sql` is its text where the source tells it."""

    name: str
    event: str
    sql: str = ""


@dataclass(frozen=True)
class TableSchema:
    """One live table. `key` is what rows are addressed by: the primary key, or the source's own row id; empty when there is neither.

    `blocks` are sentences that say why nothing may be erased here; `notes` say what an officer should know.
    """

    name: str
    columns: Mapping[str, ColumnSchema]
    primary_key: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()
    checks: tuple[str, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    is_view: bool = False
    blocks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schema:
    """The live schema of one source, as it is now."""

    dialect: str
    tables: Mapping[str, TableSchema] = field(default_factory=dict)

    def pointing_at(self, collection: str) -> tuple[ForeignKey, ...]:
        """Foreign keys of any table, itself included, that point at this one."""
        return tuple(key for table in self.tables.values() for key in table.foreign_keys if key.target == collection)

    def tells_age(self, column: ColumnSchema) -> bool:
        """A row's age can be counted by this column: it holds days or moments. SQLite and JSON have no such types and hold them as text."""
        return column.type in ("datetime", "date") or (self.dialect in ("sqlite", "http") and column.type in ("string", "any"))

    def fingerprint(self, collections: Iterable[str] | None = None) -> str:
        """SHA-256 over the schema (of these collections and all that point at them); counts and rows do not enter."""
        names = sorted(self.tables if collections is None else set(collections) & set(self.tables))
        told = [
            [self.dialect, asdict(self.tables[name]), sorted((asdict(key) for key in self.pointing_at(name)), key=json.dumps)]
            for name in names
        ]
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class Link:
    """Rows of `collection` point with `columns` at `target_columns` of `target`, by a foreign key or by a dataset's reference."""

    collection: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True)
class Correction:
    """One cell: written only while it still holds `old`."""

    collection: str
    key: Key
    field: str
    old: Any
    new: Any


class Reader(Protocol):
    """Questions. All of them see the same snapshot."""

    def describe(self) -> Schema:
        """The live schema."""

    def count(self, query: Query) -> int:
        """How many rows the query finds, each once."""

    def read(self, query: Query, *, batch: int = 1000) -> Iterator[list[Row]]:
        """The rows in batches, each once, ordered by key, streamed."""

    def values(self, query: Query, fields: tuple[str, ...]) -> Iterator[Key]:
        """Distinct tuples of these fields over the rows found, those with a NULL left out."""

    def targets(self, query: Query, *, most: int | None = None) -> Iterator[Key]:
        """The keys of the rows found (the first `most` of them), each once, ordered; raises SourceMismatch when the table has no key."""

    def read_back(self, collection: str, keys: Iterable[Key], *, fields: tuple[str, ...] = ()) -> Iterator[tuple[Key, Row | None]]:
        """Every key with its row as it stands now, or None when the row is gone."""

    def referrers(self, link: Link, *, targeted: Query, outside: Query) -> Iterator[tuple[Key, int]]:
        """Keys of rows that `targeted` finds in `link.target`, each with the number (at least 1) of rows of
        `link.collection` that point at it and that `outside` does NOT find: other people's rows."""


@dataclass(frozen=True)
class Written:
    """Rows that the source writes itself, ordered by key, in pieces, each as the archive writes it (docs/archive.md).

    `count` is how many there are; `json` gives pieces with the number of their rows: one JSON object to a line, its keys in the
    order asked for, nothing nested in it, no line end after the last. `spans` holds the smallest and the largest value of every
    column of days, moments and numbers that may have fractions; both None where all are NULL.
    """

    count: int
    spans: Mapping[str, tuple[Any, Any]]
    json: Callable[[], Iterator[tuple[bytes, int]]]


@runtime_checkable
class WritesRows(Protocol):
    """A reader whose source can write rows as text. What it gives takes the session for itself until it has been read to its end."""

    def written(self, query: Query) -> Written | None:
        """How to have these rows written; None when one of them has a value whose text would not be exact. Raises SourceError."""


@runtime_checkable
class GivesBlocks(Protocol):
    """A reader whose source can join the columns of many rows into large texts, and tell rows by a number."""

    def tally(self, query: Query) -> tuple[int, int | None]:
        """How many rows the query finds, and a sum over their keys that tells them from other rows; None where there is none."""

    def blocks(self, query: Query, fields: tuple[str, ...], *, rows: int) -> Iterator[Block] | None:
        """These fields of the rows found, the key among them, of about so many rows; None where a type cannot be written exactly."""


class Writer(Reader, Protocol):
    """One transaction. Reads inside it see its own writes. Each call says how many rows it changed."""

    def erase(self, collection: str, keys: Iterable[Key]) -> int:
        """Delete these rows."""

    def mask(self, collection: str, keys: Iterable[Key], new: Mapping[str, Any]) -> int:
        """Set the same new values in all these rows."""

    def rewrite(self, collection: str, rows: Iterable[tuple[Key, Mapping[str, Any]]]) -> int:
        """Set new values of their own in these rows; every row names the same fields."""

    def keep(self) -> None:
        """Keep what was changed so far, and go on in a new transaction."""

    def may_change(self, collection: str, new: Mapping[str, Any] | None) -> None:
        """Change no row at all, so that the source refuses now if this account may not set these fields (None: delete rows)."""

    def write(self, correction: Correction) -> bool:
        """Change one cell if it still holds the old value; says whether it did."""


class Connector(Protocol):
    """How to speak to one source. Opening a session may raise SourceUnreachable. `can` holds words such as WHOLE."""

    kind: str
    can: frozenset[str]

    def reading(self) -> AbstractContextManager[Reader]:
        """A read-only session: the source itself refuses writes in it."""

    def writing(self) -> AbstractContextManager[Writer]:
        """A writing session under the write credentials: kept as a whole at the end of the block, or undone as a whole."""
