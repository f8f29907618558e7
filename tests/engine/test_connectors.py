"""The contract, run for every product, and what only SQLite does."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from exports.connectors.base import SourceBusy, SourceMismatch, SourceRefused, SourceUnreachable
from exports.connectors.sql_connector import SqlConnector
from exports.query import EVERYTHING, Equals, Query
from tests.engine.contract import *  # noqa: F403  (the contract's tests and fixtures are this file's)
from tests.engine.products import SqliteProduct


@pytest.fixture
def store(tmp_path: Path) -> SqliteProduct:
    return SqliteProduct(tmp_path / "store.sqlite3")


def test_a_missing_file_is_never_made(tmp_path: Path) -> None:
    path = tmp_path / "missing.sqlite3"
    for open_session in (SqlConnector(f"sqlite:///{path}").reading, SqlConnector(f"sqlite:///{path}").writing):
        with pytest.raises(SourceUnreachable, match="does not exist"), open_session():
            pass
    assert not path.exists()


def test_a_file_that_is_no_database_cannot_be_reached(tmp_path: Path) -> None:
    path = tmp_path / "letter.sqlite3"
    path.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(SourceUnreachable), SqlConnector(f"sqlite:///{path}").reading():
        pass


@pytest.mark.parametrize("address", ["", "sqlite://", "sqlite:///:memory:", "nonsense://host/db", "not an address", "oracle://host/db"])
def test_an_address_that_leads_nowhere_is_named_without_its_password(address: str) -> None:
    with pytest.raises(SourceUnreachable, match="cannot be reached"), SqlConnector(address).reading():
        pass


def test_the_database_itself_refuses_writes_while_reading(store: SqliteProduct) -> None:
    store.execute(["CREATE TABLE t (id INTEGER PRIMARY KEY)"])
    with store.connector().reading() as reader, pytest.raises(Exception, match="readonly"):
        reader.connection.exec_driver_sql("INSERT INTO t VALUES (1)")


def test_a_locked_database_is_busy_and_nothing_changes(store: SqliteProduct, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.connectors.sqlite.LOCK_SECONDS", 0)
    store.execute(["CREATE TABLE t (id INTEGER PRIMARY KEY)"])
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SourceBusy, match="Nothing was changed"), store.connector().writing():
            pass


def test_reading_and_writing_go_by_their_own_addresses(tmp_path: Path) -> None:
    one, other = SqliteProduct(tmp_path / "one.sqlite3"), SqliteProduct(tmp_path / "other.sqlite3")
    for product, number in ((one, 1), (other, 2)):
        product.execute(["CREATE TABLE t (id INTEGER PRIMARY KEY)"])
        product.insert("t", [(number,)])
    connector = SqlConnector(f"sqlite:///{one.path}", write_url=f"sqlite:///{other.path}")
    with connector.reading() as reader, connector.writing() as writer:
        assert list(reader.targets(Query("t", EVERYTHING))) == [(1,)]
        assert list(writer.targets(Query("t", EVERYTHING))) == [(2,)]


def test_a_table_without_a_key_goes_by_its_row_number(store: SqliteProduct) -> None:
    store.execute(["CREATE TABLE t (word TEXT)"])
    store.insert("t", [("same",), ("same",), ("other",)])
    with store.connector().writing() as writer:
        same = list(writer.targets(Query("t", Equals("word", ("same",)))))
        assert len(same) == 2
        assert writer.erase("t", same[:1]) == 1
        assert writer.count(Query("t", EVERYTHING)) == 2
        assert [row for batch in writer.read(Query("t", EVERYTHING)) for row in batch] == [{"word": "same"}, {"word": "other"}]


def test_a_view_is_read_and_has_no_key(store: SqliteProduct) -> None:
    store.execute(["CREATE TABLE t (id INTEGER PRIMARY KEY)", "CREATE VIEW v AS SELECT id FROM t"])
    store.insert("t", [(1,)])
    with store.connector().reading() as reader:
        assert reader.describe().tables["v"].is_view
        assert list(reader.read(Query("v", EVERYTHING))) == [[{"id": 1}]]
        with pytest.raises(SourceMismatch, match="no key"):
            list(reader.targets(Query("v", EVERYTHING)))


def test_capital_letters_matter_even_where_the_column_says_they_do_not(store: SqliteProduct) -> None:
    store.execute(["CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE)"])
    store.insert("t", [(1, "rita@example.org"), (2, "RITA@example.org"), (3, "ÉLAN@example.org")])
    with store.connector().reading() as reader:
        assert list(reader.targets(Query("t", Equals("email", ("rita@example.org",))))) == [(1,)]
        assert list(reader.targets(Query("t", Equals("email", ("élan@example.org",), caseless=True)))) == [(3,)]


def test_triggers_generated_columns_and_foreign_keys_without_a_column_are_told(store: SqliteProduct) -> None:
    store.execute(
        [
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT GENERATED ALWAYS AS (a || '!') STORED, odd, \"select\" TEXT)",
            "CREATE TABLE u (id INTEGER PRIMARY KEY, t INTEGER REFERENCES t ON DELETE SET NULL ON UPDATE CASCADE)",
            "CREATE TRIGGER watch BEFORE DELETE ON t BEGIN INSERT INTO u VALUES (NULL, NULL); END",
        ]
    )
    store.insert('t (id, a, odd, "select")', [(1, "x", b"\x00", "word")])
    with store.connector().reading() as reader:
        schema = reader.describe()
        assert [(trigger.name, trigger.event) for trigger in schema.tables["t"].triggers] == [("watch", "DELETE")]
        assert [name for name, column in schema.tables["t"].columns.items() if column.generated] == ["b"]
        (key,) = schema.pointing_at("t")
        assert (key.target_columns, key.on_delete, key.on_update) == (("id",), "SET NULL", "CASCADE")
        assert list(reader.read(Query("t", Equals("select", ("word",))))) == [
            [{"id": 1, "a": "x", "b": "x!", "odd": b"\x00", "select": "word"}]
        ]


def test_a_trigger_that_refuses_is_told_without_its_words(store: SqliteProduct) -> None:
    store.execute(
        [
            "CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT)",
            "CREATE TRIGGER no BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'rita@example.org must stay'); END",
        ]
    )
    store.insert("t", [(1, "rita@example.org")])
    with pytest.raises(SourceRefused) as told, store.connector().writing() as writer:
        writer.erase("t", [(1,)])
    assert "rita" not in str(told.value)


def test_many_rows_are_erased_and_rewritten_in_sets(store: SqliteProduct) -> None:
    store.execute(["CREATE TABLE t (a INTEGER, b INTEGER, word TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID"])
    store.insert("t", [(n // 7, n % 7, f"word {n}") for n in range(45_000)])
    with store.connector().writing() as writer:
        assert writer.rewrite("t", (((n // 7, n % 7), {"word": str(-n)}) for n in range(45_000))) == 45_000
        assert writer.erase("t", ((n // 7, n % 7) for n in range(0, 45_000, 2))) == 22_500
        assert dict(writer.read_back("t", [(0, 1), (0, 2)], fields=("word",))) == {(0, 1): {"word": "-1"}, (0, 2): None}


def test_checks_are_read_whole_out_of_the_statement(store: SqliteProduct) -> None:
    store.execute(
        [
            """CREATE TABLE t (id INTEGER PRIMARY KEY, "check" TEXT DEFAULT 'CHECK (x)' CHECK (length("check") < 9), -- CHECK (no)
            n INT UNIQUE CHECK(n IN (1, (2))), CONSTRAINT both CHECK (n > 0 OR "check" = ')'), UNIQUE ("check", n))"""
        ]
    )
    with store.connector().reading() as reader:
        table = reader.describe().tables["t"]
    assert table.checks == ('length("check") < 9', "n IN (1, (2))", "n > 0 OR \"check\" = ')'")
    assert table.uniques == (("check", "n"), ("n",))


def test_a_number_with_a_point_is_a_number(store: SqliteProduct) -> None:
    store.execute(["CREATE TABLE t (id INTEGER PRIMARY KEY, a REAL NOT NULL, b FLOAT, c DOUBLE PRECISION, d DECIMAL(5, 2))"])
    with store.connector().reading() as reader:
        columns = reader.describe().tables["t"].columns
    assert {name: columns[name].type for name in "abcd"} == dict.fromkeys("abcd", "number")
