"""The main job, end to end, in a browser, at both organisations: asked, proved, gathered or erased, checked against the stores by SQL."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import Demo
from tests.stories.holdings import assert_only_theirs, changes, held, snapshot
from tests.stories.portal import Desk, Visitor, addresses, assert_sound, letter, records, unpacked, wait_for_end

pytestmark = pytest.mark.story
LEADS = {"mcpworks": "ada", "cpzai": "lena"}
RITA = ("rita.lindqvist@example.org", "Rita Lindqvist")
DANIEL = ("daniel.okafor@example.com", "Daniel Okafor")
AMARA = ("amara.nwosu@example.net", "Amara Nwosu")


@pytest.mark.parametrize(("organisation", "who"), [("mcpworks", DANIEL), ("cpzai", AMARA)], ids=["mcpworks", "cpzai"])
def test_a_person_gets_everything_about_them_and_nothing_of_others(
    visitor: Callable[..., Visitor], staff: Callable[[str], Desk], tmp_path: Path, organisation: str, who: tuple[str, str]
) -> None:
    person = visitor(organisation, *who)
    reference = person.ask("access")
    staff(LEADS[organisation]).release(reference)
    letter(person.demo, person.address, reference, "You can download it until")

    archive = person.download(reference, tmp_path)
    bag = unpacked(archive, tmp_path / "bag")

    assert_only_theirs(records(bag), held(person.demo, organisation, person.address))
    assert archive.name == f"{reference}.zip"
    assert addresses(bag) <= {person.address}
    assert_sound(person.demo, bag, archive)
    index = person.page.context.new_page()
    index.goto((bag / "data" / "index.html").as_uri())
    assert "what we hold about you" in index.locator("h1").inner_text()


def test_ritas_deletion_at_mcpworks_takes_hers_keeps_what_the_law_keeps_and_touches_nobody_else(
    demo: Demo, visitor: Callable[..., Visitor], staff: Callable[[str], Desk]
) -> None:
    before, hers = snapshot(demo, "mcpworks"), held(demo, "mcpworks", RITA[0])
    reference = visitor("mcpworks", *RITA).ask("deletion")

    said = staff("ada").approve(reference)

    assert "tax" in said.lower()
    assert "The policy says two things" in said
    wait_for_end(demo, reference)
    found = changes(before, snapshot(demo, "mcpworks"), hers)
    law = {"audit_log": 96, "billing_customers": 1, "billing_periods": 12, "subscriptions": 1}
    shared = {"workspaces": 1, "function_versions": 1}  # the lab that four others use, and what they run there
    assert {table: change.left.total() for table, change in found.items() if change.left} == law | shared
    assert not [change for change in found.values() if change.lost]
    new = {table: list(change.new) for table, change in found.items() if change.new}
    assert set(new) == {"accounts", "functions"}
    assert [row[:3] for row in new["functions"]] == [(hers["functions"][-1]["id"], hers["functions"][-1]["workspace_id"], None)]
    [(number, address, *rest)] = new["accounts"]  # what billing and audit rows hang on
    assert (number, rest) == (hers["accounts"][0]["id"], [None, "", None, "deleted", None])
    assert RITA[0] not in str(address)


def test_a_deletion_at_cpzai_removes_every_row_of_the_account(
    demo: Demo, visitor: Callable[..., Visitor], staff: Callable[[str], Desk]
) -> None:
    before, hers = snapshot(demo, "cpzai"), held(demo, "cpzai", RITA[0])
    reference = visitor("cpzai", *RITA).ask("deletion")

    staff("lena").approve(reference)

    wait_for_end(demo, reference)
    found = changes(before, snapshot(demo, "cpzai"), hers)
    assert {table: change.left.total() for table, change in found.items() if change.left} == {
        "addresses": 1,
        "desks": 1,
    }  # others are there
    assert {table for table, change in found.items() if change.lost or change.new} == {"accounts"}
    [(*pointed, word, status, opened_at)] = found["accounts"].lost  # somebody whom Rita brought
    assert word == hers["accounts"][0]["id"]
    assert list(found["accounts"].new) == [(*pointed, None, status, opened_at)]
    target = demo.folder / "again.zip"
    again = demo.manage("subject_access", "cpzai", "--identity", f"email={RITA[0]}", "--output", str(target), "--json")
    assert json.loads(again)["found"] == 0
