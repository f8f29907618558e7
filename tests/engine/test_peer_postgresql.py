"""The format's own example database as it is shipped: its seed on a PostgreSQL, its dataset file, copies and erasures of each person."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from exports import api
from exports.models import DataSource
from tests.conftest import PEER_DATA
from tests.engine.erasing import Store, a_store, approve_and_run
from tests.engine.products import ServedProduct, on_postgresql
from tests.engine.shop import counts, records
from tests.servers import Server

pytestmark = [pytest.mark.django_db, pytest.mark.needs("peer-data", "postgresql")]
NAME = "postgres_example_test_dataset"
TABLES = [
    "address",
    "customer",
    "employee",
    "login",
    "order_item",
    "orders",
    "payment_card",
    "product",
    "report",
    "service_request",
    "visit",
]
FIRST = {
    "customer": 1,
    "service_request": 1,
    "visit": 1,
    "orders": 3,
    "payment_card": 1,
    "address": 2,
    "login": 6,
    "order_item": 4,
    "product": 2,
}
SECOND = {
    "customer": 1,
    "service_request": 1,
    "visit": 1,
    "orders": 1,
    "payment_card": 1,
    "address": 2,
    "login": 1,
    "order_item": 1,
    "product": 1,
}


@pytest.fixture
def example(postgresql_server: Server) -> Iterator[ServedProduct]:
    with on_postgresql(postgresql_server) as made:
        made.execute([(PEER_DATA / "fides" / "postgres_sample.sql").read_text()])
        yield made


def store_of(example: ServedProduct, folder: Path, *, collections: list[dict[str, Any]] | None = None) -> Store:
    store = a_store(folder)
    source = DataSource(organisation=store.organisation, key="example", title="Example", position=0)
    source.url = example.url()
    source.datasets = yaml.safe_load((PEER_DATA / "fides" / f"{NAME}.yml").read_text())["dataset"]
    if collections is not None:
        source.datasets = [{"fides_key": NAME, "collections": collections}]
    source.save()
    return store


def collected(store: Store, email: str) -> Any:
    job_id = api.start_access(api.Search(store.organisation, store.organisation.current_policy, {"email": email}, "s" * 32, "DR-TEST-01"))
    api.run(job_id)
    return job_id


def rows(example: ServedProduct) -> dict[str, list[tuple[Any, ...]]]:
    return {name: example.ask(f"SELECT * FROM {name} ORDER BY 1, 2") for name in TABLES}


@pytest.mark.parametrize(
    ("email", "found"),
    [
        ("customer-1@example.com", FIRST),
        ("customer-2@example.com", SECOND),
        ("jane@example.com", {"customer": 1, "orders": 1, "payment_card": 1, "address": 1, "login": 1}),
        ("employee-1@example.com", {"employee": 1, "service_request": 3, "address": 1}),
        ("employee-2@example.com", {"employee": 1, "service_request": 1, "address": 1}),
    ],
)
def test_each_person_gets_a_copy_of_what_is_theirs(example: ServedProduct, tmp_path: Path, email: str, found: dict[str, int]) -> None:
    job_id = collected(store_of(example, tmp_path), email)
    progress = api.progress(job_id)
    assert (progress.failed, progress.gaps) == (False, ())
    assert {name: one[0] for name, one in counts(job_id).items() if one[0]} == found


def test_nobody_gets_the_addresses_of_others(example: ServedProduct, tmp_path: Path) -> None:
    store = store_of(example, tmp_path)
    for email in ("customer-1@example.com", "employee-1@example.com", "employee-2@example.com", "jane@example.com"):
        job_id = collected(store, email)
        everything = repr([records(job_id, f"{NAME}.{name}") for name, one in counts(job_id).items() if one[1]])
        others = {word for word in everything.split("'") if word.endswith("@example.com")} - {email}
        assert others <= ({"customer-1-alt@example.com"} if email == "customer-1@example.com" else set())
    job_id = collected(store, "employee-1@example.com")
    assert counts(job_id)["service_request"] == (3, 3, 0, 4)


def test_no_card_number_leaves_the_house(example: ServedProduct, tmp_path: Path) -> None:
    job_id = collected(store_of(example, tmp_path), "customer-1@example.com")
    (card,) = records(job_id, f"{NAME}.payment_card")
    assert (card["ccn"], card["code"], card["name"]) == ("(not disclosed)", "(not disclosed)", "Example Card 1")


@pytest.mark.parametrize(
    ("strategy", "configuration", "outcome"),
    [
        ("null_rewrite", {}, lambda old, new: new is None),
        ("string_rewrite", {"rewrite_value": "GONE"}, lambda old, new: new == "GONE"),
        ("random_string_rewrite", {"length": 10}, lambda old, new: new and new != old),
    ],
)
def test_every_strategy_of_the_format_empties_the_cells_and_nobody_else_s(
    example: ServedProduct, tmp_path: Path, strategy: str, configuration: dict[str, Any], outcome: Any
) -> None:
    override = {"strategy": strategy, "configuration": configuration}
    (dataset,) = yaml.safe_load((PEER_DATA / "fides" / f"{NAME}.yml").read_text())["dataset"]
    collections = dataset["collections"]
    for field in next(c for c in collections if c["name"] == "customer")["fields"]:
        if field["name"] == "name":
            field["fides_meta"]["masking_strategy_override"] = override
    store, before = store_of(example, tmp_path, collections=collections), rows(example)
    receipt = approve_and_run(store.start(email="customer-1@example.com"))
    assert receipt["outcome"] == "complete"
    after = rows(example)
    assert outcome("John Customer", next(row for row in after["customer"] if row[0] == 1)[2])
    assert [row for row in after["customer"] if row[0] != 1] == before["customer"][1:]
    for name in ("product", "address", "report", "employee"):
        assert after[name] == before[name]  # other people's, or shared with them
    assert "customer-1@example.com" not in repr(after)


def test_each_customer_and_employee_can_be_erased_one_after_the_other(example: ServedProduct, tmp_path: Path) -> None:
    store = store_of(example, tmp_path)
    everybody = ["customer-1@example.com", "customer-2@example.com", "jane@example.com", "employee-1@example.com", "employee-2@example.com"]
    for number, email in enumerate(everybody):
        receipt = approve_and_run(store.start(email=email))
        assert receipt["outcome"] == "complete", (email, receipt)
        left = repr(rows(example))
        assert email not in left
        assert all(other in left for other in everybody[number + 1 :])
    assert example.ask("SELECT count(*) FROM backup_schema.customer")[0][0] == 1  # no dataset speaks of it


def test_rows_go_where_the_file_says_delete(example: ServedProduct, tmp_path: Path) -> None:
    (dataset,) = yaml.safe_load((PEER_DATA / "fides" / f"{NAME}.yml").read_text())["dataset"]
    for collection in dataset["collections"]:
        if collection["name"] in ("customer", "orders", "order_item", "payment_card", "login"):
            collection["fides_meta"] = {"masking_strategy_override": {"strategy": "delete"}}
    store = store_of(example, tmp_path, collections=dataset["collections"])
    receipt = approve_and_run(store.start(email="customer-1@example.com"))
    assert receipt["outcome"] == "complete"
    left = {name: len(found) for name, found in rows(example).items()}
    assert (left["customer"], left["orders"], left["order_item"], left["payment_card"], left["login"]) == (2, 2, 2, 2, 2)
    assert (left["address"], left["product"]) == (4, 6)
