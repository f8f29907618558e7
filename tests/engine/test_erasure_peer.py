"""An erasure at the format's own example database, with its own dataset file, which knows nothing of us."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from exports import api
from exports.models import DataSource
from tests.conftest import PEER_DATA
from tests.engine.erasing import Store, a_store, approve_and_run

pytestmark = [pytest.mark.django_db, pytest.mark.needs("peer-data")]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    text = (PEER_DATA / "fides" / "postgres_sample.sql").read_text()
    text = re.sub(r"--[^\n]*", "", text).replace("public.", "").replace("SERIAL PRIMARY KEY", "INTEGER PRIMARY KEY")
    path = tmp_path / "example.sqlite3"
    with closing(sqlite3.connect(path)) as opened, opened:
        for statement in text.split(";"):
            if not re.search(r"SCHEMA|SEQUENCE|backup_schema", statement):
                opened.execute(statement)
    store = a_store(tmp_path)
    source = DataSource(organisation=store.organisation, key="example", title="Example", position=0)
    source.url = f"sqlite:///{path}"
    source.datasets = yaml.safe_load((PEER_DATA / "fides" / "postgres_example_test_dataset.yml").read_text())["dataset"]
    source.save()
    store.files["example"] = path
    return store


def table(store: Store, name: str, where: str = "1") -> list[tuple[Any, ...]]:
    return store.sql(f"SELECT * FROM {name} WHERE {where} ORDER BY 1", "example")


def test_every_personal_field_of_hers_is_masked_and_nobody_else_s(store: Store) -> None:
    others = {name: table(store, name, "email NOT LIKE 'customer-1@%'") for name in ("customer", "employee", "visit")}
    products = table(store, "product")
    job_id = store.start(email="customer-1@example.com")
    plan = api.plan(job_id)
    assert not plan.blocked
    receipt = approve_and_run(job_id)
    assert receipt["verification"]["not_as_planned"] == receipt["verification"]["found_again"] == 0
    everything = repr([table(store, name) for (name,) in store.sql("SELECT name FROM sqlite_schema WHERE type = 'table'", "example")])
    assert "customer-1@example.com" not in everything
    for name, rows in others.items():
        assert [row for row in table(store, name) if row in rows] == rows
    assert table(store, "product") == products
    by_title = {(line.title, line.action): line.rows for line in plan.lines}
    assert by_title[("Customer", "mask")] == by_title[("Visit", "delete")] == 1
    assert by_title[("Address", "detach")] == 2
    assert not [line for line in plan.lines if line.action == "delete" and line.title != "Visit"]


def test_whom_an_employee_served_keeps_their_own_request(store: Store) -> None:
    before = {row[0]: row for row in table(store, "service_request")}
    plan = api.plan(job_id := store.start(email="employee-1@example.com"))
    assert ("Service request", "detach", 3) in {(line.title, line.action, line.rows) for line in plan.lines}
    receipt = approve_and_run(job_id)
    assert receipt["outcome"] == "complete"
    for key, row in {row[0]: row for row in table(store, "service_request")}.items():
        assert row[:-1] == before[key][:-1]  # all but the number of the employee
        assert row[-1] != 1
