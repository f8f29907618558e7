"""Documents that name several people: the row stays with the others, and only what is the person's leaves it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from exports import documents
from exports.connectors.base import Reader
from exports.documents import Ways
from exports.flows.ground import Ground
from exports.query import AllOf, Key, Outside, Predicate, Query

WAYS = "~ways"


def with_others_inside(ground: Ground, address: str, still: Predicate) -> Iterator[Key]:
    """Rows that only their documents tie to the person, and whose documents hold elements of others too."""
    ways = ways_of(ground, address)
    if not ways or ground.verdicts[address].rule == "keep":
        return
    table, reader = ground.places[address].table.name, ground.reader(address)
    edges = ground.survey.walk.by_address[address].edges
    into = [edge for edge in edges if any(map(ground.places[address].collection.is_inside, edge.target_fields))]
    others = [edge for edge in edges if edge not in into]
    mine = ground.questions.along(address, into, entries=True, inside=True)
    tied = AllOf((mine, Outside(ground.questions.along(address, others, entries=True, inside=False)), still))
    keys = list(reader.targets(Query(table, tied)))
    for key, row in reader.read_back(table, keys, fields=tuple(ways)):
        if row is not None and any(documents.own_part(documents.opened(row[name]), way)[1] for name, way in ways.items()):
            yield key


def ways_of(ground: Ground, address: str) -> dict[str, Ways]:
    """By column: what makes an element of its documents the person's, in columns of which a deletion takes anything at all."""
    verdict, columns = ground.verdicts[address], ground.places[address].table.columns
    found = documents.by_column(ground.questions.own_words(address))
    goes = {name for name in found if verdict.rule == "delete" or (name in verdict.masks and verdict.masks[name].writes)}
    return {name: way for name, way in found.items() if name in goes and name in columns and columns[name].type == "json"}


def ways_now(ground: Ground, address: str) -> dict[str, Ways]:
    """The same, but for columns that the policy keeps for now."""
    due = ground.verdicts[address].due
    return {name: way for name, way in ways_of(ground, address).items() if due[name] <= ground.fates.today}


def to_take(ways: dict[str, Ways], keys: Iterable[Key]) -> Iterator[tuple[Key, dict[str, Any]]]:
    """The keys, each with what makes elements of its documents the person's, as a handle keeps it."""
    stored = {name: [[list(path), sorted(words)] for path, words in sorted(way.items())] for name, way in ways.items()}
    yield from ((key, {WAYS: stored}) for key in keys)


def thinned(reader: Reader, table: str, rows: Iterable[tuple[Key, Mapping[str, Any]]]) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Each row's documents as they stand now, without the person's elements: what others changed meanwhile stays changed."""
    known = dict(rows)
    columns = tuple(sorted(next((own[WAYS] for own in known.values()), ())))
    for key, row in reader.read_back(table, list(known), fields=columns):
        if row is not None:
            rest = {name: value for name, value in known[key].items() if name != WAYS}
            yield key, {**rest, **{name: _thinned(row[name], _ways(known[key], name)) for name in columns}}


def is_taken(row: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """Nothing of the person is left in the row's documents."""
    return not any(documents.holds(documents.opened(row[name]), _ways(own, name)) for name in own.get(WAYS, ()))


def _ways(own: Mapping[str, Any], name: str) -> Ways:
    return {tuple(path): frozenset(words) for path, words in own[WAYS][name]}


def _thinned(cell: Any, ways: Ways) -> Any:
    return None if cell is None else documents.text_of(documents.without(documents.opened(cell), ways)[0])
