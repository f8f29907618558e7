"""Every example loads, answers its own people and nobody else's, and forgets one person without touching another."""

import hashlib
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.http import Http404

from exports import api
from exports.flows.registering import load_organisation
from portal.organisations.models import Organisation
from requests_app import access
from requests_app.flows import fulfilment
from requests_app.rules.regimes import load_regimes
from requests_app.rules.states import State
from tests.engine.erasing import approve_and_run
from tests.people import a_case, a_member, at_desk
from tests.stores import build_store
from tests.test_examples_promises import EXAMPLES
from tests.test_examples_samples import asked, said

pytestmark = [pytest.mark.thorough, pytest.mark.django_db]
KEYS = ("mcpworks", "cpzai", "mcpr", "pyplan", "bakery", "harbour", "garden")
TENANTS = {"bakery": "Example Bakery", "harbour": "Example Harbour", "garden": "Example Garden"}
RITA = "rita.lindqvist@example.org"
NEARLY_RITA = ("rita.lindqvist+lab@example.org", "rita.lindquist@example.org")


@pytest.fixture(autouse=True)
def _on_the_day() -> Iterator[None]:
    with time_machine.travel("2026-12-08T20:00:00Z", tick=True):
        yield


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples of all examples, small. Whoever writes builds their own."""
    folder = tmp_path_factory.mktemp("samples")
    for key in KEYS:
        build_store(key, folder / key)
    return folder


def loaded(key: str, stores: Path) -> Organisation:
    if key in TENANTS:
        load_organisation(EXAMPLES / "pyplan", stores=stores / "pyplan", regimes=load_regimes().keys())
    load_organisation(EXAMPLES / key, stores=stores / key, regimes=load_regimes().keys())
    return Organisation.objects.get(key=key)


def copy_for(email: str, key: str, folder: Path) -> tuple[dict[str, Any], str]:
    """What the command tells of the search, and every file of the archive as text."""
    target = folder / f"{key}.zip"
    told = folder / f"{key}.json"
    with told.open("w") as out:
        call_command("subject_access", key, "--identity", f"email={email}", "--output", str(target), "--json", stdout=out)
    with zipfile.ZipFile(target) as archive:
        return json.loads(told.read_text()), "\n".join(archive.read(name).decode() for name in archive.namelist())


def rehearsed(organisation: Organisation, email: str = RITA) -> Any:
    job_id = api.start_erasure(api.Search(organisation, organisation.current_policy, {"email": email}, "s" * 32, "DR-4F7K-9Q"))
    api.run(job_id)
    return job_id


def test_every_example_loads_and_the_second_time_changes_nothing(stores: Path) -> None:
    for again in (False, True):
        for key in KEYS:
            report = load_organisation(EXAMPLES / key, stores=stores / key, regimes=load_regimes().keys())
            assert report.changed is not again, report
            assert report.notes == (), report


@pytest.mark.parametrize("key", ["mcpr", *TENANTS])
def test_ritas_copy_holds_all_of_hers_and_nothing_of_those_with_nearly_her_address(key: str, stores: Path, tmp_path: Path) -> None:
    loaded(key, stores)
    told, text = copy_for(RITA, key, tmp_path)

    assert told["complete"]
    assert told["found"] == told["disclosed"] > 700
    assert {one["state"] for one in told["collections"]} == {"done"}
    assert RITA in text
    assert not [address for address in NEARLY_RITA if address in text]


@pytest.mark.parametrize("key", TENANTS)
def test_a_tenants_answer_names_no_other_tenant(key: str, stores: Path, tmp_path: Path) -> None:
    for other in TENANTS:
        loaded(other, stores)
    _, text = copy_for(RITA, key, tmp_path)

    assert [company for company in TENANTS.values() if company in text] == [TENANTS[key]]
    assert "Anthropic" in text


def test_pyplan_itself_finds_nothing_and_says_who_decides(stores: Path, tmp_path: Path) -> None:
    for key in TENANTS:
        loaded(key, stores)
    told, text = copy_for(RITA, "pyplan", tmp_path)

    assert (told["found"], told["sources"], told["complete"]) == (0, [], True)
    assert "We hold it for another organisation, which decides about it." in text
    assert "Your company decides about it" in text
    assert not [company for company in TENANTS.values() if company in text]


def test_in_a_shared_project_each_gets_the_events_of_their_own_proxies(stores: Path, tmp_path: Path) -> None:
    loaded("mcpr", stores)
    told, _ = copy_for("priyanka.rao@example.com", "mcpr", tmp_path)
    found = {one["collection"].rpartition(".")[2]: one["found"] for one in told["collections"]}
    cloud = stores / "mcpr" / "cloud.sqlite3"

    assert found["events"] == 2410 + 12
    assert asked(cloud, "SELECT count(*) FROM events e JOIN projects p ON p.id = e.project_id WHERE slug = 'lindqvist-lab'") == [(60,)]
    assert found["projects"] == found["project_members"] == 2


@pytest.mark.parametrize("key", ["mcpr", *TENANTS])
def test_a_plan_from_the_shell_is_whole_and_changes_nothing(key: str, stores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loaded(key, stores)
    before = [path.read_bytes() for path in sorted((stores / key).iterdir())]
    call_command("subject_erasure", key, "--identity", f"email={RITA}", "--plan", "--json")
    plan = json.loads(capsys.readouterr().out)

    held = {category.key for category in Organisation.objects.get(key=key).current_policy.read().categories if category.held}
    assert {line["category"] for line in plan["lines"] if line["action"] == "delete"} == held
    assert (plan["blocked"], plan["gaps"], plan["unsettled"]) == ([], [], 0)
    assert plan["totals"]["delete"] > 700
    assert plan["totals"]["detach"] == (1 if key == "mcpr" else 3)
    assert [path.read_bytes() for path in sorted((stores / key).iterdir())] == before


@pytest.mark.parametrize("key", TENANTS)
def test_a_deletion_at_one_tenant_leaves_the_others_as_they_were(key: str, tmp_path: Path) -> None:
    for tenant in TENANTS:
        build_store(tenant, tmp_path / tenant)
        loaded(tenant, tmp_path)
    elsewhere = [path for path in sorted(tmp_path.glob("*/*.sqlite3")) if path.parent.name != key]
    before = [hashlib.sha256(path.read_bytes()).hexdigest() for path in elsewhere]
    colleagues = lines_of_others(tmp_path / key)

    receipt = approve_and_run(rehearsed(Organisation.objects.get(key=key)))

    assert receipt["outcome"] == "complete"
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in elsewhere] == before
    assert lines_of_others(tmp_path / key) == colleagues
    workspace = tmp_path / key / "workspace.sqlite3"
    assert asked(workspace, "SELECT count(*) FROM users WHERE email = ?", RITA) == [(0,)]
    assert asked(workspace, "SELECT author_user_id FROM versions WHERE number = 100") == [(None,)]
    assert asked(workspace, "PRAGMA foreign_key_check") == []


def lines_of_others(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What is somebody else's at a tenant where Rita has the number 1, by plain SQL."""
    questions = {
        "workspace": (
            "SELECT id, username, email, role FROM users WHERE id <> 1",
            "SELECT * FROM departments",
            "SELECT * FROM tokens WHERE user_id <> 1",
            "SELECT * FROM application_access WHERE user_id <> 1",
            "SELECT * FROM versions WHERE author_user_id <> 1",
            "SELECT * FROM node_results WHERE user_id <> 1",
            "SELECT * FROM applications WHERE id IN (SELECT application_id FROM application_access WHERE user_id <> 1)",
        ),
        "connector_logs": (
            "SELECT * FROM requests WHERE user_id IS NOT 1",
            "SELECT count(*) FROM tool_calls WHERE request_id IN (SELECT id FROM requests WHERE user_id IS NOT 1)",
        ),
    }
    return {question: asked(folder / f"{store}.sqlite3", question) for store, asks in questions.items() for question in asks}


def test_a_deletion_at_mcpr_takes_the_account_and_leaves_the_project_to_the_others(tmp_path: Path) -> None:
    build_store("mcpr", tmp_path / "mcpr")
    cloud = tmp_path / "mcpr" / "cloud.sqlite3"
    others = "SELECT * FROM events WHERE proxy_id IN (SELECT id FROM proxies WHERE account_id <> 1)"
    looks = "SELECT * FROM dashboard_interactions WHERE account_id <> 1"
    before = asked(cloud, others), asked(cloud, looks)

    plan = rehearsed(loaded("mcpr", tmp_path))
    assert {line.category for line in api.plan(plan).lines if line.action == "delete"} == {
        "account",
        "event_metadata",
        "dashboard_interactions",
        "tunnel_logs",
    }
    assert {line.when for line in api.plan(plan).lines} == {None}
    receipt = approve_and_run(plan)

    assert receipt["outcome"] == "complete"
    assert (asked(cloud, others), asked(cloud, looks)) == before
    assert asked(cloud, "SELECT count(*) FROM project_members m JOIN projects p ON p.id = m.project_id WHERE slug = 'lindqvist-lab'") == [
        (4,)
    ]
    assert RITA not in "\n".join(said(cloud))


def test_at_mcpr_a_proved_person_gets_the_copy_without_an_officer(stores: Path) -> None:
    case = a_case(loaded("mcpr", stores), email=RITA)
    fulfilment.start(case)
    case.refresh_from_db()
    assert case.job_id
    api.run(case.job_id)
    fulfilment.settle(case)
    fulfilment.deliver(case)

    case.refresh_from_db()
    assert (case.state, case.outcome, case.released_by) == (State.ANSWERED, "given", "The portal")


def test_at_a_tenant_nothing_goes_out_before_its_own_lead_says_so(stores: Path) -> None:
    case = a_case(loaded("garden", stores), email=RITA)
    fulfilment.start(case)
    case.refresh_from_db()
    assert case.job_id
    api.run(case.job_id)
    fulfilment.settle(case)

    case.refresh_from_db()
    assert (case.state, case.released_at) == (State.REVIEW, None)


def test_pyplans_staff_see_that_a_tenants_request_moves_and_nothing_of_it(stores: Path) -> None:
    case = a_case(loaded("harbour", stores), email=RITA)
    pilar = a_member("Pilar", "lead", Organisation.objects.get(key="pyplan"))

    assert list(access.processed_for(pilar)) == [case]
    assert not access.cases_for(pilar).exists()
    with pytest.raises(Http404):
        access.case_for(pilar, case.reference)
    desk = at_desk(pilar)
    assert desk.get(f"/desk/case/{case.reference}/").status_code == 404
    page = desk.get("/desk/processed/").content.decode()
    assert case.reference in page
    assert "Rita" not in page


def test_the_first_page_tells_nobody_who_is_a_customer(stores: Path, client: Any) -> None:
    for key in ("mcpr", *TENANTS):
        loaded(key, stores)
    page = client.get("/").content.decode()

    assert "Pyplan" in page
    assert "MCPR" in page
    assert not [company for company in TENANTS.values() if company in page]
    assert TENANTS["garden"] in client.get("/o/garden/").content.decode()


def test_pyplans_pages_help_on_to_the_company(stores: Path, client: Any) -> None:
    loaded("pyplan", stores)

    assert "Ask its administrator of Pyplan first" in " ".join(client.get("/o/pyplan/").content.decode().split())
    assert "Held for another organisation, which decides about it" in client.get("/o/pyplan/legal/privacy").content.decode()


def test_the_stores_are_only_read_by_a_search(stores: Path, tmp_path: Path) -> None:
    path = stores / "bakery" / "workspace.sqlite3"
    before = path.read_bytes()
    loaded("bakery", stores)
    copy_for(RITA, "bakery", tmp_path)

    assert path.read_bytes() == before
    with closing(sqlite3.connect(path)) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_each_secret_that_is_left_out_of_a_copy_is_named_and_counted(stores: Path) -> None:
    organisation = loaded("mcpworks", stores)
    search = api.Search(organisation, organisation.current_policy, {"email": "daniel.okafor@example.com"}, "s" * 32)
    job_id = api.start_access(search)
    api.run(job_id)

    told = api.progress(job_id)

    left_out = dict(pair for source in told.sources for step in source.collections for pair in step.secrets)
    with closing(sqlite3.connect(stores / "mcpworks" / "accounts.sqlite3")) as database:
        of_his = "WHERE account_id = (SELECT id FROM accounts WHERE email = 'daniel.okafor@example.com')"
        keys, sessions = (database.execute(f"SELECT count(*) FROM {t} {of_his}").fetchone()[0] for t in ("api_keys", "refresh_tokens"))
    assert left_out == {"Password hash": 1, "Key hash": keys, "Session token": sessions}
    assert told.secrets == 1 + keys + sessions
