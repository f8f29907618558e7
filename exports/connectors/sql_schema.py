"""Describes a live SQL database in the words of `connectors.base`, by what SQLAlchemy finds out about it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, inspect, types
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.exc import CompileError, SAWarning

from exports.connectors.base import ColumnSchema, ForeignKey, TableSchema

# The table, with what SQLAlchemy tells wrong put right.
Completed = Callable[[Connection, TableSchema], TableSchema]

# In this order: a Boolean is asked for before an Integer, a date with a time before one without.
WORDS: tuple[tuple[type[types.TypeEngine[Any]], str], ...] = (
    (types.Boolean, "boolean"),
    (types.Integer, "integer"),
    (types.Numeric, "number"),
    (types.Float, "number"),  # since SQLAlchemy 2.1 a kind of its own
    (types.DateTime, "datetime"),
    (types.Date, "date"),
    (types.Time, "time"),
    (types.JSON, "json"),
    (types.LargeBinary, "binary"),
    (types.String, "string"),
    (types.Uuid, "string"),
)


def live_schema(connection: Connection, schemas: tuple[str | None, ...], completed: Completed) -> dict[str, TableSchema]:
    """Every table and view of these schemas; a table of a named schema is called `schema.table`."""
    inspector = inspect(connection)
    tables: dict[str, TableSchema] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # types and expressions that SQLAlchemy has no word for are kept as text
        for schema in schemas:
            views = set(inspector.get_view_names(schema=schema))
            for name in (*inspector.get_table_names(schema=schema), *views):
                found = _table(inspector, name, schema=schema, is_view=name in views)
                tables[qualified(schema, name)] = completed(connection, found)
    return tables


def qualified(schema: str | None, name: str) -> str:
    """What a table is called in queries."""
    return f"{schema}.{name}" if schema else name


def _table(inspector: Inspector, name: str, *, schema: str | None, is_view: bool) -> TableSchema:
    columns = {found["name"]: _column(inspector, found) for found in inspector.get_columns(name, schema=schema)}
    if is_view:
        return TableSchema(qualified(schema, name), columns, is_view=True)
    key = tuple(inspector.get_pk_constraint(name, schema=schema)["constrained_columns"])
    uniques = {tuple(found["column_names"]) for found in inspector.get_unique_constraints(name, schema=schema)}
    for index in inspector.get_indexes(name, schema=schema):
        if index["unique"] and None not in index["column_names"]:
            uniques.add(tuple(str(part) for part in index["column_names"]))
    return TableSchema(
        name=qualified(schema, name),
        columns=columns,
        primary_key=key,
        foreign_keys=tuple(_foreign_key(qualified(schema, name), found) for found in inspector.get_foreign_keys(name, schema=schema)),
        uniques=tuple(sorted(uniques)),
        checks=tuple(sorted(str(found["sqltext"]) for found in inspector.get_check_constraints(name, schema=schema))),
    )


def _column(inspector: Inspector, found: Any) -> ColumnSchema:
    kind = found["type"]
    try:
        native = kind.compile(dialect=inspector.dialect)
    except CompileError:  # a type without a name, such as a SQLite column declared with none
        native = ""
    word = next((word for family, word in WORDS if isinstance(kind, family)), "any")
    default = found.get("default")
    return ColumnSchema(
        name=found["name"],
        type=word,
        native=native,
        nullable=bool(found["nullable"]),
        length=getattr(kind, "length", None),
        generated=bool(found.get("computed")),
        default=None if default is None else str(default),
    )


def _foreign_key(table: str, found: Any) -> ForeignKey:
    options = found.get("options") or {}
    return ForeignKey(
        collection=table,
        columns=tuple(found["constrained_columns"]),
        target=qualified(found.get("referred_schema"), found["referred_table"]),
        target_columns=tuple(found["referred_columns"]),
        on_delete=str(options.get("ondelete") or "NO ACTION").upper(),
        on_update=str(options.get("onupdate") or "NO ACTION").upper(),
    )
