"""What is PostgreSQL's own: read-only snapshots, server-side cursors, its type system, arrays that carry many values at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from ipaddress import ip_interface
from typing import Any

from psycopg import Connection as Driven
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Select,
    Text,
    cast,
    column,
    create_engine,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.pool import NullPool

from exports.blocks import Block, Part
from exports.connectors.base import ColumnSchema, Schema
from exports.connectors.postgresql_blocks import BlocksOfPostgreSql, array
from exports.connectors.postgresql_schema import live_tables
from exports.connectors.postgresql_types import TEXTS, Native, family, keep_exact, sent_as
from exports.connectors.postgresql_writing import WrittenByPostgreSql
from exports.connectors.sql_block_making import BlockMaking
from exports.connectors.sql_ordinary import Ordinary
from exports.connectors.sql_row_writing import RowWriting
from exports.connectors.sql_values import strict_fit
from exports.query import Key

LOCK_SECONDS = 5
STATEMENT_SECONDS = 900
CONNECT_SECONDS = 10
# For this transaction only. Under row_security off PostgreSQL refuses to answer where it would otherwise leave rows out unsaid.
SETTINGS = {
    "timezone": "UTC",
    "intervalstyle": "iso_8601",
    "datestyle": "ISO",
    "row_security": "off",
    "cursor_tuple_fraction": "1.0",
    "extra_float_digits": "1",
    "work_mem": "64MB",  # a person's rows are ordered by key: without a file, if it can be
    "idle_in_transaction_session_timeout": "3600s",
}


class PostgreSql(Ordinary):
    """PostgreSQL through psycopg 3."""

    name = "postgresql"
    stays_open = True
    rows: RowWriting | None = WrittenByPostgreSql()
    blocks: BlockMaking | None = BlocksOfPostgreSql()

    def engine(self, url: URL, *, writing: bool) -> Engine:
        # One snapshot for writing too: a row that somebody changed after we looked at it refuses to be written by what we saw.
        return _engine(url.set(drivername="postgresql+psycopg"), "REPEATABLE READ")

    def begin(self, connection: Connection, *, writing: bool) -> None:
        if not writing:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        settings = {**SETTINGS, "lock_timeout": f"{LOCK_SECONDS}s", "statement_timeout": f"{STATEMENT_SECONDS}s"}
        told = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
        connection.exec_driver_sql(f"SELECT {told}")  # and takes the snapshot now, not at the first question
        if not writing:
            connection.exec_driver_sql("SAVEPOINT opened")

    def recover(self, connection: Connection) -> None:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT opened")  # else PostgreSQL refuses everything that follows an error

    def describe(self, connection: Connection, schemas: tuple[str | None, ...]) -> Schema:
        return Schema(self.name, live_tables(connection, schemas))

    def typed(self, column: ColumnSchema) -> Native:
        return Native(sent_as(column))

    def fit(self, value: Any, column: ColumnSchema) -> Any:
        fit = strict_fit(value, column)
        if isinstance(fit, datetime) and fit.tzinfo is None and "with time zone" in column.native:
            return fit.replace(tzinfo=UTC)
        if isinstance(fit, datetime) and fit.tzinfo and column.type == "datetime" and "with time zone" not in column.native:
            return fit.replace(tzinfo=None) if fit.utcoffset() == UTC.utcoffset(None) else None
        if isinstance(fit, date) and not isinstance(fit, datetime) and column.type == "datetime":
            return datetime(fit.year, fit.month, fit.day, tzinfo=UTC if "with time zone" in column.native else None)
        if column.native == "inet":  # as text it has a mask where what comes out has none
            return fit if fit and _is_address(fit) else None
        return Decimal(repr(fit)) if isinstance(fit, float) and "numeric" in column.native else fit

    def mixed(self, one: ColumnSchema, other: ColumnSchema) -> bool:
        return family(one) != family(other) or family(one) == ""

    def as_text(self, part: ColumnElement[Any], column: ColumnSchema) -> ColumnElement[Any]:
        return cast(part, Text)

    def exactly(self, part: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(part, Text).collate("C")

    def aligned(self, part: ColumnElement[Any], column: ColumnSchema) -> ColumnElement[Any]:
        return cast(part, Native("citext")) if column.native == "citext" else cast(part, Text).collate(column.collation or "default")

    def caseless(self, part: ColumnElement[Any], column: ColumnSchema, texts: Sequence[str]) -> ColumnElement[bool]:
        wanted = dict.fromkeys(form for text in texts for form in (text.lower(), text.casefold()))
        return func.lower(part if family(column) == TEXTS else cast(part, Text), type_=Text()).in_(list(wanted))

    def among_few(self, part: ColumnElement[Any], found: Select[Any]) -> ColumnElement[bool]:
        """Found first, not joined: the planner then sees where a key leads on to one row at most."""
        return part == func.any(func.array(found.scalar_subquery()))

    def unpacked(self, values: Collection[Key], columns: Sequence[ColumnSchema]) -> FromClause | None:
        words = [sent_as(live) if family(live) else "text" for live in columns]
        if any(live.native.endswith("[]") for live in columns):
            return None
        plain = values.parts if isinstance(values, Block) else [list(part) for part in zip(*values, strict=True)]
        parts: Sequence[Part | list[Any]] = plain or [[] for _ in words]
        lists = [array(part, word) for part, word in zip(parts, words, strict=True)]
        named = [column(f"v{number}", Native(word)) for number, word in enumerate(words)]
        return func.unnest(*lists).table_valued(*named).render_derived()

    def temporary(self, name: str, columns: Mapping[str, ColumnSchema], key: Sequence[str]) -> tuple[str, str]:
        inside = ", ".join(f'"{called}" {sent_as(live)}' for called, live in columns.items())
        keyed = f", PRIMARY KEY ({', '.join(key)})" if all(family(columns[part]) for part in key) else ""
        return f'CREATE TEMPORARY TABLE "{name}" ({inside}{keyed}) ON COMMIT DROP', f'DROP TABLE "{name}"'

    def fill(self, connection: Connection, listed: Any, rows: Sequence[Sequence[Any]], columns: Sequence[ColumnSchema]) -> None:
        if any(sent_as(live).endswith("[]") for live in columns):
            connection.execute(insert(listed), [dict(zip(listed.c.keys(), row, strict=True)) for row in rows])
        else:
            lists = [array(list(part), sent_as(live)) for part, live in zip(zip(*rows, strict=True), columns, strict=True)]
            named = [column(f"v{number}", Native(sent_as(live))) for number, live in enumerate(columns)]
            carried = func.unnest(*lists).table_valued(*named).render_derived()
            connection.execute(insert(listed).from_select(list(listed.c.keys()), select(*carried.c).select_from(carried)))
        connection.exec_driver_sql(f'ANALYZE "{listed.name}"')


@lru_cache(maxsize=32)
def _engine(url: URL, isolation: str) -> Engine:
    """It holds no connection, but what it has learned about server and statements: a worker asks the same ones all day."""
    engine = create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        use_native_hstore=False,
        isolation_level=isolation,
        # no prepared statements: a pooler in between may not know them
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "habeas", "prepare_threshold": None},
    )
    event.listen(engine, "connect", _on_connect)
    return engine


def _is_address(text: str) -> bool:
    try:
        ip_interface(text)
    except ValueError:
        return False
    return True


def _on_connect(driven: Driven[Any], record: Any) -> None:
    del record
    keep_exact(driven)
