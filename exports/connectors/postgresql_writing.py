"""Rows as PostgreSQL writes them itself: JSON as archives have it, by COPY. Only types whose text is exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from select import POLLIN, poll
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import ColumnElement, Connection, Select, TableClause, Text, cast, func, text
from sqlalchemy.exc import DBAPIError

from exports.connectors.base import ColumnSchema
from exports.connectors.postgresql_types import bare

AT_ONCE = 2000  # rows, or
LARGEST = 1_000_000  # bytes, if they come to that before
LINE = b"\n"
PATIENCE = 100  # milliseconds; what a TLS library holds back cannot be seen at the socket
HEAVY = 10_000  # rows of one person, each of which would be looked for by itself
SPARSE = 10  # reading a row costs a tenth of looking for one, or less
WHOLE = ("smallint", "integer", "bigint")
FLOATING = ("real", "double precision")
TEXTS = ("text", "character varying", "character", "citext", "uuid")
MOMENTS = ("timestamp without time zone", "timestamp with time zone", "date", "time without time zone")
PLAIN = (*WHOLE, *FLOATING, *TEXTS, *MOMENTS, "boolean")
# Neither sign can stand in JSON, so nothing is ever put in quotes: what arrives is the JSON itself.
AS_JSON = r"FORMAT csv, NULL '', DELIMITER E'\x02', QUOTE E'\x01', ESCAPE E'\x01'"


def is_utf8(connection: Connection) -> bool:
    """What this server sends is UTF-8 for certain."""
    told = _driven(connection).info
    return told.encoding == "utf-8" and told.parameter_status("server_encoding") != "SQL_ASCII"


class WrittenByPostgreSql:
    """How PostgreSQL writes rows."""

    def is_exact(self, connection: Connection) -> bool:
        """What this server sends is UTF-8 for certain."""
        return is_utf8(connection)

    def form(self, part: ColumnElement[Any], live: ColumnSchema) -> ColumnElement[Any] | None:
        """What to ask for, so that the value comes out as archives write it; None for a type that has to be written here."""
        native = bare(live.native)
        if native == "numeric":
            return cast(part, Text)
        if native == "bytea":
            return func.translate(func.encode(part, "base64"), "\n", "")
        return part if native in PLAIN else None

    @contextmanager
    def joining(self, connection: Connection, tables: Sequence[TableClause], leading: int) -> Iterator[None]:
        """No row by row where all tables together are hardly larger than what leads there: the planner knows the usual person only."""
        plan = leading >= HEAVY and 0 < _size(connection, tables) <= leading * SPARSE
        if plan:
            connection.exec_driver_sql("SET LOCAL enable_nestloop = off")
        yield
        if plan:  # an error undoes it by itself
            connection.exec_driver_sql("SET LOCAL enable_nestloop = on")

    def copied(self, connection: Connection, statement: Select[Any]) -> Iterator[tuple[bytes, int]]:
        """The statement's rows as COPY sends them."""
        compiled, driven = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True}), _driven(connection)
        try:
            whole = psycopg.ClientCursor(driven).mogrify(f"COPY ({compiled}) TO STDOUT ({AS_JSON})", compiled.params)
            yield from _received(driven.pgconn, whole.encode())
        except psycopg.Error as problem:
            raise DBAPIError("COPY", None, problem) from None


def _size(connection: Connection, tables: Sequence[TableClause]) -> float:
    """About how many rows these tables have together; nothing where one of them is not known."""
    quoted = connection.dialect.identifier_preparer.format_table
    names = [quoted(one) for one in tables]
    known = "SELECT reltuples FROM pg_class WHERE relkind IN ('r', 'm') AND reltuples > 0 AND oid = ANY(CAST(:names AS regclass[]))"
    rows = connection.execute(text(known), {"names": names}).scalars().all()
    return sum(rows) if len(rows) == len(names) else 0


def _received(server: PGconn, question: bytes) -> Iterator[tuple[bytes, int]]:
    """Asks, and gives the rows as lines, with their number. The driver's own way takes half as long again for each of a million rows."""
    _expect(server.exec_(question), ExecStatus.COPY_OUT)
    arriving, ended = poll(), False
    arriving.register(server.socket, POLLIN)
    try:
        while not ended:
            lines, rows, ended = _some(server, partial(arriving.poll, PATIENCE))
            if rows:
                yield bytes(lines[: -len(LINE)]), rows
    finally:
        if not ended:  # nobody wants the rest
            server.get_cancel().cancel()
            while server.get_copy_data(0)[0] > 0:
                continue
        results = list(iter(server.get_result, None))
    _expect(results[-1], ExecStatus.COMMAND_OK)


def _some(server: PGconn, await_more: Callable[[], object]) -> tuple[bytearray, int, bool]:
    """As many rows as go together, how many these are, and whether they were the last. The driver would not let other threads work
    while it waits: so it is never asked to."""
    lines, rows, receive = bytearray(), 0, server.get_copy_data
    while rows < AT_ONCE and len(lines) < LARGEST:
        size, row = receive(1)
        if size > 0:
            lines += row
            rows += 1
        elif size < 0:
            return lines, rows, True
        else:
            await_more()
            server.consume_input()
    return lines, rows, False


def _expect(result: PGresult, status: ExecStatus) -> None:
    if result.status != status:
        raise error_from_result(result)


def _driven(connection: Connection) -> psycopg.Connection[Any]:
    driven: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return driven
