"""Opens sessions on a SQL database under separate reading and writing credentials."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from exports.connectors.base import LIVE_SCHEMA, SNAPSHOT, WHOLE, Reader, SourceError, SourceUnreachable, Writer
from exports.connectors.sql import SqlReader
from exports.connectors.sql_dialects import Dialect, dialect_of
from exports.connectors.sql_errors import reaching, told
from exports.connectors.sql_keeping import put_by, taken
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
        with ExitStack() as stack:
            connection = _taken_over(url, dialect, writing=writing)
            if connection is None:
                engine = dialect.engine(url, writing=writing)
                stack.callback(engine.dispose)
                with reaching():
                    connection = engine.connect()
                stack.callback(connection.close)
                with reaching():
                    dialect.begin(connection, writing=writing)
            else:
                stack.callback(connection.close)
            yield connection, dialect
            if dialect.stays_open and put_by(url, connection):
                stack.pop_all()


def _taken_over(url: URL, dialect: Dialect, *, writing: bool) -> Connection | None:
    """A connection that an earlier session of the same work has left, with a transaction of its own; one that broke is opened anew."""
    connection = taken(url) if dialect.stays_open else None
    if connection is None:
        return None
    try:
        with reaching():
            dialect.begin(connection, writing=writing)
    except SourceError:
        connection.close()
        return None
    return connection


def _address(text: str) -> URL:
    try:
        return make_url(text)
    except (ArgumentError, ValueError, SQLAlchemyError):
        raise SourceUnreachable("It cannot be reached: its address is not one of a database.") from None
