"""What most database products do alike; a dialect says what it does otherwise."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection
from sqlalchemy.types import TypeEngine

from exports.connectors.base import ColumnSchema
from exports.connectors.sql_values import in_utc


class Ordinary:
    """A product that takes several questions at once, compares texts by one collation, and goes on after an error."""

    one_at_a_time = False
    deletes_by_join = True

    def recover(self, connection: Connection) -> None:
        """Nothing is broken."""

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

    def dated(self, part: ColumnElement[Any], column: ColumnSchema) -> ColumnElement[bool]:
        """Whatever is there is a day or a moment."""
        return part.is_not(None)

    def before(self, part: ColumnElement[Any], column: ColumnSchema, moment: datetime) -> ColumnElement[bool]:
        """By the column's own type; what has no time zone is taken as UTC."""
        return part < (moment.date() if column.type == "date" else in_utc(moment))
