"""An erasure at the MCPWorks sample store, checked with plain SQL past everything that is tested."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import rfc8785
import time_machine

from exports import api
from exports.flows import expire
from exports.flows.registering import load_organisation
from exports.models import Handle, Job
from portal.kit import crypto
from portal.organisations.models import Organisation
from tests.engine.erasing import approve_and_run, by_category

pytestmark = [pytest.mark.thorough, pytest.mark.django_db]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RITA = "rita.lindqvist@example.org"
# What of each table is Rita's, by plain SQL; 'R' stands for her account's number.
HERS = {
    "accounts": "id = R",
    "api_keys": "account_id = R",
    "refresh_tokens": "account_id = R",
    "rate_limit_hits": "account_id = R",
    "security_events": "account_id = R",
    "memberships": "account_id = R",
    "workspaces": "id IN (SELECT workspace_id FROM memberships WHERE account_id = R)",
    "functions": "author_account_id = R",
    "function_versions": "function_id IN (SELECT id FROM functions WHERE author_account_id = R)",
    "executions": "account_id = R",
    "execution_payloads": "execution_id IN (SELECT id FROM executions WHERE account_id = R)",
    "execution_counts": "account_id = R",
    "billing_customers": "account_id = R",
    "subscriptions": "customer_id IN (SELECT id FROM billing_customers WHERE account_id = R)",
    "billing_periods": "subscription_id IN (SELECT s.id FROM subscriptions s JOIN billing_customers b ON b.id = s.customer_id "
    "WHERE b.account_id = R)",
    "audit_log": "account_id = R",
}


@pytest.fixture(autouse=True)
def _on_the_day() -> Iterator[None]:
    with time_machine.travel("2026-12-08T20:00:00Z", tick=True):
        yield


@pytest.fixture
def mcpworks(db: None, mcpworks_store: Path) -> Organisation:
    load_organisation(EXAMPLES / "mcpworks", stores=mcpworks_store)
    return Organisation.objects.get(key="mcpworks")


def rehearsed(organisation: Organisation, email: str = RITA) -> Any:
    search = api.Search(organisation, organisation.current_policy, {"email": email}, "s" * 32, "DR-4F7K-9Q")
    job_id = api.start_erasure(search)
    api.run(job_id)
    return job_id


def asked(folder: Path, statement: str, store: str = "accounts") -> list[tuple[Any, ...]]:
    base = sqlite3.connect(folder / f"{store}.sqlite3")
    try:
        return base.execute(statement).fetchall()
    finally:
        base.close()


def checksum(folder: Path, table: str, where: str, store: str = "accounts") -> str:
    rows = asked(folder, f"SELECT * FROM {table} WHERE {where} ORDER BY 1, 2", store)
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def number_of_rita(folder: Path) -> int:
    return int(asked(folder, f"SELECT id FROM accounts WHERE email = '{RITA}'")[0][0])


def others(folder: Path, mine: dict[str, list[Any]]) -> dict[str, str]:
    """A checksum of everybody else's rows, table by table; Rita's own are left out by the numbers they had before."""
    return {table: checksum(folder, table, f"rowid NOT IN ({', '.join(map(str, keys)) or 'NULL'})") for table, keys in mine.items()}


def rowids(folder: Path, number: int) -> dict[str, list[Any]]:
    return {t: [row[0] for row in asked(folder, f"SELECT rowid FROM {t} WHERE {_where(w, number)}")] for t, w in HERS.items()}


def _where(where: str, number: int) -> str:
    return where.replace("= R", f"= {number}")


def test_the_plan_flags_the_four_lines_on_which_the_policy_says_two_things(mcpworks: Organisation) -> None:
    job_id = rehearsed(mcpworks)
    plan, lines = api.plan(job_id), by_category(job_id)
    assert {line.category for line in plan.lines if line.choices} == {"email", "tier_status", "api_keys", "run_counts"}
    assert plan.unsettled == 4
    assert [line.chosen for line in plan.lines if line.choices] == ["now"] * 4
    later = {line.category: {choice.key: choice.on for choice in line.choices}["later"] for line in plan.lines if line.choices}
    assert later["email"] == date(2027, 1, 7)
    assert later["tier_status"] == later["api_keys"] == date(2027, 3, 8)
    assert lines["billing"].action == lines["audit_log"].action == "keep"
    assert (lines["billing"].when, lines["audit_log"].when) == (date(2033, 12, 8), date(2028, 12, 8))
    assert not plan.blocked
    assert not plan.gaps


def test_what_the_law_keeps_stays_and_everything_else_goes(mcpworks: Organisation, mcpworks_store: Path) -> None:
    number = number_of_rita(mcpworks_store)
    mine = rowids(mcpworks_store, number)
    before = others(mcpworks_store, mine)
    log_before = checksum(mcpworks_store, "request_log", f"account_id IS NOT {number}", "telemetry")
    receipt = approve_and_run(rehearsed(mcpworks))

    assert receipt["outcome"] == "complete", receipt
    left = {table: len(asked(mcpworks_store, f"SELECT 1 FROM {table} WHERE {_where(where, number)}")) for table, where in HERS.items()}
    kept = {"accounts": 1, "billing_customers": 1, "audit_log": len(mine["audit_log"])}
    kept |= {"subscriptions": len(mine["subscriptions"]), "billing_periods": len(mine["billing_periods"])}
    assert {table: rows for table, rows in left.items() if rows} == kept
    shell = asked(
        mcpworks_store, f"SELECT email, email_verified_at, password_hash, tier, status, created_at FROM accounts WHERE id = {number}"
    )[0]
    assert RITA not in str(shell)
    assert shell[1:] == (None, "", None, "deleted", None)
    assert others(mcpworks_store, mine) == before
    assert not asked(mcpworks_store, f"SELECT 1 FROM request_log WHERE account_id = {number}", "telemetry")
    assert checksum(mcpworks_store, "request_log", f"account_id IS NOT {number}", "telemetry") == log_before
    assert asked(mcpworks_store, "PRAGMA foreign_key_check") == []


def test_her_address_is_left_only_in_what_others_were_sent(mcpworks: Organisation, mcpworks_store: Path) -> None:
    assert RITA.encode() in (mcpworks_store / "accounts.sqlite3").read_bytes()
    approve_and_run(rehearsed(mcpworks))
    for table in HERS:
        rows = asked(mcpworks_store, f"SELECT * FROM {table}")
        assert RITA not in repr(rows) or table == "execution_payloads", table
    to_others = (
        "SELECT count(*) FROM execution_payloads p JOIN executions e ON e.id = p.execution_id "
        "WHERE p.input || coalesce(p.output, '') LIKE '%rita.lindqvist%'"
    )
    assert asked(mcpworks_store, to_others)[0][0] > 0


def test_a_namespace_and_a_function_that_others_use_stay_with_them(mcpworks: Organisation, mcpworks_store: Path) -> None:
    number = number_of_rita(mcpworks_store)
    shared = asked(
        mcpworks_store,
        f"SELECT w.* FROM workspaces w JOIN memberships m ON m.workspace_id = w.id WHERE m.account_id = {number} "
        "AND (SELECT count(*) FROM memberships o WHERE o.workspace_id = w.id) > 1",
    )
    assert shared
    run_by_others = asked(
        mcpworks_store,
        f"SELECT DISTINCT f.id, f.name FROM functions f JOIN executions e ON e.function_id = f.id "
        f"WHERE f.author_account_id = {number} AND e.account_id <> {number}",
    )
    receipt = approve_and_run(rehearsed(mcpworks))
    for row in shared:
        assert asked(mcpworks_store, f"SELECT * FROM workspaces WHERE id = {row[0]}") == [row]
    for key, name in run_by_others:
        assert asked(mcpworks_store, f"SELECT name, author_account_id FROM functions WHERE id = {key}") == [(name, None)]
        assert asked(mcpworks_store, f"SELECT 1 FROM function_versions WHERE function_id = {key}")
    assert sum(line["rows"] for line in receipt["detached"] if line["reason"] == "used_by_others") == len(shared) + len(run_by_others)


def test_the_receipt_is_signed_and_names_nobody(mcpworks: Organisation, mcpworks_store: Path) -> None:
    job_id = rehearsed(mcpworks)
    number = number_of_rita(mcpworks_store)
    approve_and_run(job_id)
    signed = api.receipt(job_id)
    assert signed
    assert crypto.verify(rfc8785.dumps(signed["receipt"]), signed["jws"], crypto.public_keys()).startswith("receipt-")
    text = json.dumps(signed)
    assert "@" not in text
    assert "indqvist" not in text
    assert f'"{number}"' not in text
    done = signed["receipt"]["totals"]
    assert done["keep"] == 110
    assert signed["receipt"]["verification"]["found_again"] == 0
    assert signed["receipt"]["backups_until"] == "2027-02-06"


def test_kept_rows_go_on_their_day_and_the_emptied_account_with_the_last_of_them(mcpworks: Organisation, mcpworks_store: Path) -> None:
    number = number_of_rita(mcpworks_store)
    job_id = rehearsed(mcpworks)
    approve_and_run(job_id)
    assert expire.run_due(date(2028, 12, 7)) == 0
    assert expire.run_due(date(2028, 12, 8)) == 1
    assert not asked(mcpworks_store, f"SELECT 1 FROM audit_log WHERE account_id = {number}")
    assert asked(mcpworks_store, f"SELECT 1 FROM billing_customers WHERE account_id = {number}")
    assert expire.run_due(date(2033, 12, 8)) == 1
    for table, where in HERS.items():
        assert not asked(mcpworks_store, f"SELECT 1 FROM {table} WHERE {_where(where, number)}"), table
    assert not Handle.objects.filter(job_id=job_id).exists()
    addenda = Job.objects.get(pk=job_id).receipt["addenda"]
    assert [one["receipt"]["outcome"] for one in addenda] == ["complete", "complete"]
    assert [one["receipt"]["totals"]["delete"] for one in addenda] == [96, 15]
    assert expire.run_due(date(2040, 1, 1)) == 0


def test_choosing_the_later_day_keeps_the_address_until_then(mcpworks: Organisation, mcpworks_store: Path) -> None:
    number = number_of_rita(mcpworks_store)
    job_id = rehearsed(mcpworks)
    first = api.plan(job_id).digest
    api.settle(job_id, {"accounts:email": "later"}, by="Ada")
    api.run(job_id)
    assert api.plan(job_id).digest != first
    assert api.plan(job_id).unsettled == 3
    with pytest.raises(api.StalePlan):
        api.approve(job_id, first, by="Ada")
    assert approve_and_run(job_id)["outcome"] == "complete"
    account = f"SELECT email, password_hash, status FROM accounts WHERE id = {number}"
    assert asked(mcpworks_store, account) == [(RITA, "", "deleted")]
    assert expire.run_due(date(2027, 1, 7)) == 1
    assert RITA not in repr(asked(mcpworks_store, account))


def test_the_person_whose_key_is_zero_is_erased_like_everybody(mcpworks: Organisation, mcpworks_store: Path) -> None:
    assert asked(mcpworks_store, "SELECT email FROM accounts WHERE id = 0") == [("nil@example.net",)]
    receipt = approve_and_run(rehearsed(mcpworks, "nil@example.net"))
    assert receipt["outcome"] == "complete"
    assert receipt["verification"]["rows_read_back"] > 0
    assert "nil@example.net" not in repr(asked(mcpworks_store, "SELECT * FROM accounts"))
    assert not asked(mcpworks_store, "SELECT 1 FROM executions WHERE account_id = 0")
