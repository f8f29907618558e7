"""The same made-up databases on servers: what the database itself does to rows differs from product to product, the outcome must not."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given

from exports import api
from tests.engine.made_up import LETS_GO, Row, World, dataset_of, worlds
from tests.engine.made_up_sql import statements
from tests.engine.products import EACH, MAKERS, Product
from tests.engine.sampling import sample
from tests.engine.slow_world import Name, Slow
from tests.engine.test_erasure_products import DATASET, TABLES, store_of
from tests.engine.test_ledger import replayed
from tests.engine.test_property_engine import CIRCLE, as_expected, copied
from tests.people import RITA

pytestmark = pytest.mark.django_db
SERVED = [one for one in EACH if one.values != ("sqlite",)]


@pytest.mark.parametrize("kind", SERVED)
def test_copy_and_erasure_end_as_the_slow_ones_say(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with MAKERS[kind](request) as product:

        @sample(12, as_drawn=True)
        @given(world=worlds())
        def compared(world: World) -> None:
            pointers = [one for table in world.tables for one in table.pointers]
            assume(all(one.nullable or one.fk != LETS_GO for one in pointers))  # MariaDB refuses to make such a key
            product.execute(list(statements(world, product={"unknown": "postgresql"}.get(kind, kind))))
            try:
                compare(world, product, tmp_path)
            finally:
                _drop(product, kind, world)

        compared()


def compare(world: World, product: Product, folder: Path) -> None:
    slow = Slow(world)
    store = store_of(product, folder, dataset_of(world))
    try:
        before, expected = content(product, world), slow.erased()
        assert before == slow.rows
        assert copied(store) == slow.copy()
        job_id = store.start()
        plan = api.plan(job_id)
        if expected is None or any(CIRCLE in one for one in plan.blocked):
            assert plan.blocked
            return
        assert plan.blocked == ()
        api.approve(job_id, plan.digest, by="Ada")
        api.run(job_id)
        assert api.progress(job_id).error == ""
        as_expected(before, content(product, world), expected)
        signed = api.receipt(job_id)
        assert signed
        assert signed["receipt"]["outcome"] == ("partial" if signed["receipt"]["gaps"] else "complete")
    finally:
        store.organisation.jobs.all().delete()
        store.organisation.data_sources.all().delete()
        store.organisation.policies.all().delete()
        store.organisation.delete()


def content(product: Product, world: World) -> dict[Name, Row]:
    found: dict[Name, Row] = {}
    for table in world.tables:
        for values in product.ask(f"SELECT {', '.join(table.columns)} FROM {table.name}"):
            row: dict[str, Any] = dict(zip(table.columns, values, strict=True))
            found[table.name, tuple(row[part] for part in table.key)] = row
    return found


def _drop(product: Product, kind: str, world: World) -> None:
    names = ", ".join(table.name for table in world.tables)
    if kind == "mariadb":
        product.execute(["SET FOREIGN_KEY_CHECKS=0", f"DROP TABLE {names}, deleted_log"])
    else:
        product.execute([f"DROP TABLE {names}, deleted_log CASCADE"])


@pytest.mark.parametrize("kind", SERVED)
def test_rows_that_a_backup_brings_back_are_erased_again(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with MAKERS[kind](request) as product:
        product.execute(TABLES)
        people = [
            (0, RITA, "Rita", None, "paid", "2026-01-01 10:00:00", 5),
            (1, "ann@example.org", "Ann", None, "paid", "2026-01-01 10:00:00", 5),
        ]
        hers = {"orders": [(1, 0, "x"), (2, 0, "y")], "parts": [(1, 1), (2, 1)], "log": [(1, 0, "Rita")]}
        product.insert("people", people)
        product.insert("orders", [*hers["orders"], (3, 1, "z")])
        product.insert("parts", [*hers["parts"], (3, 1)])
        product.insert("log", [*hers["log"], (2, 1, "Ann")])
        store = store_of(product, tmp_path, DATASET)
        store.erase()
        after = [product.ask(f"SELECT * FROM {name} ORDER BY 1") for name in ("people", "orders", "parts", "log")]
        product.execute(["DELETE FROM log WHERE id = 1", "DELETE FROM people WHERE id = 0"])
        product.insert("people", people[:1])
        for name, rows in hers.items():
            product.insert(name, rows)
        receipt = replayed(store)
        assert (receipt["outcome"], receipt["totals"]["found_again"], receipt["totals"]["left"]) == ("complete", 6, 0)
        assert [product.ask(f"SELECT * FROM {name} ORDER BY 1") for name in ("people", "orders", "parts", "log")] == after
