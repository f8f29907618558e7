"""Three sources on real servers, of which one is down: what the others hold arrives, the gap is named, nothing says complete; and when it
is back, the same search finishes."""

import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from exports import api
from exports.connectors import http_calls
from exports.models import DataSource
from portal.organisations.models import User
from requests_app.flows import fulfilment, shortfalls
from requests_app.flows.searching import NotYet
from requests_app.models import Case
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.undone import Why
from tests.desk.acting import as_actor
from tests.desk.test_correcting import worked
from tests.engine.desk_over_http import DESK, add_desk
from tests.engine.erasing import Store, a_store
from tests.engine.far_host import serving
from tests.engine.products import ServedProduct, on_mariadb
from tests.people import RITA, a_case, a_member, at_desk
from tests.servers import FORGETFUL, Server, made_postgresql, started

pytestmark = [pytest.mark.needs("postgresql", "mariadbd"), pytest.mark.django_db]
DELAYED, FULFILLED = "dpv:RequestActionDelayed", "dpv:RequestFulfilled"
FIELDS = """
- name: {name}
  habeas_meta: {{category: account}}
  fields:
    - {{name: id, fides_meta: {{primary_key: true}}}}
    - {{name: email, data_categories: [user.contact.email], fides_meta: {{identity: email}}}}
    - {{name: what, data_categories: [user.content]}}
"""


def add(store: Store, product: Any, name: str) -> None:
    """A database with one table that knows two people."""
    product.execute([f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, email VARCHAR(80), what VARCHAR(80))"])
    product.insert(name, [(0, RITA, f"hers in {name}"), (1, "ann@example.org", f"Ann's in {name}")])
    source = DataSource(organisation=store.organisation, key=name, title=name.capitalize(), url=product.url())
    source.datasets = [{"fides_key": name, "collections": yaml.safe_load(FIELDS.format(name=name))}]
    source.save()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mariadb_server: Server) -> Iterator[tuple[Store, Callable[[], None]]]:
    """A PostgreSQL that is down, a MariaDB, and a service over HTTP; and what brings the PostgreSQL back."""
    monkeypatch.setattr(http_calls, "sleep", lambda seconds: None)
    store = a_store(tmp_path)
    store.files["desk"] = tmp_path / "desk.sqlite3"
    for statement in DESK.strip().split(";\n"):
        store.sql(statement.rstrip(";"), "desk")
    with ExitStack() as stack:
        server = stack.enter_context(made_postgresql())
        host = stack.enter_context(serving(store.files["desk"]))
        add_desk(store, host)
        add(store, stack.enter_context(on_mariadb(mariadb_server)), "books")
        with started(server, FORGETFUL):
            add(store, ServedProduct(server, "postgres"), "orders")
        yield store, lambda: stack.enter_context(started(server, FORGETFUL))


@pytest.fixture
def lead(house: tuple[Store, Callable[[], None]]) -> User:
    return a_member("Ada", "lead", house[0].organisation)


def searched(store: Store) -> Case:
    case = worked(a_case(store.organisation, right=Right.ACCESS))
    assert case.state == State.REVIEW
    return case


def answered(case: Case, lead: User) -> tuple[dict[str, Any], str, str]:
    """The records of the archive by file, what the archive says of itself for people and machines, and the letter."""
    assert case.job_id
    fulfilment.release(case, by=as_actor(lead, case))
    fulfilment.deliver(case)
    case.refresh_from_db()
    assert case.state == State.ANSWERED
    with zipfile.ZipFile(BytesIO(b"".join(api.open_archive(case.job_id)))) as bag:
        records = {Path(name).stem: json.loads(bag.read(name)) for name in bag.namelist() if "/records/" in name and name.endswith(".json")}
        page = "".join(bag.read(name).decode() for name in bag.namelist() if name.endswith(("index.html", ".jsonld")))
    return records, page, case.unseal(case.letters.get().html_sealed)


def test_two_parts_arrive_the_gap_is_named_and_nothing_says_complete(house: tuple[Store, Callable[[], None]], lead: User) -> None:
    store, _back = house
    case = searched(store)
    assert case.job_id
    progress = api.progress(case.job_id)
    assert {one.key: one.state for one in progress.sources} == {"books": "done", "desk": "done", "orders": "failed"}
    assert [title for title, _why in progress.gaps] == ["Orders"]
    assert "cannot be reached" in progress.gaps[0][1]
    assert "cannot be reached" in at_desk(lead).get(f"/desk/case/{case.reference}/").content.decode()
    with pytest.raises(NotYet, match="Orders did not answer"):
        fulfilment.release(case, by=as_actor(lead, case))
    shortfalls.close_source(case, "orders", Why("gone", "Your orders."), by=as_actor(lead, case))
    records, page, letter = answered(case, lead)
    assert {one["what"] for one in records["books-books"]} == {"hers in books"}
    assert [one["name"] for one in records["desk-contacts"]] == ["Rita"]
    assert not any(name.startswith("orders") for name in records)
    assert DELAYED in page
    assert FULFILLED not in page
    for said in (page, letter):
        assert "Orders" in said
        assert "cannot be reached" in said
    assert case.outcome == "partly"


def test_when_the_source_is_back_the_same_search_finishes(house: tuple[Store, Callable[[], None]], lead: User) -> None:
    store, back = house
    case = searched(store)
    job_id = case.job_id
    back()
    fulfilment.retry(case, "orders", by=as_actor(lead, case))
    case = worked(case)
    assert (case.state, case.job_id) == (State.REVIEW, job_id)
    assert job_id
    assert (api.progress(job_id).gaps, {one.state for one in api.progress(job_id).sources}) == ((), {"done"})
    records, page, _letter = answered(case, lead)
    assert [one["what"] for one in records["orders-orders"]] == ["hers in orders"]
    assert [one["what"] for one in records["books-books"]] == ["hers in books"]
    assert [one["name"] for one in records["desk-contacts"]] == ["Rita"]
    assert DELAYED not in page
    assert FULFILLED in page
    assert "Ann" not in str(records)
    assert case.outcome != "partly"
