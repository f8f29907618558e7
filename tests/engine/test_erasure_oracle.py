"""The erasure against a slow and simple one, over stores of any shape."""

import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.flows import expire
from portal.kit import clock
from tests.engine.erasing import CATEGORIES, Store, a_store
from tests.engine.sampling import sample
from tests.engine.slow_erasure import Pointer, Table, World
from tests.people import RITA

pytestmark = pytest.mark.django_db
PERIODS: dict[str, Callable[[date], date]] = {
    "account": lambda day: day,
    "orders": lambda day: day,
    "later": lambda day: day + timedelta(days=30),
    "audit": lambda day: day.replace(year=day.year + 2),
    "invoices": lambda day: day.replace(year=day.year + 7),
}
PEOPLE = 3


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, dict[str, str]]:
    """Three people; tables that each hang from an earlier one, some with a second pointer that no dataset follows."""
    today = clock.today("UTC")
    people = Table("people", today, rows={key: {} for key in range(PEOPLE)})
    tables, categories = [people], {"people": "account"}
    for number in range(draw(st.integers(1, 4))):
        category = draw(st.sampled_from(["orders", "orders", "later", "audit", "invoices"]))
        table = Table(f"t{number}", PERIODS[category](today))
        parent = draw(st.sampled_from(tables))
        table.pointers.append(Pointer("parent_id", parent.name, leads=True, nullable=draw(st.booleans())))
        if draw(st.booleans()):
            other = draw(st.sampled_from(tables[1:] or [None]))
            table.pointers += [Pointer("other_id", other.name, leads=False, nullable=draw(st.booleans()))] if other else []
        targets = {pointer.column: list(next(t for t in tables if t.name == pointer.target).rows) for pointer in table.pointers}
        if all(targets.values()):
            for key in range(draw(st.integers(0, 6))):
                table.rows[key] = {column: draw(st.sampled_from(keys)) for column, keys in targets.items()}
        tables.append(table)
        categories[table.name] = category
    return World(tables), categories


def build(world: World, categories: dict[str, str], folder: Path) -> Store:
    script = f"CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE); INSERT INTO people VALUES (0, '{RITA}');"
    script += "".join(f"INSERT INTO people VALUES ({key}, 'p{key}@example.org');" for key in range(1, PEOPLE))
    dataset = "- {name: people, habeas_meta: {category: account, erase: delete}, fields: ["
    dataset += "{name: id, fides_meta: {primary_key: true}}, {name: email, fides_meta: {identity: email}}]}\n"
    for table in world.tables[1:]:
        columns = "".join(f", {p.column} INTEGER{'' if p.nullable else ' NOT NULL'} REFERENCES {p.target} (id)" for p in table.pointers)
        script += f"CREATE TABLE {table.name} (id INTEGER PRIMARY KEY, word TEXT NOT NULL{columns});"
        for key, row in table.rows.items():
            values = "".join(f", {row[pointer.column]}" for pointer in table.pointers)
            script += f"INSERT INTO {table.name} VALUES ({key}, 'w'{values});"
        parent = table.pointers[0].target
        reference = f"fides_meta: {{references: [{{dataset: shop, field: {parent}.id, direction: from}}]}}"
        dataset += f"- {{name: {table.name}, habeas_meta: {{category: {categories[table.name]}, erase: delete}}, fields: ["
        dataset += f"{{name: id, fides_meta: {{primary_key: true}}}}, {{name: word}}, {{name: parent_id, {reference}}}"
        dataset += "".join(f", {{name: {pointer.column}}}" for pointer in table.pointers[1:]) + "]}\n"
    return a_store(folder, key=f"shop-{uuid4().hex[:8]}", categories=CATEGORIES).add("shop", script, dataset)


def content(store: Store, world: World) -> dict[tuple[str, int], Any]:
    return {(table.name, row[0]): row for table in world.tables for row in store.sql(f"SELECT * FROM {table.name}")}


@sample(5)
@given(drawn=worlds())
def test_it_ends_as_the_slow_one_says(drawn: tuple[World, dict[str, str]], db: None) -> None:
    compare(*drawn)


@pytest.mark.story
@sample(100)
@given(drawn=worlds())
def test_it_ends_as_the_slow_one_says_many_times(drawn: tuple[World, dict[str, str]], db: None) -> None:
    compare(*drawn)


def compare(world: World, categories: dict[str, str]) -> None:
    today = clock.today("UTC")
    with tempfile.TemporaryDirectory() as folder:
        store = build(world, categories, Path(folder))
        before = content(store, world)
        receipt = store.erase()
        assert receipt["outcome"] == "complete", receipt
        ends, spared = world.ends(), world.spared()
        for day in (today, today + timedelta(days=31), today + timedelta(days=740), today + timedelta(days=2600)):
            if day > today:
                expire.run_due(day)
            after = content(store, world)
            assert set(after) == {name for name in before if name not in ends or ends[name] > day}, day
            assert store.sql("PRAGMA foreign_key_check") == []
        for name in set(before) - set(ends) - spared:
            assert after[name] == before[name]
        for name in spared:
            assert after[name][1] == "w"  # detached, never blanked
