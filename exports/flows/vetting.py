"""Looks at an organisation's datasets and addresses before anything is written: do they fit each other and the policy?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from exports.connectors.base import SourceUnreachable
from exports.connectors.sql_dialects import dialect_of
from exports.datasets import Dataset, DatasetError, check_references, read_dataset
from portal.organisations.folder import Folder, SourceDraft
from portal.organisations.marked_yaml import PolicyError, Problem
from portal.organisations.policy import PolicyDocument


def read_datasets(read: Folder) -> tuple[dict[Path, tuple[Dataset, ...]], list[str]]:
    """Every dataset file that a source names, with its notices; a key that stands in two files is refused."""
    found: dict[Path, tuple[Dataset, ...]] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    for path in dict.fromkeys(path for source in read.sources for path in source.datasets):
        try:
            reading = read_dataset(path)
        except DatasetError as refusal:
            problems.append(_problem(refusal))
            continue
        found[path] = reading.datasets
        notes += [str(notice) for notice in reading.warnings]
    problems += _written_twice(read, found)
    try:
        check_references([dataset for datasets in found.values() for dataset in datasets], whole=not problems)
    except DatasetError as refusal:
        problems.append(_problem(refusal))
    if problems:
        raise PolicyError(problems)
    return found, notes


def _problem(refusal: DatasetError) -> Problem:
    return Problem(refusal.place.file, refusal.place.line or 1, refusal.key, refusal.reason)


def _written_twice(read: Folder, found: dict[Path, tuple[Dataset, ...]]) -> list[Problem]:
    first: dict[str, str] = {}
    problems = []
    for source in read.sources:
        for dataset in (dataset for path in source.datasets for dataset in found.get(path, ())):
            if dataset.key in first:
                reason = f"a dataset of this key belongs to the source '{first[dataset.key]}' already"
                problems.append(Problem(dataset.place.file, dataset.place.line, dataset.key, reason))
            first.setdefault(dataset.key, source.key)
    return problems


def unknown_categories(policy: PolicyDocument, files: Collection[tuple[Dataset, ...]]) -> list[Problem]:
    """Words under `category` that the policy does not have: their data would have no purpose and no fate."""
    known = [category.key for category in policy.categories]
    problems = []
    for collection in (collection for datasets in files for dataset in datasets for collection in dataset.collections):
        named = [(collection.place, collection.address, collection.category)]
        named += [(field.place, f"{collection.address}.{field.path}", field.category) for field in collection.leaves()]
        problems += [
            Problem(place.file, place.line, f"{key}.habeas_meta.category", f"the policy has no category '{word}'{_near(word, known)}")
            for place, key, word in named
            if word and word not in known
        ]
    return sorted(problems, key=lambda problem: (problem.file, problem.line))


def bad_addresses(sources: Sequence[SourceDraft]) -> list[Problem]:
    """Addresses of databases that nothing here speaks to. The address itself is never repeated: it may hold a password."""
    problems = []
    for number, source in enumerate(sources):
        if source.kind != "sql":
            continue
        for key, address in (("url", source.url), ("write_url", source.write_url)):
            reason = _wrong_address(address)
            if address and reason:
                problems.append(Problem("sources.yaml", source.line, f"sources.{number}.{key}", reason))
    return problems


def _wrong_address(address: str) -> str:
    try:
        dialect_of(make_url(address))
    except (ArgumentError, ValueError):
        return "is not the address of a database"
    except SourceUnreachable as refusal:
        return str(refusal)
    return ""


def not_mapped(policy: PolicyDocument, files: Collection[tuple[Dataset, ...]]) -> list[str]:
    """Promises without data: a category that is held according to the policy and that no dataset names."""
    collections = [collection for datasets in files for dataset in datasets for collection in dataset.collections]
    mapped = {collection.category_of(field) for collection in collections for field in collection.leaves()}
    held = (category.key for category in policy.categories if category.held)
    return [f"The policy's category '{key}' is in no dataset." for key in held if key not in mapped]


def _near(word: str, known: Collection[str]) -> str:
    found = get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""
