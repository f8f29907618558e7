"""The format's own example documents, in JSON columns, beside its example database: walked by its own two files."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from exports import api
from exports.models import DataSource
from tests.conftest import PEER_DATA
from tests.engine.erasing import Store, approve_and_run
from tests.engine.shop import counts, records
from tests.engine.test_erasure_peer import store  # noqa: F401  (its fixture: the example database)

pytestmark = [pytest.mark.django_db, pytest.mark.needs("peer-data")]


@pytest.fixture
def both(store: Store, tmp_path: Path) -> Store:  # noqa: F811
    """The seeded documents as tables: `_id` is a number, what is nested is JSON."""
    (dataset,) = yaml.safe_load((PEER_DATA / "fides" / "mongo_example_test_dataset.yml").read_text())["dataset"]
    seed = json.loads((PEER_DATA / "fides" / "mongo_seed.json").read_text())
    path = tmp_path / "documents.sqlite3"
    with closing(sqlite3.connect(path)) as opened, opened:
        for collection in dataset["collections"]:
            rows = seed[collection["name"]]
            nested = {name for row in rows for name, value in row.items() if isinstance(value, dict | list)}
            names = [name for name in dict.fromkeys([*(f["name"] for f in collection["fields"]), *rows[0]]) if name != "_id"]
            columns = ", ".join(f'"{name}" {"JSON" if name in nested else "TEXT"}' for name in names)
            opened.execute(f"CREATE TABLE {collection['name']} (_id INTEGER PRIMARY KEY, {columns})")
            for row in rows:
                cells = [json.dumps(row[name]) if name in nested and row.get(name) is not None else row.get(name) for name in names]
                listed, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" for _ in names)
                opened.execute(f"INSERT INTO {collection['name']} ({listed}) VALUES ({marks})", cells)
    source = DataSource(organisation=store.organisation, key="documents", title="Documents", position=1)
    source.url = f"sqlite:///{path}"
    source.datasets = [dataset]
    source.save()
    store.files["documents"] = path
    return store


def collected(store: Store, email: str) -> Any:  # noqa: F811
    job_id = api.start_access(api.Search(store.organisation, store.organisation.current_policy, {"email": email}, "s" * 32, "DR-TEST-01"))
    api.run(job_id)
    return job_id


def test_what_leads_through_documents_is_found_and_only_her_elements_are_shown(both: Store) -> None:
    job_id = collected(both, "jane@example.com")
    found = {name: one[0] for name, one in counts(job_id).items() if one[0]}
    threads = records(job_id, "mongo_test.conversations")
    said = [one["chat_name"] for thread in threads for one in thread["thread"]]
    assert said == ["Jane C", "Jane C", "Jane C"]
    (profile,) = records(job_id, "mongo_test.internal_customer_profile")
    assert profile["customer_identifiers"]["derived_emails"] == ["jane@example.com"]
    (flight,) = records(job_id, "mongo_test.flights")
    assert flight["flight_no"] == "AA240"
    assert found["aircraft"] == 1
    assert found["customer_details"] == 1


def test_no_card_of_somebody_else_is_reached_over_a_shared_conversation(both: Store) -> None:
    for email, card in (("customer-1@example.com", ["pay_aaa-aaa"]), ("jane@example.com", ["pay_bbb-bbb"])):
        assert [one["id"] for one in records(collected(both, email), "mongo_test.payment_card")] == card


def test_the_pilots_of_her_flight_stay_unnamed(both: Store) -> None:
    pilots = records(collected(both, "customer-1@example.com"), "mongo_test.employee")
    assert {one["name"] for one in pilots} == {one["email"] for one in pilots} == {"(another person)"}


def test_an_erasure_takes_her_words_out_of_the_conversation_and_leaves_the_others(both: Store) -> None:
    before = [json.loads(text) for (text,) in both.sql("SELECT thread FROM conversations ORDER BY _id", "documents")]
    planes = both.sql("SELECT * FROM aircraft", "documents")
    receipt = approve_and_run(both.start(email="jane@example.com"))
    assert receipt["outcome"] == "complete", receipt
    after = [json.loads(text) for (text,) in both.sql("SELECT thread FROM conversations ORDER BY _id", "documents")]
    assert after == [[one for one in thread if one["chat_name"] != "Jane C"] for thread in before]
    assert both.sql("SELECT * FROM aircraft", "documents") == planes  # nothing in them is about a person
