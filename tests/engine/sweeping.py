"""Small stores whose rows grow old: a policy with periods, tables by script, and a sweep that runs through."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from exports import api
from exports.models import Job
from portal.organisations.promises import Category, Fate
from tests.engine.erasing import Store, a_store

MOMENT = datetime(2026, 12, 8, 12, tzinfo=UTC)
MONTH_AGO = "2026-11-08 12:00:00"
OLD, YOUNG = "2026-11-01 08:00:00", "2026-12-01 08:00:00"
AGED = """
- name: people
  habeas_meta: {category: account, erase: delete}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}}
- name: log
  habeas_meta: {category: log, erase: delete, aged_by: at}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: person_id, fides_meta: {references: [{dataset: shop, field: people.id, direction: from}]}}
    - {name: at}
"""


def an_aging(key: str, sweep: str | None, **more: Any) -> Category:
    return Category(key=key, title=key.capitalize(), topic=key, sweep=sweep, **more)


CLAIMED = Fate("kept", period="P7Y", basis="legal_claims", because="A claim is open.")
CATEGORIES = (an_aging("log", "P30D"), an_aging("trace", "P7D"), an_aging("account", None))


def aging_store(folder: Path, script: str, dataset: str, *, categories: Sequence[Category] = (), **changes: Any) -> Store:
    """A store of one SQLite source called shop. Its policy has the categories that the dataset names: log, trace or account."""
    categories = categories or [category for category in CATEGORIES if f"category: {category.key}" in dataset]
    return a_store(folder, categories=tuple(categories), **changes).add("shop", script, dataset)


def lines(name: str = "log", *, table: str = "log", fields: str = "", **meta: str) -> str:
    """A collection of the dataset: its category, and whatever else stands under `habeas_meta`."""
    told = {"category": name, "aged_by": "at", **meta}
    words = ", ".join(f"{key}: {value}" for key, value in told.items() if value)
    return f"""
- name: {table}
  habeas_meta: {{{words}}}
  fields:
    - {{name: id, fides_meta: {{primary_key: true}}}}
    - {{name: at}}
{fields}
"""


def sweep(store: Store, moment: datetime = MOMENT) -> dict[str, Any]:
    """Run a sweep through; its receipt."""
    return receipt_of(api.start_sweep(store.organisation, moment))


def receipt_of(job_id: Any) -> dict[str, Any]:
    api.run(job_id)
    signed = api.receipt(job_id)
    assert signed, Job.objects.get(pk=job_id).error
    receipt: dict[str, Any] = signed["receipt"]
    return receipt


def numbers(store: Store, table: str = "log") -> list[Any]:
    """The keys of the rows that are there."""
    return [row[0] for row in store.sql(f"SELECT id FROM {table} ORDER BY id")]
