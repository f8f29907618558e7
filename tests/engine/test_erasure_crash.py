"""Stopped at any moment and begun again, an erasure ends the same and does nothing twice; and what was not done is never called done."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from sqlalchemy import event
from sqlalchemy.engine import Engine

from exports import api
from exports.connectors.sql_writing import SqlWriter
from exports.flows import erase, expire, handles
from exports.models import Handle, Job
from portal.kit import clock
from tests.engine.erasing import Store, approve_and_run
from tests.engine.test_erasure_rows import child, shop

pytestmark = [pytest.mark.thorough, pytest.mark.django_db]

SCRIPT = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id));
CREATE TABLE invoices (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id), memo TEXT);
CREATE TABLE log (id INTEGER PRIMARY KEY, person_id INTEGER, name TEXT NOT NULL);
CREATE TABLE changes (id INTEGER PRIMARY KEY, what TEXT);
CREATE TRIGGER orders_go AFTER DELETE ON orders BEGIN INSERT INTO changes (what) VALUES ('order ' || OLD.id); END;
INSERT INTO orders VALUES (1, 0), (2, 0), (3, 1);
INSERT INTO invoices VALUES (1, 0, 'x'), (2, 1, 'y');
INSERT INTO log VALUES (1, 0, 'Rita'), (2, 1, 'Ann');
"""
DATASET = (
    child("orders")
    + child("invoices", category="invoices", fields="    - {name: memo, habeas_meta: {category: orders}}")
    + child("log", erase="mask", fields="    - {name: name, data_categories: [user.name]}")
)
TABLES = ("orders", "invoices", "log", "changes")
WRITES = ("INSERT", "UPDATE", "DELETE", "CREATE", "COMMIT", "BEGIN", "SAVEPOINT")


class Killed(BaseException):
    """The process is gone."""


@contextmanager
def killed_at(number: int) -> Iterator[list[int]]:
    """Raise Killed at the nth statement that changes something, here or at the source."""
    seen = [0]

    def note(statement: str) -> None:
        if statement.lstrip().upper().startswith(WRITES):
            seen[0] += 1
            if seen[0] == number:
                raise Killed

    def at_source(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        note(statement)

    def here(execute: Any, sql: str, *more: Any) -> Any:
        if seen[0] < number:  # what runs after the kill is only the test putting things away
            note(sql)
        return execute(sql, *more)

    def commit(_connection: Any) -> None:
        note("COMMIT")

    event.listen(Engine, "before_cursor_execute", at_source)
    event.listen(Engine, "commit", commit)
    try:
        with connection.execute_wrapper(here):
            yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", at_source)
        event.remove(Engine, "commit", commit)


def is_killed(job_id: UUID, number: int) -> bool:
    """Run until the nth statement; False when there were not so many."""
    try:
        with killed_at(number):
            api.run(job_id)
    except Killed:
        return True
    return False


def after_the_lease(job_id: UUID) -> None:
    """Half a minute later, a new worker starts."""
    Job.objects.filter(pk=job_id).exclude(due_at=None).update(lease_until=None, due_at=clock.now())


def outcome(store: Store, job_id: UUID) -> Any:
    signed = api.receipt(job_id)
    assert signed, Job.objects.get(pk=job_id).error
    receipt = signed["receipt"]
    rows = [store.sql(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES]
    people = store.sql("SELECT id, name FROM people ORDER BY id")
    waiting = sorted(Handle.objects.filter(job_id=job_id).values_list("collection", "action", "rows", "state"))
    return rows, people, waiting, [receipt[name] for name in ("outcome", "totals", "lines", "moves", "kept", "detached", "gaps")]


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.story)])
def test_killed_at_any_statement_it_ends_the_same(tmp_path: Path, step: int) -> None:
    whole = shop(tmp_path / "whole", SCRIPT, DATASET, key="whole")
    job_id = whole.start()
    approve_and_run(job_id)
    expected = outcome(whole, job_id)
    kills = 0
    for number in range(1, 500, step):
        store = shop(tmp_path / str(number), SCRIPT, DATASET, key=f"shop-{number}")
        job_id = store.start()
        api.approve(job_id, api.plan(job_id).digest, by="Ada")
        if not is_killed(job_id, number):
            break
        kills += 1
        after_the_lease(job_id)
        api.run(job_id)
        assert outcome(store, job_id) == expected, number
    assert kills * step > 50


def test_in_batches_it_ends_the_same_and_the_receipt_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = shop(tmp_path / "whole", SCRIPT, DATASET, key="whole")
    job_id = whole.start()
    approve_and_run(job_id)
    rows, people, *_more = outcome(whole, job_id)
    monkeypatch.setattr(erase, "AT_MOST", 1)
    monkeypatch.setattr(handles, "KEYS_EACH", 1)
    for number in range(30, 200, 7):
        store = shop(tmp_path / str(number), SCRIPT, DATASET, key=f"batched-{number}")
        job_id = store.start()
        api.approve(job_id, api.plan(job_id).digest, by="Ada")
        killed = is_killed(job_id, number)
        after_the_lease(job_id)
        api.run(job_id)
        assert outcome(store, job_id)[:2] == (rows, people), number
        signed = api.receipt(job_id)
        assert signed
        assert signed["receipt"]["sources"][0]["how"] == "batches with checkpoints"
        if not killed:
            break
    assert not killed


def test_a_deferred_deletion_that_is_killed_anywhere_ends_the_same(tmp_path: Path) -> None:
    today = clock.today("UTC")
    for number in range(1, 200, 2):
        store = shop(tmp_path / str(number), SCRIPT, DATASET, key=f"shop-{number}")
        job_id = store.start()
        approve_and_run(job_id)
        killed = False
        try:
            with killed_at(number):
                expire.run_due(today + timedelta(days=3000))
        except Killed:
            killed = True
        after_the_lease(job_id)
        expire.run_due(today + timedelta(days=3000))
        assert store.sql("SELECT id FROM people ORDER BY id") == [(1,), (2,)]
        assert store.sql("SELECT id FROM invoices") == [(2,)]
        addenda = Job.objects.get(pk=job_id).receipt["addenda"]
        assert [one["receipt"]["totals"] for one in addenda] == [{"delete": 2, "mask": 0}], number
        assert not Handle.objects.filter(job_id=job_id).exists()
        if not killed:
            break
    assert not killed
    assert number > 10


def test_a_table_that_the_executor_skips_makes_the_outcome_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    honest = SqlWriter.erase
    monkeypatch.setattr(SqlWriter, "erase", lambda self, table, keys: len(list(keys)) if table == "orders" else honest(self, table, keys))
    receipt = store.erase()
    assert receipt["outcome"] == "failed"
    assert receipt["verification"]["not_as_planned"] == 2
    assert [move["failed"] for move in receipt["moves"] if move["collection"] == "shop.orders"] == [2]
    assert Handle.objects.filter(state="failed").count() == 1


def test_a_mask_that_the_executor_skips_makes_the_outcome_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    monkeypatch.setattr(SqlWriter, "mask", lambda self, table, keys, new: len(list(keys)))
    receipt = store.erase()
    assert receipt["outcome"] == "failed"
    assert receipt["verification"]["found_again"] == 0


def test_a_collection_that_is_never_put_aside_is_found_by_the_second_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    monkeypatch.setattr(erase, "_write", lambda writer, move, rows: len(list(rows)))
    receipt = store.erase()
    assert receipt["outcome"] == "failed"
    assert receipt["verification"]["not_as_planned"] > 0
    assert receipt["verification"]["found_again"] > 0
    assert "shop.people" not in receipt["verification"]["found_again_in"]  # it is masked, so it may be found
    assert "shop.orders" in receipt["verification"]["found_again_in"]


def test_rows_that_come_between_counting_and_writing_go_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    job_id = store.start()
    honest, tries = erase.spool, []

    def spool_then_order(held: Any) -> Any:
        found = honest(held)
        if not tries:
            tries.append(1)
            store.sql("INSERT INTO orders VALUES (50, 0)")
        return found

    monkeypatch.setattr(erase, "spool", spool_then_order)
    receipt = approve_and_run(job_id)
    assert receipt["outcome"] == "complete"
    assert store.sql("SELECT id FROM orders") == [(3,)]
    assert [(one["planned"], one["found"]) for one in receipt["differences"]] == [(2, 3)]


def test_growth_beyond_the_bound_stops_it(tmp_path: Path) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    store.sql(_many(100, 121))
    api.run(job_id)
    progress = api.progress(job_id)
    assert progress.state == "planned"
    assert "has grown to 23 rows" in progress.error
    assert store.sql("SELECT count(*) FROM orders WHERE person_id = 0") == [(23,)]
    assert approve_and_run(job_id)["totals"]["delete"] >= 23


def test_a_few_rows_more_are_done_and_reported(tmp_path: Path) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    job_id = store.start()
    digest = api.plan(job_id).digest
    store.sql(_many(100, 105))
    api.approve(job_id, digest, by="Ada")
    api.run(job_id)
    signed = api.receipt(job_id)
    assert signed
    assert signed["receipt"]["outcome"] == "complete"
    assert [(one["planned"], one["found"]) for one in signed["receipt"]["differences"]] == [(2, 7)]
    assert store.sql("SELECT id FROM orders") == [(3,)]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE orders ADD COLUMN gift TEXT",
        "CREATE TRIGGER t AFTER DELETE ON people BEGIN SELECT 1; END",
        "CREATE TABLE more (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id))",
    ],
)
def test_a_schema_that_changed_since_the_approval_stops_it(tmp_path: Path, change: str) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    store.sql(change)
    api.run(job_id)
    assert api.progress(job_id).state == "planned"
    assert "the tables of a source" in api.progress(job_id).error
    assert store.sql("SELECT count(*) FROM orders WHERE person_id = 0") == [(2,)]
    assert not Handle.objects.exists()


def _many(first: int, end: int) -> str:
    return "INSERT INTO orders VALUES " + ", ".join(f"({number}, 0)" for number in range(first, end))
