"""What is held stays, whatever its day: put-off deletions wait and are made up for, and a sweep leaves held rows out and counts them."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from exports import api
from exports.flows import expire, on_hold
from exports.models import Handle, Job
from exports.retention import add_period
from exports.sources import sources_of
from portal.kit import clock, leases
from tests.engine.erasing import GRACE, SEVEN, TWO, Store, a_category, a_store, approve_and_run
from tests.engine.sweeping import AGED, OLD, an_aging, numbers, sweep
from tests.engine.test_erasure_rows import PEOPLE, PEOPLE_FIELDS, child, shop
from tests.people import RITA

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
ALL, WHY = "", "A court asked for it."
LATER = {"shop:later": WHY}
NOTES = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, person_id INTEGER, text TEXT);
INSERT INTO notes VALUES (7, 0, 'hers'), (8, 0, 'hers too'), (9, 1, 'his');
"""


def in_days(days: int) -> date:
    return clock.today("UTC") + timedelta(days=days)


def keep_back(store: Store, held: Mapping[str, str]) -> None:
    api.keep_back(store.organisation, "DR-TEST-01", held, by="Ada")


def with_notes(folder: Path) -> Store:
    """Rita's notes go thirty days after her deletion."""
    store = shop(folder, NOTES, child("notes", category="later", fields="    - {name: text}"))
    assert store.erase()["outcome"] == "complete"
    return store


@pytest.mark.parametrize("held", [LATER, {ALL: WHY}])
def test_what_is_held_is_not_deleted_on_its_day_and_goes_once_it_is_let_go(tmp_path: Path, held: dict[str, str]) -> None:
    store = with_notes(tmp_path)
    keep_back(store, held)
    for days in (30, 31, 400):
        assert expire.run_due(in_days(days)) == 0
    assert numbers(store, "notes") == [7, 8, 9]
    assert [(one.key, one.rows, one.on) for one in api.put_off(store.organisation, "DR-TEST-01")] == [("shop:later", 2, in_days(30))]

    keep_back(store, {})

    assert expire.run_due(in_days(400)) == 1
    assert numbers(store, "notes") == [9]
    addendum = (Job.objects.get().receipt or {})["addenda"][0]["receipt"]
    assert (addendum["outcome"], addendum["totals"]["delete"], addendum["moves"][0]["on"]) == ("complete", 2, in_days(30).isoformat())
    assert not Handle.objects.exists()
    assert api.put_off(store.organisation, "DR-TEST-01") == ()


def test_a_hold_that_is_let_go_before_the_day_changes_nothing(tmp_path: Path) -> None:
    store = with_notes(tmp_path)
    keep_back(store, LATER)
    keep_back(store, {})
    assert expire.run_due(in_days(29)) == 0
    assert expire.run_due(in_days(30)) == 1
    assert numbers(store, "notes") == [9]


def test_another_line_goes_on_its_day(tmp_path: Path) -> None:
    script = "CREATE TABLE bills (id INTEGER PRIMARY KEY, person_id INTEGER); INSERT INTO bills VALUES (1, 0);"
    store = shop(tmp_path, NOTES + script, child("notes", category="later") + child("bills", category="audit"))
    store.erase()
    keep_back(store, LATER)
    assert expire.run_due(in_days(800)) == 1
    assert (numbers(store, "bills"), numbers(store, "notes")) == ([], [7, 8, 9])


@pytest.mark.parametrize("on_delete", ["", "ON DELETE CASCADE", "ON DELETE SET NULL"])
def test_a_row_at_which_held_rows_point_waits_with_them(tmp_path: Path, on_delete: str) -> None:
    script = f"""
    CREATE TABLE bills (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id) {on_delete});
    CREATE TABLE lines (id INTEGER PRIMARY KEY, bill_id INTEGER REFERENCES bills (id) {on_delete});
    INSERT INTO bills VALUES (1, 0), (2, 1); INSERT INTO lines VALUES (1, 1), (2, 2);
    """
    lines = child("lines", category="invoices", key="bill_id").replace("people.id", "bills.id")
    same_day = (a_category("account"), a_category("later", GRACE), a_category("invoices", GRACE))
    store = a_store(tmp_path, categories=same_day).add("shop", PEOPLE + script, PEOPLE_FIELDS + child("bills", category="later") + lines)
    store.erase()
    keep_back(store, {"shop:invoices": WHY})
    assert expire.run_due(in_days(3000)) == 0
    assert store.sql("SELECT id, bill_id FROM lines") == [(1, 1), (2, 2)]
    assert numbers(store, "bills") == [1, 2]

    keep_back(store, {})
    assert expire.run_due(in_days(3000)) == 1
    assert (numbers(store, "lines"), numbers(store, "bills"), numbers(store, "people")) == ([2], [2], [1, 2])


def test_rows_in_which_a_held_category_lies_stay_whole_and_other_cells_are_emptied_on_their_day(tmp_path: Path) -> None:
    script = """
    CREATE TABLE bills (id INTEGER PRIMARY KEY, person_id INTEGER, amount INTEGER, note TEXT);
    INSERT INTO bills VALUES (1, 0, 10, 'ok');
    """
    fields = "    - {name: amount}\n    - {name: note, habeas_meta: {category: later}}"
    store = shop(tmp_path, script, child("bills", category="invoices", fields=fields))
    store.erase()
    keep_back(store, {"shop:invoices": WHY})
    assert expire.run_due(in_days(30)) == 1
    assert store.sql("SELECT amount, note FROM bills") == [(10, None)]
    keep_back(store, LATER | {"shop:invoices": WHY})
    assert expire.run_due(in_days(3000)) == 0
    assert store.sql("SELECT amount, note FROM bills") == [(10, None)]


def test_a_cell_whose_category_is_held_is_not_emptied_on_its_day(tmp_path: Path) -> None:
    script = "CREATE TABLE bills (id INTEGER PRIMARY KEY, person_id INTEGER, note TEXT); INSERT INTO bills VALUES (1, 0, 'ok');"
    store = shop(tmp_path, script, child("bills", category="invoices", fields="    - {name: note, habeas_meta: {category: later}}"))
    store.erase()
    keep_back(store, LATER)
    assert expire.run_due(in_days(30)) == 0
    assert expire.run_due(in_days(3000)) == 0  # nor does its row go, which would take it along
    assert store.sql("SELECT note FROM bills") == [("ok",)]


def test_nothing_is_held_in_the_middle_of_a_deletion_that_was_due(tmp_path: Path) -> None:
    store = with_notes(tmp_path)
    job = Job.objects.get()
    Job.objects.update(due_at=clock.now())
    token = leases.claim(Job, job.pk)
    with pytest.raises(api.JobBusy, match="nothing was changed"):
        keep_back(store, LATER)
    assert Job.objects.get().settlements == {}
    assert token
    leases.release(Job, job.pk, token)
    keep_back(store, LATER)


def test_a_plan_of_which_all_is_held_cannot_be_approved_and_stays_the_same_plan(tmp_path: Path) -> None:
    store = shop(tmp_path, NOTES, child("notes", category="later"))
    job_id = store.start()
    digest = api.plan(job_id).digest
    keep_back(store, {ALL: WHY})
    with pytest.raises(api.PlanBlocked, match="Everything that this search finds is on hold"):
        approve_and_run(job_id)
    keep_back(store, {})
    assert api.plan(job_id).digest == digest
    assert approve_and_run(job_id)["outcome"] == "complete"


def with_log(folder: Path) -> Store:
    """Two rows of Rita's and one of Ann's, all older than the policy keeps them; a deletion puts Rita's off by two years."""
    store = a_store(folder, categories=(a_category("account"), an_aging("log", "P30D", on_deletion=TWO)))
    script = f"""CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO people VALUES (0, '{RITA}'), (1, 'ann@example.org');
    CREATE TABLE log (id INTEGER PRIMARY KEY, person_id INTEGER, at TIMESTAMP);
    INSERT INTO log VALUES (1, 0, '{OLD}'), (2, 1, '{OLD}'), (3, 0, '{OLD}');"""
    return store.add("shop", script, AGED)


def swept(store: Store) -> tuple[list[int], str, int, int]:
    receipt = sweep(store)
    line = receipt["lines"][0]
    assert receipt["totals"]["on_hold"] == line["on_hold"]
    return numbers(store, "log"), receipt["outcome"], line["on_hold"], line["removed"]


@pytest.mark.parametrize("held", [{"shop:log": WHY}, {ALL: WHY}])
def test_a_sweep_leaves_out_what_was_put_off_and_is_held(tmp_path: Path, held: dict[str, str]) -> None:
    store = with_log(tmp_path)
    store.erase()
    keep_back(store, held)
    plan = api.plan_sweep(store.organisation, clock.now() + timedelta(days=60))
    assert (plan["totals"]["delete"], plan["totals"]["on_hold"], plan["lines"][0]["held"]) == (1, 2, 2)
    assert swept(store) == ([1, 3], "complete", 2, 1)
    keep_back(store, {})
    assert swept(store) == ([], "complete", 0, 2)


@pytest.mark.parametrize("held", [{"shop:log": WHY}, {ALL: WHY}])
def test_a_sweep_leaves_out_what_is_held_before_anything_was_deleted(tmp_path: Path, held: dict[str, str]) -> None:
    store = with_log(tmp_path)
    job_id = store.start()
    if ALL in held:
        keep_back(store, held)
    else:
        api.hold(job_id, held, by="Ada")
        api.run(job_id)
    assert swept(store) == ([1, 3], "complete", 2, 1)


def test_a_sweep_leaves_out_what_a_deletion_kept_because_it_was_held(tmp_path: Path) -> None:
    store = with_log(tmp_path)
    job_id = store.start()
    api.hold(job_id, {"shop:log": WHY}, by="Ada")
    api.run(job_id)
    assert approve_and_run(job_id)["outcome"] == "complete"
    assert store.sql("SELECT email FROM people WHERE id = 0") in ([], [("",)], [(None,)])  # no search finds Rita any more
    assert swept(store) == ([1, 3], "complete", 2, 1)
    keep_back(store, {})
    assert {handle.until for handle in Handle.objects.all()} == {add_period(clock.today("UTC"), "P2Y")}
    assert swept(store) == ([], "complete", 0, 2)


def test_a_copy_that_is_on_hold_keeps_the_sweep_from_its_rows(tmp_path: Path) -> None:
    store = with_log(tmp_path)
    policy = store.organisation.current_policy
    job_id: UUID = api.start_access(api.Search(store.organisation, policy, {"email": RITA}, "s" * 32, "DR-TEST-01"))
    api.run(job_id)
    keep_back(store, {ALL: WHY})
    assert swept(store)[:3] == ([1, 3], "complete", 2)
    api.destroy(job_id)
    assert swept(store)[0] == []


def test_where_held_rows_cannot_be_told_apart_nothing_is_swept_and_that_is_a_gap(tmp_path: Path) -> None:
    store = with_log(tmp_path)
    store.start()
    keep_back(store, {ALL: WHY})
    store.sql("ALTER TABLE people RENAME TO persons")
    receipt = sweep(store)
    assert numbers(store, "log") == [1, 2, 3]
    assert receipt["outcome"] == "partial"
    assert "Shop" in " ".join(receipt["gaps"])


def test_a_sweep_looks_at_those_jobs_alone_that_hold_something_now(tmp_path: Path, django_assert_num_queries: Any) -> None:
    store = with_notes(tmp_path)
    source = sources_of(store.organisation)[0]
    for held, found in ((LATER, {"shop.notes": {(7,), (8,)}}), ({}, {}), ({ALL: WHY}, None), ({}, {})):
        keep_back(store, held)
        assert Job.objects.get().holds is bool(held)
        if found is not None:
            assert on_hold.rows_at(source, []) == found
    with django_assert_num_queries(1):
        on_hold.rows_at(source, [])


def test_a_hold_at_another_organisation_holds_nothing_here(tmp_path: Path) -> None:
    store = with_log(tmp_path / "one")
    other = a_store(tmp_path / "two", key="other", categories=(a_category("account"), a_category("log", SEVEN)))
    store.erase()
    api.keep_back(other.organisation, "DR-TEST-01", {ALL: WHY}, by="Ada")
    assert swept(store) == ([], "complete", 0, 3)
