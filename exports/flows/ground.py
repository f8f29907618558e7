"""What a rehearsal stands on: every reached collection with its live table and its verdict, who points at whom, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from exports.blocks import Block
from exports.connectors.base import GivesBlocks, Link, Reader, Schema, SourceError, TableSchema
from exports.datasets import Collection
from exports.edges import Edge, declared_edges, spread
from exports.flows.collect import is_personal
from exports.query import NOTHING, Query
from exports.questions import Questions, home_of
from exports.sources import Survey
from exports.verdicts import Fates, Place, Verdict, judge, speaks


@dataclass(frozen=True)
class Gap:
    """Something that was not searched, with the sentence that says so. `stops`: it should have been, so nothing may be erased before."""

    source: str
    address: str
    sentence: str
    stops: bool = False


@dataclass(frozen=True)
class Tie:
    """Rows of `link.collection` point at rows of `link.target`. `on_delete` is empty for a reference that only a dataset names."""

    link: Link
    on_delete: str = ""
    children: tuple[str, ...] = ()
    is_described: bool = True

    @property
    def holds(self) -> bool:
        """The source itself would refuse to delete the row that is pointed at."""
        return self.on_delete in ("NO ACTION", "RESTRICT")


@dataclass
class Ground:
    """All that the steps of a rehearsal look at. `questions` loses the rows that others use as they are found."""

    survey: Survey
    fates: Fates
    questions: Questions
    places: dict[str, Place] = field(default_factory=dict)
    neighbours: dict[str, Place] = field(default_factory=dict)  # described, in the same sources, and no identity leads there
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    schemas: dict[str, Schema] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    described: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)  # fields that hold what says who a person is, by collection
    rows: dict[str, int] = field(default_factory=dict)
    taken: dict[str, list[Block]] = field(default_factory=dict)
    sums: dict[str, int | None] = field(default_factory=dict)  # over the keys of these rows, where a source can tell one

    def count(self) -> None:
        """Count the rows of every collection that are the person's alone."""
        for address in self.places:
            self.rows[address] = self.reader(address).count(self.questions.query(address))

    def sum_up(self) -> None:
        """The same with a sum over their keys, where that was not done yet."""
        for address in [one for one in self.places if one not in self.sums]:
            self.rows[address], self.sums[address] = tally(self.reader(address), self.questions.query(address))

    def reader(self, address: str) -> Reader:
        """An open reading session of the source that holds this collection."""
        return self.survey.reader(address)

    def mine(self, source: str, table: str) -> Query:
        """The rows of a live table that this erasure is about; none where no reached collection describes it."""
        reached = [address for address in self.described.get((source, table), ()) if address in self.places]
        return self.questions.query(reached[0]) if reached else Query(table, NOTHING)

    def ties(self, place: Place) -> Iterator[Tie]:
        """Everything that points at rows of this collection inside its source: foreign keys, then other references."""
        seen = set()
        for key in self.schemas[place.source].pointing_at(place.table.name):
            link = Link(key.collection, key.columns, key.target, key.target_columns or place.table.primary_key)
            children = self.described.get((place.source, key.collection), ())
            seen.add((link.collection, link.columns))
            yield Tie(link, key.on_delete, tuple(c for c in children if c in self.places), bool(children))
        for edge in self.edges:
            other = self.described_at(edge.source)
            if edge.target == place.address and other and other.source == place.source and self.is_up(edge):
                link = Link(other.table.name, edge.source_fields, place.table.name, edge.target_fields)
                if (link.collection, link.columns) not in seen:
                    yield Tie(link, "", (edge.source,) if edge.source in self.places else ())

    def is_led_along(self, place: Place, tie: Tie) -> bool:
        """Whatever points at the person's rows by this tie is the person's too: the walk itself goes along it, and spares no row there."""
        if not tie.children or tie.children[0] in self.questions.spared:
            return False
        visit, pairs = self.survey.walk.by_address[tie.children[0]], set(zip(tie.link.target_columns, tie.link.columns, strict=True))
        ways = (edge for edge in visit.edges if edge.source == place.address and edge.source not in visit.ring)
        return any(set(zip(edge.source_fields, edge.target_fields, strict=True)) <= pairs for edge in ways)

    def described_at(self, address: str) -> Place | None:
        """A described collection with its live table, whether an identity leads to it or not."""
        return self.places.get(address) or self.neighbours.get(address)

    def is_up(self, edge: Edge) -> bool:
        """The rows that the edge starts from point at the rows that it leads to, as a child points at its parent."""
        source, target = self.described_at(edge.source), self.described_at(edge.target)
        if source is None or target is None:
            return False
        if _has_key(source.table, edge.source_fields, target.table.name, edge.target_fields):
            return True
        if _has_key(target.table, edge.target_fields, source.table.name, edge.source_fields):
            return False
        return _identifies(target, edge.target_fields) and not _identifies(source, edge.source_fields)


def tally(reader: Reader, query: Query) -> tuple[int, int | None]:
    """The number of rows, and a sum over their keys where the source can tell one."""
    return reader.tally(query) if isinstance(reader, GivesBlocks) else (reader.count(query), None)


def ground_of(survey: Survey, fates: Fates) -> Ground:
    """Describe every reached collection; what cannot be described is a gap, never passed over."""
    datasets = [(dataset, source.key) for source in survey.sources.values() if not source.is_by_hand for dataset in source.datasets]
    ground = Ground(survey, fates, survey.questions, edges=_both_ways(declared_edges(dataset for dataset, _key in datasets)))
    for dataset, key in datasets:
        schema = home_of(dataset, key).schema
        for collection in dataset.collections:
            name = (key, f"{schema}.{collection.name}" if schema else collection.name)
            ground.described[name] = (*ground.described.get(name, ()), collection.address)
    collections = [collection for dataset, _key in datasets for collection in dataset.collections]
    ground.named = spread(((one.address, leaf.path) for one in collections for leaf in one.leaves() if speaks(leaf)), ground.edges)
    for visit in survey.walk.visits:
        _describe(ground, visit.collection)
    for missed in survey.walk.unreachable:
        _note_neighbour(ground, missed.collection)
        if is_personal(missed.collection) and not missed.exempt:
            source = survey.source_of(missed.collection).key
            ground.gaps.append(Gap(source, missed.address, _not_searched(missed.collection, missed.sentence)))
    ground.gaps = [gap for gap in ground.gaps if _matters(ground, gap)]
    ground.verdicts = {address: judge(place, fates) for address, place in ground.places.items()}
    return ground


def _matters(ground: Ground, gap: Gap) -> bool:
    """A gap elsewhere says nothing to an erasure that is about some collections only; a whole source that is silent may hold them."""
    if not ground.fates.leaves_out(gap.address):
        return True
    held = {dataset.key for dataset in ground.survey.sources[gap.source].datasets}
    return gap.source not in ground.schemas and any(place.partition(".")[0] in held for place in ground.fates.places)


def _describe(ground: Ground, collection: Collection) -> None:
    address, source = collection.address, ground.questions.source(collection.address)
    if source in ground.fates.closed:
        sentence = _("%(title)s: It was left out, by decision. Nothing was searched or deleted there.")
        ground.gaps.append(Gap(source, address, sentence % {"title": ground.survey.sources[source].title}))
        return
    try:
        schema = ground.schemas[source] = ground.reader(address).describe()
        ground.questions.query(address)
    except SourceError as problem:
        title = ground.survey.sources[source].title
        known = any(gap.source == source for gap in ground.gaps)
        if source in ground.schemas or not known:
            sentence = _not_searched(collection, str(problem)) if source in ground.schemas else f"{title}: {problem}"
            ground.gaps.append(Gap(source, address, sentence, stops=True))
        return
    table = schema.tables.get(ground.questions.table(address))
    if table is None:
        ground.gaps.append(Gap(source, address, _not_searched(collection, _("Its table does not exist there.")), stops=True))
        return
    pointed_at = {column for key in schema.pointing_at(table.name) for column in key.target_columns}
    ground.places[address] = Place(source, collection, table, frozenset(pointed_at), ground.named.get(address, frozenset()))
    for part in collection.fields:
        if part.name not in table.columns:
            why = _("Its field '%(name)s' does not exist there.") % {"name": part.name}
            ground.gaps.append(Gap(source, address, _not_searched(collection, why), stops=True))


def _note_neighbour(ground: Ground, collection: Collection) -> None:
    """Its rows are nobody's here, but they may point at rows of the person by references that only the dataset knows."""
    source = ground.survey.source_of(collection).key
    is_known = source in ground.schemas or source in ground.fates.closed
    if not is_known and any(edge.source == collection.address and edge.target in ground.places for edge in ground.edges):
        try:
            ground.schemas[source] = ground.survey.sessions.reader(source).describe()
        except SourceError as problem:
            title = ground.survey.sources[source].title
            ground.gaps.append(Gap(source, collection.address, f"{title}: {problem}", stops=True))
    for (held_by, name), addresses in ground.described.items():
        table = ground.schemas[source].tables.get(name) if held_by == source and source in ground.schemas else None
        if collection.address in addresses and table and all(part.name in table.columns for part in collection.fields):
            ground.neighbours[collection.address] = Place(source, collection, table)


def _not_searched(collection: Collection, why: str) -> str:
    title = collection.title or collection.name.replace("_", " ").strip().capitalize()
    return _("“%(title)s” could not be searched whole. %(why)s") % {"title": title, "why": why}


def _both_ways(edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
    return tuple(dict.fromkeys(one for edge in edges for one in ((edge,) if edge.directed else (edge, edge.turned()))))


def _has_key(table: TableSchema, columns: tuple[str, ...], target: str, target_columns: tuple[str, ...]) -> bool:
    return any(
        key.target == target and key.columns == columns and (not key.target_columns or key.target_columns == target_columns)
        for key in table.foreign_keys
    )


def _identifies(place: Place, fields: tuple[str, ...]) -> bool:
    sets = (place.table.primary_key, place.collection.primary_key, *place.table.uniques)
    return any(one and set(one) == set(fields) for one in sets)
