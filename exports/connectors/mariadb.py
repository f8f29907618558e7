"""What is MariaDB's and MySQL's own: collations that take one letter for another, answers that must be read to their end, no row of a
statement looked at together with the others."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    URL,
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    LargeBinary,
    String,
    and_,
    bindparam,
    cast,
    column,
    create_engine,
    func,
    insert,
    literal,
    literal_column,
    text,
)
from sqlalchemy.pool import NullPool

from exports.connectors.base import ColumnSchema, Schema
from exports.connectors.mariadb_schema import live_tables
from exports.connectors.mariadb_types import CONVERSIONS, carried_as, charset_of, family
from exports.connectors.sql_ordinary import Ordinary
from exports.connectors.sql_values import in_utc, strict_fit
from exports.query import Key

LOCK_SECONDS = 5
STATEMENT_SECONDS = 900
CONNECT_SECONDS = 10
STRICT = "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"


class MariaDb(Ordinary):
    """MariaDB and MySQL through PyMySQL."""

    name = "mariadb"
    one_at_a_time = True
    writes_past_its_snapshot = True

    def engine(self, url: URL, *, writing: bool) -> Engine:
        told = {"connect_timeout": CONNECT_SECONDS, "read_timeout": STATEMENT_SECONDS + 60, "conv": CONVERSIONS}
        address = url.set(drivername="mysql+pymysql").update_query_dict({"charset": "utf8mb4"})
        return create_engine(address, poolclass=NullPool, hide_parameters=True, connect_args=told)

    def begin(self, connection: Connection, *, writing: bool) -> None:
        is_mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
        limit = f"max_statement_time = {STATEMENT_SECONDS}" if is_mariadb else f"max_execution_time = {STATEMENT_SECONDS * 1000}"
        settings = [
            "time_zone = '+00:00'",
            f"sql_mode = '{STRICT}'",
            f"innodb_lock_wait_timeout = {LOCK_SECONDS}",
            f"lock_wait_timeout = {LOCK_SECONDS}",
            "foreign_key_checks = 1",
            "net_write_timeout = 3600",
            limit,
        ]
        connection.exec_driver_sql(f"SET {', '.join(f'SESSION {setting}' for setting in settings)}")
        connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql(f"START TRANSACTION{'' if writing else ' WITH CONSISTENT SNAPSHOT, READ ONLY'}")

    def describe(self, connection: Connection, schemas: tuple[str | None, ...]) -> Schema:
        return Schema(self.name, live_tables(connection, schemas))

    def fit(self, value: Any, column: ColumnSchema) -> Any:
        fit = strict_fit(value, column, biggest=2**64)
        if isinstance(fit, datetime):
            return in_utc(fit)
        return str(fit) if isinstance(fit, UUID) else fit

    def mixed(self, one: ColumnSchema, other: ColumnSchema) -> bool:
        return family(one) != family(other)

    def as_text(self, part: ColumnElement[Any], column: ColumnSchema) -> ColumnElement[Any]:
        return self.exactly(cast(part, String))

    def exactly(self, part: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(_in_charset(part, "utf8mb4"), LargeBinary)

    def exact_value(self, value: Any) -> Any:
        return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value

    def loose_value(self, value: Any, column: ColumnSchema) -> Any:
        return value if charset_of(column) == "utf8mb4" or not isinstance(value, str) else self.aligned(literal(value), column)

    def aligned(self, part: ColumnElement[Any], column: ColumnSchema) -> ColumnElement[Any]:
        return _in_charset(part, charset_of(column)).collate(column.collation) if column.collation else part

    def caseless(self, part: ColumnElement[Any], column: ColumnSchema, texts: Sequence[str]) -> ColumnElement[bool]:
        folded = self.exactly(func.lower(_in_charset(part, "utf8mb4")))
        wanted = list(dict.fromkeys(form.encode() for text in texts for form in (text.lower(), text.casefold())))
        # A collation that is blind to case finds them all by its index, and some more.
        if "_general_ci" not in column.collation:
            return folded.in_(wanted)
        return and_(part.in_([self.loose_value(text, column) for text in texts]), folded.in_(wanted))

    def unpacked(self, values: Collection[Key], columns: Sequence[ColumnSchema]) -> FromClause | None:
        plain = [[part.hex() if isinstance(part, bytes) else part for part in row] for row in values]
        listed = ", ".join(f"v{n} {carried_as(live)} PATH '$[{n}]'" for n, live in enumerate(columns))
        unpack = ", ".join(f"UNHEX(v{n}) AS v{n}" if family(live) == "bytes" else f"v{n}" for n, live in enumerate(columns))
        statement = f"SELECT {unpack} FROM JSON_TABLE(:carried, '$[*]' COLUMNS ({listed})) AS carried"  # noqa: S608  (words of the schema)
        carried: BindParameter[str] = bindparam("carried", json.dumps(plain, default=str), unique=True)
        return text(statement).bindparams(carried).columns(*(column(f"v{n}") for n in range(len(columns)))).subquery()

    def temporary(self, name: str, columns: Mapping[str, ColumnSchema], key: Sequence[str]) -> tuple[str, str]:
        inside = ", ".join(f"`{called}` {_declared(live, key=called in key)}" for called, live in columns.items())
        long = any("TEXT" in columns[part].native.upper() or "BLOB" in columns[part].native.upper() for part in key)
        keyed = "" if long else f", INDEX ({', '.join(key)})"
        return f"CREATE TEMPORARY TABLE `{name}` ({inside}{keyed}) ENGINE=InnoDB", f"DROP TEMPORARY TABLE `{name}`"

    def fill(self, connection: Connection, listed: Any, rows: Sequence[Sequence[Any]], columns: Sequence[ColumnSchema]) -> None:
        names = list(listed.c.keys())
        connection.execute(insert(listed), [dict(zip(names, map(_plain, row), strict=True)) for row in rows])


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return in_utc(value)
    return str(value) if isinstance(value, UUID) else value


def _declared(column: ColumnSchema, *, key: bool) -> str:
    alike = f" CHARACTER SET {charset_of(column)} COLLATE {column.collation}" if column.collation else ""
    return f"{column.native}{alike} {'NOT NULL' if key else 'NULL'}"


def _in_charset(part: ColumnElement[Any], charset: str) -> ColumnElement[Any]:
    return func.convert(part.op("USING")(literal_column(charset)), type_=String())
