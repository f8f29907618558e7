"""One session on a SQL database: its connection, its live schema, and room for one question after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.exc import SQLAlchemyError

from exports.connectors.base import Schema, SourceError
from exports.connectors.sql_compile import Compiler
from exports.connectors.sql_dialects import Dialect
from exports.connectors.sql_errors import told
from exports.connectors.sql_streams import Stream
from exports.query import Predicate


class SqlSession:
    """What is asked in it goes through `stream` or `_asking`. A question that fails leaves the others as they were, where it `goes_on`."""

    goes_on = True
    holds = False  # rows that are found and read back stay as they are while the session lasts, where no snapshot sees to that

    def __init__(self, connection: Connection, dialect: Dialect, schemas: tuple[str | None, ...] = (None,)) -> None:
        self.connection, self.dialect, self.schemas = connection, dialect, schemas
        self._running: Stream | None = None
        self.led: dict[int, tuple[Predicate | None, int]] = {}  # by id: a predicate, kept so that its id is its own, and what it found

    @cached_property
    def schema(self) -> Schema:
        """The live schema, asked for once per session."""
        with self._asking():
            return self.dialect.describe(self.connection, self.schemas)

    def describe(self) -> Schema:
        """The live schema."""
        return self.schema

    def compiler(self) -> Compiler:
        """A compiler for one statement."""
        return Compiler(self.schema, self.dialect)

    def stream(self, statement: Select[Any], batch: int) -> Iterator[Any]:
        """The answer to a statement, in batches."""
        with self._asking(), self.connection.execute(statement, execution_options={"stream_results": True, "yield_per": batch}) as result:
            stream = self._running = Stream(result, batch)
            yield from stream

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Room for one question. Where the connection takes one at a time, what is left of the last answer is fetched first."""
        try:
            with told():
                if self._running is not None and self.dialect.one_at_a_time:
                    self._running.finish()
                self._running = None
                yield
        except SourceError:
            if self.goes_on:
                with suppress(SQLAlchemyError):  # the connection may be gone
                    self.dialect.recover(self.connection)
            raise
