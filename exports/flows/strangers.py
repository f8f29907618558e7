"""Rows that were put aside and have come to belong to somebody else since: nothing is done to them, and the receipt counts them.

As long as the search that led to the rows still leads anywhere, its own question is asked again inside the transaction that writes.
Once something may have been written, that question finds nothing: then a row is told by what made it the person's when it was put
aside, which the ledger has noted. A row is taken for somebody else's only where such a column holds neither that nor what we wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from exports.connectors.base import Reader, SourceRefused
from exports.edges import Edge
from exports.flows import handles, ledger
from exports.flows.belonging import Belonging, noted_of
from exports.flows.ground import Ground
from exports.flows.leasing import Held
from exports.models import Handle, HandleState, Job
from exports.moves import Move
from exports.query import AllOf, ByKey, Key, Outside, Query

LAST = 10**9
Asked = Mapping[str, Query]  # by collection: the question that finds the person's rows, also those that others use


def let_go(held: Held, job: Job, writer: Reader, moves: Iterable[Move], asked: Asked) -> None:
    """Look at every row that is about to be written, before the first is. What is somebody else's by now loses its handle."""
    moves = list(moves)
    by_note = {} if asked else strangers_of(held, writer, job, moves)
    for move in moves:
        for handle in handles.opened(job, move, HandleState.SPOOLED):
            held.renew()
            foreign = _by_question(writer, move, handle, asked[move.address]) if asked else by_note[move.number] & set(handle.keys)
            if foreign:
                forget(held, move, handle, foreign)


def _by_question(writer: Reader, move: Move, handle: handles.Opened, theirs: Query) -> set[Key]:
    return set(writer.targets(Query(move.table, AllOf((ByKey(handle.keys), Outside(theirs.where))))))


def look_again(held: Held, writer: Reader, move: Move, some: Iterable[handles.Opened], theirs: Query) -> list[handles.Opened]:
    """The same for one portion of a large erasure, in its own transaction: the handles of what is still the person's."""
    rest: list[handles.Opened] = []
    for handle in some:
        foreign = _by_question(writer, move, handle, theirs)
        kept = forget(held, move, handle, foreign) if foreign else handle
        rest += [kept] if kept else []
    return rest


def lasting(ground: Ground, moves: Iterable[Move], emptied: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Collections whose question finds a row as long as the row itself stays as it is, whatever is written before its turn comes."""
    turns: dict[str, list[int]] = {}
    for move in moves:
        if move.is_now and move.rows:
            turns.setdefault(move.address, []).append(move.number)

    def lasts(address: str) -> bool:
        visit, collection = ground.survey.walk.by_address[address], ground.places[address].collection
        if any(collection.is_inside(entry.field) for entry in visit.entries):
            return False
        return all(_holds(edge) for edge in visit.edges)

    def _holds(edge: Edge) -> bool:
        """Values that were carried over, from another source or inside a ring, are there to the end; others while their rows are."""
        if ground.is_up(edge) or any(ground.places[edge.target].collection.is_inside(name) for name in edge.target_fields):
            return False
        if set(edge.target_fields) & set(emptied.get(edge.target, ())):
            return False
        is_carried = edge.source in ground.survey.walk.by_address[edge.target].ring
        if is_carried or ground.places[edge.source].source != ground.places[edge.target].source:
            return True
        return min(turns.get(edge.source, [LAST])) > max(turns.get(edge.target, [0])) and lasts(edge.source)

    return frozenset(address for address in turns if lasts(address))


def strangers_of(held: Held, reader: Reader, job: Job, moves: Collection[Move]) -> dict[int, set[Key]]:
    """By the number of each move: keys whose rows no longer hold what made them the person's. Raises SourceRefused without notes."""
    if not ledger.is_drafted(str(job.pk)):
        raise SourceRefused(_("It is no longer known whose the rows are: the notes about them are missing in the ledger."))
    known = {move.number: move for move in moves}
    found: dict[int, set[Key]] = {number: set() for number in known}
    for number, rows in ledger.drafted_rows(str(job.pk)):
        held.renew()
        if number in known:
            found[number] |= set(_changed(reader, job, known[number], rows))
    return found


def _changed(reader: Reader, job: Job, move: Move, rows: list[Any]) -> Iterator[Key]:
    plan, live, links = job.plan or {}, reader.describe().tables[move.table].columns, noted_of(job, move)
    told = [name for name in links if name in live and live[name].type != "json"]  # a document changes with what others write into it
    if not told:
        return
    emptied = {*plan.get("loosen", {}).get(move.address, ()), *plan.get("cut", {}).get(move.address, ())}
    belonging, noted = Belonging(told, emptied=emptied), {tuple(key): (own, marks) for key, own, marks in rows if marks}
    for key, row in reader.read_back(move.table, list(noted), fields=tuple(told)):
        own, marks = noted[key]
        if row is not None and not belonging.holds(row, dict(zip(links, marks, strict=True)), {**move.constants, **own}):
            yield key


def forget(held: Held, move: Move, handle: handles.Opened, foreign: Collection[Key]) -> handles.Opened | None:
    """These rows are somebody else's: from here on nothing leads to them. The handle of the rest, if there is a rest."""
    job, rest = held.job(), [row for row in handle.rows if row[0] not in foreign]
    plan = dict(job.plan or {})
    away = {**plan.get("not_theirs", {})}
    away[str(move.number)] = away.get(str(move.number), 0) + len(handle.keys) - len(rest)
    plan["moves"] = [
        {**stored, "rows": stored["rows"] - len(handle.keys) + len(rest)} if stored["number"] == move.number else stored
        for stored in plan["moves"]
    ]
    with held.writing():
        before = Handle.objects.get(pk=handle.pk)
        before.delete()
        Job.objects.filter(pk=job.pk).update(plan={**plan, "not_theirs": away})
        if not rest:
            return None
        kept = handles.seal(job, move, rest)
        kept.state, kept.note = before.state, before.note
        handles.store([kept])
    return handles.Opened(kept.pk, move.number, tuple(key for key, _own in rest), tuple(own for _key, own in rest) if handle.own else ())
