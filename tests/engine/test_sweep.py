"""Rows that are older than the policy keeps them go, and nothing else does: counted by plain SQL at the sample stores."""

import hashlib
import json
import sqlite3
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from exports.flows.registering import load_organisation
from portal.kit import crypto
from tests.stores import build_store

pytestmark = [pytest.mark.thorough, pytest.mark.django_db]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DAY = "2027-02-03"  # eight weeks after the stores were built: something is too old in every table
# Organisation, store, table, what tells the age, and the promise, said in SQLite's own words.
WINDOWS = [
    ("mcpworks", "telemetry", "request_log", "at", "-30 days"),
    ("mcpworks", "telemetry", "error_reports", "at", "-90 days"),
    ("mcpworks", "accounts", "executions", "started_at", "-90 days"),
    (
        *("mcpworks", "accounts", "execution_payloads"),
        "(SELECT started_at FROM executions e WHERE e.id = execution_payloads.execution_id)",
        "-90 days",
    ),
    ("mcpworks", "accounts", "security_events", "at", "-1 year"),
    ("mcpworks", "accounts", "rate_limit_hits", "window_start", "-24 hours"),
    ("mcpworks", "accounts", "audit_log", "at", "-2 years"),
    ("mcpworks", "accounts", "refresh_tokens", "issued_at", "-7 days"),
    ("cpzai", "server_logs", "connections", "opened_at", "-30 days"),
    ("cpzai", "server_logs", "requests", "at", "-30 days"),
    ("mcpr", "cloud", "events", "at", "-90 days"),
    ("mcpr", "edge", "tunnels", "opened_at", "-7 days"),
    ("mcpr", "edge", "tunnel_connections", "connected_at", "-7 days"),
    *(
        (key, "connector_logs", table, "at", "-90 days")
        for key in ("bakery", "garden", "harbour")
        for table in ("tool_calls", "diagnostics")
    ),
]
ANONYMOUS = ("bakery", "garden", "harbour")


class Town:
    """One example organisation, loaded, with its sample stores."""

    def __init__(self, key: str, folder: Path) -> None:
        self.key, self.folder = key, build_store(key, folder / key)
        if key in ANONYMOUS:
            load_organisation(EXAMPLES / "pyplan", stores=self.folder)
        load_organisation(EXAMPLES / key, stores=self.folder)

    def ask(self, store: str, question: str) -> list[tuple[Any, ...]]:
        """Plain SQL, past everything that is tested."""
        with closing(sqlite3.connect(self.folder / f"{store}.sqlite3")) as opened:
            return opened.execute(question).fetchall()

    def checksum(self, store: str, question: str) -> str:
        return hashlib.sha256(repr(sorted(self.ask(store, question), key=repr)).encode()).hexdigest()

    def tables(self) -> dict[tuple[str, str], str]:
        """A checksum of every table of every store."""
        names = [(path.stem, name) for path in sorted(self.folder.glob("*.sqlite3")) for (name,) in self.ask(path.stem, TABLES)]
        return {(store, name): self.checksum(store, f"SELECT * FROM {name}") for store, name in names}


TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table'"


def run(key: str, *words: str) -> tuple[dict[str, Any], str]:
    out, err = StringIO(), StringIO()
    call_command("retention_sweep", key, *words, "--json", stdout=out, stderr=err)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told, err.getvalue()


@pytest.mark.parametrize("key", sorted({window[0] for window in WINDOWS}))
def test_every_promised_window_is_kept_and_nothing_younger_is_touched(key: str, tmp_path: Path) -> None:
    town, mine = Town(key, tmp_path), [window for window in WINDOWS if window[0] == key]
    young, rows, old = {}, {}, {}
    for _key, store, table, age, period in mine:
        cutoff = f"datetime('{DAY}', '{period}')"
        ((rows[table],), (old[table],)) = (town.ask(store, f"SELECT count(*) FROM {table} {w}")[0] for w in ("", f"WHERE {age} < {cutoff}"))
        young[table] = town.checksum(store, f"SELECT * FROM {table} WHERE {age} >= {cutoff}")
        assert old[table] > 0, table
    before = town.tables()
    told, _err = run(key, "--execute", "--today", DAY)
    assert told["receipt"]["outcome"] == "complete", told
    removed = {line["collection"].partition(".")[2]: line["removed"] for line in told["receipt"]["lines"] if line["action"] == "delete"}
    assert removed == old
    for _key, store, table, _age, _period in mine:
        assert town.ask(store, f"SELECT count(*) FROM {table}") == [(rows[table] - old[table],)]
        assert town.checksum(store, f"SELECT * FROM {table}") == young[table], table
        assert town.ask(store, "PRAGMA foreign_key_check") == []
    touched = {(store, table) for _key, store, table, _age, _period in mine}
    touched |= {("connector_logs", "requests")} if key in ANONYMOUS else set()
    after = town.tables()
    assert {name: rows for name, rows in after.items() if name not in touched} == {n: r for n, r in before.items() if n not in touched}


@pytest.mark.parametrize("key", ANONYMOUS)
def test_tenants_requests_become_counts_and_are_never_touched_again(key: str, tmp_path: Path) -> None:
    town = Town(key, tmp_path)
    cutoff = f"datetime('{DAY}', '-90 days')"
    mine = f"FROM requests WHERE at < {cutoff}"
    was_anonymous = f"SELECT * {mine} AND user_id IS NULL"
    due = town.ask("connector_logs", f"SELECT id, assistant, status, at {mine} AND user_id IS NOT NULL ORDER BY id")
    nobodys, young = (
        town.ask("connector_logs", was_anonymous),
        town.checksum("connector_logs", f"SELECT * FROM requests WHERE at >= {cutoff}"),
    )
    assert due
    assert nobodys
    told, _err = run(key, "--execute", "--today", DAY)
    assert told["receipt"]["totals"]["anonymise"] == len(due)
    assert town.ask("connector_logs", f"SELECT count(*) {mine} AND (user_id IS NOT NULL OR ip IS NOT NULL)") == [(0,)]
    ids = ", ".join(repr(row[0]) for row in due)
    assert town.ask("connector_logs", f"SELECT id, assistant, status, at FROM requests WHERE id IN ({ids}) ORDER BY id") == due
    assert set(nobodys) <= set(town.ask("connector_logs", was_anonymous))
    assert town.checksum("connector_logs", f"SELECT * FROM requests WHERE at >= {cutoff}") == young
    before = town.tables()
    again, _err = run(key, "--execute", "--today", DAY)
    assert again["receipt"]["totals"] == {"delete": 0, "anonymise": 0, "held": 0, "on_hold": 0}
    assert town.tables() == before


def test_a_plan_counts_and_changes_nothing(tmp_path: Path) -> None:
    town = Town("mcpworks", tmp_path)
    before = {path: path.read_bytes() for path in town.folder.glob("*.sqlite3")}
    plan, err = run("mcpworks", "--today", DAY)
    assert {path: path.read_bytes() for path in town.folder.glob("*.sqlite3")} == before
    assert plan["gaps"] == []
    assert "which is still to come" in err
    told, _err = run("mcpworks", "--execute", "--today", DAY)
    assert told["receipt"]["plan"] == plan["digest"]
    assert [line["removed"] for line in told["receipt"]["lines"]] == [line["rows"] for line in plan["lines"]]


def test_on_the_day_the_stores_are_built_nothing_is_too_old(tmp_path: Path) -> None:
    Town("mcpworks", tmp_path)
    plan, _err = run("mcpworks", "--plan", "--today", "2026-12-08")
    assert (plan["totals"], plan["gaps"]) == ({"delete": 0, "anonymise": 0, "held": 0, "on_hold": 0}, [])


def test_the_receipt_is_signed_and_names_nobody(tmp_path: Path) -> None:
    town = Town("mcpworks", tmp_path)
    told, _err = run("mcpworks", "--execute", "--today", DAY)
    (tmp_path / "receipt.json").write_text(json.dumps(told))
    (tmp_path / "keys.json").write_text(json.dumps(crypto.public_keys()))
    out = StringIO()
    call_command("verify_receipt", str(tmp_path / "receipt.json"), "--keys", str(tmp_path / "keys.json"), "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert report["proved"]
    assert report["counts"] == told["receipt"]["totals"]
    text = json.dumps(told["receipt"])
    emails, ips = (
        town.ask("accounts", q)
        for q in ("SELECT email FROM accounts", "SELECT ip FROM rate_limit_hits UNION SELECT ip FROM security_events")
    )
    assert not [value for (value,) in (*emails, *ips) if value in text]
    told["receipt"]["lines"][0]["removed"] += 1
    (tmp_path / "receipt.json").write_text(json.dumps(told))
    with pytest.raises(CommandError, match="proves nothing"):
        call_command("verify_receipt", str(tmp_path / "receipt.json"), "--keys", str(tmp_path / "keys.json"))


def test_rows_that_outlived_the_promised_month_are_counted(tmp_path: Path) -> None:
    town = Town("mcpworks", tmp_path)
    ((late,),) = town.ask("telemetry", f"SELECT count(*) FROM request_log WHERE at < datetime('{DAY}', '-60 days')")
    plan, _err = run("mcpworks", "--plan", "--today", DAY)
    assert next(line["late"] for line in plan["lines"] if line["collection"] == "mcpworks_telemetry.request_log") == late > 0


@pytest.mark.parametrize("words", [["--plan", "--execute"], ["--today", "yesterday"], ["--today"]])
def test_wrong_words_are_wrong_usage(words: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("retention_sweep", "mcpworks", *words)
    assert refused.value.returncode != 0
    with pytest.raises(CommandError, match="no organisation 'nobody'"):
        call_command("retention_sweep", "nobody")
