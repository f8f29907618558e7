"""What is SQLite's own: opened by its file, never made, read only by its own refusal."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, ColumnElement, Connection, Engine, Select, bindparam, create_engine, func, select
from sqlalchemy.pool import NullPool

from exports.connectors.base import ForeignKey, SourceUnreachable, TableSchema, Trigger

LOCK_SECONDS = 5
# A piece of SQL that may hold the word CHECK without meaning it, or the word itself, or a bracket.
PIECE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|\bCHECK\b|[()]""", re.IGNORECASE | re.DOTALL)


class Sqlite:
    """SQLite, by its file. A missing file is never made."""

    name = "sqlite"

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

    def completed(self, connection: Connection, table: TableSchema) -> TableSchema:
        """SQLAlchemy reads constraints out of the CREATE statement by pattern and misses some; SQLite itself knows them."""
        name = table.name
        text = connection.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (name,)).scalar()
        uniques = dict(self._uniques(connection, name))
        never_null = (u for u, partial in sorted(uniques.items()) if not partial and not any(table.columns[c].nullable for c in u))
        row_id = ("rowid",) if self._has_row_id(connection, name) else ()
        return replace(
            table,
            key=table.primary_key or next(never_null, row_id),
            foreign_keys=tuple(self._foreign_keys(connection, name)),
            uniques=tuple(sorted(uniques)),
            checks=tuple(checks_in(text or "")),
            triggers=tuple(self._triggers(connection, name)),
        )

    def _triggers(self, connection: Connection, table: str) -> Iterator[Trigger]:
        found = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? ORDER BY name", (table,)
        )
        for name, text in found:
            event = re.search(r"\b(INSERT|UPDATE|DELETE)\b", re.sub(r"(?is)\bBEGIN\b.*", "", text), re.IGNORECASE)
            yield Trigger(name, event.group(1).upper() if event else "", text)

    def _uniques(self, connection: Connection, table: str) -> Iterator[tuple[tuple[str, ...], bool]]:
        """The columns of each unique index, and whether it holds for some rows only."""
        indexes = "SELECT name, partial FROM pragma_index_list(?) WHERE \"unique\" AND origin <> 'pk'"
        for name, partial in connection.exec_driver_sql(indexes, (table,)).all():
            columns = tuple(connection.exec_driver_sql("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (name,)).scalars())
            if None not in columns:  # an index over an expression says nothing about columns
                yield columns, bool(partial)

    def _foreign_keys(self, connection: Connection, table: str) -> Iterator[ForeignKey]:
        listed: dict[int, list[Any]] = {}
        for row in connection.exec_driver_sql("SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq", (table,)).mappings():
            listed.setdefault(row["id"], []).append(row)
        for parts in listed.values():
            target, named = parts[0]["table"], tuple(part["to"] for part in parts)
            if None in named:  # not written: it is the target's primary key
                key = connection.exec_driver_sql("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (target,))
                named = tuple(key.scalars())
            mine = tuple(part["from"] for part in parts)
            yield ForeignKey(table, mine, target, named, parts[0]["on_delete"].upper(), parts[0]["on_update"].upper())

    def _has_row_id(self, connection: Connection, table: str) -> bool:
        listed = connection.exec_driver_sql("SELECT type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ?", (table,)).first()
        return listed is not None and listed[0] == "table" and not listed[1]

    def temporary(self, name: str, columns: Sequence[tuple[str, str]], key: Sequence[str]) -> str:
        inside = ", ".join(f'"{column_name}" {native}' for column_name, native in columns)
        return f'CREATE TEMP TABLE "{name}" ({inside}, PRIMARY KEY ({", ".join(key)}))'


def checks_in(statement: str) -> Iterator[str]:
    """The CHECK expressions of a CREATE TABLE statement, in order, without their brackets."""
    depth, start, opened = 0, -1, -1
    for piece in PIECE.finditer(statement):
        word = piece.group().upper()
        if word == "CHECK" and opened < 0:
            start = depth
        elif word == "(":
            if start == depth and opened < 0:
                opened = piece.end()
            depth += 1
        elif word == ")":
            depth -= 1
            if opened >= 0 and depth == start:
                yield statement[opened : piece.start()].strip()
                start, opened = -1, -1


def _fold(text: Any) -> Any:
    return text.casefold() if isinstance(text, str) else text
