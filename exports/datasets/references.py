"""References are checked before anything is asked of a source: each must lead to a field that exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exports.datasets.places import DatasetError
from exports.datasets.shapes import Collection, Dataset, Field, Reference


def check_references(datasets: Iterable[Dataset], *, whole: bool) -> None:
    """Refuse a reference that leads nowhere. `whole`: these are all the datasets there are, so none may be missing."""
    known = {dataset.key: dataset for dataset in datasets}
    for collection, field, reference in every_reference(known.values()):
        key = f"{collection.address}.{field.path}.references"
        reason = _wrong(known, reference, whole=whole)
        if reason:
            raise DatasetError(reference.place, key, reason)


def every_reference(datasets: Iterable[Dataset]) -> Iterator[tuple[Collection, Field, Reference]]:
    """All references of the collections that are not left out."""
    for dataset in datasets:
        for collection in dataset.collections:
            if not collection.skipped:
                for field in collection.leaves():
                    for reference in field.references:
                        yield collection, field, reference


def _wrong(known: dict[str, Dataset], reference: Reference, *, whole: bool) -> str:
    dataset = known.get(reference.dataset)
    if dataset is None:
        return f"there is no dataset '{reference.dataset}'" if whole else ""
    collection = dataset.collection(reference.collection)
    if collection is None:
        return f"there is no collection '{reference.dataset}.{reference.collection}'"
    if collection.skipped:
        return f"the collection '{collection.address}' is left out by skip_processing, so nothing may refer to it"
    field = collection.field_at(reference.field)
    if field is None:
        return f"the collection '{collection.address}' has no field '{reference.field}'"
    return "" if not field.fields else f"the field '{reference.field}' of '{collection.address}' has sub-fields; refer to one of them"
