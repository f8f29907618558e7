"""Four organisations, four rights: each asked on a phone, decided by whoever the policy says, and checked against the stores by SQL.

A copy and a deletion at MCPWorks and at CPZAI are told in test_main_job.py. Everybody here asks for one thing at one place, so that
the stories may be told in any order.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import Demo
from tests.stories.holdings import assert_only_theirs, changes, held, snapshot
from tests.stories.portal import Desk, Visitor, addresses, assert_sound, letter, records, state_of, unpacked, wait_for_end

pytestmark = pytest.mark.story
LEADS = {"mcpworks": "ada", "cpzai": "lena", "mcpr": "ines", "harbour": "frieda"}
OFFICERS = {"cpzai": "mateo", "mcpr": "kofi"}
RELEASES_ITSELF = "mcpr"
RITA = ("rita.lindqvist@example.org", "Rita Lindqvist")
DANIEL = ("daniel.okafor@example.com", "Daniel Okafor")
AMARA = ("amara.nwosu@example.net", "Amara Nwosu")
PRIYANKA = ("priyanka.rao@example.com", "Priyanka Rao")
WANDA = ("wanda.achterberg@example.net", "Wanda Achterberg")
ZERO = ("nil@example.net", "Zéro Néant")  # the number of their row is 0
ANN = ("ann.lee@example.net", "Ann Lee")  # somebody else is annlee@example.net
Visitors = Callable[[str, str, str], Visitor]
Staff = Callable[[str], Desk]


@pytest.mark.parametrize(("organisation", "who"), [("mcpr", PRIYANKA), ("harbour", RITA)], ids=["mcpr", "harbour"])
def test_a_copy_is_everything_about_the_person_and_nobody_else(
    visitor: Visitors, staff: Staff, tmp_path: Path, organisation: str, who: tuple[str, str]
) -> None:
    person = visitor(organisation, *who)
    bag = handed_over(person, "access", staff, tmp_path)

    assert_only_theirs(records(bag), held(person.demo, organisation, person.address))
    assert addresses(bag) == {person.address}


# What the person gave or made, as the policy lists it; not what the organisation noted about them.
TAKEN_ALONG = {
    "mcpworks": {"accounts", "api_keys", "memberships", "workspaces", "functions", "function_versions", "executions", "execution_payloads"},
    "cpzai": {"accounts", "addresses", "broker_connections", "desk_members", "desk_notes", "desks", "orders", "order_events", "strategies"},
    "mcpr": {"proxies", "events"},
    "harbour": {"users", "application_access", "departments", "applications", "node_results", "versions", "tool_calls"},
}


@pytest.mark.parametrize(
    ("organisation", "who"), [("mcpworks", DANIEL), ("cpzai", AMARA), ("mcpr", ZERO), ("harbour", ZERO)], ids=[*TAKEN_ALONG]
)
def test_what_is_taken_elsewhere_is_what_the_policy_lists(
    visitor: Visitors, staff: Staff, tmp_path: Path, organisation: str, who: tuple[str, str]
) -> None:
    person = visitor(organisation, *who)
    bag = handed_over(person, "portability", staff, tmp_path)

    theirs = held(person.demo, organisation, person.address)
    assert_only_theirs(records(bag), {table: rows for table, rows in theirs.items() if table in TAKEN_ALONG[organisation]})
    assert addresses(bag) <= {person.address}


def handed_over(person: Visitor, right: str, staff: Staff, folder: Path) -> Path:
    """Asked, released where a lead must, downloaded, judged sound, unpacked."""
    reference = person.ask(right)
    if person.organisation != RELEASES_ITSELF:
        staff(LEADS[person.organisation]).release(reference)
    letter(person.demo, person.address, reference, "You can download it until")
    archive = person.download(reference, folder)
    bag = unpacked(archive, folder / "bag")
    assert_sound(person.demo, bag, archive)
    assert state_of(person.demo, reference) == "answered"
    return bag


# Which thing is wrong about Ann Lee, and what it should say. Two of the policies do not offer a correction; the law may all the same.
CORRECTIONS = {
    "mcpworks": ("mcpworks_accounts.accounts.tier", "enterprise"),
    "harbour": ("pyplan_workspace.users.role", "admin"),
    "cpzai": ("cpzai_platform.accounts.full_name", "Ann Lee-Óskarsdóttir"),
    "mcpr": ("mcpr_cloud.accounts.state", "leaving"),
}


@pytest.mark.parametrize("organisation", ["mcpworks", "harbour"])
def test_a_correction_is_written_and_nothing_else_changes(visitor: Visitors, staff: Staff, organisation: str) -> None:
    person, (thing, wanted) = visitor(organisation, *ANN), CORRECTIONS[organisation]

    def asks() -> str:
        return person.ask("correction", thing=thing, value=wanted)

    assert_corrected(person, staff(LEADS[organisation]), asks)


@pytest.mark.parametrize("organisation", ["cpzai", "mcpr"])
def test_a_correction_that_the_policy_does_not_offer_is_taken_by_phone(visitor: Visitors, staff: Staff, organisation: str) -> None:
    person, (thing, wanted) = visitor(organisation, *ANN), CORRECTIONS[organisation]
    person.go("ask/right/")
    assert person.page.locator("input[name=right]").count() >= 3
    assert person.page.locator("input[name=right][value=correction]").count() == 0

    def calls() -> str:
        officer = staff(OFFICERS[organisation])
        reference = officer.enter("correction", person.address, person.name)
        officer.write_down(reference, thing, wanted)
        assert person.confirm_by_link() == reference
        return reference

    assert_corrected(person, staff(LEADS[organisation]), calls)


def assert_corrected(person: Visitor, lead: Desk, asks: Callable[[], str]) -> None:
    """One row of one table says what was asked, the person is told, and every other row everywhere is as it was."""
    demo, organisation, (thing, wanted) = person.demo, person.organisation, CORRECTIONS[person.organisation]
    _dataset, table, column = thing.split(".")
    before, row = snapshot(demo, organisation), held(demo, organisation, person.address)[table][0]
    assert row[column] != wanted
    reference = asks()

    said = lead.correct(reference)

    assert wanted in said
    wait_for_end(demo, reference)
    letter(demo, person.address, reference, "Changed.")
    found = changes(before, snapshot(demo, organisation), {table: [row]})
    assert set(found) == {table}
    assert (found[table].left.total(), found[table].lost.total()) == (0, 0)
    assert list(found[table].new) == [tuple((row | {column: wanted}).values())]


def test_a_deletion_at_mcpr_takes_the_account_and_leaves_the_project_that_others_use(demo: Demo, visitor: Visitors, staff: Staff) -> None:
    before, hers = snapshot(demo, "mcpr"), held(demo, "mcpr", RITA[0])
    person = visitor("mcpr", *RITA)
    reference = person.ask("deletion")

    staff("ines").approve(reference)

    wait_for_end(demo, reference)
    letter(demo, person.address, reference, "certificate")
    found = changes(before, snapshot(demo, "mcpr"), hers)
    assert {table: (change.left.total(), change.lost.total(), change.new.total()) for table, change in found.items()} == {
        "projects": (1, 0, 0)
    }
    assert "lindqvist-lab" in next(iter(found["projects"].left))


def test_a_deletion_at_a_tenant_takes_the_user_and_leaves_what_colleagues_work_on(demo: Demo, visitor: Visitors, staff: Staff) -> None:
    before, hers = snapshot(demo, "harbour"), held(demo, "harbour", WANDA[0])
    person = visitor("harbour", *WANDA)
    reference = person.ask("deletion")

    staff("frieda").approve(reference)

    wait_for_end(demo, reference)
    letter(demo, person.address, reference, "certificate")
    found = changes(before, snapshot(demo, "harbour"), hers)
    assert {table: change.left.total() for table, change in found.items() if change.left} == {"applications": 1, "departments": 1}
    number = hers["users"][0]["id"]
    [(*colleague, inviter, since)] = found["users"].lost  # somebody whom Wanda invited
    assert inviter == number
    assert list(found["users"].new) == [(*colleague, None, since)]
    [(version, application, author, *_rest)] = found["versions"].new  # colleagues have worked something out on it
    assert author is None
    assert (version, application) in [(one["id"], one["application_id"]) for one in hers["versions"]]
    assert {table for table, change in found.items() if change.lost or change.new} == {"users", "versions"}
