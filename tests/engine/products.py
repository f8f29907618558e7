"""Database products for the connector contract: how to make an empty database of each, and how to put rows in."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pymysql
import pytest
import yaml

from exports.connectors import http_calls
from exports.connectors.base import WHOLE, Connector
from exports.connectors.http_connector import HttpConnector, schema_of
from exports.connectors.http_settings import HttpSettings
from exports.connectors.sql_connector import SqlConnector
from exports.connectors.sql_dialects import DIALECTS
from exports.datasets import read_stored
from tests.engine.far_host import Host, serving
from tests.processes import free_port
from tests.servers import ACCOUNT, PASSWORD, Server

Rows = Sequence[tuple[Any, ...]]


class Product(Protocol):
    def url(self) -> str: ...

    def execute(self, statements: Sequence[str]) -> None: ...

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        """Plain SQL, past everything that is tested."""
        ...

    def insert(self, table: str, rows: Rows) -> None: ...

    def connector(self) -> Connector: ...

    def absent(self) -> Connector:
        """A connector to a database that does not exist."""
        ...


class Plain:
    """What the products have in common: a driver that is opened for one act."""

    mark = "%s"

    def opened(self) -> Any:
        raise LookupError

    def url(self) -> str:
        raise LookupError

    def execute(self, statements: Sequence[str]) -> None:
        with closing(self.opened()) as opened:
            for statement in statements:
                opened.cursor().execute(statement)
            opened.commit()

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        with closing(self.opened()) as opened:
            cursor = opened.cursor()
            cursor.execute(question)
            return list(cursor.fetchall())

    def insert(self, table: str, rows: Rows) -> None:
        if rows:
            with closing(self.opened()) as opened:
                opened.cursor().executemany(f"INSERT INTO {table} VALUES ({', '.join([self.mark] * len(rows[0]))})", rows)
                opened.commit()

    def connector(self) -> Connector:
        return SqlConnector(self.url())


class SqliteProduct(Plain):
    mark = "?"

    def __init__(self, path: Path) -> None:
        self.path = path

    def opened(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path)

    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def absent(self) -> Connector:
        return SqlConnector(f"sqlite:///{self.path.with_name('absent.sqlite3')}")


class ServedProduct(Plain):
    """A database of its own on one of the private servers."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name, self.driver = server, name, ""

    def opened(self) -> Any:
        if self.server.scheme == "postgresql":
            return psycopg.connect(self.url())
        return pymysql.connect(host="127.0.0.1", port=self.server.port, user=ACCOUNT, password=PASSWORD, database=self.name)

    def url(self) -> str:
        return self.server.url(self.name)

    def connector(self) -> Connector:
        return SqlConnector(self._by_driver(self.url()))

    def absent(self) -> Connector:
        return SqlConnector(self._by_driver(self.server.url("absent")))

    def _by_driver(self, url: str) -> str:
        return url.replace("postgresql", self.driver, 1) if self.driver else url


@contextmanager
def sqlite(folder: Path) -> Iterator[SqliteProduct]:
    path = folder / "with space & ünicode.sqlite3"
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("PRAGMA journal_mode=WAL")  # readers and a writer at once, as in life
    yield SqliteProduct(path)


@contextmanager
def on_postgresql(server: Server) -> Iterator[ServedProduct]:
    name = f"shop_{secrets.token_hex(4)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as opened:
        opened.execute(f"CREATE DATABASE {name}")
        yield ServedProduct(server, name)
        opened.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def on_mariadb(server: Server, *, collation: str = "utf8mb4_bin") -> Iterator[ServedProduct]:
    name = f"shop_{secrets.token_hex(4)}"
    with pymysql.connect(host="127.0.0.1", port=server.port, user=ACCOUNT, password=PASSWORD) as opened:
        opened.cursor().execute(f"CREATE DATABASE {name} COLLATE {collation}")
        yield ServedProduct(server, name)
        opened.cursor().execute(f"DROP DATABASE {name}")


SPOKEN = """
fides_key: spoken
collections:
  - name: people
    fields:
      - {name: id, fides_meta: {primary_key: true, data_type: integer}}
      - {name: email, fides_meta: {data_type: string, length: 80}}
      - {name: boss, fides_meta: {data_type: integer}}
  - name: orders
    fields:
      - {name: shop, fides_meta: {primary_key: true, data_type: integer}}
      - {name: code, fides_meta: {primary_key: true, data_type: string}}
      - {name: buyer, fides_meta: {data_type: integer}}
      - {name: size, fides_meta: {data_type: integer}}
  - name: notes
    fields:
      - {name: person, fides_meta: {primary_key: true, data_type: string}}
      - {name: words, fides_meta: {data_type: string}}
"""


def calls_of(name: str, *key: str, by: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """The usual calls of a collection of the test host."""
    one = {"path": f"/{name}/" + "/".join(f"{{{part}}}" for part in key)}
    lists = [{"path": f"/{name}", "by": [field], "query": {field: f"{{{field}}}"}} for field in by]
    whole = [{"path": f"/{name}", "paging": {"kind": "offset", "name": "offset", "size": "per", "each": 2, "total": "total"}}]
    changes = {"delete": {**one, "method": "DELETE"}, "update": {**one, "method": "PATCH"}}
    return {"records": "items", "list": lists + whole, "get": one, **changes, **more}


class HttpProduct(SqliteProduct):
    """A host that keeps its rows in a database of its own."""

    def __init__(self, path: Path, host: Host) -> None:
        super().__init__(path)
        self.host = host

    def connector(self) -> Connector:
        return self._connector(self.host.base)

    def absent(self) -> Connector:
        return self._connector(f"http://127.0.0.1:{free_port()}")

    def _connector(self, base: str) -> Connector:
        collections = {
            "people": calls_of("people", "id", by=("email",)),
            "orders": calls_of("orders", "shop", "code", by=("buyer",)),
            "notes": calls_of("notes", "person"),
        }
        settings = HttpSettings.from_json(base, {"private": True, "collections": collections})
        return HttpConnector(
            settings, schema_of(settings, [("", dataset) for dataset in read_stored([yaml.safe_load(SPOKEN)], "spoken").datasets])
        )


@contextmanager
def over_http(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[HttpProduct]:
    patch.setattr(http_calls, "sleep", lambda seconds: None)
    with sqlite(folder) as store, serving(store.path) as host:
        yield HttpProduct(store.path, host)


@contextmanager
def unknown(server: Server, patch: pytest.MonkeyPatch) -> Iterator[ServedProduct]:
    """A real database that is spoken to as one that nobody here has met."""
    with on_postgresql(server) as product:
        product.driver = "postgresql+psycopg"
        patch.delitem(DIALECTS, "postgresql")
        yield product


Maker = Callable[[pytest.FixtureRequest], AbstractContextManager[Product]]
MAKERS: dict[str, Maker] = {
    "http": lambda request: over_http(request.getfixturevalue("tmp_path"), request.getfixturevalue("monkeypatch")),
    "sqlite": lambda request: sqlite(request.getfixturevalue("tmp_path")),
    "postgresql": lambda request: on_postgresql(request.getfixturevalue("postgresql_server")),
    "mariadb": lambda request: on_mariadb(request.getfixturevalue("mariadb_server")),
    "unknown": lambda request: unknown(request.getfixturevalue("postgresql_server"), request.getfixturevalue("monkeypatch")),
}
MARKS = {
    "http": [pytest.mark.thorough],
    "postgresql": [pytest.mark.needs("postgresql")],
    "mariadb": [pytest.mark.needs("mariadbd")],
    "unknown": [pytest.mark.needs("postgresql")],
}
CAN = {"http": HttpConnector.can, **dict.fromkeys(("sqlite", "postgresql", "mariadb", "unknown"), SqlConnector.can)}


def those_that(word: str = "") -> list[Any]:
    """The products whose connector says that it can this; all of them without a word."""
    names = [name for name in MAKERS if not word or word in CAN[name]]
    return [pytest.param(name, marks=MARKS.get(name, [])) for name in names]


EACH = those_that(WHOLE)  # the databases
