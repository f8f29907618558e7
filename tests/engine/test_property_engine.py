"""Made-up databases of any shape: a copy holds what a slow and simple search finds, an erasure changes what a slow and simple one would,
nobody else's cell is touched, and killed at any statement it ends the same.
"""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from exports import api
from exports.flows.spooling import records_of
from exports.models import Handle, Job, Step
from portal.kit import crypto
from tests.engine.erasing import CATEGORIES, Store, a_store
from tests.engine.made_up import Row, World, dataset_of, worlds
from tests.engine.made_up_sql import statements
from tests.engine.sampling import sample
from tests.engine.slow_world import OWN, Name, Slow
from tests.engine.test_erasure_crash import after_the_lease, is_killed
from tests.engine.test_ledger import replayed
from tests.people import RITA

pytestmark = pytest.mark.django_db
CIRCLE = "point at each other"


def build(world: World, folder: Path) -> Store:
    script = ";\n".join(statements(world)) + ";"
    return a_store(folder, key=f"shop-{uuid4().hex[:8]}", categories=CATEGORIES).add("shop", script, dataset_of(world))


def content(store: Store, world: World) -> dict[Name, Row]:
    found: dict[Name, Row] = {}
    with closing(sqlite3.connect(store.files["shop"])) as base:
        base.row_factory = sqlite3.Row
        for table in world.tables:
            for row in base.execute(f"SELECT * FROM {table.name}"):
                found[table.name, tuple(row[part] for part in table.key)] = dict(row)
    return found


def copied(store: Store) -> set[Name]:
    """The keys of all records that an access request writes down."""
    policy = store.organisation.current_policy
    job_id = api.start_access(api.Search(store.organisation, policy, {"email": RITA}, crypto.blind_index("email", RITA), "DR-TEST-01"))
    api.run(job_id)
    assert api.progress(job_id).state == "collected", api.progress(job_id)
    found: list[Name] = []
    for step in Step.objects.filter(run__job_id=job_id):
        assert step.state != "failed", step.note
        for record in records_of(Job.objects.get(pk=job_id), step) if step.spool else ():
            name = step.facts["name"]
            found.append((name, tuple(record[part] for part in (("k1", "k2") if "k1" in record else ("id",)))))
    assert len(found) == len(set(found))
    return set(found)


def as_expected(before: dict[Name, Row], after: dict[Name, Row], expected: dict[Name, Row]) -> None:
    assert set(after) == set(expected), (set(after) - set(expected), set(expected) - set(after))
    for name, row in expected.items():
        for column, value in row.items():
            if value is OWN:
                assert after[name][column] not in (None, before[name][column]), (name, column)
            else:
                assert after[name][column] == value, (name, column)


def compare(world: World) -> None:
    slow = Slow(world)
    with tempfile.TemporaryDirectory() as folder:
        store = build(world, Path(folder))
        before = content(store, world)
        assert before == slow.rows
        assert copied(store) == slow.copy()
        expected, job_id = slow.erased(), store.start()
        plan = api.plan(job_id)
        if expected is None or any(CIRCLE in one for one in plan.blocked):
            assert plan.blocked
            with pytest.raises(api.PlanBlocked):
                api.approve(job_id, plan.digest, by="Ada")
            assert content(store, world) == before
            return
        assert plan.blocked == ()
        backup = store.files["shop"].read_bytes()
        api.approve(job_id, plan.digest, by="Ada")
        api.run(job_id)
        assert api.progress(job_id).error == ""
        as_expected(before, content(store, world), expected)
        the_receipt_is_true(store, world, job_id, before, expected)
        erased = content(store, world)
        store.files["shop"].write_bytes(backup)
        assert replayed(store)["outcome"] == "complete"
        assert content(store, world) == erased


def the_receipt_is_true(store: Store, world: World, job_id: UUID, before: dict[Name, Row], expected: dict[Name, Row]) -> None:
    signed = api.receipt(job_id)
    assert signed, Job.objects.get(pk=job_id).error
    receipt: dict[str, Any] = signed["receipt"]
    assert receipt["outcome"] == ("partial" if receipt["gaps"] else "complete"), receipt
    assert receipt["totals"]["delete"] == len(before) - len(expected)
    assert store.sql("PRAGMA foreign_key_check") == []
    logged = {table.name for table in world.tables if table.logged}
    gone = sorted(name for name, _key in set(before) - set(expected) if name in logged)
    assert sorted(what for (what,) in store.sql("SELECT what FROM deleted_log")) == gone  # each once


@sample(5)
@given(world=worlds())
def test_copy_and_erasure_end_as_the_slow_ones_say(world: World, db: None) -> None:
    compare(world)


@pytest.mark.thorough
@sample(60)
@given(world=worlds())
def test_copy_and_erasure_end_as_the_slow_ones_say_many_times(world: World, db: None) -> None:
    compare(world)


def facts_of(job_id: UUID) -> Any:
    """The receipt without its moments and signature, and what was kept of the handles."""
    signed = api.receipt(job_id)
    assert signed, Job.objects.get(pk=job_id).error
    waiting = sorted(Handle.objects.filter(job_id=job_id).values_list("collection", "action", "rows", "state"))
    return without_moments(signed["receipt"]), waiting


def without_moments(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: without_moments(value) for name, value in part.items() if not name.endswith("_at")}
    return [without_moments(value) for value in part] if isinstance(part, list) else part


def comparable(rows: dict[Name, Row], expected: dict[Name, Row]) -> dict[Name, Row]:
    """Random values are new in every run: only that they are there counts."""
    return {name: {c: OWN if expected[name][c] is OWN else value for c, value in row.items()} for name, row in rows.items()}


def killed_everywhere(world: World, step: int = 1) -> int:
    """Run the same approved erasure again and again from the same stores, killed one statement later each time; says how many times."""
    expected = Slow(world).erased()
    if expected is None:
        return 0
    with tempfile.TemporaryDirectory() as folder:
        store = build(world, Path(folder))
        job_id = store.start()
        plan = api.plan(job_id)
        if plan.blocked:
            return 0
        api.approve(job_id, plan.digest, by="Ada")
        kept = store.files["shop"].read_bytes()
        whole, number = None, 1 - step
        while True:
            before = transaction.savepoint()
            was_killed = is_killed(job_id, number) if number > 0 else False
            after_the_lease(job_id)
            api.run(job_id)
            ended = comparable(content(store, world), expected), facts_of(job_id), store.sql("SELECT count(*) FROM deleted_log")
            whole = whole or ended
            assert ended == whole, number
            transaction.savepoint_rollback(before)
            store.files["shop"].write_bytes(kept)
            if number > 0 and not was_killed:
                return number
            number += step


@pytest.mark.thorough
@sample(3, as_drawn=True)
@given(world=worlds(), step=st.just(9))
def test_killed_at_any_statement_it_ends_the_same(world: World, step: int, db: None) -> None:
    killed_everywhere(world, step)


@pytest.mark.story
@sample(4, as_drawn=True)
@given(world=worlds())
def test_killed_at_every_statement_it_ends_the_same(world: World, db: None) -> None:
    killed_everywhere(world)
