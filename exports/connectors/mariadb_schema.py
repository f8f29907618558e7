"""Describes a MariaDB or MySQL database from information_schema, which shows an account only what it may see; the rest is said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, text

from exports.connectors.base import ColumnSchema, ForeignKey, TableSchema, Trigger
from exports.connectors.mariadb_types import word_of

TABLES = """
SELECT t.TABLE_SCHEMA AS db, t.TABLE_NAME AS name, t.TABLE_TYPE AS kind, t.ENGINE AS engine, e.TRANSACTIONS AS transactions
FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
WHERE t.TABLE_SCHEMA IN :dbs OR (t.TABLE_SCHEMA, t.TABLE_NAME) IN (
  SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_SCHEMA IN :dbs)
ORDER BY 1, 2"""
COLUMNS = """
SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, COLUMN_NAME AS part, DATA_TYPE AS kind, COLUMN_TYPE AS native, IS_NULLABLE AS nullable,
  CHARACTER_MAXIMUM_LENGTH AS length, COLLATION_NAME AS collation, EXTRA AS extra, COLUMN_DEFAULT AS filled
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN :dbs ORDER BY 1, 2, ORDINAL_POSITION"""
KEYS = """
SELECT k.TABLE_SCHEMA AS db, k.TABLE_NAME AS name, k.CONSTRAINT_NAME AS called, k.COLUMN_NAME AS part,
  k.REFERENCED_TABLE_SCHEMA AS target_db, k.REFERENCED_TABLE_NAME AS target, k.REFERENCED_COLUMN_NAME AS target_part,
  r.DELETE_RULE AS on_delete, r.UPDATE_RULE AS on_update
FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
  ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.TABLE_SCHEMA IN :dbs AND k.REFERENCED_TABLE_NAME IS NOT NULL ORDER BY 1, 2, 3, k.ORDINAL_POSITION"""
UNIQUES = """
SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, INDEX_NAME AS called, COLUMN_NAME AS part, SUB_PART AS prefix
FROM information_schema.STATISTICS WHERE TABLE_SCHEMA IN :dbs AND NON_UNIQUE = 0 ORDER BY 1, 2, 3, SEQ_IN_INDEX"""
CHECKS = """
SELECT t.TABLE_SCHEMA AS db, t.TABLE_NAME AS name, c.CHECK_CLAUSE AS rule
FROM information_schema.TABLE_CONSTRAINTS t JOIN information_schema.CHECK_CONSTRAINTS c
  ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME {alike}
WHERE t.CONSTRAINT_TYPE = 'CHECK' AND t.TABLE_SCHEMA IN :dbs ORDER BY 1, 2, c.CONSTRAINT_NAME"""
TRIGGERS = """
SELECT EVENT_OBJECT_SCHEMA AS db, EVENT_OBJECT_TABLE AS name, TRIGGER_NAME AS called, EVENT_MANIPULATION AS event, ACTION_STATEMENT AS body
FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA IN :dbs ORDER BY 1, 2, 3"""
GRANTS = """
SELECT NULL AS db, PRIVILEGE_TYPE AS may FROM information_schema.USER_PRIVILEGES
UNION ALL SELECT TABLE_SCHEMA, PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES"""
ENUM = re.compile(r"^enum\((.*)\)$", re.IGNORECASE | re.DOTALL)
MYSQL_TEXT = re.compile(r"_utf8mb[34]\\'((?:[^\\]|\\(?!'))*)\\'")
NOT_SAFE = "'{name}' is kept by the storage engine {engine}, which has no transactions: a deletion there could not be undone or trusted."
VERSIONED = "'{name}' keeps old versions of its rows (SYSTEM VERSIONING): deleted rows stay readable there."
HALF_SEEN = "This account sees only some tables of '{db}', so nobody can tell what points at rows of '{name}'. Grant it SELECT on '{db}'."
NO_TRIGGERS = "This account may not see triggers: whether one runs when rows of “{name}” are changed is not known."


@dataclass
class Found:
    """One table while it is put together."""

    db: str
    name: str
    kind: str
    engine: str
    is_safe: bool
    columns: dict[str, ColumnSchema] = field(default_factory=dict)
    keys: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    uniques: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)


class Reading:
    """The database as this account sees it."""

    def __init__(self, connection: Connection, schemas: tuple[str | None, ...]) -> None:
        self.connection, self.asked = connection, schemas
        self.home = str(connection.execute(text("SELECT DATABASE()")).scalar() or "")
        self.dbs = sorted({schema or self.home for schema in schemas})
        self.granted = {(row["db"], row["may"]) for row in self.ask(GRANTS, [])}

    def ask(self, question: str, dbs: Iterable[str]) -> Iterator[Mapping[str, Any]]:
        """The rows of one question, with names in small letters whatever the product."""
        asked = text(question).bindparams(bindparam("dbs", list(dbs), expanding=True)) if ":dbs" in question else text(question)
        for row in self.connection.execute(asked).mappings():
            yield {name.lower(): value for name, value in row.items()}

    def may(self, db: str, privilege: str) -> bool:
        """The account has this privilege on the whole database, or everywhere."""
        return any(may == privilege and (where is None or _covers(where, db)) for where, may in self.granted)

    def names(self, db: str, name: str) -> tuple[str, ...]:
        """What a table is called: bare at home, `database.table` where a database was named or is another's."""
        bare = (name,) if db == self.home and None in self.asked else ()
        return (*bare, f"{db}.{name}") if db in self.asked or not bare else bare


def live_tables(connection: Connection, schemas: tuple[str | None, ...]) -> dict[str, TableSchema]:
    """Every table and view of these databases, and every visible table of others that points at them."""
    reading = Reading(connection, schemas)
    rows = reading.ask(TABLES, reading.dbs)
    found = {(r["db"], r["name"]): Found(r["db"], r["name"], r["kind"], r["engine"] or "", r["transactions"] == "YES") for r in rows}
    dbs = sorted({db for db, _ in found}) or reading.dbs

    def each(question: str) -> Iterator[tuple[Found, Mapping[str, Any]]]:
        for row in reading.ask(question, dbs):
            if (row["db"], row["name"]) in found:
                yield found[row["db"], row["name"]], row

    for table, row in each(COLUMNS):
        _add_column(table, row)
    for table, row in each(KEYS):
        table.keys.setdefault(row["called"], []).append(row)
    for table, row in each(UNIQUES):
        table.uniques.setdefault(row["called"], []).append(row)
    alike = "AND c.TABLE_NAME = t.TABLE_NAME" if getattr(connection.dialect, "is_mariadb", False) else ""
    for table, row in each(CHECKS.format(alike=alike)):
        _add_check(table, plain_rule(row["rule"]))
    for table, row in each(TRIGGERS):
        table.triggers.append(Trigger(row["called"], row["event"], row["body"]))
    return {name: _schema(one, name, reading) for one in found.values() for name in reading.names(one.db, one.name)}


def plain_rule(rule: str) -> str:
    """MySQL writes words in a rule with their character set and backslashes in front; other products do not."""
    return MYSQL_TEXT.sub(lambda word: "'" + word.group(1) + "'", rule)


def _add_column(table: Found, row: Mapping[str, Any]) -> None:
    extra, kind = row["extra"].upper(), word_of(row["kind"])
    table.columns[row["part"]] = ColumnSchema(
        name=row["part"],
        type=kind,
        native=row["native"],
        nullable=row["nullable"] == "YES",
        length=int(row["length"]) if row["length"] and kind in ("string", "binary") else None,
        generated="VIRTUAL" in extra or "STORED" in extra or "PERSISTENT" in extra or "GENERATED ALWAYS" in extra,
        default=row["filled"],
        collation=row["collation"] or "",
    )
    words = ENUM.match(row["native"])
    if words:
        table.checks.append(f"`{row['part']}` IN ({words.group(1)})")


def _add_check(table: Found, rule: str) -> None:
    table.checks.append(rule)
    json = re.fullmatch(r"json_valid\(`(.+)`\)", rule)
    if json and (column := table.columns.get(json.group(1))):  # what MariaDB makes of a column of the type JSON
        table.columns[column.name] = ColumnSchema(
            column.name, "json", column.native, column.nullable, default=column.default, collation=column.collation
        )


def _schema(found: Found, name: str, reading: Reading) -> TableSchema:
    key = tuple(row["part"] for row in found.uniques.get("PRIMARY", ()))
    # an index over the first letters of a column, or over an expression, says nothing about columns
    whole = [[r["part"] for r in rows] for rows in found.uniques.values() if not any(r["prefix"] or not r["part"] for r in rows)]
    uniques = sorted({tuple(parts) for parts in whole if tuple(parts) != key})
    is_view = found.kind not in ("BASE TABLE", "SYSTEM VERSIONED")
    never_null = (one for one in uniques if not any(found.columns[part].nullable for part in one))
    return TableSchema(
        name=name,
        columns=found.columns,
        primary_key=key,
        key=() if is_view else key or next(never_null, ()),
        foreign_keys=tuple(_foreign_key(name, rows, reading) for rows in found.keys.values()),
        uniques=tuple(uniques),
        checks=tuple(found.checks),
        triggers=tuple(found.triggers),
        is_view=is_view,
        blocks=() if is_view else tuple(_blocks(found, name, reading)),
        notes=() if is_view or reading.may(found.db, "TRIGGER") else (NO_TRIGGERS.format(name=name),),
    )


def _blocks(found: Found, name: str, reading: Reading) -> Iterator[str]:
    if not found.is_safe:
        yield NOT_SAFE.format(name=name, engine=found.engine)
    if found.kind == "SYSTEM VERSIONED":
        yield VERSIONED.format(name=name)
    if not reading.may(found.db, "SELECT"):
        yield HALF_SEEN.format(name=name, db=found.db)


def _foreign_key(table: str, rows: list[Mapping[str, Any]], reading: Reading) -> ForeignKey:
    first = rows[0]
    targets = reading.names(first["target_db"], first["target"])
    target = targets[0] if "." not in table or len(targets) == 1 else targets[-1]
    mine, theirs = tuple(row["part"] for row in rows), tuple(row["target_part"] for row in rows)
    return ForeignKey(table, mine, target, theirs, _action(first["on_delete"]), _action(first["on_update"]))


def _action(rule: str) -> str:
    """InnoDB looks at each row by itself; there is no waiting for the end of the statement, whatever the word."""
    return "RESTRICT" if rule == "NO ACTION" else rule


def _covers(pattern: str, db: str) -> bool:
    """Whether the database of a grant, in which _ and % may stand for others, is this one."""
    parts = re.split(r"(\\.|[%_])", pattern)
    wild = {"%": ".*", "_": "."}
    return re.fullmatch("".join(wild.get(part, re.escape(part.removeprefix("\\"))) for part in parts), db) is not None
