"""Builds MCPWorks' sample stores: made-up people with everything that its policy says is held, and nothing else."""

import random
from datetime import date
from pathlib import Path

from examples.mcpworks.town import BARE, DANIEL, NIL, RITA, Town
from examples.people import TRICKY, crowd
from examples.stores import write_store

HERE = Path(__file__).parent
ACCOUNTS_ORDER = (
    "accounts",
    "api_keys",
    "refresh_tokens",
    "rate_limit_hits",
    "security_events",
    "workspaces",
    "memberships",
    "functions",
    "function_versions",
    "executions",
    "execution_payloads",
    "execution_counts",
    "billing_customers",
    "subscriptions",
    "billing_periods",
    "audit_log",
)


def build(folder: Path, *, people: int = 400, today: date) -> list[Path]:
    """Write both stores into the folder: the same people and rows for the same day, always inside the promised windows."""
    town = Town(today, random.Random("mcpworks"))
    for number, person in enumerate([NIL, RITA, DANIEL, BARE, *TRICKY, *crowd(max(0, people - 4 - len(TRICKY)))]):
        town.settle(number, person)
    town.share_lab()
    accounts = {table: town.rows[table] for table in ACCOUNTS_ORDER}
    telemetry = {table: town.rows[table] for table in ("request_log", "error_reports")}
    return [
        write_store(folder / "accounts.sqlite3", HERE / "accounts.sql", accounts),
        write_store(folder / "telemetry.sqlite3", HERE / "telemetry.sql", telemetry),
    ]
