"""Opens sessions on a SQL database under separate reading and writing credentials."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from exports.connectors.base import LIVE_SCHEMA, SNAPSHOT, WHOLE, Reader, SourceUnreachable, Writer
from exports.connectors.sql import SqlReader
from exports.connectors.sql_dialects import Dialect, dialect_of
from exports.connectors.sql_errors import reaching, told
from exports.connectors.sql_key_writing import KeyWriter
from exports.connectors.sql_writing import SqlWriter


class SqlConnector:
    """One SQL database. Without a write address the reading one serves for both."""

    kind = "sql"
    can = frozenset([WHOLE, SNAPSHOT, LIVE_SCHEMA])

    def __init__(self, url: str, *, write_url: str = "", schemas: tuple[str | None, ...] = ()) -> None:
        self._url, self._write_url = url, write_url or url
        self._schemas = schemas or (None,)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """A read-only session on one snapshot."""
        with self._connection(self._url, writing=False) as (connection, dialect):
            try:
                yield SqlReader(connection, dialect, self._schemas)
            finally:
                connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """One transaction, kept at the end of the block, undone when it raises."""
        with self._connection(self._write_url, writing=True) as (connection, dialect):
            kept = False
            try:
                writer = SqlWriter if dialect.takes_lists else KeyWriter
                yield writer(connection, dialect, self._schemas)
                with told():
                    connection.commit()
                kept = True
            finally:
                if not kept:
                    connection.rollback()

    @contextmanager
    def _connection(self, address: str, *, writing: bool) -> Iterator[tuple[Connection, Dialect]]:
        url = _address(address)
        dialect = dialect_of(url)
        engine = dialect.engine(url, writing=writing)
        try:
            with reaching():
                connection = engine.connect()
            with connection:
                with reaching():
                    dialect.begin(connection, writing=writing)
                yield connection, dialect
        finally:
            engine.dispose()


def _address(text: str) -> URL:
    try:
        return make_url(text)
    except (ArgumentError, ValueError, SQLAlchemyError):
        raise SourceUnreachable("It cannot be reached: its address is not one of a database.") from None
