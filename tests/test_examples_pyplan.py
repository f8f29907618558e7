"""Pyplan works for its tenants, and each tenant keeps what the connector's published policy says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exports.datasets import read_dataset
from portal.organisations.folder import read_folder
from portal.organisations.marked_yaml import PolicyError
from tests.test_examples_promises import EXAMPLES, policy_of

PYPLAN = policy_of("pyplan")
TENANTS = {key: policy_of(key) for key in ("bakery", "harbour", "garden")}
SIX = {"access", "correction", "deletion", "portability", "restriction", "objection"}
each = pytest.mark.parametrize("key", TENANTS)


def dataset_texts(key: str) -> Iterator[str]:
    yield from (path.read_text() for path in sorted((EXAMPLES / key / "datasets").iterdir()))


def test_it_is_the_policy_of_15_june_2026_everywhere() -> None:
    for policy in (PYPLAN, *TENANTS.values()):
        assert (policy.version, str(policy.effective_on)) == ("2026-06-15", "2026-06-15")
        assert policy.minimum_age == 16


def test_the_tenant_decides_and_pyplan_works_for_it() -> None:
    assert PYPLAN.role == "processor"
    assert PYPLAN.processor is None
    assert {(tenant.role, tenant.processor) for tenant in TENANTS.values()} == {("controller", "pyplan")}


@each
def test_six_rights_are_offered_and_the_connector_can_be_cut_off(key: str) -> None:
    for policy in (TENANTS[key], PYPLAN):
        assert {right for right, promise in policy.rights.items() if promise.offered} == {*SIX, "withdrawal"}
        assert {promise.days for promise in policy.rights.values()} == {None}
        assert not any(promise.automatic_release for promise in policy.rights.values())
        assert "Disconnect the connector" in (policy.rights["withdrawal"].self_service or "")


@each
def test_logs_live_90_days_and_tokens_as_long_as_their_session(key: str) -> None:
    for policy in (TENANTS[key], PYPLAN):
        sweeps = {category.key: category.sweep for category in policy.categories if category.sweep}
        assert sweeps == {"tool_calls": "P90D", "request_log": "P90D"}
        assert {policy.category(name).retention for name in sweeps} == {"Up to 90 days, then deleted or made anonymous"}  # type: ignore[union-attr]
        tokens = policy.category("oauth_tokens")
        assert tokens
        assert "session" in tokens.retention
        assert "disconnect" in tokens.retention


def test_pyplan_declares_what_its_tenants_hold_and_holds_none_of_it() -> None:
    declared = {category.key: (category.title, category.sweep) for category in PYPLAN.categories}

    assert not [category.key for category in PYPLAN.categories if category.held]
    assert [category.key for category in PYPLAN.categories if not category.processor] == ["sign_in_session"]
    for tenant in TENANTS.values():
        assert {category.key: (category.title, category.sweep) for category in tenant.categories} == declared
        assert [category.key for category in tenant.categories if not category.held] == ["sign_in_session"]


def test_pyplan_has_no_source_and_only_a_processor_may_have_none(tmp_path: Path) -> None:
    assert read_folder(EXAMPLES / "pyplan").sources == ()
    policy = (EXAMPLES / "pyplan" / "organisation.yaml").read_text()
    (tmp_path / "organisation.yaml").write_text(policy.replace("role: processor", "role: controller"))
    (tmp_path / "sources.yaml").write_text("sources: []\n")

    with pytest.raises(PolicyError, match="names no source, so nothing could ever be found"):
        read_folder(tmp_path)


def test_nothing_that_pyplan_says_names_a_customer() -> None:
    said = str({**PYPLAN.to_json(), "officer_notes": ()})

    assert not [tenant.name for tenant in TENANTS.values() if tenant.name in said or tenant.key in said]
    assert "Ask its administrator of Pyplan first" in PYPLAN.processor_note


@each
def test_the_assistants_provider_is_named_as_outside_control(key: str) -> None:
    for policy in (TENANTS[key], PYPLAN):
        assistant = policy.recipient("assistant")
        assert assistant
        assert assistant.outside_control
        assert "Anthropic" in assistant.name
    assert {"assistant", "pyplan", "hosting"} == {recipient.key for recipient in TENANTS[key].recipients}


@pytest.mark.parametrize(
    ("key", "place"),
    [("bakery", "Pyplan Cloud, United States"), ("harbour", "Pyplan Cloud, Europe"), ("garden", "our own cloud account")],
)
def test_each_tenant_stays_in_a_region_of_its_own(key: str, place: str) -> None:
    assert place in TENANTS[key].location
    assert any("neither copies nor moves" in sentence for sentence in TENANTS[key].transfers)


@each
def test_no_special_categories_and_no_copies_are_held(key: str) -> None:
    for policy in (TENANTS[key], PYPLAN):
        what = " ".join(what for what, _ in policy.not_held)
        assert "Special categories" in what
        assert "Copies of" in what
        assert any("train AI models" in sentence for sentence in policy.statements)


@each
def test_the_policy_ties_no_legal_basis_to_a_category_and_nor_do_we(key: str) -> None:
    for policy in (TENANTS[key], PYPLAN):
        bases = {category.basis for category in policy.categories}
        assert bases == {("contract", "legitimate_interest", "legal_obligation", "consent")}


def test_the_three_tenants_have_the_same_datasets_and_the_same_promises() -> None:
    assert len({tuple(dataset_texts(key)) for key in TENANTS}) == 1
    assert len({tenant.categories for tenant in TENANTS.values()}) == 1
    assert len({str(tenant.rights) for tenant in TENANTS.values()}) == 1
    assert len({tenant.location for tenant in TENANTS.values()}) == 3


def test_a_department_stays_with_the_company() -> None:
    (workspace,) = read_dataset(EXAMPLES / "bakery" / "datasets" / "workspace.yml").datasets

    assert {collection.name for collection in workspace.collections if collection.erase == "keep"} == {"departments"}
