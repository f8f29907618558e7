"""A row that was put aside and has come to belong to somebody else since is left alone, counted, and never called deleted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from exports import api
from exports.connectors.sql_writing import SqlWriter
from exports.connectors.sqlite import Sqlite
from exports.flows import erase, handles, ledger
from exports.models import Handle, Job
from tests.engine.erasing import approve_and_run
from tests.engine.partial import run_until_given_up
from tests.engine.test_erasure_crash import DATASET, SCRIPT, Killed, after_the_lease
from tests.engine.test_erasure_rows import child, shop
from tests.engine.test_erasure_sources import two
from tests.engine.test_erasure_unfinished import half_done, receipt_of

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


def after(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, act: Callable[[], Any]) -> None:
    """Do it once, right after this function has ended."""
    honest, left = getattr(place, name), [act]

    def then(*args: Any, **words: Any) -> Any:
        found = honest(*args, **words)
        if left:
            left.pop()()
        return found

    monkeypatch.setattr(place, name, then)


def killed() -> None:
    raise Killed


def given_away(receipt: dict[str, Any]) -> dict[str, int]:
    return {one["collection"]: one["no_longer_theirs"] for one in receipt["moves"] if one["no_longer_theirs"]}


@pytest.mark.parametrize("most", [50_000, 1])
def test_a_row_that_was_given_to_somebody_else_before_the_first_write_stays_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(erase, "AT_MOST", most)
    store = shop(tmp_path, SCRIPT, DATASET)
    after(monkeypatch, erase, "spool", lambda: store.sql("UPDATE orders SET person_id = 1 WHERE id = 2"))
    after(monkeypatch, erase, "spool", lambda: store.sql("UPDATE log SET person_id = 1 WHERE id = 1"))
    receipt = store.erase()
    assert store.sql("SELECT * FROM orders ORDER BY id") == [(2, 1), (3, 1)]
    assert store.sql("SELECT id, person_id, name FROM log ORDER BY id") == [(1, 1, "Rita"), (2, 1, "Ann")]
    assert given_away(receipt) == {"shop.orders": 1, "shop.log": 1}
    assert (receipt["outcome"], receipt["not_done"], receipt["no_longer_theirs"]) == ("complete", 0, 2)
    assert receipt["totals"]["delete"] == 1  # the order that was still hers
    assert [one["rows"] for one in receipt["lines"] if (one["category"], one["action"]) == ("orders", "delete")] == [1]


def test_a_row_that_was_given_away_while_nobody_worked_is_left_to_its_new_owner(tmp_path: Path) -> None:
    store = two(tmp_path)
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    with pytest.MonkeyPatch.context() as patch:
        after(patch, erase, "_all_writable", killed)
        with pytest.raises(Killed):
            api.run(job_id)
    assert Job.objects.get(pk=job_id).state == "executing"
    store.sql("UPDATE requests SET person = 1 WHERE id = 1", "log")
    store.sql("INSERT INTO requests VALUES (9, 0, '/late')", "log")
    after_the_lease(job_id)
    api.run(job_id)
    assert store.sql("SELECT id, person FROM requests ORDER BY id", "log") == [(1, 1), (2, 1)]
    assert receipt_of(job_id)["outcome"] == "complete"


def test_a_key_that_was_given_to_somebody_else_before_another_try_is_left_alone(tmp_path: Path) -> None:
    store = two(tmp_path)
    store.sql("INSERT INTO people VALUES (3, 'new@example.org', 'New', NULL)")
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    honest = SqlWriter.erase

    def refuses(self: SqlWriter, table: str, keys: Any) -> int:
        return len(list(keys)) if table == "requests" else honest(self, table, keys)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqlWriter, "erase", refuses)
        run_until_given_up(job_id)
    assert receipt_of(job_id)["outcome"] == "failed"
    store.sql("UPDATE requests SET person = 3 WHERE id = 3", "log")
    api.retry(job_id, "log")
    api.run(job_id)
    assert store.sql("SELECT id, person FROM requests ORDER BY id", "log") == [(2, 1), (3, 3)]
    receipt = receipt_of(job_id)
    assert (receipt["outcome"], given_away(receipt)) == ("complete", {"log.requests": 1})
    assert not Handle.objects.exists()


def test_the_next_source_looks_too_after_the_first_was_written(tmp_path: Path) -> None:
    store = two(tmp_path)
    job_id = half_done(store)
    store.sql("UPDATE people SET email = 'somebody@else.example', name = 'Else' WHERE id = 0")
    api.retry(job_id, "shop")
    api.run(job_id)
    assert store.sql("SELECT name FROM people WHERE id = 0") == [("Else",)]
    assert given_away(receipt_of(job_id)) == {"shop.people": 1}


def test_a_key_that_was_given_anew_before_the_proof_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    after(monkeypatch, erase, "ask_for_deletions", lambda: store.sql("INSERT INTO orders VALUES (2, 1)"))
    receipt = store.erase()
    assert (receipt["outcome"], given_away(receipt)) == ("complete", {"shop.orders": 1})
    assert store.sql("SELECT * FROM orders ORDER BY id") == [(2, 1), (3, 1)]
    assert receipt["totals"]["delete"] == 1


def test_a_row_that_was_put_back_as_it_was_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    after(monkeypatch, erase, "ask_for_deletions", lambda: store.sql("INSERT INTO orders VALUES (2, 0)"))
    receipt = store.erase()
    assert (receipt["outcome"], given_away(receipt), receipt["not_done"]) == ("failed", {}, 1)


TRIGGER = """
CREATE TRIGGER back AFTER UPDATE ON people WHEN NEW.name = '' BEGIN UPDATE people SET name = OLD.name WHERE id = OLD.id; END;
"""
MASKED = """
- name: people
  habeas_meta: {category: account, erase: mask}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
"""


def test_a_masked_row_that_a_trigger_fills_again_is_still_hers(tmp_path: Path) -> None:
    store = shop(tmp_path)
    source = store.organisation.data_sources.get()
    store.sql(TRIGGER.strip())
    source.datasets = [{"fides_key": "shop", "collections": yaml.safe_load(MASKED)}]
    source.save()
    job_id = store.start()
    assert approve_and_run(job_id)["outcome"] == "failed"
    store.sql("DROP TRIGGER back")
    api.retry(job_id, "shop")
    api.run(job_id)
    receipt = receipt_of(job_id)
    assert (receipt["outcome"], given_away(receipt)) == ("complete", {})
    assert store.sql("SELECT name FROM people WHERE id = 0") == [("",)]


def test_without_its_notes_a_begun_erasure_deletes_nothing_more(tmp_path: Path) -> None:
    store = two(tmp_path)
    job_id: UUID = half_done(store)
    for path in Path(ledger._folder()).glob(f"{job_id}*"):
        path.unlink()
    api.retry(job_id, "shop")
    run_until_given_up(job_id)
    assert store.sql("SELECT id FROM people WHERE id = 0") == [(0,)]
    assert "whose the rows are" in str(receipt_of(job_id)["gaps"])


def test_a_row_of_tables_in_a_circle_is_known_by_what_it_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = """
    CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id), last_id INTEGER REFERENCES parcels (id));
    CREATE TABLE parcels (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id));
    INSERT INTO orders VALUES (1, 0, NULL), (2, 0, NULL), (3, 1, NULL);
    INSERT INTO parcels VALUES (1, 1), (2, 2), (3, 3); UPDATE orders SET last_id = id;
    """
    parcels = child("parcels", key="order_id").replace("people.id", "orders.id")
    store = shop(tmp_path, script, child("orders", fields="    - {name: last_id}") + parcels)
    after(monkeypatch, erase, "spool", lambda: store.sql("UPDATE parcels SET order_id = 3 WHERE id = 2"))
    after(monkeypatch, erase, "spool", lambda: store.sql("UPDATE orders SET last_id = NULL WHERE id = 2"))
    receipt = store.erase()
    assert store.sql("SELECT * FROM parcels ORDER BY id") == [(2, 3), (3, 3)]
    assert (receipt["outcome"], given_away(receipt)) == ("complete", {"shop.parcels": 1})


def test_a_row_that_is_given_away_between_two_portions_stays_with_its_new_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "AT_MOST", 1)
    monkeypatch.setattr(handles, "KEYS_EACH", 1)
    store = shop(tmp_path, SCRIPT, DATASET)
    honest, looked = Sqlite.begin, list[int]()

    def begin(self: Sqlite, connection: Any, *, writing: bool) -> None:
        if writing and looked and not looked.pop():
            store.sql("UPDATE orders SET person_id = 1 WHERE id = 2")
        honest(self, connection, writing=writing)

    monkeypatch.setattr(Sqlite, "begin", begin)
    after(monkeypatch, erase, "let_go", lambda: looked.append(0))
    receipt = store.erase()
    assert store.sql("SELECT * FROM orders ORDER BY id") == [(2, 1), (3, 1)]
    assert given_away(receipt) == {"shop.orders": 1}
    assert receipt["outcome"] == "complete"
