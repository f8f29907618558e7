"""Builds CPZAI's sample stores: made-up people with everything that its policy says is held, and nothing else."""

import random
from datetime import date
from pathlib import Path

from examples.cpzai.floor import AMARA, BARE, NIL, RITA, Floor
from examples.people import TRICKY, crowd
from examples.stores import write_store

HERE = Path(__file__).parent
PLATFORM_ORDER = (
    "addresses",
    "accounts",
    "desks",
    "desk_members",
    "desk_notes",
    "api_keys",
    "broker_connections",
    "strategies",
    "orders",
    "order_events",
)


def build(folder: Path, *, people: int = 400, today: date) -> list[Path]:
    """Write both stores into the folder: the same people and rows for the same day, the logs always of the last 30 days."""
    floor = Floor(today, random.Random("cpzai"))
    for number, person in enumerate([NIL, RITA, AMARA, BARE, *TRICKY, *crowd(max(0, people - 4 - len(TRICKY)))]):
        floor.settle(number, person)
    floor.share()
    platform = {table: floor.rows[table] for table in PLATFORM_ORDER}
    logs = {table: floor.rows[table] for table in ("connections", "requests")}
    return [
        write_store(folder / "platform.sqlite3", HERE / "platform.sql", platform),
        write_store(folder / "server_logs.sqlite3", HERE / "server_logs.sql", logs),
    ]
