"""What only MariaDB and MySQL do."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from exports.connectors.base import Link, SourceBusy, SourceRefused, SourceUnreachable
from exports.connectors.mariadb_schema import plain_rule
from exports.connectors.sql_connector import SqlConnector
from exports.query import EVERYTHING, Equals, Outside, Query, Together, Within
from tests.engine.products import ServedProduct, on_mariadb
from tests.servers import PASSWORD, Server

pytestmark = pytest.mark.needs("mariadbd")


@pytest.fixture
def base(mariadb_server: Server) -> Iterator[ServedProduct]:
    """With the collation that people get when they do not think about it."""
    with on_mariadb(mariadb_server, collation="utf8mb4_general_ci") as made:
        yield made


def rows(product: ServedProduct, query: Query) -> list[dict[str, Any]]:
    with product.connector().reading() as reader:
        return [row for batch in reader.read(query) for row in batch]


@pytest.mark.parametrize("other", ["utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_bin", "latin1_swedish_ci", "ascii_general_ci"])
def test_letters_accents_and_blanks_matter_whatever_the_collation(base: ServedProduct, other: str) -> None:
    base.execute(
        [
            "CREATE TABLE person (id INT PRIMARY KEY, email VARCHAR(80), KEY (email))",
            f"CREATE TABLE letter (id INT PRIMARY KEY, email VARCHAR(80) CHARACTER SET {other.partition('_')[0]} COLLATE {other})",
            "INSERT INTO person VALUES (1, 'rita@example.org'), (2, 'RITA@example.org'), (3, 'ríta@example.org'), (4, 'rita@example.org ')",
            "INSERT INTO letter VALUES (1, 'rita@example.org'), (2, 'RITA@example.org'), (4, 'rita@example.org ')",
        ]
    )
    with base.connector().reading() as reader:
        rita = Query("person", Equals("email", ("rita@example.org",)))
        assert list(reader.targets(rita)) == [(1,)]
        assert list(reader.targets(Query("letter", Within(("email",), rita, ("email",))))) == [(1,)]
        assert list(reader.targets(Query("person", Within(("email",), Query("letter", Equals("id", (2,))), ("email",))))) == [(2,)]
        assert list(reader.targets(Query("person", Together(("email",), (("rita@example.org",),) * 300)))) == [(1,)]
        assert list(reader.targets(Query("person", Outside(Equals("email", ("rita@example.org",)))))) == [(2,), (3,), (4,)]
        assert len(list(reader.values(Query("person", EVERYTHING), ("email",)))) == 4
        assert list(reader.targets(Query("person", Equals("email", ("Rita@example.org",), caseless=True)))) == [(1,), (2,)]
        link = Link("letter", ("email",), "person", ("email",))
        assert list(reader.referrers(link, targeted=Query("person", EVERYTHING), outside=Query("letter", Equals("id", (1,))))) == [
            ((2,), 1),
            ((4,), 1),
        ]


def test_letters_that_a_column_cannot_hold_match_nothing(base: ServedProduct) -> None:
    base.execute(["CREATE TABLE t (id INT PRIMARY KEY, word VARCHAR(80) CHARACTER SET latin1)", "INSERT INTO t VALUES (1, '?'), (2, '??')"])
    for where in (Equals("word", ("😀", "Ω")), Equals("word", ("😀",), caseless=True), Together(("word",), (("Ω",),) * 300)):
        assert rows(base, Query("t", where)) == []


def test_reserved_and_mixed_names_are_names(base: ServedProduct) -> None:
    base.execute(
        [
            "CREATE TABLE `Order` (`select` INT PRIMARY KEY, `camelCase` TEXT, `100%` TEXT, `a ``quoted`` name` TEXT)",
            "INSERT INTO `Order` VALUES (1, 'x', 'y', 'z')",
        ]
    )
    with base.connector().writing() as writer:
        assert list(writer.targets(Query("Order", Equals("camelCase", ("x",))))) == [(1,)]
        assert writer.mask("Order", [(1,)], {"100%": "m"}) == 1
        assert writer.rewrite("Order", [((1,), {"a `quoted` name": "n"})]) == 1
        assert writer.erase("Order", [(1,)]) == 1


def test_an_answer_is_whole_although_something_else_was_asked_meanwhile(base: ServedProduct) -> None:
    base.execute(["CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t SELECT seq FROM seq_1_to_5000"])
    with base.connector().reading() as reader:
        keys = reader.targets(Query("t", EVERYTHING))
        first = next(keys)
        assert reader.count(Query("t", EVERYTHING)) == 5000
        others = reader.targets(Query("t", EVERYTHING))
        assert next(others) == first
        assert [first, *keys] == [(number,) for number in range(1, 5001)]
        assert len(list(others)) == 4999
        broken_off = reader.read(Query("t", EVERYTHING), batch=10)
        next(broken_off)
        del broken_off
        assert reader.count(Query("t", EVERYTHING)) == 5000


def test_a_list_of_keys_ends_with_its_statement_and_the_transaction_stays_open(base: ServedProduct) -> None:
    base.execute(["CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2), (3)"])

    def fail() -> None:
        with base.connector().writing() as writer:
            assert writer.erase("t", [(1,)]) == 1
            assert writer.erase("t", [(2,)]) == 1
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert base.ask("SELECT count(*) FROM t") == [(3,)]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("CREATE TABLE t (id INT PRIMARY KEY) ENGINE=MyISAM", "the storage engine MyISAM, which has no transactions"),
        ("CREATE TABLE t (id INT PRIMARY KEY) ENGINE=Aria", "the storage engine Aria, which has no transactions"),
        ("CREATE TABLE t (id INT PRIMARY KEY) WITH SYSTEM VERSIONING", "keeps old versions of its rows"),
    ],
)
def test_a_table_in_which_nothing_can_safely_be_erased_says_why(base: ServedProduct, made: str, words: str) -> None:
    base.execute([made])
    with base.connector().reading() as reader:
        (said,) = reader.describe().tables["t"].blocks
    assert words in said


def test_what_an_account_cannot_see_is_said(base: ServedProduct) -> None:
    account = f"poor_{base.name[-8:]}"
    base.execute(
        [
            "CREATE TABLE person (id INT PRIMARY KEY)",
            "CREATE TABLE secret (id INT PRIMARY KEY, person INT, FOREIGN KEY (person) REFERENCES person (id) ON DELETE CASCADE)",
            f"CREATE USER {account} IDENTIFIED BY '{PASSWORD}'",
            f"GRANT SELECT ON {base.name}.person TO {account}",
        ]
    )
    poor = SqlConnector(base.server.url(base.name, account=account))
    with poor.reading() as reader:
        person = reader.describe().tables["person"]
    with pytest.raises(SourceRefused, match="lacks the permission"), poor.writing() as writer:
        writer.erase("person", [(1,)])
    assert "sees only some tables" in person.blocks[0]
    assert "may not see triggers" in person.notes[0]
    base.execute([f"GRANT SELECT, TRIGGER ON `{base.name.replace('_', chr(92) + '_')}`.* TO {account}"])
    with poor.reading() as reader:
        schema = reader.describe()
    assert not schema.tables["person"].blocks + schema.tables["person"].notes
    assert [key.collection for key in schema.pointing_at("person")] == ["secret"]


@pytest.mark.parametrize(
    "address", ["wrong:secret-word@127.0.0.1:{port}", "habeas:secret-word@127.0.0.1:{port}", "a:secret-word@nowhere.invalid"]
)
def test_what_cannot_be_reached_is_told_without_address_and_password(base: ServedProduct, address: str) -> None:
    with pytest.raises(SourceUnreachable) as told, SqlConnector(f"mysql://{address.format(port=base.server.port)}/shop").reading():
        pass
    assert str(told.value) == "It cannot be reached: the database could not be opened or signed in to."
    assert told.value.__cause__ is None


@pytest.mark.parametrize("option", ["sslmode=verify-full", "ssl_ca=/nowhere/ca.pem"])
def test_an_option_that_cannot_be_used_is_a_sentence(base: ServedProduct, option: str) -> None:
    with pytest.raises(SourceUnreachable, match="an option that cannot be used"), SqlConnector(f"{base.url()}?{option}").reading():
        pass


def test_foreign_keys_triggers_uniques_and_views_are_told(base: ServedProduct) -> None:
    base.execute(
        [
            "CREATE TABLE person (id INT PRIMARY KEY, nick VARCHAR(90) CHECK (CHAR_LENGTH(nick) < 9), long_ TEXT, code CHAR(3) NOT NULL,"
            " UNIQUE (nick, code), UNIQUE (long_(5)))",
            "CREATE TABLE visit (code CHAR(3) NOT NULL UNIQUE, person INT, FOREIGN KEY (person) REFERENCES person (id)"
            " ON DELETE SET NULL ON UPDATE CASCADE)",
            "CREATE VIEW people AS SELECT id FROM person",
            "CREATE TRIGGER watcher BEFORE DELETE ON person FOR EACH ROW SET @x = 1",
        ]
    )
    with base.connector().reading() as reader:
        schema = reader.describe()
    (key,) = schema.pointing_at("person")
    assert (key.collection, key.target_columns, key.on_delete, key.on_update) == ("visit", ("id",), "SET NULL", "CASCADE")
    assert [(trigger.name, trigger.event) for trigger in schema.tables["person"].triggers] == [("watcher", "DELETE")]
    assert (schema.tables["visit"].key, schema.tables["person"].uniques) == (("code",), (("nick", "code"),))
    assert (schema.tables["people"].is_view, schema.tables["people"].key) == (True, ())
    assert any("< 9" in check for check in schema.tables["person"].checks)


def test_a_rule_as_mysql_writes_it_becomes_one_as_others_do() -> None:
    assert plain_rule(r"(`a` in (_utf8mb4\'new\',_utf8mb4\'old\'))") == "(`a` in ('new','old'))"


def test_two_databases_of_one_server_are_read_and_written_by_name(base: ServedProduct, mariadb_server: Server) -> None:
    with on_mariadb(mariadb_server) as other:
        base.execute(["CREATE TABLE person (id INT PRIMARY KEY)", "INSERT INTO person VALUES (1)"])
        other.execute(
            [
                f"CREATE TABLE invoice (id INT PRIMARY KEY, person INT, FOREIGN KEY (person) REFERENCES {base.name}.person (id))",
                "INSERT INTO invoice VALUES (7, 1)",
            ]
        )
        with base.connector().reading() as reader:
            assert [key.collection for key in reader.describe().pointing_at("person")] == [f"{other.name}.invoice"]
        with SqlConnector(base.url(), schemas=(other.name, None)).writing() as writer:
            mine = Query(f"{other.name}.invoice", Within(("person",), Query("person", EVERYTHING), ("id",)))
            assert list(writer.targets(mine)) == [(7,)]
            assert writer.erase(f"{other.name}.invoice", [(7,)]) == 1
        other.execute(["DROP TABLE invoice"])


def test_the_database_itself_refuses_writes_while_reading(base: ServedProduct) -> None:
    base.execute(["CREATE TABLE t (id INT PRIMARY KEY)"])
    with base.connector().reading() as reader, pytest.raises(Exception, match="READ ONLY transaction"):
        reader.connection.exec_driver_sql("INSERT INTO t VALUES (1)")


def test_a_locked_row_is_busy_and_nothing_changes(base: ServedProduct, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.connectors.mariadb.LOCK_SECONDS", 1)
    base.execute(["CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)"])
    with closing(base.opened()) as other:
        other.cursor().execute("SELECT * FROM t WHERE id = 2 FOR UPDATE")
        with pytest.raises(SourceBusy, match="Nothing was changed"), base.connector().writing() as writer:
            writer.erase("t", [(1,), (2,)])
    assert base.ask("SELECT count(*) FROM t") == [(2,)]


def test_rows_are_changed_by_key_without_a_look_at_all_others(base: ServedProduct) -> None:
    base.execute(["CREATE TABLE t (id VARCHAR(26) PRIMARY KEY, word VARCHAR(9))", "INSERT INTO t SELECT seq, 'x' FROM seq_1_to_20000"])
    with base.connector().writing() as writer:
        before = _rows_read(writer)
        assert writer.erase("t", [("7",), ("8",)]) == 2
        assert writer.mask("t", [("9",)], {"word": "m"}) == 1
        assert writer.rewrite("t", [(("10",), {"word": "r"})]) == 1
        assert _rows_read(writer) - before < 1000


def _rows_read(writer: Any) -> int:
    told = writer.connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Handler_read%%'").all()
    return sum(int(value) for _, value in told)
