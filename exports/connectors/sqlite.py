"""What is SQLite's own: opened by its file, never made, read only by its own refusal."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, ColumnElement, Connection, Engine, FromClause, String, bindparam, cast, create_engine, func, insert, select
from sqlalchemy.pool import NullPool

from exports.connectors.base import ColumnSchema, Schema, SourceUnreachable
from exports.connectors.sql_ordinary import Ordinary
from exports.connectors.sql_schema import live_schema
from exports.connectors.sql_values import NUMBERS, loose_fit
from exports.connectors.sqlite_schema import completed
from exports.query import Key

LOCK_SECONDS = 5


class Sqlite(Ordinary):
    """SQLite, by its file. A missing file is never made."""

    name = "sqlite"
    deletes_by_join = False

    def engine(self, url: URL, *, writing: bool) -> Engine:
        path = Path(url.database or "")
        if url.database in (None, "", ":memory:") or not path.is_file():
            raise SourceUnreachable("It cannot be reached: its database file does not exist.")
        address = f"file:{quote(str(path.resolve()))}?mode={'rw' if writing else 'ro'}"

        def connect() -> sqlite3.Connection:
            opened = sqlite3.connect(address, uri=True, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
            opened.text_factory = _text
            opened.create_function("habeas_fold", 1, _fold, deterministic=True)
            return opened

        return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)

    def begin(self, connection: Connection, *, writing: bool) -> None:
        settings = ("foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY") if writing else ("query_only=ON",)
        for setting in settings:
            connection.exec_driver_sql(f"PRAGMA {setting}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar()  # takes the snapshot now, not at the first question

    def describe(self, connection: Connection, schemas: tuple[str | None, ...]) -> Schema:
        return Schema(self.name, live_schema(connection, schemas, completed))

    def fit(self, value: Any, column: ColumnSchema) -> Any:
        return loose_fit(value, column)

    def mixed(self, one: ColumnSchema, other: ColumnSchema) -> bool:
        return (one.type == "string" and other.type in NUMBERS) or (other.type == "string" and one.type in NUMBERS)

    def as_text(self, part: ColumnElement[Any], column: ColumnSchema) -> ColumnElement[Any]:
        return part if column.type == "string" else cast(part, String)

    def exactly(self, part: ColumnElement[Any]) -> ColumnElement[Any]:
        return part.collate("BINARY")

    def caseless(self, part: ColumnElement[Any], column: ColumnSchema, texts: Sequence[str]) -> ColumnElement[bool]:
        return func.habeas_fold(part).in_([text.casefold() for text in texts])

    def unpacked(self, values: Collection[Key], columns: Sequence[ColumnSchema]) -> FromClause | None:
        if any(isinstance(part, bytes) for value in values for part in value):
            return None
        rows = func.json_each(bindparam(None, json.dumps(list(values)), unique=True)).table_valued("value")
        return select(*(func.json_extract(rows.c.value, f"$[{n}]").label(f"v{n}") for n in range(len(columns)))).subquery()

    def temporary(self, name: str, columns: Mapping[str, ColumnSchema], key: Sequence[str]) -> tuple[str, str]:
        inside = ", ".join(f'"{column}" {live.native}' for column, live in columns.items())
        return f'CREATE TEMP TABLE "{name}" ({inside}, PRIMARY KEY ({", ".join(key)}))', f'DROP TABLE "{name}"'

    def fill(self, connection: Connection, listed: Any, rows: Sequence[Sequence[Any]], columns: Sequence[ColumnSchema]) -> None:
        connection.execute(insert(listed), [dict(zip(listed.c.keys(), row, strict=True)) for row in rows])


def _text(raw: bytes) -> str | bytes:
    """A text as it stands; one that is no UTF-8, which SQLite never looks at, as its bytes, so that the rest can be read."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _fold(text: Any) -> Any:
    return text.casefold() if isinstance(text, str) else text
