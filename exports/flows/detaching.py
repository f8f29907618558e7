"""What ties the person to a row that others use: the fields by which the row names the person. They are emptied, nothing else is."""

from __future__ import annotations

from dataclasses import dataclass, field

from exports.documents import Ways
from exports.flows.elements import ways_now, with_others_inside
from exports.flows.ground import Ground
from exports.flows.sharing import Shared, may_be_cut
from exports.masking import ELEMENTS, NULL, Mask
from exports.query import AllOf, ByKey, Key, Query
from exports.verdicts import Place


@dataclass
class Detached:
    """Rows of one collection that stay with others, all with the same cells to empty. `uncut` names fields that may not be empty."""

    address: str
    masks: dict[str, Mask] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
    users: frozenset[str] = frozenset()
    uncut: frozenset[str] = frozenset()
    ways: dict[str, Ways] = field(default_factory=dict)  # by column of documents: whose elements go


def detach_rows(ground: Ground, shared: dict[str, Shared]) -> list[Detached]:
    """The shared rows in groups, by which fields tie them to the person."""
    found: list[Detached] = []
    for address, one in sorted(shared.items()):
        ties: dict[Key, set[str]] = {key: set() for key in one.keys}
        ways = ways_now(ground, address)
        for key in with_others_inside(ground, address, ByKey(tuple(one.keys))):
            ties[key] |= set(ways)
        for edge in ground.survey.walk.by_address[address].edges:
            if not ground.is_up(edge) and not any(map(ground.places[address].collection.is_inside, edge.target_fields)):
                named = AllOf((ByKey(tuple(one.keys)), ground.questions.along(address, (edge,), entries=False)))
                for key in ground.reader(address).targets(Query(ground.places[address].table.name, named)):
                    ties[key] |= set(edge.target_fields)
        groups: dict[frozenset[str], list[Key]] = {}
        for key, columns in sorted(ties.items(), key=repr):
            groups.setdefault(frozenset(columns), []).append(key)
        found += [_group(ground.places[address], columns, keys, one, ways=ways) for columns, keys in sorted(groups.items(), key=repr)]
    return found


def cut_pointers(ground: Ground, detached: list[Detached]) -> dict[tuple[str, tuple[str, ...]], tuple[Key, ...]]:
    """By collection and foreign key: the shared rows that will no longer point with it."""
    cut: dict[tuple[str, tuple[str, ...]], tuple[Key, ...]] = {}
    for group in detached:
        for key in ground.places[group.address].table.foreign_keys:
            if any(name in group.masks and group.masks[name].strategy == NULL for name in key.columns):
                cut[group.address, key.columns] = (*cut.get((group.address, key.columns), ()), *group.keys)
    return cut


def _group(place: Place, columns: frozenset[str], keys: list[Key], one: Shared, *, ways: dict[str, Ways]) -> Detached:
    mine = {name: way for name, way in ways.items() if name in columns}
    masks = {name: mask for name in sorted(columns) if (mask := Mask(name, ELEMENTS) if name in mine else _cut(place, name)) is not None}
    return Detached(place.address, masks, tuple(keys), frozenset(one.users), columns - set(masks), mine)


def _cut(place: Place, name: str) -> Mask | None:
    """Empty the field, where it may be empty; a row that others use gets no invented value."""
    return Mask(name, NULL) if may_be_cut(place, name) else None
