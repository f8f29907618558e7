"""One tenant's stores: the same tables for every tenant, other people and other rows for each, numbered from 0 in all of them."""

import random
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from examples.people import TRICKY, Person, crowd
from examples.pyplan.office import BARE, NIL, RITA, WANDA, Office
from examples.stores import write_store

HERE = Path(__file__).parent
WORKSPACE_ORDER = ("departments", "users", "tokens", "applications", "application_access", "versions", "node_results")
LOGS_ORDER = ("requests", "tool_calls", "diagnostics")
STEP = 90  # of the people of one tenant, so many are not at the next one


@dataclass(frozen=True)
class Tenant:
    """A customer of Pyplan. `place` moves its staff along the crowd, so that some people work at two tenants."""

    company: str
    place: int
    subnet: str

    def people(self, count: int) -> list[Person]:
        """Whoever works here; the first three and those with tricky addresses work everywhere."""
        first = [NIL, RITA, WANDA, BARE, *TRICKY]
        wanted = max(0, count - len(first))
        return (first + crowd(STEP * self.place + wanted)[STEP * self.place :])[:count]

    def build(self, folder: Path, *, people: int, today: date, draw: random.Random) -> list[Path]:
        """Write both stores into the folder: the same people and rows for the same day, logs always inside the promised window."""
        office = Office(self.company, self.subnet, today=today, draw=draw)
        for number, person in enumerate(self.people(people)):
            office.hire(number, person)
        office.share()
        workspace = {table: office.rows[table] for table in WORKSPACE_ORDER}
        logs = {table: office.rows[table] for table in LOGS_ORDER}
        return [
            write_store(folder / "workspace.sqlite3", HERE / "workspace.sql", workspace),
            write_store(folder / "connector_logs.sqlite3", HERE / "connector_logs.sql", logs),
        ]
