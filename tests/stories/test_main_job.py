"""The main job, end to end, in a browser, at both organisations: asked, proved, gathered or erased, checked against the stores by SQL."""

import hashlib
import json
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import bagit
import pytest
from frictionless import validate
from playwright.sync_api import BrowserContext

from tests.processes import ROOT, Demo, eventually, own_environment
from tests.stories.portal import Desk, Visitor, letters_to, rows, store, tables

pytestmark = pytest.mark.story
SOURCES = {"mcpworks": ("accounts", "telemetry"), "cpzai": ("platform", "server_logs")}
LEAD = {"mcpworks": "ada@example.org", "cpzai": "lena@example.org"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with Demo(tmp_path_factory.mktemp("main job")) as running:
        running.wait_until_open()
        assert eventually(running.is_filled, within=180), running.text
        yield running


@pytest.fixture
def visitor(demo: Demo, new_browser: Callable[..., BrowserContext]) -> Callable[..., Visitor]:
    def one(organisation: str, address: str, name: str) -> Visitor:
        return Visitor(demo, new_browser(viewport={"width": 390, "height": 844}).new_page(), organisation, address, name)

    return one


@pytest.fixture
def lead(demo: Demo, new_browser: Callable[..., BrowserContext]) -> Callable[[str], Desk]:
    return lambda organisation: Desk(demo, new_browser().new_page(), LEAD[organisation]).sign_in()


def manage(demo: Demo, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "start", "manage", *words], env=own_environment(demo.folder), capture_output=True, text=True, check=False)


def opened(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as package:
        package.extractall(folder)
    (bag,) = folder.iterdir()
    return bag


def counts(bag: Path) -> dict[str, int]:
    """Records per collection, as they lie in the archive."""
    return {path.stem: len(json.loads(path.read_text())) for path in (bag / "data" / "records").glob("*.json")}


# What each store holds about one address, asked in plain SQL by somebody who knows the schema.
ABOUT = {
    "mcpworks": {
        "accounts-accounts": "SELECT * FROM accounts WHERE email = :email",
        "accounts-api_keys": "SELECT * FROM api_keys WHERE account_id = :id",
        "accounts-security_events": "SELECT * FROM security_events WHERE account_id = :id",
        "accounts-executions": "SELECT * FROM executions WHERE account_id = :id",
        "accounts-audit_log": "SELECT * FROM audit_log WHERE account_id = :id",
        "accounts-memberships": "SELECT * FROM memberships WHERE account_id = :id",
        "accounts-billing_customers": "SELECT * FROM billing_customers WHERE account_id = :id",
        "telemetry-request_log": "SELECT * FROM request_log WHERE account_id = :id",
    },
    "cpzai": {
        "platform-accounts": "SELECT * FROM accounts WHERE email = :email",
        "platform-api_keys": "SELECT * FROM api_keys WHERE account_id = :id",
        "platform-strategies": "SELECT * FROM strategies WHERE account_id = :id",
        "platform-orders": "SELECT * FROM orders WHERE account_id = :id",
        "platform-order_events": "SELECT * FROM order_events WHERE order_id IN (SELECT id FROM orders WHERE account_id = :id)",
        "platform-desk_members": "SELECT * FROM desk_members WHERE account_id = :id",
        "server-logs-connections": "SELECT * FROM connections WHERE account_id = :id",
        "server-logs-requests": "SELECT * FROM requests WHERE connection_id IN (SELECT id FROM connections WHERE account_id = :id)",
    },
}


def counted(demo: Demo, organisation: str, address: str) -> dict[str, int]:
    found = {}
    for name, statement in ABOUT[organisation].items():
        with store(demo, organisation, SOURCES[organisation][0]) as first:
            (number,) = first.execute("SELECT id FROM accounts WHERE email = ?", [address]).fetchone()
        source, _, _table = name.rpartition("-")
        with store(demo, organisation, source.replace("-", "_")) as database:
            found[name] = len(database.execute(statement, {"email": address, "id": number}).fetchall())
    return found


@pytest.mark.parametrize(
    "who",
    [("mcpworks", "daniel.okafor@example.com", "Daniel Okafor"), ("cpzai", "rita.lindqvist@example.org", "Rita Lindqvist")],
    ids=["mcpworks", "cpzai"],
)
def test_a_person_gets_everything_about_them_and_nothing_of_others(visitor, lead, tmp_path, who):
    organisation, address, _name = who
    person = visitor(*who)
    demo, reference = person.demo, person.ask("access")
    desk = lead(organisation)
    desk.wait_for_button(reference, "Release the archive")
    desk.page.get_by_role("button", name="Release the archive").click()
    assert eventually(lambda: any("download" in text.lower() for text in letters_to(demo, address)[-1:]), within=60)

    archive = person.download(reference, tmp_path)
    bag = opened(archive, tmp_path / "bag")

    found = counts(bag)
    for collection, number in counted(demo, organisation, address).items():
        assert found[collection] == number, collection
    assert archive.name == f"{reference}.zip"
    text = "".join(p.read_text() for p in (bag / "data" / "records").glob("*.json"))
    assert set(re.findall(r"[\w.+-]+@example\.(?:org|com|net|ca)", text)) <= {address}
    assert judged_sound(demo, bag, archive)
    index = person.page.context.new_page()
    index.goto((bag / "data" / "index.html").as_uri())
    assert "what we hold about you" in index.locator("h1").inner_text()


def judged_sound(demo: Demo, bag: Path, archive: Path) -> bool:
    """Three judges from outside and our own, and each of them objects when one byte changes."""
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", manifest], cwd=bag, check=True)
    assert bagit.Bag(str(bag)).is_valid()
    assert validate(str(bag / "data" / "datapackage.json")).valid
    assert manage(demo, "verify_archive", str(archive)).returncode == 0
    return True


def snapshot(demo: Demo, organisation: str) -> dict[tuple[str, str], set[tuple[object, ...]]]:
    """Every row of every table of an organisation."""
    found = {}
    for source in SOURCES[organisation]:
        database = store(demo, organisation, source)
        for table in tables(database):
            found[source, table] = rows(database, f'SELECT * FROM "{table}"')
        database.close()
    return found


def checksum(held: set[tuple[object, ...]]) -> str:
    return hashlib.sha256(repr(sorted(held, key=repr)).encode()).hexdigest()


def approve(desk: Desk, reference: str) -> str:
    """The plan, read and approved as a lead does it; what the page said."""
    desk.wait_for_button(reference, "Delete", "plan/")
    said = desk.page.locator("main").inner_text()
    desk.page.fill("#typed", reference)
    desk.page.locator(".button.danger").click()
    return said


def wait_for_receipt(demo: Demo, reference: str) -> dict[str, object]:
    def told() -> dict[str, object]:
        done = manage(demo, "case", reference, "show", "--json")
        return dict(json.loads(done.stdout)) if done.returncode == 0 else {}

    assert eventually(lambda: told().get("state") in {"answered", "closed"}, within=90), told()
    return told()


def test_ritas_deletion_at_mcpworks_takes_hers_keeps_what_the_law_keeps_and_touches_nobody_else(demo, visitor, lead):
    organisation, address = "mcpworks", "rita.lindqvist@example.org"
    before = snapshot(demo, organisation)
    (account,) = next(iter(rows(store(demo, organisation, "accounts"), "SELECT id FROM accounts WHERE email = ?", address)))
    person = visitor(organisation, address, "Rita Lindqvist")
    reference = person.ask("deletion")

    said = approve(lead(organisation), reference)

    assert "tax" in said.lower()
    assert "The policy says two things" in said
    wait_for_receipt(demo, reference)
    after = snapshot(demo, organisation)
    hers = {"security_events", "api_keys", "refresh_tokens", "executions", "execution_counts", "memberships", "request_log"}
    database = {name: store(demo, organisation, source) for source, name in after}
    for table in hers:
        assert not rows(database[table], f'SELECT 1 FROM "{table}" WHERE account_id = ?', account), table
    kept = rows(database["billing_customers"], "SELECT * FROM billing_customers WHERE account_id = ?", account)
    assert kept == {row for row in before["accounts", "billing_customers"] if row[1] == account}
    assert rows(database["audit_log"], "SELECT 1 FROM audit_log WHERE account_id = ?", account)
    assert not rows(database["accounts"], "SELECT 1 FROM accounts WHERE email = ?", address)
    for place, held in before.items():
        gone, new = held - after[place], after[place] - held
        assert len(new) <= 1, (place, new)  # the anchor that billing and audit rows hang on, and nothing else
        others = held - gone
        assert checksum(others) == checksum(after[place] - new), place
        assert all(address in map(str, row) or account in row for row in gone) or place[1] not in {"accounts", *hers}, place


def test_a_deletion_at_cpzai_removes_every_row_of_the_account(demo, visitor, lead):
    organisation, address = "cpzai", "rita.lindqvist@example.org"
    before = snapshot(demo, organisation)
    person = visitor(organisation, address, "Rita Lindqvist")
    reference = person.ask("deletion")

    approve(lead(organisation), reference)

    wait_for_receipt(demo, reference)
    after = snapshot(demo, organisation)
    assert len(before["platform", "accounts"] - after["platform", "accounts"]) >= 1
    assert not any(address in map(str, row) for held in after.values() for row in held)
    assert after["platform", "addresses"] == before["platform", "addresses"]  # others live there too
    assert after["platform", "desks"] == before["platform", "desks"]
    for place in before:
        new = after[place] - before[place]
        assert place == ("platform", "accounts") or not new, place
        for row in new:  # somebody whom Rita referred: the pointer to her went with her, the rest is as it was
            assert row[:5] + row[6:] in {old[:5] + old[6:] for old in before[place]}
            assert row[5] is None
    again = manage(
        demo, "subject_access", organisation, "--identity", f"email={address}", "--output", str(demo.folder / "again.zip"), "--json"
    )
    assert json.loads(again.stdout)["found"] == 0
