"""What is left to decide in an organisation's datasets: collection by collection, what weighs most first, a plain sentence for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from exports.connectors.base import Schema
from exports.datasets import Collection
from exports.flows.collect import is_personal
from exports.graph import Walk
from portal.organisations.policy import PolicyDocument

UNREACHED, POINTING, RULES, IDLE = 1, 2, 3, 4
MANY = 6


@dataclass(frozen=True)
class Open:
    """One thing that a human has to decide about a collection or a table. `weight` orders: the smaller, the graver."""

    weight: int
    place: int
    collection: str
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Collection and sentence."""
        return {name: value for name, value in asdict(self).items() if name in ("collection", "sentence")}


def left_to_decide(found: Walk, policy: PolicyDocument, strangers: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Every open decision. `strangers` are live tables that no dataset speaks of, each with the table of people's rows it points at."""
    opened = [*_unreached(found), *_strangers(strangers)]
    for visit in found.visits:
        opened += [Open(RULES, visit.position, visit.address, sentence) for sentence in _rules(visit.collection, policy)]
    return [one.to_json() for one in sorted(opened, key=lambda one: (one.weight, one.place, one.collection))]


def strangers_of(schema: Schema, tables: Mapping[str, str], reached: Iterable[str], spoken: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Tables outside all datasets whose foreign keys point at a reached collection's table."""
    known, theirs = set(spoken), {tables[address] for address in reached if address in tables}
    for name, table in sorted(schema.tables.items()):
        targets = sorted({key.target for key in table.foreign_keys if key.target in theirs})
        if name not in known and targets:
            yield name, targets[0]


def _unreached(found: Walk) -> Iterator[Open]:
    for missed in found.unreachable:
        if missed.exempt:
            continue
        if is_personal(missed.collection):
            end = "A person would not get it and it would not be erased: give it an identity or a reference, or write skip_processing."
            yield Open(UNREACHED, 0, missed.address, f"It is about people, and it is not searched. {missed.sentence} {end}")
        else:
            end = "If it says nothing about anybody, write skip_processing."
            yield Open(IDLE, 0, missed.address, f"It is not searched. {missed.sentence} {end}")


def _strangers(strangers: Iterable[tuple[str, str]]) -> Iterator[Open]:
    for name, target in strangers:
        sentence = f"No dataset speaks of this table, and its rows point at '{target}': they may be about the same people."
        yield Open(POINTING, 0, name, f"{sentence} Describe it, or write skip_processing.")


def _rules(collection: Collection, policy: PolicyDocument) -> Iterator[str]:
    leaves = list(collection.leaves())
    used = dict.fromkeys(key for leaf in leaves if (key := collection.category_of(leaf)))
    if not used:
        yield "It has no category of the policy, so nobody can say why it is held and for how long."
    for key in used:
        category = policy.category(key)
        if category is None:
            yield f"It names the category '{key}', which the policy does not have."
    if not collection.erase and not collection.delete_rows and not any(leaf.erase or leaf.override for leaf in leaves):
        does = "are deleted" if used else "stay, and only their personal fields are emptied"
        yield f"It has no erase rule, so on a deletion its rows {does}. Write erase: delete, mask or keep."
    bare = [leaf.path for leaf in leaves if not leaf.categories and not leaf.category and not _joins(leaf)]
    if bare and not collection.category and not collection.categories:
        yield f"Nothing says what these fields hold: {_listed(bare)}."


def _joins(leaf: Any) -> bool:
    return bool(leaf.primary_key or leaf.references or leaf.identity)


def _listed(words: list[str]) -> str:
    return ", ".join(words[:MANY]) + (f" and {len(words) - MANY} more" if len(words) > MANY else "")
