"""The demo knows every example: its staff, its stores, and the people whose requests it plays."""

import importlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from exports.flows.registering import load_organisation
from portal.demo import samples, staff
from portal.demo.subplots import SUBPLOTS
from portal.organisations.models import Membership, Organisation, Role
from tests.stores import TODAY
from tests.test_examples_promises import EXAMPLES

PEOPLE = {
    "mcpr": ("cloud", "accounts"),
    "bakery": ("workspace", "users"),
    "harbour": ("workspace", "users"),
    "garden": ("workspace", "users"),
}


def test_every_example_is_in_the_demo() -> None:
    assert sorted(samples.KEYS) == sorted(path.parent.name for path in EXAMPLES.glob("*/organisation.yaml"))


def test_each_has_a_lead_an_officer_and_an_auditor_and_no_address_is_two_peoples() -> None:
    assert staff.AT.keys() == set(samples.KEYS)
    assert {tuple(role for _, role in people) for people in staff.AT.values()} == {(Role.LEAD, Role.OFFICER, Role.AUDITOR)}
    names = [name for people in staff.AT.values() for name, _ in people]
    assert len({staff.address(name) for name in names}) == len(names)


def test_a_tenants_staff_are_its_own_alone(db: None, tmp_path: Path, settings: object) -> None:
    settings.DATA = tmp_path  # type: ignore[attr-defined]  # where the demo keeps its password
    for key in ("pyplan", "garden"):
        load_organisation(EXAMPLES / key, stores=tmp_path / key)
    staff.welcome()

    at = {key: set(Membership.objects.filter(organisation__key=key).values_list("user__name", flat=True)) for key in ("pyplan", "garden")}
    assert at["garden"] == {name for name, _ in staff.AT["garden"]}
    assert at["pyplan"] == {name for name, _ in (*staff.AT["pyplan"], *staff.EVERYWHERE)}
    assert Organisation.objects.get(key="garden").processor == Organisation.objects.get(key="pyplan")


@pytest.mark.parametrize("key", PEOPLE)
def test_whoever_asks_in_the_demo_is_somebody_there(key: str, tmp_path: Path) -> None:
    store, table = PEOPLE[key]
    importlib.import_module(f"examples.{key}.sample").build(tmp_path, today=TODAY)
    with closing(sqlite3.connect(tmp_path / f"{store}.sqlite3")) as base:
        known = {email for (email,) in base.execute(f"SELECT email FROM {table}")}

    assert {request.person.email for request in SUBPLOTS[key]} <= known


def test_no_mailbox_is_asked_so_often_that_its_codes_run_out() -> None:
    askers = [request.person.email for requests in SUBPLOTS.values() for request in requests]

    assert max(askers.count(email) for email in askers) <= 2
    assert "rita.lindqvist@example.org" not in askers
