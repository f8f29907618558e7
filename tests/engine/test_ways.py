"""Ways that are not a plain tree: circles, rows that point at rows of their own table, several identities, keys of several parts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from exports import api
from tests.conftest import PEER_DATA
from tests.engine.erasing import Store, a_store, approve_and_run
from tests.engine.shop import counts, records
from tests.people import RITA

pytestmark = pytest.mark.django_db
KEY = "{name: id, fides_meta: {primary_key: true}}"
REPLIES = """
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, phone TEXT);
CREATE TABLE reply (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people (id), parent INTEGER REFERENCES reply (id), words TEXT);
INSERT INTO people VALUES (0, 'rita@example.org', '+1'), (1, 'oskar@example.org', '+2'), (2, 'lena@example.org', '+2');
INSERT INTO reply VALUES (1, 0, NULL, 'mine'), (2, 1, 1, 'to hers'), (3, 0, 2, 'back'), (4, 1, NULL, 'his'), (5, 1, 3, 'again'),
  (6, 0, 6, 'loop');
"""
PEOPLE = f"""
- name: people
  habeas_meta: {{category: account, erase: delete}}
  fields: [{KEY}, {{name: email, fides_meta: {{identity: email}}}}, {{name: phone, fides_meta: {{identity: phone_number}}}}]
"""
REPLY = f"""
- name: reply
  habeas_meta: {{category: account, erase: delete}}
  fields:
    - {KEY}
    - {{name: person, fides_meta: {{references: [{{dataset: shop, field: people.id, direction: from}}]}}}}
    - {{name: parent, fides_meta: {{REFERENCE}}}}
    - {{name: words}}
"""


def replies(folder: Path, direction: str) -> Store:
    way = f", direction: {direction}" if direction else ""
    meta = f"references: [{{dataset: shop, field: reply.id{way}}}]" if direction != "none" else ""
    return a_store(folder).add("shop", REPLIES, PEOPLE + REPLY.replace("REFERENCE", meta))


def found(store: Store, collection: str, identities: Mapping[str, str], field: str = "id") -> set[Any]:
    policy = store.organisation.current_policy
    job_id = api.start_access(api.Search(store.organisation, policy, identities, "s" * 32, "DR-TEST-01"))
    api.run(job_id)
    assert api.progress(job_id).gaps == ()
    if not counts(job_id)[collection.partition(".")[2]][0]:
        return set()
    return {record[field] for record in records(job_id, collection)}


@pytest.mark.parametrize(
    ("direction", "ids"),
    [("none", {1, 3, 6}), ("from", {1, 2, 3, 5, 6}), ("to", {1, 2, 3, 6}), ("", {1, 2, 3, 5, 6})],
)
def test_a_tree_of_replies_is_followed_as_far_as_the_file_says(tmp_path: Path, direction: str, ids: set[int]) -> None:
    assert found(replies(tmp_path, direction), "shop.reply", {"email": RITA}) == ids


def test_an_erasure_of_a_tree_leaves_what_others_wrote_below(tmp_path: Path) -> None:
    store = replies(tmp_path, "none")
    receipt = approve_and_run(store.start())
    assert receipt["outcome"] == "complete", receipt
    left = {key: (person, words) for key, person, words in store.sql("SELECT id, person, words FROM reply")}
    assert {key for key, (person, _words) in left.items() if person == 1} == {2, 4, 5}
    assert not [key for key, (person, _words) in left.items() if person == 0]
    assert {key: left[key] for key in left if key in (1, 3)} == {
        1: (None, "mine"),
        3: (None, "back"),
    }  # others' replies hang below: detached
    assert not store.sql("SELECT * FROM people WHERE id = 0")


@pytest.mark.parametrize(
    ("identities", "ids"),
    [
        ({"email": RITA}, {0}),
        ({"phone_number": "+2"}, {1, 2}),
        ({"email": RITA, "phone_number": "+2"}, {0, 1, 2}),
        ({"email": RITA, "phone_number": "+1"}, {0}),
        ({"email": "nobody@example.org", "phone_number": "+9"}, set()),
    ],
)
def test_several_identities_find_the_rows_of_each(tmp_path: Path, identities: dict[str, str], ids: set[int]) -> None:
    assert found(replies(tmp_path, "none"), "shop.people", identities) == ids


def test_the_parts_of_a_key_must_match_together_across_sources_too(tmp_path: Path) -> None:
    store = a_store(tmp_path).add(
        "shop",
        "CREATE TABLE orders (shop TEXT, code INTEGER, email TEXT, PRIMARY KEY (shop, code));"
        "INSERT INTO orders VALUES ('a', 1, 'rita@example.org'), ('b', 2, 'rita@example.org'), ('a', 2, 'oskar@example.org');",
        """
- name: orders
  fields:
    - {name: shop, fides_meta: {primary_key: true}}
    - {name: code, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}}
""",
    )
    rows = [(1, "a", 1), (2, "b", 2), (3, "a", 2), (4, "b", 1)]
    store.add(
        "post",
        "CREATE TABLE parcel (id INTEGER PRIMARY KEY, shop TEXT, code INTEGER);"
        + "".join(f"INSERT INTO parcel VALUES ({key}, '{shop}', {code});" for key, shop, code in rows),
        f"""
- name: parcel
  fields:
    - {KEY}
    - {{name: shop, fides_meta: {{references: [{{dataset: shop, field: orders.shop, direction: from}}]}}}}
    - {{name: code, fides_meta: {{references: [{{dataset: shop, field: orders.code, direction: from}}]}}}}
""",
    )
    assert found(store, "post.parcel", {"email": RITA}) == {1, 2}


@pytest.mark.needs("peer-data")
def test_a_directed_circle_is_walked_to_its_end_and_erased(tmp_path: Path) -> None:
    text = (
        (PEER_DATA / "fides" / "derived" / "directed_cycle.yml")
        .read_text()
        .partition("collections:\n")[2]
        .replace("dataset: cyc", "dataset: shop")
    )
    store = a_store(tmp_path).add(
        "shop",
        "CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, address_id INTEGER);"
        "CREATE TABLE address (id INTEGER PRIMARY KEY);"
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, shipping_address_id INTEGER, customer_id INTEGER);"
        "INSERT INTO customer VALUES (1, 'rita@example.org', 5), (2, 'oskar@example.org', 6), (3, 'lena@example.org', 7);"
        "INSERT INTO address VALUES (5), (6), (7); INSERT INTO orders VALUES (9, 5, 2), (8, 6, 1), (7, 7, 3);",
        text,
    )
    assert found(store, "shop.orders", {"email": RITA}) == {8, 9}
    assert found(store, "shop.customer", {"email": RITA}) == {1, 2}
    assert approve_and_run(store.start())["outcome"] == "complete"
    assert store.sql("SELECT email FROM customer WHERE id > 1 ORDER BY id") == [("oskar@example.org",), ("lena@example.org",)]
    assert store.sql("SELECT email FROM customer WHERE id = 1") == [(None,)]
