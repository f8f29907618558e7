"""Reads a dataset file: accepts what Fides accepts, warns about what it would silently ignore, refuses what cannot be meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exports.datasets import words
from exports.datasets.field_reading import read_fields
from exports.datasets.places import At, DatasetError, Notice, Place, parse, placed
from exports.datasets.references import check_references
from exports.datasets.shapes import Collection, Dataset, Field

FIDES_KEY = re.compile(r"[A-Za-z0-9_.<>-]+")


@dataclass(frozen=True)
class Reading:
    """What a file said, and what in it will have no effect."""

    datasets: tuple[Dataset, ...]
    warnings: tuple[Notice, ...]


def read_dataset(path_or_text: str | Path) -> Reading:
    """Read one dataset file or its text; raises DatasetError with file, line and key."""
    if isinstance(path_or_text, str) and ("\n" in path_or_text or path_or_text.lstrip().startswith("dataset")):
        return _read(At(parse(path_or_text, "dataset"), "dataset", ""))
    path = Path(path_or_text)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DatasetError(Place(path.name), "", f"the file cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(Place(path.name), "", "the file is not written in UTF-8") from error
    return _read(At(parse(text, path.name), path.name, ""))


def read_stored(datasets: Iterable[Mapping[str, Any]], name: str) -> Reading:
    """Read datasets that were stored as JSON after a file had been accepted; `name` stands where the file's would."""
    return _read(At(placed({"dataset": list(datasets)}), name, ""))


def _read(top: At) -> Reading:
    if not isinstance(top.value.plain, dict) or "dataset" not in top.value.plain:
        top.refuse("the file has no list 'dataset:' at its top")
    for key in sorted(set(top.mapping()) - {"dataset"}):
        top.named(key).warn("this key is not known here and has no effect")
    datasets = tuple(_dataset(item) for item in top.items("dataset"))
    _unique(top, [(found.key, found.place, found.key) for found in datasets], "dataset")
    check_references(datasets, whole=False)
    return Reading(datasets, tuple(sorted(top.notices, key=lambda notice: (notice.place.line, notice.key))))


def _dataset(at: At) -> Dataset:
    key = at.text("fides_key")
    if not FIDES_KEY.fullmatch(key):
        at.refuse(f"'{key}' is not a fides_key: letters, digits, and the signs _ . < > - only" if key else "fides_key is missing")
    at = at.named(key)
    at.child("collections") or at.refuse("collections are missing")
    words.check(at, words.DATASET)
    meta, ours = words.meta(at, words.DATASET_META), words.ours(at, words.DATASET_OURS)
    collections = sorted((_collection(item, key) for item in at.items("collections")), key=lambda found: found.name)
    _unique(at, [(found.name, found.place, found.address) for found in collections], "collection")
    return Dataset(
        key=key,
        collections=tuple(collections),
        name=at.text("name"),
        description=at.text("description"),
        after=meta.texts("after"),
        namespace=_namespace(meta),
        categories=at.texts("data_categories"),
        redact=meta.choice("redact", ("name",)) == "name",
        place=at.place,
        title=ours.text("title") or at.text("name"),
    )


def _namespace(meta: At) -> dict[str, str]:
    at = meta.child("namespace")
    if at is None or at.value.plain is None:
        return {}
    return {name: at.text(name) for name in at.mapping()}


def _collection(at: At, dataset: str) -> Collection:
    name = at.text("name")
    if not name or "." in name:
        at.refuse(f"'{name}' is not a collection's name: it must not hold a dot" if name else "the collection has no name")
    at = at.named(f"{dataset}.{name}")
    words.check(at, words.COLLECTION)
    meta, ours = words.meta(at, words.COLLECTION_META), words.ours(at, words.COLLECTION_OURS)
    if "partitioning" in meta.mapping():
        meta.warn("partitioning is for BigQuery only and has no effect")
    fields = read_fields(at)
    return Collection(
        dataset=dataset,
        name=name,
        fields=fields,
        categories=at.texts("data_categories"),
        after=_addresses(meta, "after"),
        erase_after=_addresses(meta, "erase_after"),
        skipped=meta.flag("skip_processing"),
        delete_rows=_delete_rows(meta),
        place=at.place,
        category=ours.text("category"),
        title=ours.text("title"),
        description=ours.text("description") or at.text("description"),
        erase=ours.choice("erase", ("delete", "mask", "keep")),
        subject_key=_subject_key(ours, at),
        revoke=ours.flag("revoke"),
        aged_by=_aged_by(ours, fields),
        sweep=_sweep(ours),
    )


def _addresses(meta: At, name: str) -> tuple[str, ...]:
    addresses = meta.texts(name)
    for address in addresses:
        if "." not in address:
            meta.named(f"{meta.key}.{name}").refuse(f"'{address}' is not of the form dataset.collection")
    return addresses


def _delete_rows(meta: At) -> bool:
    override = meta.child("masking_strategy_override")
    if override is None or override.value.plain is None:
        return False
    strategy = override.text("strategy")
    if strategy != "delete":
        override.refuse(f"'{strategy}' is refused: a collection's override can only be 'delete'")
    return True


def _subject_key(ours: At, at: At) -> str:
    path = ours.text("subject_key")
    names = {item.text("name") for item in at.items("fields")}
    if path and path.split(".", 1)[0] not in names:
        ours.named(f"{ours.key}.subject_key").refuse(f"the collection has no field '{path}'")
    return path


def _aged_by(ours: At, fields: tuple[Field, ...]) -> str:
    name = ours.text("aged_by")
    if not name:
        return ""
    at = ours.named(f"{ours.key}.aged_by")
    found = next((field for field in fields if field.name == name), None)
    if found is None:
        at.refuse(f"the collection has no field '{name}'")
    if found.fields:
        at.refuse(f"the field '{name}' has sub-fields; a row's age is told by one value")
    if not found.references and found.data_type not in ("", "string"):
        at.refuse(
            f"the field '{name}' is of the type {found.data_type}; a row's age is told by a date, or by a reference to a row that has one"
        )
    return name


def _sweep(ours: At) -> str:
    word = ours.choice("sweep", ("delete", "anonymise", "keep"))
    if word in ("delete", "anonymise") and not ours.text("aged_by"):
        ours.named(f"{ours.key}.sweep").refuse("it also needs aged_by, or nobody knows which rows are too old")
    if word == "keep" and ours.text("aged_by"):
        ours.named(f"{ours.key}.aged_by").refuse("sweep says keep, so the age of its rows means nothing")
    return word


def _unique(at: At, found: Iterable[tuple[str, Place, str]], kind: str) -> None:
    for place, key in _repeated(found):
        raise DatasetError(place, key or at.key, f"this {kind} is written twice")


def _repeated(found: Iterable[tuple[str, Place, str]]) -> Iterator[tuple[Place, str]]:
    seen: set[str] = set()
    for name, place, key in sorted(found, key=lambda one: one[1].line):
        if name in seen:
            yield place, key
        seen.add(name)
