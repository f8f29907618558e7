"""The live tables of one source as SQLAlchemy sees them: every name in quotes, every column typed for what is sent to it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, FromClause, TableClause, alias, column, table
from sqlalchemy.sql.elements import quoted_name

from exports.connectors.base import ColumnSchema, Schema, SourceMismatch, TableSchema
from exports.connectors.sql_dialects import Dialect


class Tables:
    """Finds tables and columns by name; what does not exist is named."""

    def __init__(self, schema: Schema, dialect: Dialect) -> None:
        self.schema, self.dialect = schema, dialect

    def table(self, name: str) -> TableSchema:
        """The live table; raises SourceMismatch when there is none."""
        found = self.schema.tables.get(name)
        if found is None:
            raise SourceMismatch(f"The table '{name}' does not exist there.")
        return found

    def whole(self, name: str) -> TableClause:
        """The live table with all its columns and, where it is the key, the row number; every name in quotes, typed for what is sent."""
        live = self.table(name)
        schema, _, bare = name.rpartition(".")
        names = dict.fromkeys((*live.columns, *live.key))
        columns: list[ColumnClause[Any]] = [column(self._named(one), self.dialect.typed(self.live(name, one))) for one in names]
        return table(self._named(bare), *columns, schema=self._named(schema) if schema else None)

    def _named(self, name: str) -> quoted_name:
        """In quotes, where they change nothing: a mixed case, a blank and a word that a newer server reserves are names like any other."""
        return quoted_name(name, self.dialect.quotes_names or None)

    def source(self, name: str) -> FromClause:
        """A fresh alias of the live table."""
        return alias(self.whole(name))

    def live(self, name: str, field: str) -> ColumnSchema:
        """What is known of a column; a row number is no column, and whole."""
        return self.table(name).columns.get(field) or ColumnSchema(field, "any", "INTEGER")

    def column(self, source: FromClause, name: str, called: str) -> ColumnElement[Any]:
        """A column of the alias; raises SourceMismatch when the table has none of this name."""
        if name not in source.c:
            raise SourceMismatch(f"The table '{called}' has no column '{name}'.")
        return source.c[name]

    def key(self, name: str) -> tuple[str, ...]:
        """What the rows of the table are addressed by; raises SourceMismatch when there is nothing."""
        found = self.table(name).key
        if not found:
            raise SourceMismatch(f"The rows of '{name}' have no key, so they cannot be told apart.")
        return found
