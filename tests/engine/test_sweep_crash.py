"""Stopped at any moment and begun again, a sweep ends the same; and what was not swept is never called swept."""

import sqlite3
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from exports import api
from exports.connectors.base import SourceBusy
from exports.connectors.sql_writing import SqlWriter
from exports.flows import sweep as sweeps
from exports.models import Job, SourceRun
from portal.kit import clock
from tests.engine.erasing import Store
from tests.engine.sweeping import MOMENT, OLD, YOUNG, aging_store, lines, numbers, receipt_of, sweep
from tests.engine.test_erasure_crash import after_the_lease, is_killed

pytestmark = [pytest.mark.thorough, pytest.mark.django_db]
TABLES = ("log", "part", "seen", "changes")
SCRIPT = f"""
CREATE TABLE log (id INTEGER PRIMARY KEY, at TIMESTAMP);
CREATE TABLE part (id INTEGER PRIMARY KEY, log_id INTEGER REFERENCES log (id), at TIMESTAMP);
CREATE TABLE seen (id INTEGER PRIMARY KEY, at TIMESTAMP, name TEXT);
CREATE TABLE changes (what TEXT);
CREATE TRIGGER log_goes AFTER DELETE ON log BEGIN INSERT INTO changes VALUES ('log ' || OLD.id); END;
CREATE TRIGGER seen_changes AFTER UPDATE ON seen BEGIN INSERT INTO changes VALUES ('seen ' || OLD.id); END;
INSERT INTO log VALUES (1, '{OLD}'), (2, '{OLD}'), (3, '{OLD}'), (4, '{YOUNG}');
INSERT INTO part VALUES (1, 1, '{OLD}'), (2, 2, '{OLD}'), (3, 2, '{YOUNG}');
INSERT INTO seen VALUES (1, '{OLD}', 'Rita'), (2, '{OLD}', 'Ann'), (3, '{YOUNG}', 'Rita'), (4, '{OLD}', NULL);
"""
DATASET = lines() + lines(table="part") + lines(table="seen", sweep="anonymise", fields="    - {name: name, data_categories: [user.name]}")


def outcome(store: Store, job_id: UUID) -> Any:
    receipt = receipt_of(job_id)
    rows = [store.sql(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES]
    told = [{name: line[name] for name in line if name != "cutoff"} for line in receipt["lines"]]
    return rows, told, receipt["totals"], receipt["outcome"], receipt["gaps"]


@pytest.mark.parametrize("batch", [1, 20_000])
def test_killed_at_any_statement_it_ends_the_same_and_does_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    whole = aging_store(tmp_path / "whole", SCRIPT, DATASET, key="whole")
    expected = outcome(whole, api.start_sweep(whole.organisation, MOMENT))
    assert expected[2] == {"delete": 4, "anonymise": 2, "held": 1, "on_hold": 0}
    assert expected[0][3] == [("log 1",), ("log 3",), ("seen 1",), ("seen 2",)]
    monkeypatch.setattr(sweeps, "BATCH", batch)
    kills = 0
    for number in range(1, 500, 2 if batch > 1 else 7):
        store = aging_store(tmp_path / str(number), SCRIPT, DATASET, key=f"shop-{number}")
        job_id = api.start_sweep(store.organisation, MOMENT)
        if not is_killed(job_id, number):
            break
        kills += 1
        after_the_lease(job_id)
        assert outcome(store, job_id) == expected, number
    assert kills > 10


def test_an_executor_that_skips_a_table_ends_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = SqlWriter.erase
    monkeypatch.setattr(SqlWriter, "erase", lambda self, table, keys: len(list(keys)) if table == "part" else whole(self, table, keys))
    store = aging_store(tmp_path, SCRIPT, DATASET)
    receipt = sweep(store)
    assert receipt["outcome"] == "failed"
    by_name = {line["collection"]: (line["removed"], line["held"]) for line in receipt["lines"]}
    assert by_name["shop.part"] == (0, 2)
    assert receipt["verification"]["too_old_and_held_by_nothing"] == 2
    assert numbers(store, "part") == [1, 2, 3]
    assert api.retention(store.organisation).outcome == "failed"


def test_what_is_written_behind_the_sweep_is_swept_before_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = aging_store(tmp_path, SCRIPT, DATASET)
    proved: list[int] = []

    def late(*words: Any) -> Any:
        if not proved:
            store.sql(f"INSERT INTO log VALUES (9, '{OLD}')")
        proved.append(1)
        return whole(*words)

    whole = sweeps._count_again
    monkeypatch.setattr(sweeps, "_count_again", late)
    assert sweep(store)["outcome"] == "complete"
    assert numbers(store) == [2, 4]


def test_a_source_out_of_reach_is_told_and_the_others_are_swept(tmp_path: Path) -> None:
    store = aging_store(tmp_path, SCRIPT, DATASET)
    store.add("away", "CREATE TABLE log (id INTEGER PRIMARY KEY, at TIMESTAMP);", lines())
    store.files["away"].unlink()
    receipt = sweep(store)
    assert receipt["outcome"] == "partial"
    assert receipt["totals"]["delete"] == 4
    assert ["its database file does not exist" in gap for gap in receipt["gaps"]] == [True]
    assert api.retention(store.organisation).gaps == tuple(receipt["gaps"])


def test_a_locked_source_is_tried_again_and_then_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.connectors.sqlite.LOCK_SECONDS", 0)
    store = aging_store(tmp_path, SCRIPT, DATASET)
    job_id = api.start_sweep(store.organisation, MOMENT)
    held = sqlite3.connect(store.files["shop"], isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    for _try in range(sweeps.TRIES):
        with pytest.raises(SourceBusy):
            api.run(job_id)
        Job.objects.filter(pk=job_id).update(due_at=clock.now())
        if SourceRun.objects.get(job=job_id).state == "failed":
            break
    held.execute("ROLLBACK")
    held.close()
    assert SourceRun.objects.get(job=job_id).error.startswith("It is busy")
    after_the_lease(job_id)
    assert receipt_of(job_id)["outcome"] == "complete"


def test_a_source_that_refuses_is_told_by_its_own_reason(tmp_path: Path) -> None:
    refuses = "CREATE TRIGGER no BEFORE DELETE ON part BEGIN SELECT RAISE(ABORT, 'rita@example.org stays'); END;"
    store = aging_store(tmp_path, SCRIPT + refuses, DATASET)
    receipt = sweep(store)
    assert receipt["outcome"] == "partial"
    assert "It refused the change" in receipt["gaps"][0]
    assert "rita" not in str(receipt)
    assert numbers(store, "part") == [1, 2, 3]
