"""After a restore the same erasures are run again: by the ledger, by key, only where a row is still the one that was erased."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from exports import api, tasks
from exports.flows import expire, ledger, receipts, replay, restored
from exports.models import DataSource, Job, JobKind
from portal.celery import app
from portal.kit import clock, crypto
from tests.engine.erasing import Store, approve_and_run
from tests.engine.test_erasure_crash import Killed, after_the_lease, killed_at
from tests.engine.test_erasure_rows import child, shop
from tests.people import RITA

pytestmark = [pytest.mark.thorough, pytest.mark.django_db]

SCRIPT = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id), note TEXT);
CREATE TABLE invoices (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id), memo TEXT);
CREATE TABLE log (id INTEGER PRIMARY KEY, person_id INTEGER, who TEXT NOT NULL, code TEXT NOT NULL UNIQUE);
INSERT INTO orders VALUES (1, 0, 'x'), (2, 0, 'y'), (3, 1, 'z');
INSERT INTO invoices VALUES (1, 0, 'x'), (2, 1, 'y');
INSERT INTO log VALUES (1, 0, 'Rita', 'c1'), (2, 1, 'Ann', 'c2');
"""
DATASET = (
    child("orders")
    + child("invoices", category="later")
    + child("log", erase="mask", fields="    - {name: who, data_categories: [user.name]}\n    - {name: code, habeas_meta: {erase: hash}}")
)
TABLES = ("people", "orders", "invoices", "log")


@pytest.fixture(autouse=True)
def _looked_at_anew() -> None:
    restored.look_again()


def rows(store: Store) -> list[Any]:
    return [store.sql(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES]


def replayed(store: Store) -> dict[str, Any]:
    job_id = replay.start(store.organisation)
    api.run(job_id)
    signed = api.receipt(job_id)
    assert signed, Job.objects.get(pk=job_id).error
    found: dict[str, Any] = signed["receipt"]
    return found


def restore_habeas() -> None:
    """The main store as it was before the erasure: it has never heard of it."""
    Job.objects.all().delete()
    restored.look_again()


def test_a_restored_source_loses_the_same_rows_and_cells_again(tmp_path: Path) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    backup = store.files["shop"].read_bytes()
    store.erase()
    erased = rows(store)
    store.files["shop"].write_bytes(backup)
    assert rows(store) != erased
    receipt = replayed(store)
    assert rows(store) == erased  # even the values that stand for others: they were kept with the rows
    assert (receipt["outcome"], receipt["totals"]) == ("complete", {"rows": 4, "found_again": 4, "as_erased": 4, "others": 0, "left": 0})
    again = replayed(store)
    assert rows(store) == erased
    assert (again["outcome"], again["totals"]["found_again"], again["totals"]["as_erased"]) == ("complete", 0, 4)


def test_what_was_erased_on_a_later_day_is_erased_again_too(tmp_path: Path) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    backup = store.files["shop"].read_bytes()
    store.erase()
    expire.run_due(clock.today("UTC") + timedelta(days=31))
    erased = rows(store)
    assert erased[0][0][0] == 1
    store.files["shop"].write_bytes(backup)
    assert replayed(store)["outcome"] == "complete"
    assert rows(store) == erased


def test_a_key_that_is_somebody_elses_by_now_is_left_alone(tmp_path: Path) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    store.erase()
    store.sql("INSERT INTO orders VALUES (1, 2, 'of Bob')")
    before = rows(store)
    receipt = replayed(store)
    assert rows(store) == before
    assert (receipt["outcome"], receipt["totals"]["others"], receipt["totals"]["as_erased"]) == ("complete", 1, 3)


def test_a_row_that_unknown_rows_point_at_stays_and_is_told(tmp_path: Path) -> None:
    script = SCRIPT + "CREATE TABLE pins (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id) ON DELETE CASCADE);"
    store = shop(tmp_path, script, DATASET)
    backup = store.files["shop"].read_bytes()
    store.erase()
    store.files["shop"].write_bytes(backup)
    store.sql("INSERT INTO pins VALUES (1, 2)")
    receipt = replayed(store)
    assert (receipt["outcome"], receipt["totals"]["left"]) == ("partial", 1)
    assert store.sql("SELECT id FROM orders") == [(2,), (3,)]
    assert store.sql("SELECT id FROM pins") == [(1,)]


def test_the_entry_is_on_the_disk_before_the_receipt_is_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    honest, seen = crypto.sign, []

    def sign(payload: bytes, purpose: str) -> str:
        seen.append(len(ledger.names()))
        return honest(payload, purpose)

    monkeypatch.setattr(receipts.crypto, "sign", sign)
    store.erase()
    assert seen == [1]


def test_what_was_only_planned_or_stopped_leaves_nothing_in_the_ledger(tmp_path: Path) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    store.sql("CREATE TABLE more (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id))")
    api.run(job_id)
    assert api.progress(job_id).state == "planned"
    assert ledger.names() == []
    assert not [*Path(settings.LEDGER_FOLDER).glob("*")]


def test_nothing_of_the_person_and_no_key_of_a_row_can_be_read_in_the_ledger(tmp_path: Path) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    store.erase()
    files = [path for path in Path(settings.LEDGER_FOLDER).iterdir() if path.is_file()]
    assert len(files) == 2
    everything = b"".join(path.read_bytes() + path.name.encode() for path in files)
    for word in (RITA.encode(), b"Rita", b"orders", b"person_id"):
        assert word not in everything


def test_an_entry_is_destroyed_by_its_key_once_the_oldest_backup_has_rolled_over(tmp_path: Path) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    days = store.organisation.current_policy.read().backups_days
    assert days
    backup = store.files["shop"].read_bytes()
    store.erase()
    today = clock.now().date()
    assert ledger.destroy_rolled_over(today + timedelta(days=days)) == 0
    assert ledger.destroy_rolled_over(today + timedelta(days=days + 2)) == 1
    assert not [*Path(settings.LEDGER_FOLDER).glob("*")]
    store.files["shop"].write_bytes(backup)
    assert replayed(store)["totals"]["rows"] == 0


def test_a_restored_habeas_serves_nobody_until_the_erasures_were_run_again(tmp_path: Path, client: Client) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    backup = store.files["shop"].read_bytes()
    store.erase()
    erased = rows(store)
    assert client.get("/readyz").status_code == client.get("/o/shop/").status_code == 200
    restore_habeas()
    store.files["shop"].write_bytes(backup)
    assert client.get("/readyz").status_code == 503
    page = client.get("/o/shop/")
    assert page.status_code == 503
    assert "restored from a backup" in page.content.decode()
    waiting = store_access(store)
    tasks.run_job(str(waiting))
    assert api.progress(waiting).state == "new"  # workers are idle
    assert app.tasks["exports.expire"]() is None
    assert tasks.dispatch() == 1
    [job] = Job.objects.filter(kind=JobKind.REPLAY)
    tasks.run_job(str(job.pk))
    assert rows(store) == erased
    assert client.get("/readyz").status_code == client.get("/o/shop/").status_code == 200
    tasks.run_job(str(waiting))
    assert api.progress(waiting).state == "collected"


def store_access(store: Store) -> UUID:
    search = api.Search(store.organisation, store.organisation.current_policy, {"email": RITA}, crypto.blind_index("email", RITA), "DR-2")
    return api.start_access(search)


def test_a_source_that_cannot_be_reached_keeps_the_doors_shut_unless_it_is_left_out(tmp_path: Path, client: Client) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    store.erase()
    restore_habeas()
    source = DataSource.objects.get()
    source.url = f"sqlite:///{tmp_path / 'gone.sqlite3'}"
    source.save()
    with pytest.raises(CommandError, match="its database file does not exist"):
        call_command("replay_erasures", "shop")
    assert client.get("/readyz").status_code == 503
    with pytest.raises(CommandError, match="There is no source 'shed'"):
        call_command("replay_erasures", "shop", "--leave-out", "shed")
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="Not everything"):
        call_command("replay_erasures", "shop", "--leave-out", "shop", stdout=out, stderr=err)
    assert "was left out" in err.getvalue()
    assert "Outcome: partial" in out.getvalue()
    assert client.get("/readyz").status_code == 200


def test_an_erasure_between_its_ledger_and_its_receipt_is_not_taken_for_a_restore(tmp_path: Path) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    job_id = store.start()
    approve_and_run(job_id)
    Job.objects.filter(pk=job_id).update(state="proving", receipt=None)
    assert restored.missing() == []
    Job.objects.filter(pk=job_id).update(state="planned")
    assert restored.missing() == [str(job_id)]


@pytest.mark.thorough
def test_a_replay_that_is_killed_at_any_statement_ends_the_same(tmp_path: Path) -> None:
    store = shop(tmp_path, SCRIPT, DATASET)
    backup = store.files["shop"].read_bytes()
    store.erase()
    erased = rows(store)
    number, was_killed = 0, True
    while was_killed:
        number += 1
        store.files["shop"].write_bytes(backup)
        job_id = replay.start(store.organisation)
        was_killed = False
        try:
            with killed_at(number):
                api.run(job_id)
        except Killed:
            was_killed = True
        after_the_lease(job_id)
        api.run(job_id)
        signed = api.receipt(job_id)
        assert signed
        assert rows(store) == erased, number
        assert signed["receipt"]["outcome"] == "complete"
        assert signed["receipt"]["totals"]["found_again"] == 4, number
    assert number > 15
