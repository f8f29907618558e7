"""Finds the rows that other people use too: they are detached and reported, never erased, and nor is what only they lead to.

A row that matches an identity is the person's own, whoever points at it. A row that is only pointed at by the person's rows is
*borrowed*: it is spared as soon as anything else points at it, or another row than the person's leads to it (Bob's comment to which Jane
answered, where each comment belongs to its author). A row that points at the person's rows is theirs, unless rows that
are not theirs hold it by a foreign key, or it belongs to another person as well (a message names who sent it and who got it).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from exports.connectors.base import Link
from exports.disclosure import naming
from exports.edges import Edge
from exports.flows.elements import with_others_inside
from exports.flows.ground import Ground, Tie
from exports.graph import Visit
from exports.masking import PRESERVE, wanted
from exports.query import EVERYTHING, NOTHING, AllOf, AnyOf, ByKey, Equals, Filled, Key, Outside, Predicate, Query, Together, Within
from exports.verdicts import Place

MOST_ROUNDS = 100


@dataclass
class Shared:
    """The rows of one collection that others use, and who they are: titles of the collections that point at them."""

    keys: set[Key] = field(default_factory=set)
    users: set[str] = field(default_factory=set)


def spare_shared(ground: Ground) -> dict[str, Shared]:
    """Round after round, until sparing a row brings no other to light; leaves the ground with questions that spare them all."""
    shared: dict[str, Shared] = {}
    for _round in range(MOST_ROUNDS):
        fresh = False
        for address in list(ground.places):
            known = shared.setdefault(address, Shared())
            before = len(known.keys)
            for keys, user in _others(ground, address, shared):
                known.keys |= keys
                known.users |= {user} if keys and user else set()
            fresh = fresh or len(known.keys) > before
        if not fresh:
            break
        ground.questions = ground.survey.questions.sparing({address: one.keys for address, one in shared.items()})
    return {address: one for address, one in shared.items() if one.keys}


def _others(ground: Ground, address: str, shared: Mapping[str, Shared]) -> Iterator[tuple[set[Key], str]]:
    """Rows to spare, with the title of who else uses them."""
    known = shared[address]
    place, visit = ground.places[address], ground.survey.walk.by_address[address]
    up = [edge for edge in visit.edges if ground.is_up(edge)]
    down = [edge for edge in visit.edges if edge not in up]
    still: Predicate = Outside(ByKey(tuple(known.keys))) if known.keys else AllOf(())
    found_by_name = ground.questions.along(address, (), entries=True)
    own = ground.questions.along(address, down, entries=True)
    yield set(with_others_inside(ground, address, still)), ""
    if up:
        borrowed = AllOf((ground.questions.along(address, up, entries=False), Outside(own), still))
        yield from _of_borrowed(ground, visit, borrowed, shared=shared)
    if down:
        theirs = AllOf((ground.questions.along(address, down, entries=False), Outside(found_by_name), still))
        for tie in ground.ties(place):
            if tie.is_described and tie.on_delete != "SET NULL" and not ground.is_led_along(place, tie):
                yield _referred(ground, place, tie, theirs, shared=shared), _title(ground, tie)
        yield from _from_other_sources(ground, place, theirs, shared=shared)
        yield _that_names_another(ground, visit, theirs), place.title
        for edge in down if place.table.key else ():
            if _leads_from_people(ground, edge) and not (down == [edge] and _is_from_one(ground, edge)):
                yield _of_another(ground, edge, theirs), ground.places[edge.source].title


def _that_names_another(ground: Ground, visit: Visit, rows: Predicate) -> set[Key]:
    """Those of these rows that name somebody else by an identity (the customer whom the person served), in a file without words of ours."""
    place = ground.places[visit.address]
    named = [name for name in naming(visit.collection, {entry.identity for entry in visit.entries}) if name in place.table.columns]
    alike = ground.survey.questions.lookalikes(visit.address)
    if not named or not place.table.key:
        return set()
    others = AnyOf(tuple(AllOf((Filled(name), Outside(Equals(name, ("",))))) for name in named))
    hers = Outside(alike.where) if alike else AllOf(())
    return set(ground.reader(visit.address).targets(Query(place.table.name, AllOf((rows, others, hers)))))


def _leads_from_people(ground: Ground, edge: Edge) -> bool:
    """People are led to these rows along it: it starts where people are known by an identity, and the dataset does not say otherwise."""
    return edge.source in ground.places and bool(ground.survey.walk.by_address[edge.source].entries) and _leads_from_owners(ground, edge)


def _leads_from_owners(ground: Ground, edge: Edge) -> bool:
    """It leads to these rows from those that they belong to, and the dataset does not say otherwise."""
    if edge.is_loop:
        return False
    collection = ground.places[edge.target].collection
    return not any(part is not None and part.shared is False for part in map(collection.field_at, edge.target_fields))


def _is_from_one(ground: Ground, edge: Edge) -> bool:
    """Each row is led to from one row at most, since the edge starts at a key: what the person leads to, nobody else does."""
    key, columns = ground.places[edge.source].table.key, ground.places[edge.target].table.columns
    single = all(name in columns and columns[name].type != "json" and columns[name].native[-2:] != "[]" for name in edge.target_fields)
    return bool(key) and set(key) <= set(edge.source_fields) and single


def _of_another(ground: Ground, edge: Edge, rows: Predicate) -> set[Key]:
    """Those of these rows to which the edge leads from somebody who is not the subject, as nobody is whom no identity leads to."""
    place, people = ground.places[edge.target], ground.described_at(edge.source)
    if people is None:
        return set()
    outside = Outside(ground.questions.query(edge.source).where) if edge.source in ground.places else EVERYTHING
    if place.source == people.source and edge.source in ground.places:
        led: Predicate = Within(edge.target_fields, Query(people.table.name, outside), edge.source_fields)
    else:
        values = tuple(ground.reader(edge.target).values(Query(place.table.name, rows), edge.target_fields))
        known = Query(people.table.name, AllOf((Together(edge.source_fields, values), outside)))
        there = ground.survey.sessions.reader(people.source)
        led = Together(edge.target_fields, tuple(there.values(known, edge.source_fields)) if values else ())
    return set(ground.reader(edge.target).targets(Query(place.table.name, AllOf((rows, led)))))


def _of_borrowed(ground: Ground, visit: Visit, borrowed: Predicate, *, shared: Mapping[str, Shared]) -> Iterator[tuple[set[Key], str]]:
    place, reader = ground.places[visit.address], ground.reader(visit.address)
    up = [edge for edge in visit.edges if ground.is_up(edge)]
    if visit.entries:  # a person of their own, whom one of the subject's rows happens to name
        yield set(reader.targets(Query(place.table.name, borrowed))), place.title
        return
    flagged = [edge for edge in up if _is_flagged(ground, edge)]
    if flagged:
        said = AllOf((ground.questions.along(visit.address, flagged, entries=False), borrowed))
        yield set(reader.targets(Query(place.table.name, said))), ""
    for tie in ground.ties(place):
        yield _referred(ground, place, tie, borrowed, shared=shared), _title(ground, tie)
    yield from _from_other_sources(ground, place, borrowed, shared=shared)
    unreached = [edge for edge in ground.edges if edge.target == visit.address and edge.source not in ground.places]
    for edge in (*visit.edges, *unreached) if place.table.key else ():
        owners = ground.described_at(edge.source)
        if owners and not ground.is_up(edge) and _leads_from_owners(ground, edge):
            yield _of_another(ground, edge, borrowed), owners.title


def _referred(ground: Ground, place: Place, tie: Tie, rows: Predicate, *, shared: Mapping[str, Shared]) -> set[Key]:
    """Those of these rows at which rows point that are not the subject's and will go on pointing."""
    outside = _outside(ground, place, tie, shared)
    found = ground.reader(place.address).referrers(tie.link, targeted=Query(place.table.name, rows), outside=outside)
    return {key for key, _count in found}


def _outside(ground: Ground, place: Place, tie: Tie, shared: Mapping[str, Shared]) -> Query:
    """What does not count as others' rows: her own, and spared ones whose pointer at this row is what ties them to her and is cut."""
    mine, cut = ground.mine(ground.places[tie.children[0]].source if tie.children else place.source, tie.link.collection), []
    for child in tie.children:
        visit, spared = ground.survey.walk.by_address[child], shared.get(child)
        ties = {edge.target_fields for edge in visit.edges if edge.source == place.address and not ground.is_up(edge)}
        if spared and spared.keys and tie.link.columns in ties and all(may_be_cut(ground.places[child], c) for c in tie.link.columns):
            cut.append(ByKey(tuple(spared.keys)))
    return Query(mine.collection, AnyOf((mine.where, *cut))) if cut else mine


def may_be_cut(place: Place, name: str) -> bool:
    """A field that names the person may be emptied in a row that stays with others."""
    column = place.table.columns[name]
    return column.nullable and name not in place.table.key and wanted(place.field(name))[0] != PRESERVE


def _from_other_sources(ground: Ground, place: Place, rows: Predicate, *, shared: Mapping[str, Shared]) -> Iterator[tuple[set[Key], str]]:
    """Those of these rows at which rows of other sources point, whether an identity leads to those or not."""
    for edge in ground.edges:
        source = ground.described_at(edge.source)
        if edge.target == place.address and source and source.source != place.source and ground.is_up(edge):
            yield _from_afar(ground, edge, rows, shared=shared), source.title


def _from_afar(ground: Ground, edge: Edge, rows: Predicate, *, shared: Mapping[str, Shared]) -> set[Key]:
    """Over a reference that crosses sources: the values are carried over and asked for there."""
    place, source = ground.places[edge.target], ground.described_at(edge.source)
    values = tuple(ground.reader(edge.target).values(Query(place.table.name, rows), edge.target_fields)) if source else ()
    if source is None or not values:
        return set()
    tie = Tie(Link(source.table.name, edge.source_fields, place.table.name, edge.target_fields), "", (edge.source,))
    mine = _outside(ground, place, tie, shared) if edge.source in ground.places else Query(source.table.name, NOTHING)
    theirs = AllOf((Together(edge.source_fields, values), Outside(mine.where)))
    used = tuple(ground.survey.sessions.reader(source.source).values(Query(source.table.name, theirs), edge.source_fields))
    if not used:
        return set()
    return set(ground.reader(edge.target).targets(Query(place.table.name, AllOf((rows, Together(edge.target_fields, used))))))


def _is_flagged(ground: Ground, edge: Edge) -> bool:
    """The dataset says of the pointing field that what it leads to belongs to others too."""
    collection = ground.places[edge.source].collection
    return any(part is not None and part.shared for part in map(collection.field_at, edge.source_fields))


def _title(ground: Ground, tie: Tie) -> str:
    return ground.places[tie.children[0]].title if tie.children else tie.link.collection
