"""Edges between collections, made from references. A composite key that is referred to field by field is one edge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from exports.datasets import Collection, Dataset, Field, Place, Reference
from exports.datasets.references import every_reference


@dataclass(frozen=True)
class Edge:
    """Values of `source_fields` of rows found in `source` select rows of `target` by `target_fields`."""

    source: str
    source_fields: tuple[str, ...]
    target: str
    target_fields: tuple[str, ...]
    directed: bool = True
    place: Place = field(default_factory=Place, compare=False)

    @property
    def is_loop(self) -> bool:
        """It joins a collection with itself."""
        return self.source == self.target

    def turned(self) -> Edge:
        """The same edge the other way round."""
        return Edge(self.target, self.target_fields, self.source, self.source_fields, self.directed, self.place)


def declared_edges(datasets: Iterable[Dataset]) -> tuple[Edge, ...]:
    """Every reference as an edge, once, in a fixed order."""
    found = tuple(datasets)
    groups: dict[tuple[str, str, str], list[tuple[Collection, Field, Reference]]] = {}
    for collection, part, reference in every_reference(found):
        group = (collection.address, f"{reference.dataset}.{reference.collection}", reference.direction)
        groups.setdefault(group, []).append((collection, part, reference))
    known = {collection.address: collection for dataset in found for collection in dataset.collections}
    edges = [edge for (_, target, _), group in groups.items() for edge in _edges(group, known[target])]
    return tuple(dict.fromkeys(sorted(edges, key=lambda edge: (edge.source, edge.target, edge.source_fields, edge.target_fields))))


def spread(fields: Iterable[tuple[str, str]], edges: Iterable[Edge]) -> dict[str, frozenset[str]]:
    """The fields that hold the same values as these (address, path), by address: references lead from one to the next, either way."""
    pairs = [
        ((edge.source, here), (edge.target, there))
        for edge in edges
        for here, there in zip(edge.source_fields, edge.target_fields, strict=True)
    ]
    known, size = set(fields), -1
    while len(known) > size:
        size = len(known)
        known |= {one for pair in pairs if known & set(pair) for one in pair}
    return {address: frozenset(path for one, path in known if one == address) for address, _path in known}


def _edges(group: Sequence[tuple[Collection, Field, Reference]], target: Collection) -> list[Edge]:
    """One edge per reference, or a single one when together they name the target's whole composite key."""
    named = tuple(reference.field for _, _, reference in group)
    if len(named) > 1 and len(set(named)) == len(named) and set(named) == set(target.primary_key):
        return [_edge(group)]
    return [_edge([one]) for one in group]


def _edge(parts: Sequence[tuple[Collection, Field, Reference]]) -> Edge:
    collection, _, reference = parts[0]
    here = tuple(part.path for _, part, _ in parts)
    there = tuple(other.field for _, _, other in parts)
    address = f"{reference.dataset}.{reference.collection}"
    if reference.direction == "from":
        return Edge(address, there, collection.address, here, True, reference.place)
    return Edge(collection.address, here, address, there, reference.direction == "to", reference.place)
