"""Describes a SQLite file where SQLAlchemy misses or mistakes something: SQLite's own pragmas and statements know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from exports.connectors.base import ColumnSchema, ForeignKey, TableSchema, Trigger

# A piece of SQL that may hold the word CHECK without meaning it, or the word itself, or a bracket.
PIECE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|\bCHECK\b|[()]""", re.IGNORECASE | re.DOTALL)


def completed(connection: Connection, table: TableSchema) -> TableSchema:
    """SQLAlchemy reads constraints out of the CREATE statement by pattern and misses some; SQLite itself knows them."""
    name = table.name
    text = connection.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).scalar() or ""
    if table.is_view or "COLLATE" in text.upper():  # SQLite does not tell which column, and a view has those of its tables
        table = replace(table, columns={n: replace(c, collation=_collation(c)) for n, c in table.columns.items()})
    if table.is_view:
        return table
    uniques = dict(_uniques(connection, name, table.columns))
    never_null = (u for u, partial in sorted(uniques.items()) if not partial and not any(table.columns[c].nullable for c in u))
    row_id = ("rowid",) if _has_row_id(connection, name) else ()
    return replace(
        table,
        key=table.primary_key or next(never_null, row_id),
        foreign_keys=tuple(_foreign_keys(connection, name)),
        uniques=tuple(sorted(uniques)),
        checks=tuple(checks_in(text)),
        triggers=tuple(_triggers(connection, name)),
    )


def _triggers(connection: Connection, table: str) -> Iterator[Trigger]:
    found = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? ORDER BY name", (table,)
    )
    for name, text in found:
        event = re.search(r"\b(INSERT|UPDATE|DELETE)\b", re.sub(r"(?is)\bBEGIN\b.*", "", text), re.IGNORECASE)
        yield Trigger(name, event.group(1).upper() if event else "", text)


def _uniques(connection: Connection, table: str, names: Iterable[str]) -> Iterator[tuple[tuple[str, ...], bool]]:
    """The columns of each unique index, and whether it holds for some rows only or for what is worked out of them, as lower(email)."""
    indexes = "SELECT name, partial FROM pragma_index_list(?) WHERE \"unique\" AND origin <> 'pk'"
    for name, partial in connection.exec_driver_sql(indexes, (table,)).all():
        columns = tuple(connection.exec_driver_sql("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (name,)).scalars())
        if None not in columns:
            yield columns, bool(partial)
            continue
        text = connection.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).scalar() or ""
        words = text.partition("(")[2]
        named = tuple(one for one in names if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", words, re.IGNORECASE))
        if named:
            yield named, True


def _foreign_keys(connection: Connection, table: str) -> Iterator[ForeignKey]:
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


def _has_row_id(connection: Connection, table: str) -> bool:
    listed = connection.exec_driver_sql("SELECT type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ?", (table,)).first()
    return listed is not None and listed[0] == "table" and not listed[1]


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


def _collation(column: ColumnSchema) -> str:
    return "NOCASE" if column.type in ("string", "any") else ""
