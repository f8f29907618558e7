"""Made-up databases of any shape in two sources that lead to each other, with triggers that write elsewhere, refuse or restore: on SQLite
and on servers, killed anywhere, it ends as the slow and simple erasure says, and nobody is told that it is complete when it is not."""

import sqlite3
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import yaml
from django.db import transaction
from hypothesis import assume, given

from exports import api
from exports.flows.erase import moves_of
from exports.models import DataSource, Job
from tests.engine.erasing import CATEGORIES, Store, a_store
from tests.engine.made_up import LETS_GO, SOURCES, World, dataset_of, worlds
from tests.engine.made_up_sql import statements
from tests.engine.partial import run_until_given_up
from tests.engine.products import MAKERS, Product, SqliteProduct
from tests.engine.sampling import sample
from tests.engine.slow_world import Slow
from tests.engine.test_erasure_crash import after_the_lease, is_killed
from tests.engine.test_property_engine import CIRCLE, as_expected, comparable, copied, facts_of
from tests.engine.wild_world import Ended, Rows, ended

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
Places = dict[str, Any]


def build(world: World, folder: Path, places: Places) -> Store:
    store = a_store(folder, key=f"shop-{uuid4().hex[:8]}", categories=CATEGORIES)
    for position, (source, product) in enumerate(places.items()):
        product.execute(list(statements(world, product=kind_of(product), source=source)))
        record = DataSource(organisation=store.organisation, key=source, title=source.capitalize(), position=position)
        record.url = product.url()
        record.datasets = [{"fides_key": source, "collections": yaml.safe_load(dataset_of(world, source)) or []}]
        record.save()
    return store


def kind_of(product: Any) -> str:
    return "sqlite" if isinstance(product, SqliteProduct) else "postgresql" if product.server.scheme == "postgresql" else "mariadb"


def content(world: World, places: Places) -> Rows:
    found: Rows = {}
    for table in world.tables:
        for values in places[table.source].ask(f"SELECT {', '.join(table.columns)} FROM {table.name}"):
            row = dict(zip(table.columns, values, strict=True))
            found[table.name, tuple(row[part] for part in table.key)] = row
    return found


def on_files(folder: Path) -> Places:
    places: Places = {}
    for source in SOURCES:
        path = folder / f"{source}.sqlite3"
        with closing(sqlite3.connect(path)):
            places[source] = SqliteProduct(path)
    return places


def approved(world: World, store: Store) -> tuple[UUID, Rows | None]:
    """An erasure that was approved as it stands, and what should become of the rows; None where the plan is blocked, as it must be."""
    expected, job_id = Slow(world).erased(), store.start()
    plan = api.plan(job_id)
    if expected is None or any(CIRCLE in one for one in plan.blocked):
        assert plan.blocked
        return job_id, None
    assert plan.blocked == ()
    api.approve(job_id, plan.digest, by="Ada")
    return job_id, expected


def busy(job_id: UUID) -> list[str]:
    return list(dict.fromkeys(move.source for move in moves_of(Job.objects.get(pk=job_id)) if move.is_now and move.rows))


def compare(world: World, folder: Path, places: Places) -> None:
    store = build(world, folder, places)
    before = content(world, places)
    assert before == Slow(world).rows
    assert copied(store) == Slow(world).copy()
    job_id, expected = approved(world, store)
    if expected is None:
        assert content(world, places) == before
        return
    end = ended(world, before, expected, busy(job_id))
    run_until_given_up(job_id)
    as_expected(before, content(world, places), end.rows)
    says_so(job_id, end)


def says_so(job_id: UUID, end: Ended) -> None:
    progress, signed = api.progress(job_id), api.receipt(job_id)
    if end.stopped:
        assert (progress.state, signed) == ("planned", None)
        assert progress.error.startswith("Stopped before anything was erased.")
        return
    assert signed, progress.error
    receipt = signed["receipt"]
    assert receipt["outcome"] == ("failed" if end.failed else "partial" if receipt["gaps"] else "complete"), receipt


@sample(4)
@given(world=worlds(wild=True))
def test_two_sources_end_as_the_slow_ones_say(world: World, db: None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        compare(world, Path(folder), on_files(Path(folder)))


@pytest.mark.thorough
@sample(40)
@given(world=worlds(wild=True))
def test_two_sources_end_as_the_slow_ones_say_many_times(world: World, db: None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        compare(world, Path(folder), on_files(Path(folder)))


def killed_everywhere(world: World, step: int) -> int:
    """The same approved erasure from the same stores, killed one statement later each time; says how many times."""
    with tempfile.TemporaryDirectory() as folder:
        places = on_files(Path(folder))
        store = build(world, Path(folder), places)
        before = content(world, places)
        job_id, expected = approved(world, store)
        if expected is None:
            return 0
        end = ended(world, before, expected, busy(job_id))
        kept = {source: product.path.read_bytes() for source, product in places.items()}
        whole, number = None, 1 - step
        while True:
            here = transaction.savepoint()
            was_killed = is_killed(job_id, number) if number > 0 else False
            after_the_lease(job_id)
            run_until_given_up(job_id)
            if not was_killed or not end.stopped:  # killed in a source that then refuses, it cannot know that nothing was written
                rows = comparable(content(world, places), end.rows)
                seen = rows, None if end.stopped else facts_of(job_id)
                whole = whole or seen
                assert seen == whole, number
            transaction.savepoint_rollback(here)
            for source, product in places.items():
                product.path.write_bytes(kept[source])
            if number > 0 and not was_killed:
                return number
            number += step


@pytest.mark.thorough
@sample(3, as_drawn=True)
@given(world=worlds(wild=True))
def test_two_sources_killed_at_any_statement_end_the_same(world: World, db: None) -> None:
    killed_everywhere(world, 11)


PAIRS = [("postgresql", "mariadb"), ("mariadb", "postgresql")]


@pytest.mark.needs("postgresql")
@pytest.mark.needs("mariadbd")
@pytest.mark.parametrize("kinds", PAIRS, ids=["postgresql-first", "mariadb-first"])
def test_two_sources_on_two_servers_end_as_the_slow_ones_say(
    kinds: tuple[str, str], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    on_servers(kinds, request, tmp_path, examples=8)


def on_servers(kinds: tuple[str, str], request: pytest.FixtureRequest, folder: Path, *, examples: int) -> None:
    with ExitStack() as stack:
        places: dict[str, Product] = {
            source: stack.enter_context(MAKERS[kind](request)) for source, kind in zip(SOURCES, kinds, strict=True)
        }

        @sample(examples, as_drawn=True)
        @given(world=worlds(wild=True))
        def compared(world: World) -> None:
            assume(all(one.nullable or one.fk != LETS_GO for table in world.tables for one in table.pointers))  # MariaDB refuses such a key
            try:
                compare(world, folder, places)
            finally:
                for source, product in places.items():
                    _empty(product, [table.name for table in world.tables if table.source == source])

        compared()


def _empty(product: Any, tables: list[str]) -> None:
    names = ", ".join([*tables, "deleted_log"])
    if kind_of(product) == "mariadb":
        product.execute(["SET FOREIGN_KEY_CHECKS=0", f"DROP TABLE IF EXISTS {names}"])
    else:
        product.execute([f"DROP TABLE IF EXISTS {names} CASCADE"])
