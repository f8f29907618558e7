"""What only PostgreSQL does."""

import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from exports.connectors.base import SourceBusy, SourceRefused, SourceUnreachable
from exports.connectors.sql import SqlReader
from exports.connectors.sql_connector import SqlConnector
from exports.connectors.sql_keeping import keeping
from exports.query import EVERYTHING, ByKey, Equals, Query, Together, Within
from tests.engine.products import ServedProduct, on_postgresql
from tests.processes import eventually
from tests.servers import PASSWORD, Server

pytestmark = pytest.mark.needs("postgresql")


@pytest.fixture
def base(postgresql_server: Server) -> Iterator[ServedProduct]:
    with on_postgresql(postgresql_server) as made:
        yield made


def rows(product: ServedProduct, query: Query) -> list[dict[str, Any]]:
    with product.connector().reading() as reader:
        return [row for batch in reader.read(query) for row in batch]


def test_letters_matter_under_citext_and_under_a_collation_that_takes_them_for_the_same(base: ServedProduct) -> None:
    base.execute(
        [
            "CREATE EXTENSION citext",
            "CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
            "CREATE TABLE person (id int PRIMARY KEY, email citext, alias text COLLATE blind)",
            "CREATE TABLE letter (id int PRIMARY KEY, email varchar(80), alias text)",
            "INSERT INTO person VALUES (1, 'rita@example.org', 'rita'), (2, 'RITA@example.org', 'RITA')",
            "INSERT INTO letter VALUES (1, 'rita@example.org', 'rita'), (2, 'RITA@example.org', 'RITA')",
        ]
    )
    for field, word in (("email", "rita@example.org"), ("alias", "rita")):
        with base.connector().reading() as reader:
            rita = Query("person", Equals(field, (word,)))
            assert list(reader.targets(rita)) == [(1,)]
            assert list(reader.targets(Query("letter", Within((field,), rita, (field,))))) == [(1,)]
            assert list(reader.targets(Query("person", Within((field,), Query("letter", Equals("id", (2,))), (field,))))) == [(2,)]
            assert list(reader.targets(Query("person", Together((field,), tuple((word,) for _ in range(300)))))) == [(1,)]
            assert len(list(reader.values(Query("person", EVERYTHING), (field,)))) == 2
            assert list(reader.targets(Query("person", Equals(field, (word.upper(),), caseless=True)))) == [(1,), (2,)]


def test_a_column_is_compared_with_one_of_another_type_as_text(base: ServedProduct) -> None:
    one = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    base.execute(
        [
            "CREATE TABLE person (id uuid PRIMARY KEY, number int)",
            "CREATE TABLE letter (id int PRIMARY KEY, person text, number text)",
            f"INSERT INTO person VALUES ('{one}', 5)",
            f"INSERT INTO letter VALUES (1, '{one}', '5'), (2, 'somebody', 'x')",
        ]
    )
    with base.connector().reading() as reader:
        assert list(reader.targets(Query("letter", Within(("person",), Query("person", EVERYTHING), ("id",))))) == [(1,)]
        assert list(reader.targets(Query("person", Within(("number",), Query("letter", EVERYTHING), ("number",))))) == [(UUID(one),)]


def test_reserved_and_mixed_names_are_names(base: ServedProduct) -> None:
    base.execute(
        [
            'CREATE TABLE "User" ("select" int PRIMARY KEY, "camelCase" text, "100%" text, "a ""quoted"" name" text)',
            """INSERT INTO "User" VALUES (1, 'x', 'y', 'z')""",
        ]
    )
    with base.connector().writing() as writer:
        assert list(writer.targets(Query("User", Equals("camelCase", ("x",))))) == [(1,)]
        assert writer.mask("User", [(1,)], {"100%": "m"}) == 1
        assert writer.rewrite("User", [((1,), {'a "quoted" name': "n"})]) == 1
        assert writer.erase("User", [(1,)]) == 1


def test_rows_that_row_level_security_would_hide_are_never_left_out_unsaid(base: ServedProduct) -> None:
    base.execute(
        [
            "CREATE TABLE t (id int PRIMARY KEY, owner text)",
            "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
            "CREATE POLICY mine ON t USING (owner = current_user)",
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
            f"CREATE ROLE looker_{base.name} LOGIN PASSWORD '{PASSWORD}'",
            f"GRANT SELECT, DELETE ON t TO looker_{base.name}",
        ]
    )
    connector = SqlConnector(base.server.url(base.name, account=f"looker_{base.name}"))
    with connector.reading() as reader:
        assert "Row-level security hides rows of 't'" in reader.describe().tables["t"].blocks[0]
        with pytest.raises(SourceRefused, match="row-level security"):
            reader.count(Query("t", EVERYTHING))
    with pytest.raises(SourceRefused, match="row-level security"), connector.writing() as writer:
        writer.erase("t", [(1,)])
    with base.connector().reading() as reader:
        assert not reader.describe().tables["t"].blocks
        assert reader.count(Query("t", EVERYTHING)) == 2


def test_an_account_without_permission_is_told_so_and_other_questions_still_see_the_snapshot(base: ServedProduct) -> None:
    base.execute(
        [
            "CREATE TABLE t (id int PRIMARY KEY)",
            "CREATE TABLE u (id int PRIMARY KEY)",
            f"CREATE ROLE poor_{base.name} LOGIN PASSWORD '{PASSWORD}'",
            f"GRANT SELECT ON u TO poor_{base.name}",
        ]
    )
    poor = SqlConnector(base.server.url(base.name, account=f"poor_{base.name}"))
    with poor.reading() as reader:
        with pytest.raises(SourceRefused, match="lacks the permission"):
            reader.count(Query("t", EVERYTHING))
        with pytest.raises(SourceRefused, match="lacks the permission"):
            list(reader.targets(Query("t", EVERYTHING)))
        base.insert("u", [(1,)])
        assert (reader.count(Query("u", EVERYTHING)), list(reader.targets(Query("u", EVERYTHING)))) == (0, [])


@pytest.mark.parametrize(
    "address", ["wrong:secret-word@127.0.0.1:{port}", "habeas:secret-word@127.0.0.1:{port}", "a:secret-word@nowhere.invalid"]
)
def test_what_cannot_be_reached_is_told_without_address_and_password(base: ServedProduct, address: str) -> None:
    url = f"postgresql://{address.format(port=base.server.port)}/shop"
    with pytest.raises(SourceUnreachable) as told, SqlConnector(url).reading():
        pass
    assert str(told.value) == "It cannot be reached: the database could not be opened or signed in to."
    assert told.value.__cause__ is None


@pytest.mark.parametrize("option", ["nonsense=1", "sslmode=perhaps", "sslmode=verify-full&sslrootcert=/nowhere/ca.pem"])
def test_an_option_that_cannot_be_used_is_a_sentence(base: ServedProduct, option: str) -> None:
    with pytest.raises(SourceUnreachable, match="It cannot be reached"), SqlConnector(f"{base.url()}?{option}").reading():
        pass


def test_foreign_keys_triggers_partitions_and_views_are_told(base: ServedProduct) -> None:
    base.execute(
        [
            "CREATE SCHEMA billing",
            "CREATE TABLE person (id int PRIMARY KEY, nick text, CONSTRAINT short CHECK (length(nick) < 9))",
            "CREATE UNIQUE INDEX ON person (nick) WHERE id > 5",
            "CREATE TABLE billing.invoice (id int PRIMARY KEY, person int REFERENCES person ON DELETE CASCADE)",
            "CREATE UNIQUE INDEX ON billing.invoice (abs(person))",
            "CREATE TABLE visit (person int REFERENCES person ON DELETE SET NULL ON UPDATE CASCADE, at date NOT NULL, UNIQUE (at))"
            " PARTITION BY RANGE (at)",
            "CREATE TABLE visit_2026 PARTITION OF visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
            "CREATE VIEW people AS SELECT id FROM person",
            "CREATE RULE stay AS ON DELETE TO visit DO INSTEAD NOTHING",
            "CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
            "CREATE TRIGGER watcher BEFORE DELETE OR UPDATE ON person FOR EACH ROW EXECUTE FUNCTION watch()",
        ]
    )
    with base.connector().reading() as reader:
        schema = reader.describe()
    assert set(schema.tables) == {"person", "visit", "people", "billing.invoice"}
    assert {(key.collection, key.on_delete, key.on_update) for key in schema.pointing_at("person")} == {
        ("billing.invoice", "CASCADE", "NO ACTION"),
        ("visit", "SET NULL", "CASCADE"),
    }
    assert {(trigger.name, trigger.event) for trigger in schema.tables["person"].triggers} == {("watcher", "UPDATE"), ("watcher", "DELETE")}
    assert [(trigger.name, trigger.event) for trigger in schema.tables["visit"].triggers] == [("stay", "DELETE")]
    assert schema.tables["visit"].key == ("at",)
    assert schema.tables["person"].uniques == (("nick",),)
    assert schema.tables["billing.invoice"].uniques == (("person",),)  # what is worked out of it must differ from row to row
    assert schema.tables["people"].is_view
    assert any("length(nick) < 9" in check for check in schema.tables["person"].checks)


def test_several_schemas_are_read_and_written_by_name(base: ServedProduct) -> None:
    base.execute(
        [
            "CREATE SCHEMA billing",
            "CREATE TABLE person (id int PRIMARY KEY)",
            "CREATE TABLE billing.invoice (id int PRIMARY KEY, person int REFERENCES person)",
            "INSERT INTO person VALUES (1)",
            "INSERT INTO billing.invoice VALUES (7, 1)",
        ]
    )
    with SqlConnector(base.url(), schemas=("billing", None)).writing() as writer:
        mine = Query("billing.invoice", Within(("person",), Query("person", EVERYTHING), ("id",)))
        assert list(writer.targets(mine)) == [(7,)]
        assert [key.target for key in writer.describe().tables["billing.invoice"].foreign_keys] == ["person"]
        assert writer.erase("billing.invoice", [(7,)]) == 1


def test_the_database_itself_refuses_writes_while_reading(base: ServedProduct) -> None:
    base.execute(["CREATE TABLE t (id int PRIMARY KEY)"])
    with base.connector().reading() as reader, pytest.raises(Exception, match="read-only transaction"):
        reader.connection.exec_driver_sql("INSERT INTO t VALUES (1)")


def test_a_locked_row_is_busy_and_nothing_changes(base: ServedProduct, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.connectors.postgresql.LOCK_SECONDS", 1)
    base.execute(["CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)"])
    with closing(psycopg.connect(base.url())) as other:
        other.execute("SELECT * FROM t WHERE id = 2 FOR UPDATE")
        with pytest.raises(SourceBusy, match="Nothing was changed"), base.connector().writing() as writer:
            writer.erase("t", [(1,), (2,)])
    assert base.ask("SELECT count(*) FROM t") == [(2,)]


def test_questions_may_be_asked_while_an_answer_is_still_on_its_way(base: ServedProduct) -> None:
    base.execute(["CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t SELECT generate_series(1, 5000)"])
    with base.connector().reading() as reader:
        keys = reader.targets(Query("t", EVERYTHING))
        first = next(keys)
        assert reader.count(Query("t", EVERYTHING)) == 5000
        assert len([first, *keys]) == 5000


def test_keys_find_their_rows_by_index(base: ServedProduct) -> None:
    base.execute(["CREATE TABLE t (id char(26) PRIMARY KEY, owner uuid)", "CREATE INDEX ON t (owner)"])
    base.execute(["INSERT INTO t SELECT to_char(n, 'FM00000000000000000000000000'), gen_random_uuid() FROM generate_series(1, 20000) n"])
    base.execute(["ANALYZE t"])
    with base.connector().reading() as reader:
        for where in (ByKey((("1".zfill(26),),)), Equals("owner", ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",))):
            asked = (
                reader.compiler().select(Query("t", where), ("id",)).compile(reader.connection, compile_kwargs={"render_postcompile": True})
            )
            plan = reader.connection.exec_driver_sql(f"EXPLAIN {asked}", asked.params).scalars().all()
            assert "Seq Scan" not in "\n".join(plan)


def backend(session: Any) -> int:
    return int(session.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar())


def test_a_piece_of_work_goes_on_over_its_own_connection_and_each_session_of_it_sees_the_rows_of_its_own_moment(
    base: ServedProduct,
) -> None:
    base.execute(["CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)"])
    everything, connector, pids = Query("t", EVERYTHING), base.connector(), []
    with keeping():
        with connector.writing() as writer:
            pids.append(backend(writer))
            assert writer.erase("t", [(1,)]) == 1
        with connector.reading() as reader:
            pids.append(backend(reader))
            assert reader.count(everything) == 1
            base.execute(["INSERT INTO t VALUES (3)"])
            assert reader.count(everything) == 1
            with pytest.raises(DBAPIError, match="read-only"):
                reader.connection.exec_driver_sql("DELETE FROM t")  # type: ignore[attr-defined]
        with connector.reading() as reader:
            pids.append(backend(reader))
            assert reader.count(everything) == 2
        with suppress(ZeroDivisionError), connector.writing() as writer:
            assert writer.erase("t", [(2,)]) // 0
        with connector.reading() as reader:
            assert backend(reader) != pids[0]  # nobody goes on over one on which something went wrong
            assert reader.count(everything) == 2
    assert len(set(pids)) == 1
    assert base.ask(f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pids[0]}") == [(0,)]


def test_a_connection_that_broke_while_nobody_used_it_is_opened_anew(base: ServedProduct) -> None:
    with keeping():
        with base.connector().reading() as reader:
            before = backend(reader)
        base.ask(f"SELECT pg_terminate_backend({before}, 10000)")
        with base.connector().writing() as writer:
            assert backend(writer) != before


def test_a_lease_is_kept_while_the_database_is_silent_between_two_records(base: ServedProduct) -> None:
    """The second row waits for what another thread of ours has; were that kept from working, it would wait for ever."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    locked = "CASE WHEN g = 2 THEN pg_advisory_xact_lock(7)::text END"
    rows = text(f"SELECT row_to_json(r) FROM (SELECT g, repeat('x', 100000), {locked} FROM generate_series(1, 2) g) r")
    with psycopg.connect(base.url(), autocommit=True) as other, base.connector().reading() as reader:
        assert isinstance(reader, SqlReader)
        assert reader.dialect.rows is not None
        other.execute("SELECT pg_advisory_lock(7)")
        reader.connection.exec_driver_sql("SET LOCAL lock_timeout = '20s'")

        def let_go() -> None:
            eventually(lambda: bool(other.execute(waiting).fetchone() == (1,)))
            other.execute("SELECT pg_advisory_unlock(7)")

        letting = threading.Thread(target=let_go)
        letting.start()
        pieces = list(reader.dialect.rows.copied(reader.connection, rows))
        letting.join()
    assert sum(count for _lines, count in pieces) == 2
