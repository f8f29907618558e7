"""What a database product offers that writes rows as text itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Select, TableClause

from exports.connectors.base import ColumnSchema


class RowWriting(Protocol):
    """How one product writes rows."""

    def is_exact(self, connection: Connection) -> bool:
        """Over this connection every text arrives as it is."""

    def form(self, part: ColumnElement[Any], live: ColumnSchema) -> ColumnElement[Any] | None:
        """What to ask for, so that such a column comes out as archives write it; None for a type that has to be written here."""

    def joining(self, connection: Connection, tables: Sequence[TableClause], leading: int) -> AbstractContextManager[None]:
        """Inside it, statements that join these tables are planned for a person with this many rows in one that leads to another."""

    def copied(self, connection: Connection, statement: Select[Any]) -> Iterator[tuple[bytes, int]]:
        """The statement's one column, JSON, one to a line, in pieces of bounded size with the number of their lines."""
