"""In which order the collections of one source are erased: children before parents, by the live foreign keys."""

from __future__ import annotations

from collections.abc import Mapping

from exports.connectors.base import ForeignKey
from exports.flows.ground import Ground
from exports.rings import rings


def erasing_rings(ground: Ground, source: str) -> list[list[str]]:
    """The source's collections, each ring of mutual foreign keys together, those that point before those that are pointed at."""
    mine = {address: place for address, place in ground.places.items() if place.source == source}
    tables: dict[str, list[str]] = {}
    for address, place in mine.items():
        tables.setdefault(place.table.name, []).append(address)
    before: dict[str, set[str]] = {address: set() for address in mine}
    for address, place in mine.items():
        for key in place.table.foreign_keys:
            for parent in tables.get(key.target, ()):
                before[parent].add(address)
    for address, place in mine.items():
        for earlier in place.collection.erase_after:
            if earlier in mine and not _leads(before, address, earlier):
                before[address].add(earlier)
    named_last = sorted(mine, key=lambda address: (bool(ground.survey.walk.by_address[address].entries), address))
    return rings(named_last, before)


def backward_keys(ground: Ground, order: Mapping[str, int]) -> list[tuple[str, ForeignKey]]:
    """Foreign keys of a ring that would still point at a row when it is deleted: they are emptied first, where they may be."""
    found = []
    for address in order:
        place = ground.places[address]
        for key in place.table.foreign_keys:
            targets = [a for a in order if ground.places[a].table.name == key.target and ground.places[a].source == place.source]
            if any(order[address] > order[target] for target in targets):
                found.append((address, key))
    return found


def _leads(before: Mapping[str, set[str]], start: str, end: str) -> bool:
    """`start` must come before `end` already."""
    seen, waiting = {end}, [end]
    while waiting:
        here = waiting.pop()
        if here == start:
            return True
        fresh = before[here] - seen
        seen |= fresh
        waiting.extend(fresh)
    return False
