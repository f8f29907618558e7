"""Documents at a service over HTTP: only the person's elements are taken out, whatever fails on the way, and what others add stays."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID
from zlib import crc32

import pytest
import yaml

from exports import api
from exports.connectors import http_calls
from exports.models import DataSource
from tests.engine.erasing import Store, a_store
from tests.engine.far_host import Asked, Host, Said, serving
from tests.engine.partial import run_until_given_up
from tests.engine.products import calls_of
from tests.engine.test_documents import ONE, TWO
from tests.engine.test_erasure_unfinished import receipt_of

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
FIELDS = """
- name: bookings
  habeas_meta: {category: account, erase: delete, title: Bookings}
  fields:
    - {name: id, fides_meta: {primary_key: true, data_type: integer}}
    - {name: flight, fides_meta: {data_type: string}}
    - name: travellers
      fides_meta: {data_type: 'object[]'}
      fields:
        - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
        - {name: name, data_categories: [user.name]}
"""
BOOKINGS = {1: [ONE, TWO], 2: [TWO], 3: [ONE], 4: [TWO, ONE, {**TWO, "seat": 1.50}], 5: [ONE, TWO]}


def opened(asked: Asked, said: Said) -> Said:
    """The host keeps documents as text and speaks JSON."""
    for row in said.body.get("items", [said.body]) if isinstance(said.body, dict) else ():
        if isinstance(row.get("travellers"), str):
            row["travellers"] = json.loads(row["travellers"])
    return said


def closed(asked: Asked) -> None:
    if asked.method == "PATCH" and "travellers" in asked.body:
        assert isinstance(asked.body["travellers"], list)  # a document, not its text
        asked.body = {**asked.body, "travellers": json.dumps(asked.body["travellers"])}


@pytest.fixture
def airline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Host]]:
    monkeypatch.setattr(http_calls, "sleep", lambda seconds: None)
    store = a_store(tmp_path)
    store.files["air"] = tmp_path / "air.sqlite3"
    store.sql("CREATE TABLE bookings (id INTEGER PRIMARY KEY, flight TEXT, travellers TEXT)", "air")
    for number, travellers in BOOKINGS.items():
        store.sql(f"INSERT INTO bookings VALUES ({number}, 'LH{number}', '{json.dumps(travellers)}')", "air")
    with serving(store.files["air"]) as host:
        host.behaviour, host.after = closed, opened
        source = DataSource(organisation=store.organisation, key="air", title="Airline", kind="http")
        source.url, source.settings = host.base, {"private": True, "collections": {"bookings": calls_of("bookings", "id")}}
        source.datasets = [{"fides_key": "air", "collections": yaml.safe_load(FIELDS)}]
        source.save()
        yield store, host


def held(store: Store) -> dict[int, Any]:
    return {number: json.loads(cell) for number, cell in store.sql("SELECT id, travellers FROM bookings ORDER BY id", "air")}


def approved(store: Store) -> UUID:
    job_id = store.start()
    plan = api.plan(job_id)
    assert (plan.blocked, plan.totals["delete"], plan.totals["detach"]) == ((), 1, 3)
    api.approve(job_id, plan.digest, by="Ada")
    return job_id


AFTER = {1: [TWO], 2: [TWO], 4: [TWO, {**TWO, "seat": 1.50}], 5: [TWO]}


def test_only_her_elements_are_taken_out_and_the_record_that_is_hers_alone_goes(airline: tuple[Store, Host]) -> None:
    store, host = airline
    job_id = approved(store)
    api.run(job_id)
    receipt = receipt_of(job_id)
    assert (receipt["outcome"], receipt["totals"]) == ("complete", {"delete": 1, "mask": 0, "keep": 0, "detach": 3})
    assert held(store) == AFTER
    assert "Rita" not in str(held(store))
    assert sorted(host.calls("PATCH")) == ["/bookings/1", "/bookings/4", "/bookings/5"]


def test_a_failure_midway_is_told_and_the_rest_is_done_by_another_try(airline: tuple[Store, Host]) -> None:
    store, host = airline

    def refusing(asked: Asked) -> Said | None:
        closed(asked)
        return Said(409) if asked.method == "PATCH" and asked.path == "/bookings/4" else None

    host.behaviour = refusing
    job_id = approved(store)
    run_until_given_up(job_id)
    assert receipt_of(job_id)["outcome"] in ("partial", "failed")
    assert api.sources_left(job_id) == (("air", "Airline"),)
    assert ONE in held(store)[4]
    added = {"email": "new@example.org", "name": "New"}
    store.sql(f"UPDATE bookings SET travellers = '{json.dumps([TWO, ONE, added])}' WHERE id = 4", "air")
    host.behaviour = closed
    api.retry(job_id, "air")
    api.run(job_id)
    assert receipt_of(job_id)["outcome"] == "complete"
    assert held(store) == {**AFTER, 4: [TWO, added]}


def test_an_answer_that_is_lost_midway_is_found_out_by_reading(airline: tuple[Store, Host]) -> None:
    store, host = airline
    lost: list[str] = []

    def losing(asked: Asked, said: Said) -> Said:
        if asked.method == "PATCH" and asked.path == "/bookings/4" and not lost:
            lost.append(asked.path)
            return Said(500, {"fault": 1})
        return opened(asked, said)

    host.after = losing
    job_id = approved(store)
    run_until_given_up(job_id)
    assert receipt_of(job_id)["outcome"] == "complete"
    assert held(store) == AFTER


def test_a_host_that_says_done_and_keeps_the_element_fails(airline: tuple[Store, Host]) -> None:
    store, host = airline

    def pretending(asked: Asked) -> Said | None:
        closed(asked)
        return Said(200, {"ok": True}) if asked.method == "PATCH" and asked.path == "/bookings/5" else None

    host.behaviour = pretending
    job_id = approved(store)
    run_until_given_up(job_id)
    receipt = receipt_of(job_id)
    assert (receipt["outcome"], receipt["verification"]["not_as_planned"]) == ("failed", 1)
    assert api.sources_left(job_id) == (("air", "Airline"),)


def with_versions(store: Store, host: Host, *, meanwhile: str, tagged: bool = True) -> None:
    """Every record has a version that a change must match. Just before the first change somebody else writes."""
    source = DataSource.objects.get(key="air")
    source.settings = {"private": True, "collections": {"bookings": calls_of("bookings", "id", if_match=True)}}
    source.save()
    writings = [meanwhile]

    def version(asked: Asked) -> str:
        number = asked.path.split("/")[-1]
        return f'"{crc32(str(store.sql(f"SELECT * FROM bookings WHERE id = {number}", "air")).encode())}"'

    def matching(asked: Asked) -> Said | None:
        closed(asked)
        if asked.method == "GET":
            return None
        while writings:
            store.sql(writings.pop(), "air")
        return None if asked.headers.get("If-Match", version(asked)) == version(asked) else Said(412)

    def versioned(asked: Asked, said: Said) -> Said:
        one = asked.method == "GET" and asked.path.startswith("/bookings/")
        return replace(opened(asked, said), headers={"ETag": version(asked)} if one and tagged else {})

    host.behaviour, host.after = matching, versioned


@pytest.mark.parametrize("number", [1, 4])
def test_what_others_add_in_the_moment_between_is_kept_where_records_have_versions(airline: tuple[Store, Host], number: int) -> None:
    store, host = airline
    added = {"email": "new@example.org", "name": "New"}
    with_versions(store, host, meanwhile=f"UPDATE bookings SET travellers = '{json.dumps([*BOOKINGS[number], added])}' WHERE id = {number}")
    job_id = approved(store)
    run_until_given_up(job_id)
    assert receipt_of(job_id)["outcome"] == "complete"
    assert held(store) == {**AFTER, number: [*AFTER[number], added]}


def test_a_record_that_somebody_took_over_in_the_moment_between_is_not_deleted(airline: tuple[Store, Host]) -> None:
    store, host = airline
    with_versions(store, host, meanwhile=f"UPDATE bookings SET travellers = '{json.dumps([TWO])}' WHERE id = 3")
    job_id = approved(store)
    run_until_given_up(job_id)
    assert held(store) == {**AFTER, 3: [TWO]}


def test_without_the_version_that_was_promised_nothing_is_changed(airline: tuple[Store, Host]) -> None:
    store, host = airline
    with_versions(store, host, meanwhile="SELECT 1", tagged=False)
    job_id = approved(store)
    run_until_given_up(job_id)
    assert held(store) == BOOKINGS
    assert "no ETag" in api.progress(job_id).error
