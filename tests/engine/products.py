"""Database products for the connector contract: how to make an empty database of each, and how to put rows in."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from exports.connectors.base import Connector
from exports.connectors.sql_connector import SqlConnector


class Product(Protocol):
    def execute(self, statements: Sequence[str]) -> None: ...

    def insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None: ...

    def connector(self) -> Connector: ...

    def absent(self) -> Connector:
        """A connector to a database that does not exist."""
        ...


class SqliteProduct:
    def __init__(self, path: Path) -> None:
        self.path = path

    def execute(self, statements: Sequence[str]) -> None:
        with closing(sqlite3.connect(self.path)) as opened, opened:
            for statement in statements:
                opened.execute(statement)

    def insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            with closing(sqlite3.connect(self.path)) as opened, opened:
                opened.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def connector(self) -> Connector:
        return SqlConnector(f"sqlite:///{self.path}")

    def absent(self) -> Connector:
        return SqlConnector(f"sqlite:///{self.path.with_name('absent.sqlite3')}")


@contextmanager
def sqlite(folder: Path) -> Iterator[Product]:
    path = folder / "with space & ünicode.sqlite3"
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("PRAGMA journal_mode=WAL")  # readers and a writer at once, as in life
    yield SqliteProduct(path)


MAKERS: dict[str, Callable[[Path], AbstractContextManager[Product]]] = {"sqlite": sqlite}
