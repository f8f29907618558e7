"""What most database products do alike; a dialect says what it does otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select
from sqlalchemy.types import TypeEngine

from exports.connectors.base import ColumnSchema
from exports.connectors.sql_block_making import BlockMaking
from exports.connectors.sql_row_writing import RowWriting


class Ordinary:
    """A product that takes several questions at once, compares texts by one collation, and goes on after an error."""

    stays_open = False
    one_at_a_time = False
    deletes_by_join = True
    writes_past_its_snapshot = False
    quotes_names = True
    takes_tuples = True
    takes_lists = True
    rows: RowWriting | None = None
    blocks: BlockMaking | None = None

    def among(self, part: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
        """Each value a parameter of its own."""
        return part.in_(list(values))

    def recover(self, connection: Connection) -> None:
        """Nothing is broken."""

    def among_few(self, part: ColumnElement[Any], found: Select[Any]) -> ColumnElement[bool]:
        """Like anything else that is found."""
        return part.in_(found)

    def typed(self, column: ColumnSchema) -> TypeEngine[Any] | None:
        """The value itself says what it is."""
        return None

    def exact_value(self, value: Any) -> Any:
        """As it is."""
        return value

    def loose_value(self, value: Any, column: ColumnSchema) -> Any:
        """As it is."""
        return value

    def aligned(self, part: ColumnElement[Any], column: ColumnSchema) -> ColumnElement[Any]:
        """As it is."""
        return part
