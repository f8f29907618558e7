"""Which collections the identities lead to, in which order, along which edges. Plain Python; asks no source anything.

An edge with a direction always carries values that way. An edge without one is crossed once, from the side that is
reached first. Collections that reach each other in a circle form one *ring*: its members are found together, round
after round, until nothing new appears.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from exports.datasets import Collection, Dataset, DatasetError, check_references
from exports.edges import Edge, declared_edges
from exports.rings import rings


@dataclass(frozen=True)
class Entry:
    """An identity leads straight into this field."""

    field: str
    identity: str
    caseless: bool = False


@dataclass(frozen=True)
class Visit:
    """One collection that is reached: by which identities, along which edges, and with whom in a ring."""

    address: str
    collection: Collection
    entries: tuple[Entry, ...]
    edges: tuple[Edge, ...]
    ring: tuple[str, ...] = ()
    position: int = 0


@dataclass(frozen=True)
class Unreachable:
    """A collection that no identity leads to; `sentence` says why, in plain words. `needs` names identities that would."""

    address: str
    collection: Collection
    sentence: str
    needs: tuple[str, ...] = ()
    exempt: bool = False


@dataclass(frozen=True)
class Walk:
    """Every visit in an order in which each collection comes after those that lead into it (a ring stands together)."""

    visits: tuple[Visit, ...]
    unreachable: tuple[Unreachable, ...] = ()
    edges: tuple[Edge, ...] = ()
    by_address: Mapping[str, Visit] = field(default_factory=dict)

    def visit(self, address: str) -> Visit | None:
        """The visit of this collection, or None when it is not reached."""
        return self.by_address.get(address)


def walk(datasets: Iterable[Dataset], identities: Iterable[str]) -> Walk:
    """Where the identities of these kinds lead. Raises DatasetError on references or orders that cannot be followed."""
    found = tuple(sorted(datasets, key=lambda dataset: dataset.key))
    _refuse_twins(found)
    check_references(found, whole=True)
    collections = {c.address: c for dataset in found for c in dataset.collections if not c.skipped}
    edges = declared_edges(found)
    entries = {address: _entries(collection, set(identities)) for address, collection in collections.items()}
    order, used = _cross(collections, entries, edges, _before(found, collections))
    visits = _visits(collections, entries, order, used)
    missed = tuple(_unreachable(collections[a], collections, edges, set(order)) for a in sorted(set(collections) - set(order)))
    return Walk(visits, missed, tuple(used), {visit.address: visit for visit in visits})


def _refuse_twins(datasets: Sequence[Dataset]) -> None:
    for one, other in pairwise(datasets):
        if one.key == other.key:
            raise DatasetError(other.place, other.key, f"this dataset is also written in {one.place}")


def _entries(collection: Collection, identities: set[str]) -> tuple[Entry, ...]:
    leaves = (leaf for leaf in collection.leaves() if leaf.identity in identities)
    return tuple(Entry(leaf.path, leaf.identity, leaf.caseless) for leaf in leaves)


def _before(datasets: Sequence[Dataset], collections: Mapping[str, Collection]) -> dict[str, set[str]]:
    """For each collection, those that must be visited earlier; names that do not exist here ask for nothing."""
    whole = {dataset.key: {c.address for c in dataset.collections} & set(collections) for dataset in datasets}
    before = {}
    for dataset in datasets:
        wide = set().union(*(whole.get(key, set()) for key in dataset.after))
        for address in whole[dataset.key]:
            before[address] = wide | (set(collections[address].after) & set(collections))
    for ring in rings(before, before):
        if len(ring) > 1 or ring[0] in before[ring[0]]:
            loop = collections[ring[0]]
            raise DatasetError(loop.place, f"{loop.address}.after", f"'after' runs in a circle: {', '.join(ring)}")
    return before


def _cross(
    collections: Mapping[str, Collection],
    entries: Mapping[str, tuple[Entry, ...]],
    edges: Sequence[Edge],
    before: Mapping[str, set[str]],
) -> tuple[list[str], list[Edge]]:
    """Breadth first from the identities, names in order, so that the same files always give the same walk."""
    waiting = sorted(address for address in collections if entries[address])
    order: list[str] = []
    used: dict[Edge, None] = {}
    while waiting:
        address = next((one for one in waiting if before[one] <= set(order)), None) or _least_bound(waiting, before, order)
        waiting.remove(address)
        order.append(address)
        for edge in _leaving(address, edges, used):
            used[edge] = None
            if edge.target not in order and edge.target not in waiting:
                waiting.append(edge.target)
    return order, list(used)


def _least_bound(waiting: Sequence[str], before: Mapping[str, set[str]], order: Sequence[str]) -> str:
    """None may go yet: what they wait for is not reached (or only through them), so the least bound goes first."""
    return min(waiting, key=lambda address: (len((before[address] & set(waiting)) - set(order)), waiting.index(address)))


def _leaving(address: str, edges: Sequence[Edge], used: Mapping[Edge, None]) -> Iterable[Edge]:
    for edge in edges:
        if edge.source == address and (edge.directed or edge.is_loop or edge.turned() not in used):
            yield edge
        if edge.target == address and not edge.directed and (edge.is_loop or edge not in used):
            yield edge.turned()


def _visits(
    collections: Mapping[str, Collection],
    entries: Mapping[str, tuple[Entry, ...]],
    order: Sequence[str],
    used: Sequence[Edge],
) -> tuple[Visit, ...]:
    into: dict[str, list[Edge]] = {address: [] for address in order}
    for edge in used:
        into[edge.target].append(edge)
    sources = {address: {edge.source for edge in into[address]} for address in order}
    visits: list[Visit] = []
    for ring in rings(order, sources):
        members = tuple(ring) if len(ring) > 1 or ring[0] in sources[ring[0]] else ()
        for address in ring:
            visits.append(Visit(address, collections[address], entries[address], tuple(into[address]), members, len(visits)))
    return tuple(visits)


def _unreachable(collection: Collection, collections: Mapping[str, Collection], edges: Sequence[Edge], reached: set[str]) -> Unreachable:
    if any(leaf.custom_request_field for leaf in collection.leaves()):
        return Unreachable(collection.address, collection, "It is looked up by a field of the form, not by an identity.", exempt=True)
    needs = _would_lead(collection.address, collections, edges)
    if needs:
        return Unreachable(collection.address, collection, f"Only another identity leads here: {', '.join(needs)}.", needs=needs)
    if any(collection.address in (edge.source, edge.target) for edge in edges):
        return Unreachable(collection.address, collection, "Its references join it only to collections that no identity leads to.")
    return Unreachable(
        collection.address, collection, "It has no identity field, and no reference joins it to a collection that is reached."
    )


def _would_lead(address: str, collections: Mapping[str, Collection], edges: Sequence[Edge]) -> tuple[str, ...]:
    """Identities, not given here, from which this collection could be reached."""
    back, waiting, kinds = {address}, [address], set[str]()
    while waiting:
        here = waiting.pop()
        kinds |= {leaf.identity for leaf in collections[here].leaves() if leaf.identity}
        for edge in edges:
            before = edge.source if edge.target == here else edge.target if edge.source == here and not edge.directed else here
            if before not in back:
                back.add(before)
                waiting.append(before)
    return tuple(sorted(kinds))
