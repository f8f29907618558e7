"""What differs between database products: opening, reading only, locking, and carrying many values in one parameter.

To add a product, write one class here and name it in DIALECTS; everything else is the same for all.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from sqlalchemy import URL, ColumnElement, Connection, Engine, Select, bindparam, create_engine, func, select
from sqlalchemy.pool import NullPool

from exports.connectors.base import ForeignKey, SourceUnreachable, Trigger

LOCK_SECONDS = 5


class Dialect(Protocol):
    """The small part of a database product that SQL does not hide."""

    name: str
    row_id: str

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

    def triggers(self, connection: Connection) -> dict[str, tuple[Trigger, ...]]:
        """The triggers of every table."""

    def foreign_keys(self, connection: Connection, table: str) -> list[ForeignKey] | None:
        """The table's foreign keys, or None where SQLAlchemy tells them right."""

    def has_row_id(self, connection: Connection, table: str) -> bool:
        """The product itself numbers the rows of this table, so that rows without a primary key can be addressed."""

    def temporary(self, name: str, columns: Sequence[tuple[str, str]], key: Sequence[str]) -> str:
        """The statement that makes a table of this transaction only."""


class Sqlite:
    """SQLite, by its file. A missing file is never made."""

    name = "sqlite"
    row_id = "rowid"

    def engine(self, url: URL, *, writing: bool) -> Engine:
        path = Path(url.database or "")
        if url.database in (None, "", ":memory:") or not path.is_file():
            raise SourceUnreachable("It cannot be reached: its database file does not exist.")
        address = f"file:{quote(str(path.resolve()))}?mode={'rw' if writing else 'ro'}"

        def connect() -> sqlite3.Connection:
            opened = sqlite3.connect(address, uri=True, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
            opened.create_function("habeas_fold", 1, _fold, deterministic=True)
            return opened

        return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)

    def begin(self, connection: Connection, *, writing: bool) -> None:
        settings = ("foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY") if writing else ("query_only=ON",)
        for setting in settings:
            connection.exec_driver_sql(f"PRAGMA {setting}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar()  # takes the snapshot now, not at the first question

    def exactly(self, part: ColumnElement[Any]) -> ColumnElement[Any]:
        return part.collate("BINARY")

    def folded(self, part: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.habeas_fold(part)

    def unpacked(self, values: Sequence[tuple[Any, ...]], width: int) -> Select[Any]:
        rows = func.json_each(bindparam(None, json.dumps(values), unique=True)).table_valued("value")
        if width == 1:
            return select(func.json_extract(rows.c.value, "$[0]"))
        return select(*(func.json_extract(rows.c.value, f"$[{number}]") for number in range(width)))

    def triggers(self, connection: Connection) -> dict[str, tuple[Trigger, ...]]:
        found: dict[str, tuple[Trigger, ...]] = {}
        for name, table, text in connection.exec_driver_sql("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger'"):
            event = re.search(r"\b(INSERT|UPDATE|DELETE)\b", re.sub(r"(?is)\bBEGIN\b.*", "", text or ""), re.IGNORECASE)
            found[table] = (*found.get(table, ()), Trigger(name, event.group(1).upper() if event else "", text or ""))
        return found

    def foreign_keys(self, connection: Connection, table: str) -> list[ForeignKey]:
        """SQLAlchemy reads ON DELETE out of the CREATE statement and misses it where the target's column is not written."""
        listed: dict[int, list[Any]] = {}
        for row in connection.exec_driver_sql("SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq", (table,)).mappings():
            listed.setdefault(row["id"], []).append(row)
        return [self._foreign_key(connection, table, parts) for parts in listed.values()]

    def _foreign_key(self, connection: Connection, table: str, parts: list[Any]) -> ForeignKey:
        target, named = parts[0]["table"], tuple(part["to"] for part in parts)
        if None in named:
            key = connection.exec_driver_sql("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (target,))
            named = tuple(key.scalars())
        return ForeignKey(table, tuple(part["from"] for part in parts), target, named, parts[0]["on_delete"], parts[0]["on_update"])

    def has_row_id(self, connection: Connection, table: str) -> bool:
        listed = connection.exec_driver_sql("SELECT type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ?", (table,)).first()
        return listed is not None and listed[0] == "table" and not listed[1]

    def temporary(self, name: str, columns: Sequence[tuple[str, str]], key: Sequence[str]) -> str:
        inside = ", ".join(f'"{column_name}" {native}' for column_name, native in columns)
        return f'CREATE TEMP TABLE "{name}" ({inside}, PRIMARY KEY ({", ".join(key)}))'


def _fold(text: Any) -> Any:
    return text.casefold() if isinstance(text, str) else text


DIALECTS: dict[str, Dialect] = {"sqlite": Sqlite()}


def dialect_of(url: URL) -> Dialect:
    """The dialect that speaks to this address."""
    found = DIALECTS.get(url.get_backend_name())
    if found is None:
        raise SourceUnreachable(f"It cannot be reached: '{url.get_backend_name()}' is not a kind of database that is known here.")
    return found
