"""Which fields people can ask to have corrected, from the dataset files alone: no source is asked, no row is looked at. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exports.corrections import Correctable
from exports.datasets import Collection, Dataset, Field
from exports.disclosure import NEVER, has_secret_name
from exports.selection import matches
from portal.organisations.promises import PolicyDocument

# What a machine notes or makes up: nobody typed it, so nobody can have mistyped it.
MADE_BY_MACHINES = ("system", "user.behavior", "user.device", "user.telemetry", "user.unique_id", "user.location.imprecise")


def correctable(datasets: Iterable[Dataset], policy: PolicyDocument) -> tuple[Correctable, ...]:
    """The fields under the policy's topics, in the policy's order; each once."""
    order = {category.key: number for number, category in enumerate(policy.categories)}
    found = [one for dataset in datasets for collection in dataset.collections for one in _of(collection, policy)]
    return tuple(sorted(found, key=lambda one: order[one.category]))


def _of(collection: Collection, policy: PolicyDocument) -> Iterator[Correctable]:
    if collection.skipped or collection.revoke:
        return
    for part in collection.fields:
        category = policy.category(collection.category_of(part))
        if category is None or category.secret or not category.held or category.processor or not _may_be_wrong(collection, part):
            continue
        place = collection.title or collection.name.replace("_", " ").strip().capitalize()
        key = f"{collection.address}.{part.name}"
        yield Correctable(key, part.title, place, category.key, category.topic, is_contact=bool(part.identity))


def _may_be_wrong(collection: Collection, part: Field) -> bool:
    if part.fields or part.primary_key or part.references or part.read_only or not part.title:
        return False
    if part.never_disclose or part.third_party or (part.never_disclose is None and has_secret_name(collection, part)):
        return False
    said = part.categories or collection.categories
    return not any(matches(key, (*NEVER, *MADE_BY_MACHINES)) for key in said)
