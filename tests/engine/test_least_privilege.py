"""The lines of docs/connect.md, tried as they stand: the reading account reads, the writing one erases, and neither can do more."""

import re
from pathlib import Path

import psycopg
import pymysql
import pytest

from exports.connectors.base import SourceRefused
from exports.connectors.sql_connector import SqlConnector
from exports.query import EVERYTHING, Query
from tests.engine.products import ServedProduct, on_mariadb, on_postgresql
from tests.servers import PASSWORD, Server

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "connect.md").read_text()
LINES = dict(re.findall(r"### (PostgreSQL|MariaDB and MySQL)\n.*?```sql\n(.*?)```", PAGE, re.DOTALL))


def granted(product: ServedProduct, title: str) -> SqlConnector:
    """The documented lines, with this test's database, accounts and password in the place of the page's."""
    written = LINES[title].replace("shop", product.name).replace("a-long-password", PASSWORD)
    reader, writer = f"read_{product.name[-8:]}", f"write_{product.name[-8:]}"
    text = written.replace("habeas_read", reader).replace("habeas_write", writer)
    product.execute([line for line in re.split(r";\s*(?:--[^\n]*)?\n", text) if line.strip()])
    urls = [product.server.url(product.name, account=account) for account in (reader, writer)]
    return SqlConnector(urls[0], write_url=urls[1])


def may_do_what_it_must_and_no_more(product: ServedProduct, connector: SqlConnector) -> None:
    product.insert("people", [(1, "rita@example.org"), (2, "ann@example.org")])
    with connector.reading() as reader:
        people = reader.describe().tables["people"]
        assert (people.blocks, people.notes, people.key) == ((), (), ("id",))
        assert reader.count(Query("people", EVERYTHING)) == 2
    with connector.writing() as writer:
        assert writer.mask("people", [(1,)], {"email": "masked"}) == 1
        assert writer.rewrite("people", [((1,), {"email": "own"})]) == 1
        assert writer.erase("people", [(2,)]) == 1
    assert product.ask("SELECT id, email FROM people") == [(1, "own")]
    for forbidden in ("INSERT INTO people VALUES (3, 'x')", "DROP TABLE people", "CREATE TABLE mine (id INTEGER)"):
        with pytest.raises(Exception, match=r"denied|permission|must be owner"), connector.writing() as writer:
            writer.connection.exec_driver_sql(forbidden)
    both = SqlConnector(connector._url)
    with pytest.raises(SourceRefused), both.writing() as writer:
        writer.erase("people", [(1,)])


@pytest.mark.needs("postgresql")
def test_the_lines_for_postgresql_do(postgresql_server: Server) -> None:
    with on_postgresql(postgresql_server) as product:
        product.execute(["CREATE TABLE people (id integer PRIMARY KEY, email text)"])
        connector = granted(product, "PostgreSQL")
        may_do_what_it_must_and_no_more(product, connector)
        with psycopg.connect(product.url(), autocommit=True) as opened:
            for account in (f"read_{product.name[-8:]}", f"write_{product.name[-8:]}"):
                opened.execute(f"DROP OWNED BY {account}")
                opened.execute(f"DROP ROLE {account}")


@pytest.mark.needs("mariadbd")
def test_the_lines_for_mariadb_do(mariadb_server: Server) -> None:
    with on_mariadb(mariadb_server) as product:
        product.execute(["CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(80))"])
        connector = granted(product, "MariaDB and MySQL")
        may_do_what_it_must_and_no_more(product, connector)
        with pymysql.connect(host="127.0.0.1", port=mariadb_server.port, user="habeas", password=PASSWORD) as opened:
            opened.cursor().execute(f"DROP USER read_{product.name[-8:]}, write_{product.name[-8:]}")
