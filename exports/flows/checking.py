"""Compares datasets with live schemas, and draws the map of what is covered: category, retention, erase rule."""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Iterator, Mapping
from typing import Any

from exports.connectors.base import Schema, SourceError
from exports.datasets import Collection, Dataset, Field
from exports.flows.aging import Aged, Aging, aging_of
from exports.flows.deciding import left_to_decide, strangers_of
from exports.graph import Walk, walk
from exports.masking import wanted
from exports.questions import home_of
from exports.sources import Source, sources_of
from portal.organisations.models import Organisation
from portal.organisations.policy import PolicyDocument


def check_sources(organisation: Organisation) -> dict[str, Any]:
    """Everything as JSON values. `ok` is False when a source cannot be reached or lacks what its dataset names."""
    sources = sources_of(organisation)
    policy = organisation.current_policy.read()
    datasets = [dataset for source in sources if not source.is_by_hand for dataset in source.datasets]
    kinds = {leaf.identity for dataset in datasets for c in dataset.collections for leaf in c.leaves() if leaf.identity}
    found = walk(datasets, _asked(policy, kinds))
    aging = aging_of(sources, policy)
    reports = [_source(source, policy, found, aging=aging) for source in sources]
    strangers = [(name, target) for report in reports for name, target in report.pop("strangers")]
    unswept = [gap.sentence for gap in aging.gaps]
    ok = bool(reports) and not any(r["mismatches"] for r in reports)
    undecided = left_to_decide(found, policy, strangers)
    return {"organisation": organisation.key, "ok": ok, "sources": reports, "unswept": unswept, "to_decide": undecided}


def live_gaps(organisation: Organisation, files: Several[tuple[Dataset, ...]]) -> list[str]:
    """What the files name and a source that can be reached has not got, with file and line. Others may be there later: passed over."""
    written = {collection.address: collection for datasets in files for dataset in datasets for collection in dataset.collections}
    return [sentence for source in sources_of(organisation) for sentence in _gaps(source, written)]


def _gaps(source: Source, written: Mapping[str, Collection]) -> Iterator[str]:
    if source.record.kind != "sql":
        return  # its calls and its datasets were compared without asking it
    try:
        with source.connector().reading() as reader:
            schema = reader.describe()
    except SourceError:
        return
    for address, name in _tables(source).items():
        collection = written.get(address)
        if collection is not None and not collection.skipped:
            for part, sentence in _missing(collection, name, schema):
                place = part.place if part else collection.place
                key = f"{address}.{part.name}" if part else address
                yield f"{place}: {key}: {sentence} `check_sources {source.record.organisation.key}` tells more."


def _asked(policy: PolicyDocument, kinds: set[str]) -> list[str]:
    """The identities that a person of this organisation can prove; those of the datasets when the policy names none."""
    proved = [kind.kind for kind in policy.identities if kind.seeds]
    return proved or sorted(kinds)


def _source(source: Source, policy: PolicyDocument, found: Walk, *, aging: Aging) -> dict[str, Any]:
    missed = {one.address: one.sentence for one in found.unreachable if not one.exempt}
    collections = [collection for dataset in source.datasets for collection in dataset.collections if not collection.skipped]
    report: dict[str, Any] = {
        "key": source.key,
        "title": source.title,
        "state": "reached",
        "mismatches": [],
        "unreachable": [{"collection": c.address, "reason": missed[c.address]} for c in collections if c.address in missed],
        "without": _without(collections, policy) | {"retention rule": [gap.address for gap in aging.gaps if gap.source == source.key]},
        "collections": [_coverage(collection, policy) for collection in collections],
        "left_out": [c.address for dataset in source.datasets for c in dataset.collections if c.skipped],
        "undeclared": [],
        "strangers": [],
    }
    if source.is_by_hand:
        return {**report, "state": "asked by hand"}
    try:
        with source.connector().reading() as reader:
            schema = reader.describe()
    except SourceError as problem:
        return {**report, "state": "not reached", "mismatches": [str(problem)]}
    tables = _tables(source)
    report["mismatches"] = [sentence for c in collections for sentence in _differences(c, tables[c.address], schema)]
    report["mismatches"] += [sentence for one in aging.aged if one.source == source.key for sentence in _ageless(one, schema)]
    undeclared = [name for name in sorted(_undeclared(collections, tables, schema)) if name not in _left_out(source, tables)]
    report["undeclared"] = undeclared
    report["strangers"] = list(strangers_of(schema, tables, [visit.address for visit in found.visits], tables.values()))
    return report


def _left_out(source: Source, tables: Mapping[str, str]) -> set[str]:
    """Live tables that a dataset speaks of only to leave them out."""
    return {tables[c.address] for dataset in source.datasets for c in dataset.collections if c.skipped}


def _tables(source: Source) -> dict[str, str]:
    return {
        collection.address: f"{schema}.{collection.name}" if (schema := home_of(dataset, source.key).schema) else collection.name
        for dataset in source.datasets
        for collection in dataset.collections
    }


def _differences(collection: Collection, name: str, schema: Schema) -> Iterator[str]:
    yield from (sentence for _part, sentence in _missing(collection, name, schema))
    table = schema.tables.get(name)
    if table is None:
        return
    declared = {leaf.path for leaf in collection.leaves() if leaf.primary_key}
    if declared and table.primary_key and declared != set(table.primary_key):
        yield f"The key of '{name}' is {', '.join(table.primary_key)}; the dataset says {', '.join(sorted(declared))}."


def _missing(collection: Collection, name: str, schema: Schema) -> Iterator[tuple[Field | None, str]]:
    """A table that is not there, or each of its columns that is not."""
    table = schema.tables.get(name)
    if table is None:
        yield None, f"The table '{name}' does not exist there."
        return
    for part in collection.fields:
        if part.name not in table.columns:
            yield part, f"The table '{name}' has no column '{part.name}'."


def _ageless(one: Aged, schema: Schema) -> Iterator[str]:
    """The live column that should tell the age of rows does not hold days or moments."""
    table = schema.tables.get(one.table)
    column = table.columns.get(one.clock.column) if table else None
    if column is not None and one.clock.parent is None and not schema.tells_age(column):
        yield f"The column '{column.name}' of '{one.table}' ({column.native}) holds no dates, so it cannot tell the age of a row."


def _undeclared(collections: list[Collection], tables: dict[str, str], schema: Schema) -> Iterator[str]:
    """Live tables and columns that no dataset speaks of."""
    known = {tables[c.address]: {part.name for part in c.fields} for c in collections}
    for name, table in schema.tables.items():
        if name not in known:
            yield name
            continue
        yield from (f"{name}.{column}" for column in table.columns if column not in known[name])


def _without(collections: list[Collection], policy: PolicyDocument) -> dict[str, list[str]]:
    held = {category.key: category for category in policy.categories}
    found: dict[str, list[str]] = {"category": [], "retention": [], "erase rule": []}
    for collection in collections:
        for leaf in collection.leaves():
            path = f"{collection.address}.{leaf.path}"
            category = held.get(collection.category_of(leaf))
            stays = collection.erase == "mask" and not (leaf.references or leaf.primary_key or leaf.identity or wanted(leaf)[0])
            if (category is None or stays) and not leaf.categories and not collection.categories:
                found["category"].append(path)
            if category is None or not category.retention or category.retention == "unspecified":
                found["retention"].append(path)
            if not _erase_rule(collection, leaf):
                found["erase rule"].append(path)
    return found


def _erase_rule(collection: Collection, leaf: Field) -> str:
    """What the files say happens to the field: its own rule, its collection's, or the override of the format."""
    if leaf.erase or leaf.override:
        return leaf.erase or (leaf.override.strategy if leaf.override else "")
    return collection.erase or ("delete" if collection.delete_rows else "")


def _coverage(collection: Collection, policy: PolicyDocument) -> dict[str, Any]:
    categories = {category.key: category for category in policy.categories}
    named = sorted({collection.category_of(leaf) for leaf in collection.leaves()} - {""})
    return {
        "collection": collection.address,
        "title": collection.title or collection.name,
        "categories": named,
        "retention": {key: categories[key].retention for key in named if key in categories},
        "erase": collection.erase or ("delete" if collection.delete_rows else ""),
        "never_disclosed": sorted(leaf.path for leaf in collection.leaves() if leaf.never_disclose),
        "third_party": {leaf.path: leaf.third_party for leaf in collection.leaves() if leaf.third_party},
    }
