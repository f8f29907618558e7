"""What an erasure meets at servers only: hidden rows, engines without transactions, pointers that are looked at row by row."""

from pathlib import Path

import pytest

from exports import api
from exports.models import DataSource
from portal.kit import crypto
from tests.engine.erasing import Store, approve_and_run
from tests.engine.products import on_mariadb, on_postgresql
from tests.engine.test_erasure_products import store_of
from tests.people import RITA
from tests.servers import PASSWORD, Server

pytestmark = pytest.mark.django_db

PEOPLE = """
- name: people
  habeas_meta: {category: account, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}, data_categories: [user.contact.email]}
"""
NOTES = """
- name: notes
  habeas_meta: {category: account, erase: RULE}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: person_id, fides_meta: {references: [{dataset: shop, field: people.id, direction: from}]}}
    - {name: above, fides_meta: {references: [{dataset: shop, field: notes.id, direction: from}]}}
"""
KINDS = """CREATE TABLE kinds (id BINARY(16) PRIMARY KEY, person_id BIGINT UNSIGNED NOT NULL, is_on TINYINT(1) NOT NULL,
  flag BIT(1) NOT NULL,  year_ YEAR NOT NULL, day DATE NOT NULL, at DATETIME(6) NOT NULL, stamp TIMESTAMP NOT NULL, clock TIME NOT NULL,
  mood ENUM('calm', 'wild') NOT NULL, tags SET('a', 'b') NOT NULL, doc JSON NOT NULL, raw BLOB NOT NULL, one UUID NOT NULL UNIQUE,
  words LONGTEXT CHARACTER SET latin1 NOT NULL, code VARCHAR(12) NOT NULL UNIQUE, big BIGINT UNSIGNED NOT NULL UNIQUE,
  exact DECIMAL(8, 2) NOT NULL, approx DOUBLE NOT NULL, doubled VARCHAR(40) AS (CONCAT(code, code)) STORED)"""
KIND = """INSERT INTO kinds VALUES (UNHEX(REPEAT('0{n}', 16)), {person}, 1, b'1', 2024, '2024-02-28', '2024-02-28 23:30:00.5',
  '2024-02-28 23:30:00', '23:00', 'wild', 'a,b', '{{"a": 1}}', x'00ff', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1{n}', 'Élan', 'code{n}',
  {n}, 1.5, 0.1, DEFAULT)"""
MASKED = (
    *("is_on", "flag", "year_", "day", "at", "stamp", "clock", "mood", "tags"),
    *("doc", "raw", "one", "words", "code", "big", "exact", "approx"),
)


def searched(store: Store) -> api.Progress:
    """An access job that has run."""
    policy = store.organisation.current_policy
    search = api.Search(store.organisation, policy, {"email": RITA}, crypto.blind_index("email", RITA), "DR-TEST-01")
    job_id = api.start_access(search)
    api.run(job_id)
    return api.progress(job_id)


@pytest.mark.needs("postgresql")
def test_rows_that_the_server_hides_are_a_gap_in_a_copy_and_stop_a_deletion(postgresql_server: Server, tmp_path: Path) -> None:
    with on_postgresql(postgresql_server) as product:
        product.execute(
            [
                "CREATE TABLE people (id int PRIMARY KEY, email text)",
                "CREATE TABLE notes (id int PRIMARY KEY, person_id int REFERENCES people, above int)",
                f"INSERT INTO people VALUES (1, '{RITA}')",
                "INSERT INTO notes VALUES (1, 1, NULL)",
                "ALTER TABLE notes ENABLE ROW LEVEL SECURITY",
                f"CREATE ROLE half_{product.name} LOGIN PASSWORD '{PASSWORD}'",
                f"GRANT SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO half_{product.name}",
            ]
        )
        store = store_of(product, tmp_path, PEOPLE + NOTES.replace("RULE", "delete"))
        source = DataSource.objects.get()
        source.url = postgresql_server.url(product.name, account=f"half_{product.name}")
        source.save()
        progress = searched(store)
        assert "row-level security" in dict(progress.gaps)["Shop"]
        [blocked] = api.plan(store.start()).blocked
        assert "row-level security would hide rows of 'notes' from this account" in blocked
        assert product.ask("SELECT count(*) FROM notes") == [(1,)]


@pytest.mark.needs("mariadbd")
def test_a_table_without_transactions_blocks_a_deletion_and_is_copied(mariadb_server: Server, tmp_path: Path) -> None:
    with on_mariadb(mariadb_server) as product:
        product.execute(
            [
                "CREATE TABLE people (id INT PRIMARY KEY, email VARCHAR(80))",
                "CREATE TABLE notes (id INT PRIMARY KEY, person_id INT, above INT) ENGINE=MyISAM",
                f"INSERT INTO people VALUES (1, '{RITA}')",
                "INSERT INTO notes VALUES (1, 1, NULL)",
            ]
        )
        store = store_of(product, tmp_path, PEOPLE + NOTES.replace("RULE", "delete"))
        assert (searched(store).found, searched(store).gaps) == (2, ())
        plan = api.plan(store.start())
        assert any("the storage engine MyISAM" in sentence for sentence in plan.blocked)


@pytest.mark.needs("mariadbd")
def test_rows_that_point_at_rows_of_their_own_table_go_although_each_is_looked_at_by_itself(mariadb_server: Server, tmp_path: Path) -> None:
    with on_mariadb(mariadb_server, collation="utf8mb4_general_ci") as product:
        product.execute(
            [
                "CREATE TABLE people (id INT PRIMARY KEY, email VARCHAR(80))",
                "CREATE TABLE notes (id INT PRIMARY KEY, person_id INT, above INT, FOREIGN KEY (above) REFERENCES notes (id))",
                f"INSERT INTO people VALUES (1, '{RITA}'), (2, '{RITA.upper()}')",
                "INSERT INTO notes VALUES (1, 1, NULL), (2, 1, 1), (3, 1, 2), (4, 1, 1), (9, 2, NULL)",
            ]
        )
        receipt = approve_and_run(store_of(product, tmp_path, PEOPLE + NOTES.replace("RULE", "delete")).start())
        assert (receipt["outcome"], receipt["not_done"]) == ("partial", 0), receipt  # another's address differs by capitals
        assert product.ask("SELECT id FROM notes") == [(9,)]
        assert product.ask("SELECT id FROM people") == [(2,)]


@pytest.mark.needs("mariadbd")
def test_every_type_of_mariadb_is_masked_and_proved(mariadb_server: Server, tmp_path: Path) -> None:
    with on_mariadb(mariadb_server, collation="utf8mb4_general_ci") as product:
        people = "CREATE TABLE people (id BIGINT UNSIGNED PRIMARY KEY, email VARCHAR(80) NOT NULL)"
        product.execute([people, KINDS, KIND.format(n=1, person=2**64 - 1), KIND.format(n=2, person=2**64 - 1), KIND.format(n=3, person=1)])
        product.insert("people", [(2**64 - 1, RITA), (1, "ann@example.org")])
        fields = "".join(f"    - {{name: {name}, habeas_meta: {{erase: rewrite}}}}\n" for name in MASKED)
        kinds = NOTES.replace("notes", "kinds").replace("RULE", "mask").splitlines()[:-1]
        store = store_of(product, tmp_path, PEOPLE + "\n".join(kinds) + "\n" + fields)
        mine, others = (f"SELECT * FROM kinds WHERE person_id {sign} 1 ORDER BY id" for sign in ("<>", "="))
        old, before = product.ask(mine), product.ask(others)
        receipt = approve_and_run(store.start())
        assert receipt["outcome"] == "complete", receipt
        assert product.ask(others) == before
        new = product.ask(mine)
        assert [row[0] for row in new] == [row[0] for row in old]
        for column in range(2, len(old[0])):
            assert not {repr(row[column]) for row in new} & {repr(row[column]) for row in old}, column
