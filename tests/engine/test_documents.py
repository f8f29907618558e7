"""Documents in columns: found by what lies inside, and only those elements leave that are the person's. On every product."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from exports import api
from exports.flows import erase
from exports.models import DataSource
from tests.engine.erasing import Store, a_store, approve_and_run
from tests.engine.products import EACH, MAKERS, Product
from tests.engine.shop import counts, records
from tests.people import RITA

pytestmark = [pytest.mark.thorough, pytest.mark.django_db]
OSKAR = "oskar@example.org"
TABLES = [
    "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(80), profile JSON)",
    "CREATE TABLE booking (id INTEGER PRIMARY KEY, flight VARCHAR(10), travellers JSON)",
    "CREATE TABLE list (id INTEGER PRIMARY KEY, name VARCHAR(40), members JSON)",
    "CREATE TABLE ticket (id INTEGER PRIMARY KEY, data JSON)",
    "CREATE TABLE device (serial VARCHAR(20) PRIMARY KEY, kind VARCHAR(20))",
]
DATASET = """
- name: people
  habeas_meta: {category: account, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}}
    - name: profile
      fields:
        - {name: password, habeas_meta: {never_disclose: true}}
        - {name: words, data_categories: [user.content]}
        - {name: boss, habeas_meta: {third_party: cover}}
        - {name: devices, fides_meta: {data_type: 'string[]', references: [{dataset: shop, field: device.serial, direction: to}]}}
- name: booking
  habeas_meta: {category: account, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: flight}
    - name: travellers
      habeas_meta: {title: Travellers}
      fides_meta: {data_type: 'object[]'}
      fields:
        - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
        - {name: name, data_categories: [user.name]}
        - {name: passport, data_categories: [user.government_id]}
- name: list
  habeas_meta: {category: account, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: name}
    - name: members
      fields:
        - {name: ids, fides_meta: {data_type: 'integer[]', references: [{dataset: shop, field: people.id, direction: from}]}}
- name: ticket
  habeas_meta: {category: account, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - name: data
      fields:
        - name: asked
          fields:
            - name: by
              fields: [{name: person, fides_meta: {references: [{dataset: shop, field: people.id, direction: from}]}}]
- name: device
  habeas_meta: {category: account, erase: delete}
  fields:
    - {name: serial, fides_meta: {primary_key: true}}
    - {name: kind}
"""
PEOPLE = [
    (0, RITA, {"password": "x1", "words": "hello", "boss": "Petra", "devices": ["a", "b"]}),
    (2, OSKAR, {"password": "x2", "words": "hi", "devices": ["c"]}),
]
ONE = {"email": RITA, "name": "Rita", "passport": "P1"}
TWO = {"email": OSKAR, "name": "Oskar", "passport": "P2"}
BOOKINGS = [(1, "LH1", [ONE, TWO]), (2, "LH2", [TWO]), (3, "LH3", [ONE]), (4, "LH4", None), (5, "LH5", [{"name": RITA}])]
LISTS = [(1, "both", {"ids": [0, 2, 20]}), (2, "his", {"ids": [2, 10]}), (3, "hers", {"ids": [0]})]
TICKETS = [(1, {"asked": {"by": {"person": 0}}}), (2, {"asked": {"by": {"person": 2}}}), (3, {"asked": None})]
DEVICES = [("a", "phone"), ("b", "watch"), ("c", "phone")]


@pytest.fixture(params=EACH)
def product(request: pytest.FixtureRequest) -> Iterator[Product]:
    with MAKERS[request.param](request) as made:
        made.execute(TABLES)
        made.insert("people", [(number, email, json.dumps(profile)) for number, email, profile in PEOPLE])
        made.insert("booking", [(number, flight, None if who is None else json.dumps(who)) for number, flight, who in BOOKINGS])
        made.insert("list", [(number, name, json.dumps(members)) for number, name, members in LISTS])
        made.insert("ticket", [(number, json.dumps(asked)) for number, asked in TICKETS])
        made.insert("device", DEVICES)
        yield made


def store_of(product: Product, folder: Path, dataset: str = DATASET) -> Store:
    store = a_store(folder)
    source = DataSource(organisation=store.organisation, key="shop", title="Shop", position=0)
    source.url = product.url()
    source.datasets = [{"fides_key": "shop", "collections": yaml.safe_load(dataset)}]
    source.save()
    return store


def collected(store: Store, email: str = RITA) -> Any:
    job_id = api.start_access(api.Search(store.organisation, store.organisation.current_policy, {"email": email}, "s" * 32, "DR-TEST-01"))
    api.run(job_id)
    assert api.progress(job_id).gaps == ()
    return job_id


def documents(product: Product, table: str, column: str) -> dict[Any, Any]:
    """What stands in the database, past everything that is tested."""
    rows = product.ask(f"SELECT id, {column} FROM {table} ORDER BY 1")
    return {key: json.loads(value) if isinstance(value, str) else value for key, value in rows}


def test_only_the_elements_that_are_the_person_s_are_disclosed_and_the_others_counted(product: Product, tmp_path: Path) -> None:
    job_id = collected(store_of(product, tmp_path))
    found = {record["id"]: record["travellers"] for record in records(job_id, "shop.booking")}
    hers = {"email": RITA, "name": "Rita", "passport": "(not disclosed)"}
    assert found == {1: [hers], 3: [hers]}
    assert counts(job_id)["booking"] == (2, 2, 0, 1)


def test_a_reference_may_lead_into_a_document_and_out_of_one(product: Product, tmp_path: Path) -> None:
    job_id = collected(store_of(product, tmp_path))
    assert {record["id"]: record["members"] for record in records(job_id, "shop.list")} == {1: {"ids": [0]}, 3: {"ids": [0]}}
    assert [record["id"] for record in records(job_id, "shop.ticket")] == [1]
    assert {record["serial"] for record in records(job_id, "shop.device")} == {"a", "b"}
    assert counts(job_id)["list"] == (2, 2, 0, 2)


def test_secrets_and_other_people_inside_a_document_are_replaced_and_the_rest_is_shown(product: Product, tmp_path: Path) -> None:
    (person,) = records(collected(store_of(product, tmp_path)), "shop.people")
    assert person["profile"] == {"password": "(not disclosed)", "words": "hello", "boss": "(another person)", "devices": ["a", "b"]}


def test_all_elements_are_shown_where_the_file_says_so(product: Product, tmp_path: Path) -> None:
    text = DATASET.replace("data_type: 'object[]'", "data_type: 'object[]', return_all_elements: true")
    found = {r["id"]: [t["name"] for t in r["travellers"]] for r in records(collected(store_of(product, tmp_path, text)), "shop.booking")}
    assert found == {1: ["Rita", "Oskar"], 3: ["Rita"]}


def test_an_erasure_takes_the_person_out_of_shared_documents_and_leaves_the_others_as_they_were(product: Product, tmp_path: Path) -> None:
    store = store_of(product, tmp_path)
    job_id = store.start()
    plan = api.plan(job_id)
    assert (plan.blocked, plan.gaps) == ((), ())
    assert {(line.collections, line.action): line.rows for line in plan.lines if line.action == "detach"} == {
        (("shop.booking",), "detach"): 1,
        (("shop.list",), "detach"): 1,
    }
    receipt = approve_and_run(job_id)
    assert receipt["outcome"] == "complete", receipt
    assert documents(product, "booking", "travellers") == {1: [TWO], 2: [TWO], 4: None, 5: [{"name": RITA}]}  # the third was hers alone
    assert documents(product, "list", "members") == {1: {"ids": [2, 20]}, 2: {"ids": [2, 10]}}
    assert set(documents(product, "ticket", "data")) == {2, 3}
    assert [row[0] for row in product.ask("SELECT serial FROM device")] == ["c"]
    assert set(documents(product, "people", "profile")) == {2}
    assert counts(collected(store, OSKAR))["booking"] == (2, 2, 0, 0)


def test_the_numbers_of_others_keep_all_their_digits(product: Product, tmp_path: Path) -> None:
    product.execute(
        [f"""UPDATE booking SET travellers = '[{{"email": "{RITA}"}}, {{"paid": 1.10, "far": 12345678901234567890.123}}]' WHERE id = 1"""]
    )
    assert approve_and_run(store_of(product, tmp_path).start())["outcome"] == "complete"
    (text,) = product.ask("SELECT CAST(travellers AS CHAR(200)) FROM booking WHERE id = 1")[0]
    assert "1.10" in text
    assert "12345678901234567890.123" in text


def test_what_others_changed_in_a_document_since_it_was_looked_at_stays_changed(
    product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = {"email": "ann@example.org"}
    store = store_of(product, tmp_path)
    job_id = store.start()
    real = erase.thinned

    def meanwhile(writer: Any, table: str, rows: Any) -> Any:
        if table == "booking":
            writer.rewrite("booking", [((1,), {"travellers": json.dumps([ann, ONE, TWO])})])
        yield from real(writer, table, rows)

    monkeypatch.setattr(erase, "thinned", meanwhile)
    receipt = approve_and_run(job_id)
    assert receipt["outcome"] == "complete"
    assert documents(product, "booking", "travellers")[1] == [ann, TWO]


def test_an_element_that_was_left_makes_the_proof_fail(product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(product, tmp_path)
    job_id = store.start()
    monkeypatch.setattr(erase, "thinned", lambda _writer, _table, _rows: iter(()))
    assert approve_and_run(job_id)["outcome"] == "failed"


def test_what_the_policy_keeps_stays_in_its_document(product: Product, tmp_path: Path) -> None:
    text = DATASET.replace("- name: booking\n  habeas_meta: {category: account", "- name: booking\n  habeas_meta: {category: invoices")
    receipt = approve_and_run(store_of(product, tmp_path, text).start())
    assert receipt["outcome"] == "complete", receipt
    assert documents(product, "booking", "travellers")[1] == [ONE, TWO]


@pytest.mark.parametrize(
    ("written", "is_found"),
    [
        ('[{"email": "\\u0072ita@example.org"}]', True),
        ('{"email": "rita@example.org"}', True),
        ('{"email": ["x", "rita@example.org"]}', True),
        ('[[{"email": "rita@example.org"}]]', True),
        ('[{"email": "RITA@example.org"}]', False),
        ('[{"email": {"of": "rita@example.org"}}]', False),
        ('[{"mail": "rita@example.org"}]', False),
        ('["rita@example.org"]', False),
        ("[]", False),
        ("rita@example.org is no document", False),
    ],
)
def test_a_value_is_found_wherever_its_path_leads_and_nowhere_else(tmp_path: Path, written: str, is_found: bool) -> None:
    store = a_store(tmp_path).add("shop", ";".join([*TABLES, ""]), DATASET)
    store.sql(f"INSERT INTO booking VALUES (1, 'LH1', '{written}')")
    assert counts(collected(store)).get("booking", (0,))[0] == int(is_found)


def test_a_secret_in_what_should_have_been_a_document_is_not_disclosed(tmp_path: Path) -> None:
    store = a_store(tmp_path).add("shop", ";".join([*TABLES, ""]), DATASET)
    store.sql(f"INSERT INTO people VALUES (1, '{RITA}', 'password: sesame')")
    (person,) = records(collected(store), "shop.people")
    assert person["profile"] == "(not disclosed)"
