"""Which collections and fields a list of categories means: the policy's own keys, or Fideslang keys with all that lies below. Plain."""

from __future__ import annotations

from collections.abc import Collection as Keys
from collections.abc import Iterable

from exports.datasets import Collection, Dataset, Field


def matches(category: str, keys: Iterable[str]) -> bool:
    """The category is one of the keys or lies below one, on dot boundaries: user.device.cookie is not user.device.cookie_id."""
    return any(category == key or category.startswith(f"{key}.") for key in keys)


def chosen_fields(collection: Collection, keys: Keys[str]) -> tuple[Field, ...]:
    """The top-level fields that belong to these categories, with the key beside them; all of them when no category is named."""
    if not keys or any(matches(category, keys) for category in collection.categories):
        return collection.fields
    chosen = [part for part in collection.fields if any(_belongs(collection, leaf, keys) for leaf in part.leaves())]
    return tuple(part for part in collection.fields if part in chosen or part.primary_key) if chosen else ()


def unknown_keys(datasets: Iterable[Dataset], policy_keys: Iterable[str], keys: Iterable[str]) -> tuple[str, ...]:
    """Keys that are neither the policy's nor name anything in the datasets."""
    known = set(policy_keys)
    used = {category for dataset in datasets for c in dataset.collections for category in (*c.categories, *_field_categories(c))}
    return tuple(key for key in keys if key not in known and not any(matches(category, [key]) for category in used))


def _belongs(collection: Collection, leaf: Field, keys: Keys[str]) -> bool:
    return collection.category_of(leaf) in keys or any(matches(category, keys) for category in leaf.categories)


def _field_categories(collection: Collection) -> Iterable[str]:
    return (category for leaf in collection.leaves() for category in (*leaf.categories, leaf.category) if category)
