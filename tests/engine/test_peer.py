"""The format's own example database, walked by the format's own dataset file."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from exports.connectors.base import Connector
from exports.connectors.sql_connector import SqlConnector
from exports.datasets import read_dataset
from exports.graph import walk
from exports.questions import Home, Questions
from tests.conftest import PEER_DATA

pytestmark = pytest.mark.needs("peer-data")
NAME = "postgres_example_test_dataset"


@pytest.fixture
def example(tmp_path: Path) -> Connector:
    """The example's seed, in the words of SQLite."""
    text = (PEER_DATA / "fides" / "postgres_sample.sql").read_text()
    text = re.sub(r"--[^\n]*", "", text).replace("public.", "").replace("SERIAL PRIMARY KEY", "INTEGER PRIMARY KEY")
    path = tmp_path / "example.sqlite3"
    with closing(sqlite3.connect(path)) as opened, opened:
        for statement in text.split(";"):
            if not re.search(r"SCHEMA|SEQUENCE|backup_schema", statement):
                opened.execute(statement)
    return SqlConnector(f"sqlite:///{path}")


def counted(example: Connector, **identities: str) -> dict[str, int]:
    found = walk(read_dataset(PEER_DATA / "fides" / f"{NAME}.yml").datasets, identities)
    seeds = {kind: (value,) for kind, value in identities.items()}
    with example.reading() as reader:
        questions = Questions(found, seeds=seeds, homes={NAME: Home("example")}, reader=lambda _key: reader)
        counts = {visit.collection.name: reader.count(questions.query(visit.address)) for visit in found.visits}
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize(
    ("email", "counts"),
    [
        (
            "customer-1@example.com",
            {
                "customer": 1,
                "service_request": 1,
                "visit": 1,
                "orders": 3,
                "payment_card": 1,
                "address": 2,
                "login": 6,
                "order_item": 4,
                "product": 2,
            },
        ),
        ("jane@example.com", {"customer": 1, "orders": 1, "payment_card": 1, "address": 1, "login": 1}),
        ("employee-1@example.com", {"employee": 1, "service_request": 3, "address": 1}),
        ("customer-1-alt@example.com", {"service_request": 1}),
        ("admin-account@example.com", {"report": 4}),
        ("nobody@example.com", {}),
    ],
)
def test_each_person_gets_exactly_what_leads_from_their_address(example: Connector, email: str, counts: dict[str, int]) -> None:
    assert counted(example, email=email) == counts
