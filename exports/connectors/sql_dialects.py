"""What differs between database products: opening, reading only, locking, describing, comparing, and carrying many values at once.

A product without a class is spoken to as `sql_other` does. To add one, write a class in a file of its own and name it in
DIALECTS; everything else is the same for all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import URL, ColumnElement, Connection, Engine, FromClause, Select
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.types import TypeEngine

from exports.connectors.base import ColumnSchema, Schema, SourceUnreachable
from exports.connectors.mariadb import MariaDb
from exports.connectors.postgresql import PostgreSql
from exports.connectors.sql_block_making import BlockMaking
from exports.connectors.sql_other import Other
from exports.connectors.sql_row_writing import RowWriting
from exports.connectors.sqlite import Sqlite
from exports.query import Key


class Comparing(Protocol):
    """How values and columns are compared, so that equal means equal."""

    def typed(self, column: ColumnSchema) -> TypeEngine[Any] | None:
        """The type in which values for this column are sent; None leaves it to the value."""

    def fit(self, value: Any, column: ColumnSchema) -> Any:
        """The value as such a column holds it, or None when it cannot."""

    def mixed(self, one: ColumnSchema, other: ColumnSchema) -> bool:
        """The two cannot be compared as they are, or not truly: they are compared as text."""

    def as_text(self, part: ColumnElement[Any], column: ColumnSchema) -> ColumnElement[Any]:
        """The column's values as text."""

    def exactly(self, part: ColumnElement[Any]) -> ColumnElement[Any]:
        """The text column compared letter by letter, whatever its collation."""

    def exact_value(self, value: Any) -> Any:
        """A value that is compared with what `exactly` gives."""

    def loose_value(self, value: Any, column: ColumnSchema) -> Any:
        """A value that is compared with a text column under the column's own collation."""

    def among(self, part: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
        """The part is one of these values."""

    def among_few(self, part: ColumnElement[Any], found: Select[Any]) -> ColumnElement[bool]:
        """The part is one of what this statement finds, which is not much."""

    def aligned(self, part: ColumnElement[Any], column: ColumnSchema) -> ColumnElement[Any]:
        """Another text column, so that it may be compared with this one at all."""

    def caseless(self, part: ColumnElement[Any], column: ColumnSchema, texts: Sequence[str]) -> ColumnElement[bool]:
        """The text column holds one of these texts, without regard to upper and lower case letters."""


class Dialect(Comparing, Protocol):
    """The small part of a database product that SQL does not hide."""

    name: str
    # A session leaves nothing behind on its connection, so that the next one may take it over.
    stays_open: bool
    # While rows of one answer are still on their way, the connection takes no other question.
    one_at_a_time: bool
    # DELETE may name a second table. Where it may, it must: without, the product would look at every row.
    deletes_by_join: bool
    # Every name may stand in quotes as SQLAlchemy tells it; not so where names are stored in capitals and told in small letters.
    quotes_names: bool
    # (a, b) may be compared with a sub-query that selects two columns.
    takes_tuples: bool
    # A table of one transaction only can be made, and filled with the keys of rows that are to be changed.
    takes_lists: bool
    # A change meets rows as they are by then, not as the session has read them: so a writing session holds what it reads.
    writes_past_its_snapshot: bool
    # How it writes rows itself; None where they are written here.
    rows: RowWriting | None
    # How it makes and takes blocks; None where rows are taken one by one.
    blocks: BlockMaking | None

    def engine(self, url: URL, *, writing: bool) -> Engine:
        """An engine without a pool; its connections cannot write unless `writing`."""

    def begin(self, connection: Connection, *, writing: bool) -> None:
        """Open the transaction: one snapshot when reading, one lock when writing."""

    def recover(self, connection: Connection) -> None:
        """After a question that failed, make the reading session able to go on, on the same snapshot."""

    def describe(self, connection: Connection, schemas: tuple[str | None, ...]) -> Schema:
        """The live schema of these schemas (None: where the account lives), and of all tables that point into them."""

    def unpacked(self, values: Collection[Key], columns: Sequence[ColumnSchema]) -> FromClause | None:
        """A table with the columns v0, v1 … that holds these tuples, carried in one parameter; None where they cannot be."""

    def temporary(self, name: str, columns: Mapping[str, ColumnSchema], key: Sequence[str]) -> tuple[str, str]:
        """The statements that make a table of this transaction only, and drop it again."""

    def fill(self, connection: Connection, listed: Any, rows: Sequence[Sequence[Any]], columns: Sequence[ColumnSchema]) -> None:
        """Put rows into such a table."""


NO_DRIVER = "It cannot be reached: '{name}' is not a kind of database that is known here, or its driver is not installed."
DIALECTS: dict[str, Dialect] = {
    "sqlite": Sqlite(),
    "postgresql": PostgreSql(),
    "postgres": PostgreSql(),
    "mysql": MariaDb(),
    "mariadb": MariaDb(),
}


def dialect_of(url: URL) -> Dialect:
    """The dialect that speaks to this address; for a product without one here, what all have in common, if SQLAlchemy can speak to it."""
    name = url.get_backend_name()
    if name in DIALECTS:
        return DIALECTS[name]
    try:
        url.get_dialect().import_dbapi()
    except (NoSuchModuleError, ImportError):
        raise SourceUnreachable(NO_DRIVER.format(name=name)) from None
    return Other(name)
