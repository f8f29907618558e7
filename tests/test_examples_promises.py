"""The examples keep what the published policies say: every figure, every category, and both sides of a contradiction."""

from pathlib import Path

import pytest

from exports.datasets import Collection, read_dataset
from portal.organisations.folder import read_folder
from portal.organisations.policy import PolicyDocument
from requests_app.rules.regimes import load_regimes

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
KEYS = ("mcpworks", "cpzai", "mcpr", "bakery", "harbour", "garden")


def policy_of(key: str) -> PolicyDocument:
    return read_folder(EXAMPLES / key, stores=Path("/nowhere"), regimes=load_regimes().keys()).policy


def collections_of(key: str) -> list[Collection]:
    sources = read_folder(EXAMPLES / key, stores=Path("/nowhere")).sources
    readings = [read_dataset(path) for source in sources for path in source.datasets]
    assert not [notice for reading in readings for notice in reading.warnings]
    return [collection for reading in readings for dataset in reading.datasets for collection in dataset.collections]


MCPWORKS = policy_of("mcpworks")
CPZAI = policy_of("cpzai")


@pytest.mark.parametrize("key", KEYS)
def test_a_category_is_held_exactly_when_a_dataset_maps_it(key: str) -> None:
    mapped = {collection.category_of(field) for collection in collections_of(key) for field in collection.leaves()}

    assert mapped == {category.key for category in policy_of(key).categories if category.held}


@pytest.mark.parametrize("key", KEYS)
def test_every_collection_has_a_title_a_category_and_a_way_to_be_erased(key: str) -> None:
    for collection in collections_of(key):
        assert (collection.title, collection.category, collection.erase) > ("", "", ""), collection.address
        assert collection.primary_key, collection.address


@pytest.mark.parametrize("key", KEYS)
def test_what_others_share_is_only_walked_to_and_never_from(key: str) -> None:
    """Values flow into a shared collection and out of none, so that a search never comes out at somebody else."""
    collections = collections_of(key)
    shared = {collection.address for collection in collections if any(field.shared for field in collection.leaves())}
    edges = [(c, reference) for c in collections for field in c.leaves() for reference in field.references]

    assert shared
    for collection, reference in edges:
        target = f"{reference.dataset}.{reference.collection}"
        assert reference.direction == ("to" if target in shared else "from"), f"{collection.address} and {target}"
        assert collection.address not in shared


@pytest.mark.parametrize("key", KEYS)
def test_two_sources_are_joined_by_an_edge_between_them(key: str) -> None:
    collections = collections_of(key)
    crossing = [r for c in collections for field in c.leaves() for r in field.references if r.dataset != c.dataset]

    assert len({collection.dataset for collection in collections}) == 2
    assert crossing


@pytest.mark.parametrize("key", KEYS)
def test_only_the_email_address_of_an_account_begins_a_search(key: str) -> None:
    identities = [(c.name, f.name, f.identity) for c in collections_of(key) for f in c.leaves() if f.identity]

    assert identities in ([("accounts", "email", "email")], [("users", "email", "email")])


@pytest.mark.parametrize(
    ("key", "column"),
    [
        ("mcpworks", "accounts.password_hash"),
        ("mcpworks", "api_keys.key_hash"),
        ("mcpworks", "refresh_tokens.token_hash"),
        ("cpzai", "api_keys.secret_hash"),
        ("mcpr", "sign_in_links.token_hash"),
        ("bakery", "tokens.token_sealed"),
    ],
)
def test_a_secret_is_marked_never_to_be_disclosed(key: str, column: str) -> None:
    marked = {f"{c.name}.{field.path}" for c in collections_of(key) for field in c.leaves() if field.never_disclose}

    assert column in marked


@pytest.mark.parametrize(
    ("category", "sweep"),
    [
        ("refresh_tokens", "P7D"),
        ("rate_limits", "PT24H"),
        ("security_events", "P1Y"),
        ("run_data", "P90D"),
        ("run_details", "P90D"),
        ("audit_log", "P2Y"),
        ("request_log", "P30D"),
        ("error_reports", "P90D"),
    ],
)
def test_mcpworks_rolling_windows_are_those_of_its_policy(category: str, sweep: str) -> None:
    found = MCPWORKS.category(category)

    assert found
    assert found.sweep == sweep


def test_mcpworks_keeps_after_a_deletion_only_what_a_legal_obligation_keeps() -> None:
    kept = {c.key: (c.on_deletion.period, c.on_deletion.basis) for c in MCPWORKS.categories if c.on_deletion.when != "now"}

    assert kept == {"billing": ("P7Y", "legal_obligation"), "audit_log": ("P2Y", "legal_obligation")}


def test_mcpworks_contradictions_stand_with_both_dates() -> None:
    both = {c.key: (c.on_deletion.when, c.alternative.when, c.alternative.period) for c in MCPWORKS.categories if c.alternative}

    assert both == {
        "email": ("now", "after", "P30D"),
        "tier_status": ("now", "after", "P90D"),
        "api_keys": ("now", "after", "P90D"),
        "run_counts": ("now", "after", "P90D"),
    }


def test_mcpworks_rights_have_the_figures_of_its_policy() -> None:
    rights = MCPWORKS.rights

    assert {right: rights[right].days for right in ("access", "portability", "correction", "deletion")} == dict.fromkeys(
        ("access", "portability", "correction", "deletion"), 30
    )
    assert rights["access"].start == "verified"
    assert rights["access"].free_months == 12
    assert rights["deletion"].verification == ("email_code", "second_code")
    assert [rights[right].mail_subject for right in ("access", "correction", "deletion", "portability")] == [
        "Data Access Request",
        "Data Correction Request",
        "Data Deletion Request",
        "Data Portability Request",
    ]
    assert rights["objection"].days is None
    assert MCPWORKS.backups_days == 60
    assert MCPWORKS.expiry_within == "P30D"
    assert MCPWORKS.honour_everywhere


def test_mcpworks_is_bound_by_four_laws_and_names_their_authorities() -> None:
    assert MCPWORKS.regimes == ("CA_BC_PIPA", "CA_PIPEDA")
    assert (MCPWORKS.residence_regimes["EU"], MCPWORKS.residence_regimes["US-CA"]) == ("EU_GDPR", "US_CA_CCPA")
    assert {regime for authority in MCPWORKS.authorities for regime in authority.regimes} == {
        "CA_BC_PIPA",
        "CA_PIPEDA",
        "EU_GDPR",
        "US_CA_CCPA",
    }


def test_mcpworks_lets_people_take_along_what_its_policy_lists() -> None:
    portable = {category.key for category in MCPWORKS.categories if category.portable}

    assert {"email", "function_code", "function_details", "run_data", "run_details"} <= portable
    assert not portable & {"password", "refresh_tokens", "security_events", "audit_log", "request_log"}


def test_mcpworks_holds_runs_for_its_customers_and_names_every_recipient() -> None:
    assert [category.key for category in MCPWORKS.categories if category.processor] == ["run_data"]
    assert MCPWORKS.processor_note
    assert {recipient.key: recipient.place[-3:] for recipient in MCPWORKS.recipients} == {
        "stripe": "USA",
        "digitalocean": "USA",
        "sentry": "USA",
    }


def test_mcpworks_answers_by_the_classes_of_californian_law() -> None:
    used = {key for category in MCPWORKS.categories for key in category.reported_as}

    assert used == {reported.key for reported in MCPWORKS.reported_classes if reported.collected}
    assert [reported.key for reported in MCPWORKS.reported_classes if not reported.collected] == ["professional"]


def test_cpzai_declares_tokens_and_tool_calls_without_holding_them() -> None:
    assert [category.key for category in CPZAI.categories if not category.held] == ["oauth_tokens", "tool_calls"]
    tokens = CPZAI.category("oauth_tokens")
    assert tokens
    assert "encrypted" in tokens.note
    assert "memory" in tokens.note
    assert tokens.retention == "In memory during a session"


def test_cpzai_promises_nothing_that_its_policy_does_not_say() -> None:
    assert CPZAI.establishment == "unspecified"
    assert CPZAI.regimes == ("THIRTY_DAYS",)
    assert {promise.days for promise in CPZAI.rights.values()} == {None}
    assert {right for right, promise in CPZAI.rights.items() if promise.offered} == {"access", "portability", "deletion", "withdrawal"}
    assert {basis for category in CPZAI.categories for basis in category.basis} == {"unspecified"}
    assert CPZAI.backups_days is None
    assert not CPZAI.authorities


def test_cpzai_deletes_everything_with_the_account_and_its_logs_after_30_days() -> None:
    assert {category.on_deletion.when for category in CPZAI.categories} == {"now"}
    logs = CPZAI.category("server_logs")
    assert logs
    assert logs.sweep == "P30D"
    brokers = CPZAI.recipient("brokers")
    assert brokers
    assert brokers.outside_control
    assert "deletion" in brokers.told_on


@pytest.mark.parametrize("key", KEYS)
def test_an_example_speaks_to_people_in_whole_words(key: str) -> None:
    for category in policy_of(key).categories:
        assert category.purposes, category.key
        assert category.basis_words, category.key
        assert category.goes_line, category.key
        assert category.origin != "unspecified", category.key
