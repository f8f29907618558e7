"""What a database product offers that writes rows as text itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Select

from exports.connectors.base import ColumnSchema


class RowWriting(Protocol):
    """How one product writes rows."""

    def is_exact(self, connection: Connection) -> bool:
        """Over this connection every text arrives as it is."""

    def form(self, part: ColumnElement[Any], live: ColumnSchema, *, as_csv: bool) -> ColumnElement[Any] | None:
        """What to ask for, so that such a column comes out as archives write it; None for a type that has to be written here."""

    def copied(self, connection: Connection, statement: Select[Any], *, null: str | None) -> Iterator[list[bytes]]:
        """The statement's rows without line ends, in batches: JSON (`null` is None), or CSV cells with this mark for NULL."""
