"""Takes an organisation's folder in: promises, datasets and sources, all checked before the first write, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from exports.flows.checking import live_gaps
from exports.flows.vetting import bad_addresses, not_mapped, read_datasets, unknown_categories
from exports.flows.vetting_calls import bad_calls
from exports.models import DataSource, Handle, HandleState
from portal.kit.crypto import Sealed
from portal.organisations.folder import SourceDraft, read_folder
from portal.organisations.loading import CREATED, REMOVED, UNCHANGED, UPDATED, save_organisation
from portal.organisations.marked_yaml import PolicyError, Problem
from portal.organisations.models import Organisation


@dataclass(frozen=True)
class LoadReport:
    """What a load did, part by part, and what its author should look at."""

    organisation: str
    version: str
    organisation_change: str
    policy_change: str
    sources: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return {self.organisation_change, self.policy_change, *(change for _, change in self.sources)} != {UNCHANGED}

    def to_json(self) -> dict[str, Any]:
        """The report in values that JSON knows."""
        return {**asdict(self), "sources": dict(self.sources), "changed": self.changed}


def load_organisation(folder: Path, *, stores: Path | None = None, regimes: Collection[str] | None = None) -> LoadReport:
    """Read the folder and write it; the same content again changes nothing.

    A PolicyError holds every problem, and then nothing was written.
    `stores` stands where an address says {folder}; `regimes` are the ids of the laws that are known, to check the policy's against.
    """
    read = read_folder(Path(folder), stores=stores, regimes=regimes)
    datasets, notes = read_datasets(read)
    problems = [*unknown_categories(read.policy, datasets.values()), *bad_addresses(read.sources), *bad_calls(read, datasets)]
    if problems:
        raise PolicyError(problems)
    notes += not_mapped(read.policy, datasets.values())
    with transaction.atomic():
        saved = save_organisation(read.policy, lines=read.lines)
        changes = register_sources(saved.organisation, read.sources)
    notes += live_gaps(saved.organisation, datasets.values())
    return LoadReport(
        organisation=saved.organisation.key,
        version=saved.policy.version,
        organisation_change=saved.organisation_change,
        policy_change=saved.policy_change,
        sources=tuple(changes),
        notes=tuple(notes),
    )


def register_sources(organisation: Organisation, drafts: Sequence[SourceDraft]) -> list[tuple[str, str]]:
    """Make the organisation's data sources those of the drafts, and say what became of each. Call it inside a transaction."""
    stored = {source.key: source for source in DataSource.objects.filter(organisation=organisation)}
    gone = sorted(set(stored) - {draft.key for draft in drafts})
    _refuse_orphans(organisation, gone)
    changes = [(draft.key, _register(organisation, stored.get(draft.key), draft, position=n)) for n, draft in enumerate(drafts)]
    DataSource.objects.filter(organisation=organisation, key__in=gone).delete()
    return changes + [(key, REMOVED) for key in gone]


def _register(organisation: Organisation, stored: DataSource | None, draft: SourceDraft, *, position: int) -> str:
    wanted: dict[str, Any] = {
        "title": draft.title,
        "datasets": [dataset for path in draft.datasets for dataset in _as_json(path)],
        "note": draft.note,
        "position": position,
        "url": draft.url,
        "write_url": draft.write_url,
        "kind": draft.kind,
        "settings": json.loads(json.dumps(draft.settings)),
    }
    source = stored or DataSource(organisation=organisation, key=draft.key)
    differs = [name for name, value in wanted.items() if stored is None or _stored(stored, name) != value]
    for name in differs:
        setattr(source, name, wanted[name])
    if differs:
        source.save()
    return CREATED if stored is None else UPDATED if differs else UNCHANGED


def _stored(source: DataSource, name: str) -> Any:
    try:
        return getattr(source, name)
    except Sealed:
        return None


def _as_json(path: Path) -> list[dict[str, Any]]:
    """A dataset file as JSON can hold it; a date that nobody quoted becomes its text."""
    plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    read: list[dict[str, Any]] = json.loads(json.dumps(plain["dataset"], default=str))
    return read


def _refuse_orphans(organisation: Organisation, gone: Sequence[str]) -> None:
    """A source that still has rows to be deleted on a date must stay, or that promise would be forgotten."""
    waiting = Handle.objects.filter(job__organisation=organisation, source_key__in=gone)
    for handle in waiting.exclude(state=HandleState.PROVED).order_by("source_key")[:1]:
        reason = f"the source '{handle.source_key}' is not named any more, but rows of it still wait for their deletion; name it again"
        raise PolicyError([Problem("sources.yaml", 1, "sources", reason)])
