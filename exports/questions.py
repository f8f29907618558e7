"""From a walk to the question that each collection is asked. Serves counting, reading and erasing alike.

Inside one source a question is nested semi-joins and no value leaves the database. Only an edge that crosses sources,
or one inside a ring of collections that lead to each other, carries values, and then only distinct ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from exports.closure import closure
from exports.connectors.base import Reader, SourceMismatch, SourceUnreachable
from exports.datasets import Dataset
from exports.documents import word
from exports.edges import Edge
from exports.graph import Visit, Walk
from exports.query import AllOf, ByKey, Equals, Key, Outside, Predicate, Query, Together, Within, any_of

MOST_CARRIED = 1_000_000


@dataclass(frozen=True)
class Home:
    """Where a dataset lives: the source's key, and the schema inside it where the file names one."""

    source: str
    schema: str = ""


def home_of(dataset: Dataset, source: str) -> Home:
    """The home of a dataset that this source was given."""
    return Home(source, dataset.namespace.get("schema", ""))


class Questions:
    """Makes the query of every visit. `reader` gives an open session of a source, or raises SourceUnreachable."""

    def __init__(
        self,
        walk: Walk,
        *,
        seeds: Mapping[str, tuple[str, ...]],
        homes: Mapping[str, Home],
        reader: Callable[[str], Reader],
    ) -> None:
        self._walk, self._seeds, self._homes, self._reader = walk, seeds, homes, reader
        self.spared: dict[str, tuple[Key, ...]] = {}
        self._queries: dict[str, Query] = {}
        self._carried: dict[Edge, Predicate] = {}
        self._rings: dict[tuple[str, ...], dict[Edge, set[Key]]] = {}

    def source(self, address: str) -> str:
        """The key of the source that holds this collection."""
        return self._homes[self._visit(address).collection.dataset].source

    def table(self, address: str) -> str:
        """What the source itself calls this collection."""
        collection = self._visit(address).collection
        home, name = self._homes[collection.dataset], collection.name
        return f"{home.schema}.{name}" if home.schema else name

    def query(self, address: str) -> Query:
        """The rows of this collection that belong to the subject; the same object every time."""
        if address not in self._queries:
            visit = self._visit(address)
            parts = self._entries(visit)
            for edge in visit.edges:
                parts.append(self._along(edge, visit))
            self._queries[address] = Query(self.table(address), self._without_spared(address, any_of(parts)))
        return self._queries[address]

    def sparing(self, spared: Mapping[str, Iterable[Key]]) -> Questions:
        """The same questions without these rows, by collection, and without what only they lead to."""
        other = Questions(self._walk, seeds=self._seeds, homes=self._homes, reader=self._reader)
        other.spared = {address: tuple(sorted(keys, key=repr)) for address, keys in spared.items() if keys}
        return other

    def along(self, address: str, edges: Iterable[Edge], *, entries: bool, inside: bool | None = None) -> Predicate:
        """Which rows of this collection these of its edges lead to, and its identities too if `entries`; spared ones included.

        `inside`: only the identities that lie in documents, or only those that do not.
        """
        visit = self._visit(address)
        return any_of([*(self._entries(visit, inside=inside) if entries else ()), *(self._along(edge, visit) for edge in edges)])

    def own_words(self, address: str) -> dict[str, frozenset[str]]:
        """For each field inside a document by which the collection is reached: what an element must hold to be the person's."""
        visit = self._visit(address)
        words: dict[str, set[str]] = {}
        for entry in visit.entries:
            if visit.collection.is_inside(entry.field):
                words.setdefault(entry.field, set()).update(self._seeds[entry.identity])
        for edge in visit.edges:
            if len(edge.target_fields) == 1 and visit.collection.is_inside(edge.target_fields[0]):
                found = self._ring(visit.ring)[edge] if edge.source in visit.ring else self._values(edge, self.query(edge.source))
                words.setdefault(edge.target_fields[0], set()).update(word(value) for (value,) in found)
        return {field: frozenset(found) for field, found in words.items()}

    def lookalikes(self, address: str) -> Query | None:
        """Rows that only an identity in other upper and lower case letters would find; for an officer, never disclosed."""
        visit = self._visit(address)
        parts: list[Predicate] = [
            Equals(entry.field, self._seeds[entry.identity], caseless=True) for entry in visit.entries if not entry.caseless
        ]
        return Query(self.table(address), any_of(parts)) if parts else None

    def _entries(self, visit: Visit, *, inside: bool | None = None) -> list[Predicate]:
        return [
            Equals(entry.field, self._seeds[entry.identity], caseless=entry.caseless)
            for entry in visit.entries
            if inside is None or visit.collection.is_inside(entry.field) is inside
        ]

    def _along(self, edge: Edge, visit: Visit) -> Predicate:
        if edge.source in visit.ring:
            return Together(edge.target_fields, tuple(sorted(self._ring(visit.ring)[edge], key=repr)))
        if self.source(edge.source) == self.source(edge.target):
            return Within(edge.target_fields, self.query(edge.source), edge.source_fields)
        if edge not in self._carried:
            self._carried[edge] = Together(edge.target_fields, tuple(self._values(edge, self.query(edge.source))))
        return self._carried[edge]

    def _values(self, edge: Edge, query: Query) -> Iterator[Key]:
        """Distinct values that flow along the edge; a source that fails here is named as what stands in the way, not as the one asked."""
        try:
            reader = self._reader(self.source(edge.source))
        except SourceUnreachable:
            raise SourceMismatch(f"The way there leads through '{edge.source}', and that source cannot be reached.") from None
        for number, value in enumerate(reader.values(query, edge.source_fields)):
            if number >= MOST_CARRIED:
                raise SourceMismatch(f"More than {MOST_CARRIED} values lead from '{edge.source}' to '{edge.target}'; this is not followed.")
            yield value

    def _ring(self, ring: tuple[str, ...]) -> dict[Edge, set[Key]]:
        """Everything that flows along the ring's own edges."""
        if ring not in self._rings:

            def among(edge: Edge, part: Predicate) -> Iterator[Key]:
                """Values that flow along the edge out of the rows that the predicate finds."""
                return self._values(edge, Query(self.table(edge.source), self._without_spared(edge.source, part)))

            inner = [edge for address in ring for edge in self._visit(address).edges if edge.source in ring]
            self._rings[ring] = closure(inner, {address: self._doors(self._visit(address)) for address in ring}, among)
        return self._rings[ring]

    def _doors(self, visit: Visit) -> list[Predicate]:
        """How the ring is entered here: identities, and edges from collections that are not of the ring."""
        return [*self._entries(visit), *(self._along(edge, visit) for edge in visit.edges if edge.source not in visit.ring)]

    def _without_spared(self, address: str, part: Predicate) -> Predicate:
        spared = self.spared.get(address)
        return AllOf((part, Outside(ByKey(spared)))) if spared else part

    def _visit(self, address: str) -> Visit:
        return self._walk.by_address[address]
