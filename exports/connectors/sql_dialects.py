"""What differs between database products: opening, reading only, locking, and carrying many values in one parameter.

To add a product, write one class in a file of its own and name it in DIALECTS; everything else is the same for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import URL, ColumnElement, Connection, Engine, Select

from exports.connectors.base import SourceUnreachable, TableSchema
from exports.connectors.sqlite import Sqlite


class Dialect(Protocol):
    """The small part of a database product that SQL does not hide."""

    name: str

    def engine(self, url: URL, *, writing: bool) -> Engine:
        """An engine without a pool; its connections cannot write unless `writing`."""

    def begin(self, connection: Connection, *, writing: bool) -> None:
        """Open the transaction: one snapshot when reading, one lock when writing."""

    def exactly(self, part: ColumnElement[Any]) -> ColumnElement[Any]:
        """The text column compared letter by letter, whatever its collation."""

    def folded(self, part: ColumnElement[Any]) -> ColumnElement[Any]:
        """The text column without regard to upper and lower case letters."""

    def unpacked(self, values: Sequence[tuple[Any, ...]], width: int) -> Select[Any]:
        """A select that gives these tuples, carried in one parameter; `width` columns."""

    def completed(self, connection: Connection, table: TableSchema) -> TableSchema:
        """The table with its triggers, its key (the primary one, else a unique set without NULL, else the product's own
        row number), and with what SQLAlchemy tells wrong put right."""

    def temporary(self, name: str, columns: Sequence[tuple[str, str]], key: Sequence[str]) -> str:
        """The statement that makes a table of this transaction only."""


DIALECTS: dict[str, Dialect] = {"sqlite": Sqlite()}


def dialect_of(url: URL) -> Dialect:
    """The dialect that speaks to this address."""
    found = DIALECTS.get(url.get_backend_name())
    if found is None:
        raise SourceUnreachable(f"It cannot be reached: '{url.get_backend_name()}' is not a kind of database that is known here.")
    return found
