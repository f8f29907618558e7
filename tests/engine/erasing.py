"""Small stores for tests of the erasure: a SQL script, a dataset file, a policy, and a job that runs through."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from exports import api
from exports.models import DataSource, Job
from portal.organisations.models import Organisation
from portal.organisations.promises import Category, Fate
from tests.people import RITA, an_organisation

NOW = Fate("now", because="It ends with the account.")
SEVEN = Fate("kept", period="P7Y", basis="legal_obligation", because="Tax law: 7 years.")
TWO = Fate("kept", period="P2Y", basis="legal_obligation", because="Accountability: 2 years.")
GRACE = Fate("after", period="P30D", because="The policy also gives 30 days.")


def a_category(key: str, fate: Fate = NOW, alternative: Fate | None = None) -> Category:
    return Category(key=key, title=key.capitalize(), topic=key, on_deletion=fate, alternative=alternative)


CATEGORIES = (
    a_category("account"),
    a_category("orders"),
    a_category("invoices", SEVEN),
    a_category("audit", TWO),
    a_category("grace", NOW, GRACE),
    a_category("later", GRACE),
)


@dataclass
class Store:
    """One organisation with one or more SQLite sources."""

    organisation: Organisation
    folder: Path
    files: dict[str, Path] = field(default_factory=dict)

    def add(self, key: str, script: str, dataset: str) -> "Store":
        """A source: its tables and rows by script, its dataset by YAML (the list of collections)."""
        path = self.folder / f"{key}.sqlite3"
        with sqlite3.connect(path) as base:
            base.executescript(script)
        base.close()
        collections = yaml.safe_load(dataset)
        source = DataSource(organisation=self.organisation, key=key, title=key.capitalize(), position=len(self.files))
        source.url = f"sqlite:///{path}"
        source.datasets = [{"fides_key": key, "collections": collections}]
        source.save()
        self.files[key] = path
        return self

    def sql(self, statement: str, key: str = "shop") -> list[tuple[Any, ...]]:
        """Plain SQL, past everything that is tested."""
        base = sqlite3.connect(self.files[key])
        try:
            rows = base.execute(statement).fetchall()
            base.commit()
            return rows
        finally:
            base.close()

    def start(self, *, email: str = RITA, categories: Sequence[str] = ()) -> UUID:
        """A job that was rehearsed."""
        policy = self.organisation.current_policy
        search = api.Search(self.organisation, policy, {"email": email}, "s" * 32, "DR-TEST-01", tuple(categories))
        job_id = api.start_erasure(search)
        api.run(job_id)
        return job_id

    def erase(self, **search: Any) -> dict[str, Any]:
        """Rehearse, approve as it stands, carry out; the receipt."""
        job_id = self.start(**search)
        return approve_and_run(job_id)


def approve_and_run(job_id: UUID) -> dict[str, Any]:
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    api.run(job_id)
    signed = api.receipt(job_id)
    assert signed, Job.objects.get(pk=job_id).error
    receipt: dict[str, Any] = signed["receipt"]
    return receipt


def a_store(folder: Path, *, key: str = "shop", categories: Sequence[Category] = CATEGORIES, **changes: Any) -> Store:
    folder.mkdir(exist_ok=True)
    organisation = an_organisation(key, categories=tuple(categories), **{"timezone": "UTC", **changes})
    return Store(organisation, folder)


def by_category(job_id: UUID) -> Mapping[str, api.PlanLine]:
    return {line.category or line.title: line for line in api.plan(job_id).lines}
