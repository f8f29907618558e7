"""Builds MCPR's sample stores: made-up people with everything that its policy says is held, and nothing else."""

import random
from datetime import date
from pathlib import Path

from examples.mcpr.cloud import BARE, NIL, PRIYANKA, RITA, Cloud
from examples.people import TRICKY, crowd
from examples.stores import write_store

HERE = Path(__file__).parent
CLOUD_ORDER = ("accounts", "sign_in_links", "projects", "project_members", "proxies", "events", "dashboard_interactions")


def build(folder: Path, *, people: int = 400, today: date) -> list[Path]:
    """Write both stores into the folder: the same people and rows for the same day, always inside the promised windows."""
    cloud = Cloud(today, random.Random("mcpr"))
    for number, person in enumerate([NIL, RITA, PRIYANKA, BARE, *TRICKY, *crowd(max(0, people - 4 - len(TRICKY)))]):
        cloud.settle(number, person)
    cloud.share()
    edge = {table: cloud.rows[table] for table in ("tunnels", "tunnel_connections")}
    return [
        write_store(folder / "cloud.sqlite3", HERE / "cloud.sql", {table: cloud.rows[table] for table in CLOUD_ORDER}),
        write_store(folder / "edge.sqlite3", HERE / "edge.sql", edge),
    ]
