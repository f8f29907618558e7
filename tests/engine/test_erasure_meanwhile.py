"""What somebody else changes between our look and our write is not lost and not overwritten, whatever the product does about it."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Error as SqliteError
from typing import Any

import pytest
from psycopg import Error as PostgreSqlError
from pymysql import MySQLError

from exports import api
from exports.connectors.base import SourceUnreachable
from exports.flows import elements, erase
from exports.query import EVERYTHING, Query
from tests.engine.partial import run_until_given_up
from tests.engine.products import EACH, MAKERS, Product
from tests.engine.test_documents import BOOKINGS, ONE, OSKAR, RITA, TABLES, TWO, store_of
from tests.engine.test_erasure_given_away import after, given_away
from tests.engine.test_erasure_unfinished import receipt_of

pytestmark = [pytest.mark.thorough, pytest.mark.django_db]
DATASET = """
- name: booking
  habeas_meta: {category: account, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: flight}
    - name: travellers
      fides_meta: {data_type: 'object[]'}
      fields: [{name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}]
"""
PEOPLE = """
- name: people
  habeas_meta: {category: account, erase: delete}
  fields: [{name: id, fides_meta: {primary_key: true}}, {name: email, fides_meta: {identity: email}}]
"""
AT_ONCE = ("SET lock_timeout = '200ms'", "SET SESSION innodb_lock_wait_timeout = 1", "PRAGMA busy_timeout = 200")


@pytest.fixture(params=EACH)
def product(request: pytest.FixtureRequest) -> Iterator[Product]:
    with MAKERS[request.param](request) as made:
        made.execute(TABLES)
        made.insert("booking", [(number, flight, json.dumps(who)) for number, flight, who in BOOKINGS if who])
        made.insert("people", [(0, RITA, None), (1, RITA, None), (2, OSKAR, None)])
        yield made


def meanwhile(product: Any, statement: str) -> bool:
    """Somebody else's program does this now; False where it has to wait for us."""
    with closing(product.opened()) as opened:
        cursor = opened.cursor()
        for patience in AT_ONCE:
            try:
                cursor.execute(patience)
                break
            except (PostgreSqlError, MySQLError, SqliteError):
                opened.rollback()
        try:
            cursor.execute(statement)
            opened.commit()
        except (PostgreSqlError, MySQLError, SqliteError):
            return False
    return True


def erased(store: Any) -> dict[str, Any]:
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    run_until_given_up(job_id)
    return receipt_of(job_id)


def travellers(product: Product) -> Any:
    (cell,) = product.ask("SELECT travellers FROM booking WHERE id = 1")[0]
    return json.loads(cell) if isinstance(cell, str) else cell


def test_an_element_that_others_add_between_our_look_and_our_write_stays(
    product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = {"email": "new@example.org", "name": "New"}
    honest, done = elements._thinned, list[bool]()

    def then(cell: Any, ways: Any) -> Any:
        if not done:
            done.append(meanwhile(product, f"UPDATE booking SET travellers = '{json.dumps([ONE, TWO, added])}' WHERE id = 1"))
        return honest(cell, ways)

    monkeypatch.setattr(elements, "_thinned", then)
    receipt = erased(store_of(product, tmp_path, DATASET))
    assert receipt["outcome"] == "complete"
    assert travellers(product) == ([TWO, added] if done[0] else [TWO])


@pytest.mark.parametrize("act", ["UPDATE people SET email = 'new@example.org' WHERE id = 1", "DELETE FROM people WHERE id = 1"])
def test_a_row_that_is_given_away_between_our_look_and_our_write_stays_with_its_new_owner(
    product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    done: list[bool] = []
    after(monkeypatch, erase, "let_go", lambda: done.append(meanwhile(product, act)))
    receipt = erased(store_of(product, tmp_path, PEOPLE))
    assert receipt["outcome"] == "complete"
    kept = done == [True] and act.startswith("UPDATE")
    assert sorted(number for (number,) in product.ask("SELECT id FROM people")) == ([1, 2] if kept else [2])
    assert given_away(receipt) in ({}, {"shop.people": 1})


END = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()",
    "mariadb": "KILL {}",
}


@pytest.mark.parametrize("product", [one for one in EACH if one.values != ("sqlite",)], indirect=True)
def test_a_connection_that_is_lost_half_way_is_told_at_every_further_question(product: Any) -> None:
    with product.connector().reading() as reader:
        assert reader.count(Query("people", EVERYTHING)) == 3
        kind = product.server.scheme.partition("+")[0].replace("mysql", "mariadb")
        mine = [row[0] for row in product.ask("SHOW PROCESSLIST") if row[3] == product.name] if kind == "mariadb" else [0]
        for number in mine:
            meanwhile(product, END[kind].format(number))
        for _again in range(2):
            with pytest.raises(SourceUnreachable):
                reader.count(Query("people", EVERYTHING))
