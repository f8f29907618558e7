"""Do the calls of a service fit the datasets about it? Looked at before anything is written, without asking the service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from exports.connectors.http_templates import blanks
from exports.datasets import Collection, Dataset
from portal.organisations.folder import Folder, SourceDraft
from portal.organisations.marked_yaml import Problem

WHOLE_ROW = {"changes", "record"}


def bad_calls(read: Folder, files: Mapping[Path, tuple[Dataset, ...]]) -> list[Problem]:
    """What the calls of services name and no dataset has, and collections that no call reaches."""
    problems = []
    for number, source in enumerate(read.sources):
        if source.kind == "http":
            for key, reason in _bad(source, [dataset for path in source.datasets for dataset in files.get(path, ())]):
                problems.append(Problem("sources.yaml", source.line, f"sources.{number}.http.collections{key}", reason))
    return problems


def _bad(source: SourceDraft, datasets: list[Dataset]) -> Iterator[tuple[str, str]]:
    known = {_name(dataset, one): one for dataset in datasets for one in dataset.collections if not one.skipped}
    calls = source.settings["collections"]
    for name in sorted(set(known) - set(calls)):
        yield "", f"has no calls for '{name}', which its dataset names"
    for name in sorted(set(calls) - set(known)):
        yield f".{name}", "is in no dataset of this source"
    for name in sorted(set(calls) & set(known)):
        for key, reason in _bad_calls(calls[name], known[name]):
            yield f".{name}{key}", reason


def _name(dataset: Dataset, collection: Collection) -> str:
    schema = dataset.namespace.get("schema", "")
    return f"{schema}.{collection.name}" if schema else collection.name


def _bad_calls(calls: Mapping[str, Any], collection: Collection) -> Iterator[tuple[str, str]]:
    for number, call in enumerate(calls.get("list", ())):
        for field in call.get("by", ()):
            if collection.field_at(field) is None:
                yield f".list.{number}.by", f"the dataset has no field '{field}'"
    only = f"only the key of the dataset can be put in: {', '.join(collection.primary_key)}"
    for verb, more in (("get", set()), ("delete", set()), ("update", WHOLE_ROW)):
        call = calls.get(verb)
        if call is not None:
            used = blanks([call["path"], call.get("query"), call.get("body")])
            for name in sorted(used - set(collection.primary_key) - more):
                yield (
                    f".{verb}",
                    f"has the blank {{{name}}}; {only}",
                )
            for name in sorted(set(collection.primary_key) - used):
                yield f".{verb}", f"does not name {{{name}}}, so it would not be about one record"
    for name in (*calls.get("fields", {}), *calls.get("required", ())):
        if collection.field_at(name) is None:
            yield "", f"names '{name}', which is no field of the dataset"
