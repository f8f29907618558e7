"""What gives access goes, and nothing else; what is taken elsewhere is what the policy says, and nothing else."""

import json
import sqlite3
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine

from exports import api
from exports.api import Cover, EngineRefusal, Search
from exports.flows.registering import load_organisation
from portal.organisations.models import Organisation
from tests.engine.erasing import approve_and_run
from tests.stores import TODAY, build_store

pytestmark = [pytest.mark.thorough, pytest.mark.django_db]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RITA = "rita.lindqvist@example.org"
REVOKED = {
    "mcpworks": {"api_keys", "refresh_tokens"},
    "cpzai": {"api_keys"},
    "bakery": {"tokens"},
}


@pytest.fixture(autouse=True)
def _on_the_day() -> Iterator[None]:
    with time_machine.travel("2026-12-08T20:00:00Z", tick=True):
        yield


def loaded(key: str, folder: Path) -> Organisation:
    if key == "bakery":
        load_organisation(EXAMPLES / "pyplan", stores=folder)
    build_store(key, folder / key)
    load_organisation(EXAMPLES / key, stores=folder / key)
    return Organisation.objects.get(key=key)


def search(organisation: Organisation, email: str = RITA, **more: Any) -> Search:
    return Search(organisation, organisation.current_policy, {"email": email}, "s" * 32, "DR-4F7K-9Q", **more)


def everything(folder: Path) -> dict[tuple[str, str], list[Any]]:
    found = {}
    for path in sorted(folder.glob("*.sqlite3")):
        base = sqlite3.connect(path)
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall():
            found[path.stem, name] = base.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall()
        base.close()
    return found


@pytest.mark.parametrize("key", ["mcpworks", "cpzai", "bakery"])
def test_only_what_gives_access_goes_and_only_hers(tmp_path: Path, key: str) -> None:
    organisation = loaded(key, tmp_path)
    before = everything(tmp_path / key)
    job_id = api.start_revocation(search(organisation, person_of(tmp_path / key)))
    api.run(job_id)
    view = api.plan(job_id)
    assert {name.rpartition(".")[2] for line in view.lines for name in line.collections} == REVOKED[key]
    assert not view.unsettled
    receipt = approve_and_run(job_id)
    assert receipt["outcome"] == "complete"
    after = everything(tmp_path / key)
    changed = {table for table in before if before[table] != after[table]}
    assert {name for _source, name in changed} <= REVOKED[key]
    gone = sum(len(before[table]) - len(after[table]) for table in changed)
    assert gone == receipt["totals"]["delete"] > 0
    for table in changed:
        assert set(map(repr, after[table])) < set(map(repr, before[table]))


def person_of(folder: Path) -> str:
    """Rita; in a tenant's workspace whoever holds a token."""
    path = folder / "workspace.sqlite3"
    if not path.exists():
        return RITA
    base = sqlite3.connect(path)
    row = base.execute("SELECT email FROM users WHERE id IN (SELECT user_id FROM tokens) ORDER BY email LIMIT 1").fetchone()
    base.close()
    return str(row[0])


def test_a_revocation_closes_no_copy_that_the_person_has_asked_for(mcpworks_store: Path) -> None:
    load_organisation(EXAMPLES / "mcpworks", stores=mcpworks_store)
    organisation = Organisation.objects.get(key="mcpworks")
    copy = packed(organisation, search(organisation))
    api.count_download(copy)
    job_id = api.start_revocation(search(organisation))
    api.run(job_id)
    approve_and_run(job_id)
    facts = api.archive(copy)
    assert facts
    assert facts.available


def test_an_organisation_without_marks_has_nothing_to_revoke(northwind: Organisation) -> None:
    assert api.revocable(northwind) == ()
    with pytest.raises(EngineRefusal, match="gives access"):
        api.start_revocation(search(northwind))


def packed(organisation: Organisation, asked: Search, right: str = "access") -> Any:
    job_id = api.start_access(asked)
    api.run(job_id)
    policy = organisation.current_policy
    cover = Cover("DR-4F7K-9Q", organisation.name, policy.read(), policy.version, TODAY, TODAY, right=right)
    api.pack(job_id, cover)
    return job_id


def test_a_portable_package_holds_what_the_policy_calls_portable_and_says_so(mcpworks_store: Path) -> None:
    load_organisation(EXAMPLES / "mcpworks", stores=mcpworks_store)
    organisation = Organisation.objects.get(key="mcpworks")
    policy = organisation.current_policy.read()
    portable = tuple(category.key for category in policy.categories if category.portable)
    job_id = packed(organisation, search(organisation, categories=portable), right="portability")
    with zipfile.ZipFile(BytesIO(b"".join(api.open_archive(job_id)))) as bag:
        names = bag.namelist()
        root = names[0].split("/")[0]
        described = json.loads(bag.read(f"{root}/data/datapackage.json"))
        page = bag.read(f"{root}/data/index.html").decode()
    records = {name.rsplit("/", 1)[1] for name in names if "/records/" in name}
    assert not any(word in name for name in records for word in ("audit", "security", "request_log", "billing", "error", "refresh"))
    told = {resource["portability"] for resource in described["resources"] if "portability" in resource}
    assert told == {"art20"}
    assert "your data to take with you" in page
    counted = {part.collection: part.found for source in api.progress(job_id).sources for part in source.collections}
    base = sqlite3.connect(mcpworks_store / "accounts.sqlite3")
    (number,) = base.execute("SELECT id FROM accounts WHERE email = ?", [RITA]).fetchone()
    for table in ("executions", "api_keys"):
        (rows,) = base.execute(f"SELECT count(*) FROM {table} WHERE account_id = ?", [number]).fetchone()
        assert counted[table] == rows
    base.close()
