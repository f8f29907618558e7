"""The same erasure on every database product, and the types that only one of them has."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from exports import api
from exports.flows import expire
from exports.models import DataSource
from portal.kit import clock
from tests.engine.erasing import Store, a_store, approve_and_run
from tests.engine.products import EACH, MAKERS, Product, ServedProduct, on_postgresql
from tests.engine.test_erasure_rows import PEOPLE_FIELDS, child
from tests.people import RITA
from tests.servers import Server

pytestmark = pytest.mark.django_db

TABLES = [
    "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(80) NOT NULL UNIQUE, name VARCHAR(40) NOT NULL, born DATE, "
    "tier VARCHAR(10) NOT NULL CHECK (tier IN ('free', 'paid', 'none')), seen TIMESTAMP NOT NULL, score NUMERIC(8, 2) NOT NULL)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id), note VARCHAR(40))",
    "CREATE TABLE parts (order_id INTEGER NOT NULL REFERENCES orders (id), line INTEGER NOT NULL, PRIMARY KEY (order_id, line))",
    "CREATE TABLE invoices (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id), total NUMERIC(8, 2))",
    "CREATE TABLE log (id INTEGER PRIMARY KEY, person_id INTEGER, who VARCHAR(40) NOT NULL)",
]
DATASET = (
    PEOPLE_FIELDS
    + child("orders")
    + child("invoices", category="invoices")
    + """
- name: parts
  habeas_meta: {category: orders, erase: delete}
  fields:
    - {name: order_id, fides_meta: {primary_key: true, references: [{dataset: shop, field: orders.id, direction: from}]}}
    - {name: line, fides_meta: {primary_key: true}}
"""
    + child("log", erase="mask", fields="    - {name: who, data_categories: [user.name]}").replace(
        "{name: person_id,", "{name: person_id, habeas_meta: {erase: hash},"
    )
)


@pytest.fixture(params=EACH)
def product(request: pytest.FixtureRequest) -> Iterator[Product]:
    with MAKERS[request.param](request) as made:
        yield made


def store_of(product: Product, folder: Path, dataset: str) -> Store:
    store = a_store(folder)
    source = DataSource(organisation=store.organisation, key="shop", title="Shop", position=0)
    source.url = product.url()
    source.datasets = [{"fides_key": "shop", "collections": yaml.safe_load(dataset)}]
    source.save()
    return store


def test_it_ends_the_same_on_every_product(product: Product, tmp_path: Path) -> None:
    product.execute(TABLES)
    for key, email in ((0, RITA), (1, "ann@example.org")):
        product.insert("people", [(key, email, "Name", "1990-01-01", "paid", "2026-01-01 10:00:00", 5)])
        product.insert("orders", [(key + 10 * n, key, "x") for n in range(3)])
        product.insert("parts", [(key + 10 * n, line) for n in range(3) for line in range(2)])
        product.insert("invoices", [(key, key, 12)])
        product.insert("log", [(key, key, "Name"), (key + 10, key, "Name")])
    job_id = store_of(product, tmp_path, DATASET).start()
    plan = api.plan(job_id)
    assert (plan.blocked, plan.gaps) == ((), ())
    assert plan.totals == {"delete": 9, "mask": 3, "keep": 1, "detach": 0}
    receipt = approve_and_run(job_id)
    assert receipt["outcome"] == "complete", receipt
    shell = product.ask("SELECT email, name, born, tier, score FROM people WHERE id = 0")[0]
    assert RITA not in shell[0]
    assert (*shell[1:4], int(shell[4])) == ("", None, "none", 0)
    assert product.ask("SELECT count(*) FROM orders")[0][0] == 3
    assert product.ask("SELECT count(*) FROM parts")[0][0] == 6
    tokens = {row[0] for row in product.ask("SELECT person_id FROM log WHERE id IN (0, 10)")}
    assert len(tokens) == 1
    assert not tokens & {0, 1}
    assert {row[0] for row in product.ask("SELECT who FROM log WHERE id IN (0, 10)")} == {""}
    assert [row[0] for row in product.ask("SELECT who FROM log WHERE person_id = 1")] == ["Name", "Name"]
    assert expire.run_due(clock.today("UTC").replace(year=clock.today("UTC").year + 8)) == 1
    assert product.ask("SELECT id FROM people") == [(1,)]
    assert product.ask("SELECT id FROM invoices") == [(1,)]


KINDS = """CREATE TABLE kinds (
  id uuid PRIMARY KEY, person_id bigint NOT NULL, one uuid NOT NULL UNIQUE, small smallint NOT NULL, big bigint NOT NULL UNIQUE,
  exact numeric(10, 2) NOT NULL, approx double precision NOT NULL, is_on boolean NOT NULL, day date NOT NULL, at timestamptz NOT NULL,
  clock time NOT NULL, raw bytea NOT NULL, doc json NOT NULL, docb jsonb NOT NULL, padded char(5) NOT NULL, net inet, tags text[],
  word text NOT NULL CHECK (length(word) BETWEEN 3 AND 9), state text NOT NULL CHECK (state = ANY (ARRAY['open'::text, 'closed'::text])),
  doubled text GENERATED ALWAYS AS (word || word) STORED)"""
KIND = """INSERT INTO kinds VALUES ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A1{n}', {person}, 'B0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A1{n}',
  7, 70{n}, 1.5, 0.1, true, '2026-02-28', '2026-02-28 23:30:00+02', '12:00', '\\x00ff', '{{"a": 1}}', '{{"a": 1}}', 'ab', '10.1.0.1',
  '{{a,b}}', 'hello', 'open')"""
MASKED = (
    "one",
    "small",
    "big",
    "exact",
    "approx",
    "is_on",
    "day",
    "at",
    "clock",
    "raw",
    "doc",
    "docb",
    "padded",
    "net",
    "tags",
    "word",
    "state",
)


@pytest.mark.needs("postgresql")
def test_every_type_of_postgresql_is_masked_and_proved(postgresql_server: Server, tmp_path: Path) -> None:
    with on_postgresql(postgresql_server) as product:
        _mask_all(product, tmp_path)


def _mask_all(product: ServedProduct, folder: Path) -> None:
    people = "CREATE TABLE people (id bigint PRIMARY KEY, email text NOT NULL)"
    product.execute([people, KINDS, KIND.format(n=1, person=0), KIND.format(n=2, person=0), KIND.format(n=3, person=1)])
    product.insert("people", [(0, RITA), (1, "ann@example.org")])
    fields = "".join(f"    - {{name: {name}, habeas_meta: {{erase: rewrite}}}}\n" for name in MASKED)
    dataset = "[{name: people, habeas_meta: {category: account, erase: delete}, fields: [{name: id, fides_meta: {primary_key: true}}, "
    people_fields = yaml.safe_load(dataset + "{name: email, fides_meta: {identity: email}}]}]")
    before = product.ask("SELECT * FROM kinds WHERE person_id = 1")
    old = product.ask("SELECT * FROM kinds WHERE person_id = 0")
    store = store_of(product, folder, yaml.safe_dump(people_fields + yaml.safe_load(child("kinds", erase="mask", fields=fields))))
    receipt = approve_and_run(store.start())
    assert receipt["outcome"] == "complete", receipt
    assert product.ask("SELECT * FROM kinds WHERE person_id = 1") == before
    new = product.ask("SELECT * FROM kinds WHERE person_id = 0")
    assert {row[0] for row in new} == {row[0] for row in old}
    for column in range(2, len(old[0])):
        assert not {repr(row[column]) for row in new} & {repr(row[column]) for row in old}, column
