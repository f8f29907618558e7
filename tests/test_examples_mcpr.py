"""MCPR keeps what its published policy says: metadata only, short windows, and nothing between two people of one project."""

from pathlib import Path

import pytest

from examples.mcpr import sample
from tests.stores import TODAY
from tests.test_examples_promises import collections_of, policy_of
from tests.test_examples_samples import asked, tables

MCPR = policy_of("mcpr")
RITA = "rita.lindqvist@example.org"


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {path.stem: path for path in sample.build(tmp_path_factory.mktemp("mcpr"), today=TODAY)}


def test_it_is_the_policy_of_7_april_2026_and_speaks_of_one_place() -> None:
    assert (MCPR.version, str(MCPR.effective_on)) == ("2026-04-07", "2026-04-07")
    assert MCPR.location.startswith("In the United States")
    assert MCPR.minimum_age == 16
    assert MCPR.establishment == "unspecified"
    assert MCPR.regimes == ("THIRTY_DAYS",)


@pytest.mark.parametrize(("category", "sweep"), [("event_metadata", "P90D"), ("tunnel_logs", "P7D"), ("account", None)])
def test_the_windows_are_those_of_the_policy(category: str, sweep: str | None) -> None:
    found = MCPR.category(category)

    assert found
    assert found.sweep == sweep


def test_everything_goes_with_the_account_within_30_days() -> None:
    assert {category.on_deletion.when for category in MCPR.categories} == {"now"}
    assert (MCPR.rights["deletion"].days, MCPR.rights["deletion"].start) == (30, "received")
    assert MCPR.rights["deletion"].verification == ("email_code", "second_code")
    assert "within 30 days" in MCPR.categories[0].retention


def test_a_copy_and_an_export_need_no_officer_and_nothing_else_does_without() -> None:
    assert {right for right, promise in MCPR.rights.items() if promise.automatic_release} == {"access", "portability"}
    assert {right for right, promise in MCPR.rights.items() if promise.offered} == {"access", "portability", "deletion"}
    assert [category.key for category in MCPR.categories if category.portable] == ["event_metadata"]


def test_what_the_policy_leaves_open_stays_open() -> None:
    interactions = MCPR.category("dashboard_interactions")

    assert interactions
    assert interactions.retention == "unspecified"
    assert (interactions.sweep, interactions.on_deletion.when) == (None, "now")
    assert {promise.days for right, promise in MCPR.rights.items() if right != "deletion"} == {None}
    assert {basis for category in MCPR.categories for basis in category.basis} == {"unspecified"}
    assert not MCPR.authorities
    assert MCPR.backups_days is None


def test_ip_addresses_are_declared_and_stored_nowhere(stores: dict[str, Path]) -> None:
    assert [category.key for category in MCPR.categories if not category.held] == ["ip_address"]
    columns = [column for path in stores.values() for table in tables(path) for _, column, *_ in asked(path, f"PRAGMA table_info({table})")]
    assert not [column for column in columns if "ip" in column.split("_") or "password" in column]
    assert not [field for collection in collections_of("mcpr") for field in collection.leaves() if "ip_address" in str(field.categories)]


def test_content_and_passwords_are_named_as_not_held() -> None:
    assert len(MCPR.not_held) == 5
    assert any("Passwords" in what for what, _ in MCPR.not_held)
    assert any("sell" in sentence for sentence in MCPR.statements)
    assert [recipient.key for recipient in MCPR.recipients] == ["hosting"]


def test_the_hidden_address_was_not_made_up() -> None:
    assert MCPR.contacts.privacy_email.endswith(".example.org")
    assert "hidden in the copy" in MCPR.officer_notes[0]


def test_five_people_share_a_project_and_each_event_is_of_one_of_them(stores: dict[str, Path]) -> None:
    path = stores["cloud"]
    members = asked(path, "SELECT count(*) FROM project_members m JOIN projects p ON p.id = m.project_id WHERE slug = 'lindqvist-lab'")
    senders = asked(
        path,
        """
        SELECT x.account_id, count(*) FROM events e JOIN projects p ON p.id = e.project_id JOIN proxies x ON x.id = e.proxy_id
        WHERE p.slug = 'lindqvist-lab' GROUP BY 1
        """,
    )

    assert members == [(5,)]
    assert senders == [(number, 12) for number in (1, 2, 14, 15, 16)]
    assert asked(path, "SELECT count(*) FROM events e JOIN proxies x ON x.id = e.proxy_id WHERE x.project_id <> e.project_id") == [(0,)]


def test_a_subdomain_goes_from_hand_to_hand(stores: dict[str, Path]) -> None:
    hands = asked(stores["edge"], "SELECT subdomain, count(DISTINCT account_id) FROM tunnels GROUP BY 1")

    assert len(hands) == 5
    assert min(count for _, count in hands) > 5


def test_rita_holds_what_the_stories_say(stores: dict[str, Path]) -> None:
    assert asked(stores["cloud"], "SELECT id FROM accounts WHERE email = ?", RITA) == [(1,)]
    events = asked(stores["cloud"], "SELECT count(*) FROM events e JOIN proxies x ON x.id = e.proxy_id WHERE x.account_id = 1")
    assert events == [(852,)]
    assert asked(stores["edge"], "SELECT count(*) FROM tunnels WHERE account_id = 1") == [(4,)]
