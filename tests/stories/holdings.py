"""What the sample stores hold about somebody, asked in plain SQL by a person who knows the schemas and nothing of the product."""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.processes import Demo

Row = dict[str, Any]
Held = dict[str, list[Row]]  # by table
Rows = Counter[tuple[Any, ...]]  # counted: a row may stand there twice
Snapshot = dict[str, Rows]  # by table
SOURCES = {
    "mcpworks": ("accounts", "telemetry"),
    "cpzai": ("platform", "server_logs"),
    "mcpr": ("cloud", "edge"),
    **dict.fromkeys(("bakery", "harbour", "garden"), ("workspace", "connector_logs")),
}
PEOPLE = {"mcpworks": "accounts", "cpzai": "accounts", "mcpr": "accounts", **dict.fromkeys(("bakery", "harbour", "garden"), "users")}
OWN = {  # tables whose rows name their person themselves, and by which column
    "mcpworks": {
        **dict.fromkeys(("api_keys", "refresh_tokens", "rate_limit_hits", "security_events", "memberships"), "account_id"),
        **dict.fromkeys(("executions", "execution_counts", "billing_customers", "audit_log", "request_log"), "account_id"),
        "accounts": "id",
        "functions": "author_account_id",
    },
    "cpzai": {
        **dict.fromkeys(("api_keys", "broker_connections", "strategies", "orders", "desk_members", "connections"), "account_id"),
        "accounts": "id",
        "desk_notes": "author_account_id",
    },
    "mcpr": {
        **dict.fromkeys(("sign_in_links", "project_members", "proxies", "dashboard_interactions", "tunnels"), "account_id"),
        "accounts": "id",
    },
    "harbour": {
        **dict.fromkeys(("tokens", "application_access", "node_results", "requests"), "user_id"),
        "users": "id",
        "versions": "author_user_id",
    },
}
OWN |= dict.fromkeys(("bakery", "garden"), OWN["harbour"])  # every tenant has the same tables
FURTHER = {  # tables whose rows are reached from those
    "mcpworks": {
        "workspaces": "id IN (SELECT workspace_id FROM memberships WHERE account_id = :id)",
        "function_versions": "function_id IN (SELECT id FROM functions WHERE author_account_id = :id)",
        "execution_payloads": "execution_id IN (SELECT id FROM executions WHERE account_id = :id)",
        "subscriptions": "customer_id IN (SELECT id FROM billing_customers WHERE account_id = :id)",
        "billing_periods": "subscription_id IN (SELECT s.id FROM subscriptions s JOIN billing_customers b ON b.id = s.customer_id"
        " WHERE b.account_id = :id)",
        "error_reports": "correlation_id IN (SELECT correlation_id FROM request_log WHERE account_id = :id"
        " UNION SELECT correlation_id FROM executions WHERE account_id = :id)",
    },
    "cpzai": {
        "addresses": "id IN (SELECT address_id FROM accounts WHERE id = :id)",
        "desks": "id IN (SELECT desk_id FROM desk_members WHERE account_id = :id)",
        "order_events": "order_id IN (SELECT id FROM orders WHERE account_id = :id)",
        "requests": "connection_id IN (SELECT id FROM connections WHERE account_id = :id)",
    },
    "mcpr": {
        "projects": "id IN (SELECT project_id FROM project_members WHERE account_id = :id)",
        "events": "proxy_id IN (SELECT id FROM proxies WHERE account_id = :id)",
        "tunnel_connections": "tunnel_id IN (SELECT id FROM tunnels WHERE account_id = :id)",
    },
    "harbour": {
        "departments": "id IN (SELECT department_id FROM users WHERE id = :id)",
        "applications": "id IN (SELECT application_id FROM application_access WHERE user_id = :id)",
        "tool_calls": "request_id IN (SELECT id FROM requests WHERE user_id = :id)",
        "diagnostics": "request_id IN (SELECT id FROM requests WHERE user_id = :id)",
    },
}
FURTHER |= dict.fromkeys(("bakery", "garden"), FURTHER["harbour"])
# Never given out; and columns of which parts about others may be covered.
SECRET = {"password_hash", "key_hash", "token_hash", "secret_hash", "token_sealed", "broker_account"}
COVERED = {"body", "note", "parameters", "response", "input", "output", "referred_by", "invited_by", "staff_name"}


@contextmanager
def opened(demo: Demo, organisation: str) -> Iterator[sqlite3.Connection]:
    """All sample databases of an organisation at once, for reading."""
    places = [f"file:{demo.folder}/samples/{organisation}/{name}.sqlite3?mode=ro" for name in SOURCES[organisation]]
    with closing(sqlite3.connect(places[0], uri=True, timeout=30)) as database:
        for number, place in enumerate(places[1:]):
            database.execute(f"ATTACH ? AS more{number}", [place])
        yield database


def held(demo: Demo, organisation: str, address: str) -> Held:
    """Every row about one address, by table; tables that hold nothing are left out."""
    with opened(demo, organisation) as database:
        database.row_factory = sqlite3.Row
        ((number,),) = database.execute(f"SELECT id FROM {PEOPLE[organisation]} WHERE email = ?", [address])
        asked = {table: f"{column} = :id" for table, column in OWN[organisation].items()} | FURTHER[organisation]
        found = {
            table: database.execute(f"SELECT * FROM {table} WHERE {where}", {"id": number}).fetchall() for table, where in asked.items()
        }
    return {table: [dict(row) for row in rows] for table, rows in found.items() if rows}


def snapshot(demo: Demo, organisation: str) -> Snapshot:
    """Every row of every table."""
    listing = "SELECT name FROM {} WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    with opened(demo, organisation) as database:
        places = [name for _number, name, _file in database.execute("PRAGMA database_list").fetchall()]
        names = [name for place in places for (name,) in database.execute(listing.format(f"{place}.sqlite_master")).fetchall()]
        return {name: Counter(database.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names}


@dataclass(frozen=True)
class Change:
    """What became of a table while somebody's data was deleted."""

    left: Rows  # theirs, and still as they were
    lost: Rows  # other people's, and no longer there as they were
    new: Rows  # not there before

    def __bool__(self) -> bool:
        return bool(self.left or self.lost or self.new)


def changes(before: Snapshot, after: Snapshot, theirs: Held) -> dict[str, Change]:
    """By table, wherever there is more to tell than that all of theirs went."""
    found = {}
    for table, rows in before.items():
        mine = Counter(tuple(row.values()) for row in theirs.get(table, ()))
        change = Change(after[table] & mine, rows - mine - after[table], after[table] - rows)
        if not change:  # nobody else's row was touched: once more by another reckoning
            assert checksum(after[table]) == checksum(rows - mine), table
        found[table] = change
    return {table: change for table, change in found.items() if change}


def checksum(rows: Rows) -> str:
    return hashlib.sha256(repr(sorted(rows.elements(), key=repr)).encode()).hexdigest()


def assert_only_theirs(records: Held, theirs: Held) -> None:
    """The archive's records are exactly these rows: none more, none less, no other value; secrets are named and not shown."""
    assert {table: len(rows) for table, rows in records.items()} == {table: len(rows) for table, rows in theirs.items()}
    for table, rows in records.items():
        columns = sorted({*rows[0]} - COVERED)
        given = sorted(_written(row, columns) for row in rows)
        kept = sorted(_written({**row, **dict.fromkeys(SECRET, "(not disclosed)")}, columns) for row in theirs[table])
        assert given == kept, (table, [pair for pair in zip(given, kept, strict=True) if pair[0] != pair[1]][:3])


def _written(row: Row, columns: list[str]) -> str:
    return json.dumps([_read(row[column]) for column in columns], sort_keys=True)


def _read(cell: Any) -> Any:
    """JSON is JSON, however it is kept; a decimal number is given out as text, with every digit."""
    if isinstance(cell, str) and cell[:1] in ("{", "["):
        return json.loads(cell)
    return str(cell) if isinstance(cell, float) else cell
