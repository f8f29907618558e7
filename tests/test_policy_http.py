"""Hosts in sources.yaml: the example of the documentation works as it stands, and what cannot be meant is refused with its line."""

import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from exports import api
from exports.connectors import http_calls
from exports.flows.checking import check_sources
from exports.flows.registering import load_organisation
from exports.models import DataSource
from portal.organisations.marked_yaml import PolicyError
from portal.organisations.models import Organisation
from tests.engine.desk_over_http import DESK
from tests.engine.erasing import approve_and_run
from tests.engine.far_host import Asked, Host, Said, serving
from tests.engine.shop import counts
from tests.people import RITA

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "services.md").read_text(), re.DOTALL)
pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An organisation whose only source is that of the documentation, but for where it stands."""
    made = tmp_path / "org"
    (made / "datasets").mkdir(parents=True)
    shutil.copy(ROOT / "examples" / "cpzai" / "organisation.yaml", made)
    (made / "sources.yaml").write_text(BLOCKS[0].replace("    http:\n", "    http:\n      private: true\n"))
    (made / "datasets" / "desk.yml").write_text(BLOCKS[1])
    monkeypatch.setenv("DESK_READ_TOKEN", "s3cr3t-read")
    monkeypatch.setenv("DESK_WRITE_TOKEN", "s3cr3t-write")
    monkeypatch.setenv("DESK_URL", "https://desk.example.com/api/2")
    return made


def guarded(asked: Asked) -> Said | None:
    token = "s3cr3t-write" if asked.method != "GET" else "s3cr3t-"
    return None if token in asked.headers.get("Authorization", "") else Said(401)


def served(folder: Path, host: Host, monkeypatch: pytest.MonkeyPatch) -> Organisation:
    monkeypatch.setenv("DESK_URL", host.base)
    monkeypatch.setattr(http_calls, "sleep", lambda seconds: None)
    host.behaviour = guarded
    load_organisation(folder)
    return Organisation.objects.get()


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    path = tmp_path / "desk.sqlite3"
    with sqlite3.connect(path) as opened:
        opened.executescript(DESK)
    opened.close()
    with serving(path) as host:
        yield host


@pytest.mark.thorough
def test_the_worked_example_gives_a_copy_and_a_proved_deletion(folder: Path, desk: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation = served(folder, desk, monkeypatch)
    (report,) = check_sources(organisation)["sources"]
    assert (report["state"], report["mismatches"]) == ("reached", [])
    search = api.Search(organisation, organisation.current_policy, {"email": RITA}, "s" * 32)
    copy = api.start_access(search)
    api.run(copy)
    assert counts(copy) == {"contacts": (1, 1, 0, 0), "tickets": (4, 4, 0, 0)}
    erasure = api.start_erasure(search)
    api.run(erasure)
    receipt = approve_and_run(erasure)
    assert (receipt["outcome"], receipt["not_done"], len(receipt["gaps"])) == ("partial", 0, 1)
    assert "match only if capital letters do not matter" in receipt["gaps"][0]  # of the third contact
    assert {one.headers["Authorization"] for one in desk.asked if one.method == "DELETE"} == {"Bearer s3cr3t-write"}


def test_loading_the_same_host_again_changes_nothing(folder: Path) -> None:
    (folder / "sources.yaml").write_text(BLOCKS[0])
    for source, changed in (("created", True), ("unchanged", False)):
        report = load_organisation(folder)
        assert (dict(report.sources)["desk"], report.changed) == (source, changed)
    assert b"s3cr3t" not in bytes(DataSource.objects.get().settings_sealed)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("kind: http\n", "kind: sql\n", "sources.0: has http, but is not of the kind http"),
        ("secret_env: DESK_READ_TOKEN", "secret_env: NOT_SET", "sources.yaml:8: sources.0.http.auth.secret_env: the environment variable"),
        ("secret_env: DESK_READ_TOKEN", "secret_env: HABEAS_MASTER_KEY", "HABEAS_ names are the product's own"),
        ("{kind: bearer, secret_env: DESK_READ_TOKEN}", "{kind: basic}", "sources.0.http.auth: of the kind basic needs name_env"),
        ("kind: page, name: page", "kind: page", "paging: of the kind page needs name"),
        ("kind: page, name: page", "kind: pages, name: page", "'pages' is not one of page, offset"),
        ('{email: "{email}"}', '{email: "{mail}"}', "contacts.list.0: has the blank {mail}, which `by` does not name"),
        ("path: /contacts\n", "path: contacts\n", "'contacts' is not a path; it begins with /"),
        ("method: PATCH", "method: PURGE", "'PURGE' is not one of GET"),
        ("check: /ping", "checks: /ping", "sources.0.http.checks: is not a known key"),
        ('get: {path: "/contacts/{id}"}', "if_match: true", "contacts.if_match: needs get: what a change must match"),
        ("env: DESK_URL ", "url: http://desk.example.com ", "begins with http://, so everybody on the way could read along"),
        ("env: DESK_URL ", "url: https://u:s3cret@desk.example.com ", "is not the address of a service"),
        ("env: DESK_URL ", "url: sqlite:////x ", "is not the address of a service"),
        ('get: {path: "/tickets/{id}"}', 'get: {path: "/tickets/{nr}"}', "tickets.get: has the blank {nr}; only the key of the dataset"),
        (
            'delete: {path: "/tickets/{id}"}',
            'delete: {path: "/tickets"}',
            "tickets.delete: does not name {id}, so it would not be about one",
        ),
        ("        tickets:", "        letters:", "collections: has no calls for 'tickets', which its dataset names"),
        ("by: [contact]", "by: [person]", "tickets.list.0: has the blank {contact}"),
        ("records: items ", "required: [age] ", "contacts: names 'age', which is no field of the dataset"),
        ("datasets:", "write_env: DESK_URL\n    datasets:", "is for databases; a service is changed under http.write_auth"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(folder: Path, old: str, new: str, sentence: str) -> None:
    assert old in BLOCKS[0]
    (folder / "sources.yaml").write_text(BLOCKS[0].replace(old, new, 1))
    with pytest.raises(PolicyError) as told:
        load_organisation(folder)
    assert sentence in str(told.value)
    assert "s3cr" not in str(told.value)
    assert not Organisation.objects.exists()
