"""`check_sources` says what is left to decide, collection by collection, what weighs most first."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.engine.erasing import Store, a_store

pytestmark = pytest.mark.django_db

TABLES = """
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id), note TEXT, total NUMERIC);
CREATE TABLE leads (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE colours (id INTEGER PRIMARY KEY, word TEXT);
CREATE TABLE sizes (id INTEGER PRIMARY KEY, word TEXT);
CREATE TABLE feedback (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people (id));
"""
DATASET = """
- name: people
  habeas_meta: {category: account, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
- name: orders
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: person_id, fides_meta: {references: [{dataset: shop, field: people.id, direction: from}]}}
    - {name: note}
    - {name: total, habeas_meta: {category: takings}}
- name: leads
  fields: [{name: id, fides_meta: {primary_key: true}}, {name: name, data_categories: [user.name]}]
- name: colours
  fields: [{name: id, fides_meta: {primary_key: true}}, {name: word}]
- name: sizes
  fides_meta: {skip_processing: true}
  fields: [{name: id}, {name: word}]
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return a_store(tmp_path).add("shop", TABLES, DATASET)


def checked(*words: str) -> Any:
    out = StringIO()
    call_command("check_sources", "shop", *words, stdout=out)
    return out.getvalue()


def test_each_open_decision_has_a_sentence_and_the_gravest_come_first(store: Store) -> None:
    told = [(one["collection"], one["sentence"]) for one in json.loads(checked("--json"))["to_decide"]]
    assert [collection for collection, _sentence in told] == [
        "shop.leads",
        "feedback",
        "shop.orders",
        "shop.orders",
        "shop.orders",
        "shop.colours",
    ]
    assert told[0][1].startswith("It is about people, and it is not searched. It has no identity field, and no reference joins it")
    assert told[1][1].startswith("No dataset speaks of this table, and its rows point at 'people'")
    assert told[2][1] == "It names the category 'takings', which the policy does not have."
    assert told[3][1].startswith("It has no erase rule, so on a deletion its rows are deleted.")
    assert told[4][1] == "Nothing says what these fields hold: note."
    assert told[5][1].startswith("It is not searched.")


def test_what_is_left_out_on_purpose_is_told_and_is_no_open_question(store: Store) -> None:
    (source,) = json.loads(checked("--json"))["sources"]
    assert source["left_out"] == ["shop.sizes"]
    assert not [name for name in source["undeclared"] if name.startswith("sizes")]


def test_a_person_at_the_shell_reads_the_same(store: Store) -> None:
    told = checked()
    assert "left out: shop.sizes" in told
    assert told.index("left to decide") < told.index("shop.leads: It is about people") < told.index("feedback: No dataset speaks")


def test_nothing_is_left_where_all_is_said(tmp_path: Path) -> None:
    a_store(tmp_path).add(
        "shop", "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, name TEXT);", DATASET.partition("- name: orders")[0]
    )
    assert json.loads(checked("--json"))["to_decide"] == []
    assert "left to decide" not in checked()
