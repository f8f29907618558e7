"""Collections that lead to each other in a circle: everything that flows round, gathered until a round brings nothing new. Plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from exports.edges import Edge
from exports.query import Key, Predicate, Together, any_of

Values = Callable[[Edge, Predicate], Iterable[Key]]


def closure(edges: Sequence[Edge], doors: Mapping[str, list[Predicate]], values: Values) -> dict[Edge, set[Key]]:
    """For each of the ring's own edges, all values that flow along it. `doors` say how each member is entered from outside."""
    known: dict[Edge, set[Key]] = {edge: set() for edge in edges}
    fresh = doors
    while any(fresh.values()):
        fresh = _round(known, fresh, values)
    return known


def _round(known: Mapping[Edge, set[Key]], fresh: Mapping[str, list[Predicate]], values: Values) -> dict[str, list[Predicate]]:
    """Only what the last round brought is asked about, so a value is carried along an edge once."""
    following: dict[str, list[Predicate]] = {address: [] for address in fresh}
    for edge, seen in known.items():
        if fresh[edge.source]:
            new = {value for value in values(edge, any_of(fresh[edge.source])) if value not in seen}
            seen |= new
            if new:
                following[edge.target].append(Together(edge.target_fields, tuple(sorted(new, key=repr))))
    return following
