"""Rows as PostgreSQL writes them itself: JSON and CSV as archives have them, by COPY. Only types whose text is exact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from sqlalchemy import ColumnElement, Connection, Select, Text, cast, func, literal_column
from sqlalchemy.exc import DBAPIError

from exports.connectors.base import ColumnSchema
from exports.connectors.postgresql_types import bare

WHOLE = ("smallint", "integer", "bigint")
FLOATING = ("real", "double precision")
TEXTS = ("text", "character varying", "character", "citext", "uuid")
MOMENTS = ("timestamp without time zone", "timestamp with time zone")
PLAIN = (*WHOLE, *FLOATING, *TEXTS, "date", "time without time zone")
# Neither sign can stand in JSON, so nothing is ever put in quotes: what arrives is the JSON itself.
AS_JSON = r"FORMAT csv, NULL '', DELIMITER E'\x02', QUOTE E'\x01', ESCAPE E'\x01'"


class WrittenByPostgreSql:
    """How PostgreSQL writes rows."""

    def is_exact(self, connection: Connection) -> bool:
        """What this server sends is UTF-8 for certain."""
        told = _driven(connection).info
        return told.encoding == "utf-8" and told.parameter_status("server_encoding") != "SQL_ASCII"

    def form(self, part: ColumnElement[Any], live: ColumnSchema, *, as_csv: bool) -> ColumnElement[Any] | None:
        """What to ask for, so that the value comes out as archives write it; None for a type that has to be written here."""
        native = bare(live.native)
        if native == "numeric":
            return cast(part, Text)
        if native == "bytea":
            return func.translate(func.encode(part, "base64"), "\n", "")
        if native == "boolean":
            return cast(part, Text) if as_csv else part
        if native in MOMENTS:
            return func.to_json(part).op("#>>")(literal_column("'{}'")) if as_csv else part
        return part if native in PLAIN else None

    def copied(self, connection: Connection, statement: Select[Any], *, null: str | None) -> Iterator[Any]:
        """The statement's rows as COPY sends them."""
        how = AS_JSON if null is None else "FORMAT csv, NULL E'" + null.replace("\\", "\\\\") + "'"
        compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
        try:
            with _driven(connection).cursor() as cursor, cursor.copy(f"COPY ({compiled}) TO STDOUT ({how})", compiled.params) as sent:
                yield from sent
        except psycopg.Error as problem:
            raise DBAPIError("COPY", None, problem) from None


def _driven(connection: Connection) -> psycopg.Connection[Any]:
    driven: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return driven
