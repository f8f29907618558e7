"""Real rows for some of the year's deletions: one SQLite database, searched and erased by the engine itself, part of it on later days."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import yaml
from dateutil.relativedelta import relativedelta

from exports import api, tasks
from exports.models import DataSource, Job
from portal.kit import leases
from portal.organisations.models import Organisation
from portal.organisations.promises import Category, Fate
from tests.engine.erasing import a_category

# What goes on which day after the deletion; the row in `people` goes with the last of the bills that point at it.
LATER = {"notes": relativedelta(days=30), "visits": relativedelta(months=2), "bills": relativedelta(days=90)}
PERIODS = {"notes": "P30D", "visits": "P2M", "bills": "P90D"}
HELD_FROM, HELD_FOR = 10, 45  # days after the deletion: the notes' own day comes while they are held
STRANGERS = 5
SCRIPT = """
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE notes (id INTEGER PRIMARY KEY, person_id INTEGER);
CREATE TABLE visits (id INTEGER PRIMARY KEY, person_id INTEGER);
CREATE TABLE bills (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id));
"""
PEOPLE = """
- name: people
  habeas_meta: {category: account, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
"""
CHILD = """
- name: NAME
  habeas_meta: {category: NAME, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: person_id, fides_meta: {references: [{dataset: rows, field: people.id, direction: from}]}}
"""
CATEGORIES: tuple[Category, ...] = (
    a_category("account"),
    *(a_category(name, Fate("after", period=period, because="A grace period.")) for name, period in PERIODS.items()),
)


@dataclass
class Rows:
    """The database, and from which noon on each row was gone."""

    path: Path
    people: dict[int, int] = field(default_factory=dict)  # case → number of the person
    jobs: set[UUID] = field(default_factory=set)
    erased_on: dict[int, date] = field(default_factory=dict)  # case → the local day of the deletion
    gone: dict[tuple[str, int], date] = field(default_factory=dict)
    there: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._sql(SCRIPT)
        for number in range(STRANGERS):
            self._add(10_000 + number, f"stranger{number}@example.org")

    def belong_to(self, house: Organisation) -> None:
        """The house asks this database."""
        source = DataSource(organisation=house, key="rows", title="Rows", position=0)
        source.url = f"sqlite:///{self.path}"
        source.datasets = [
            {"fides_key": "rows", "collections": yaml.safe_load(PEOPLE + "".join(CHILD.replace("NAME", name) for name in LATER))}
        ]
        source.save()

    def add(self, case_id: int, email: str) -> None:
        """Somebody who asks to be deleted: a row of each kind."""
        number = self.people[case_id] = len(self.people) + 1
        self._add(number, email)

    def _add(self, number: int, email: str) -> None:
        self._sql(f"INSERT INTO people VALUES ({number}, '{email}')")
        for table in LATER:
            self._sql(f"INSERT INTO {table} VALUES ({number}, {number})")
        self.there |= {(table, number) for table in ("people", *LATER)}

    def _sql(self, script: str) -> None:
        with sqlite3.connect(self.path) as base:
            base.executescript(script)
        base.close()

    def run(self, cases: Callable[[], dict[UUID, tuple[int, str]]]) -> None:
        """What workers do once a day with the engine's jobs, by what is due alone; then a look past everything that is tested."""
        tasks.expire_due()
        open_jobs = set(Job.objects.filter(receipt__isnull=True).values_list("pk", flat=True))
        for pk in leases.due_pks(Job):
            tasks.run_job(str(pk))
        done = set(Job.objects.filter(pk__in=open_jobs).exclude(receipt__isnull=True).values_list("pk", flat=True))
        moment = datetime.now(UTC)
        for case_id, zone in (cases()[pk] for pk in done):
            self.erased_on[case_id] = moment.astimezone(ZoneInfo(zone)).date()
        self._look(moment.date())

    def _look(self, noon: date) -> None:
        with sqlite3.connect(self.path) as base:
            now = {(table, row[0]) for table in ("people", *LATER) for row in base.execute(f"SELECT id FROM {table}")}
        base.close()
        assert now <= self.there, "a row came back"
        self.gone |= dict.fromkeys(self.there - now, noon)
        self.there = now

    def is_held(self, case_id: int) -> bool:
        """Every fourth person's notes are held over the day on which they were to go."""
        return self.people[case_id] % 4 == 0

    def due(self, table: str, case_id: int) -> date:
        """The local day from which a row has to be gone, reckoned apart from the product."""
        start = self.erased_on[case_id]
        day: date = start + LATER["bills" if table == "people" else table]
        return max(day, start + timedelta(days=HELD_FOR)) if table == "notes" and self.is_held(case_id) else day


def routed(name: str, fake: Callable[..., Any], rows: Rows) -> Callable[..., Any]:
    """The engine's door: the engine itself for those who have rows, its double for everybody else."""
    real = getattr(api, name)

    def call(first: Any, *rest: Any, **words: Any) -> Any:
        if isinstance(first, api.Search) and first.identities["email"].startswith("rows"):
            job_id = real(first, *rest, **words)
            rows.jobs.add(job_id)
            return job_id
        return (real if isinstance(first, UUID) and first in rows.jobs else fake)(first, *rest, **words)

    return call
