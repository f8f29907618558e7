"""Before the first write: is the plan still the plan that was approved? If so, the keys of all targeted rows are put aside."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from exports.blocks import Block, batches
from exports.connectors.base import SourceBusy, SourceError, SourceUnreachable
from exports.flows import handles, ledger, noting
from exports.flows.belonging import noted, with_marks
from exports.flows.detaching import Detached
from exports.flows.digesting import changed, grown, parts_of
from exports.flows.elements import to_take
from exports.flows.leasing import Held
from exports.flows.rehearse import TRIES, Rehearsal, keep, rehearsing, view_of
from exports.flows.strangers import lasting
from exports.flows.taking import take, taken
from exports.masking import HASH, own_value
from exports.models import Job, JobState, PartState, SourceRun
from exports.moves import DETACH, HELD, SHARED, Move
from exports.query import Key, Query
from portal.kit.sealing import SealedWriter

Expected = tuple[Query, int, int | None]


@dataclass(frozen=True)
class Asked:
    """What a source is asked once more inside the transaction that writes, by collection: questions with the rows that each found, and
    the sum over their keys; and the question that tells whose a row is."""

    counted: dict[str, Expected] = field(default_factory=dict)
    theirs: dict[str, Query] = field(default_factory=dict)
    lasting: frozenset[str] = frozenset()  # collections that can be asked this between two portions of a large erasure, too

    def without(self, address: str, gone: Collection[Key]) -> None:
        """These rows of a collection are no longer expected: they have just been deleted."""
        if address in self.counted:
            query, rows, key_sum = self.counted[address]
            its = gone.key_sum if isinstance(gone, Block) else None
            self.counted[address] = query, rows - len(gone), None if key_sum is None or its is None else key_sum - its


Recount = dict[str, Asked]


def spool(held: Held) -> Recount | None:
    """Compare, then store every handle. What to count again inside the transactions, or None when it went back to a person."""
    try:
        return _spooled(held)
    except SourceError as problem:
        job = held.job()
        if isinstance(problem, SourceBusy | SourceUnreachable) and job.attempts < TRIES:
            raise
        with rehearsing(job) as rehearsal:
            keep(held, job, rehearsal, error=_("Stopped before anything was erased: %(why)s") % {"why": problem})
    return None


def _spooled(held: Held) -> Recount | None:
    job = held.job()
    approved = [Move.from_json(stored) for stored in (job.plan or {}).get("moves", ())]
    with rehearsing(job, lambda ground: take(ground, approved)) as rehearsal:
        stop = _stop(job, rehearsal)
        if stop:
            keep(held, job, rehearsal, error=stop)
            return None
        with held.writing():
            job.handles.all().delete()
            Job.objects.filter(pk=job.pk).update(state=JobState.SPOOLING)
        aside = handles.Aside(held)
        with ledger.drafting(str(job.pk)) as out:
            moves = [_store(held, job, rehearsal, move=move, into=(aside, out)) for move in rehearsal.draft.moves]
        recount = _recount(rehearsal, moves)
        _begin(held, job, rehearsal, moves=moves, aside=aside)
    return recount


def _stop(job: Job, rehearsal: Rehearsal) -> str:
    """Why the approved plan may not be carried out; empty when it may."""
    plan = job.plan or {}
    if rehearsal.digest != job.digest:
        what = changed(plan.get("parts", {}), parts_of(rehearsal.material))
        return _("Stopped before anything was erased: since the approval, this has changed: %(what)s. Read the new plan.") % {"what": what}
    if rehearsal.draft.blocks:
        return _("Stopped before anything was erased: %(why)s") % {"why": rehearsal.draft.blocks[0]}
    more = grown([Move.from_json(stored) for stored in plan.get("moves", ())], rehearsal.draft.moves)
    if more:
        words = {"title": rehearsal.ground.places[more.address].title, "count": more.rows}
        return _("Stopped before anything was erased: “%(title)s” has grown to %(count)d rows since the approval.") % words
    return ""


def _store(held: Held, job: Job, rehearsal: Rehearsal, *, move: Move, into: tuple[handles.Aside, SealedWriter]) -> Move:
    """Put aside the rows of a move: for the work in handles, for the day after a restore in the ledger."""
    blocks, (aside, out) = taken(rehearsal, move), into
    if blocks is None:
        stored = replace(move, rows=handles.put_aside(job, move, _rows(job, rehearsal, move), aside))
        if stored.is_now and stored.rows:
            with held.writing():
                aside.store()  # the notes are made of them
            noting.put(held, job, rehearsal, move=stored, out=out)
        return stored
    rows = 0
    for keys, links in blocks:
        aside.put(handles.seal(job, move, keys))
        if move.is_now:
            noting.put_block(out, move, keys, links)
        rows += len(keys)
    return replace(move, rows=rows)


def _rows(job: Job, rehearsal: Rehearsal, move: Move) -> Iterator[tuple[Key, handles.Own]]:
    """The rows of a move, with the values that are theirs alone."""
    reader = rehearsal.ground.reader(move.address)
    if move.goes_later and not move.own:
        columns = noted(rehearsal.ground, move, rehearsal.draft.moves)
        yield from with_marks(reader, move.table, columns, _keys(rehearsal, move))
        return
    if not move.own:
        yield from ((key, handles.NONE) for key in _keys(rehearsal, move))
        return
    ways = _detached(rehearsal, move).ways if move.group == SHARED else {}
    if ways:
        yield from to_take(ways, _keys(rehearsal, move))
        return
    secret = job.box.key  # once the job is destroyed, nobody can tell whose a hash was
    hashed = tuple(sorted(name for name, mask in move.own.items() if mask.strategy == HASH))
    for some in batches(_keys(rehearsal, move), handles.KEYS_EACH):
        old = dict(reader.read_back(move.table, some, fields=hashed)) if hashed else {}
        for key in some:
            before = old.get(key) or {}
            yield key, {name: own_value(mask, before.get(name), secret) for name, mask in move.own.items()}


def _keys(rehearsal: Rehearsal, move: Move) -> Iterable[Key]:
    if not move.rows:
        return ()
    if move.group == SHARED:
        return _detached(rehearsal, move).keys
    rows = rehearsal.anchors.held[move.address].until
    if move.group == HELD:
        return [key for key, day in rows.items() if day == move.until]
    found = rehearsal.ground.reader(move.address).targets(rehearsal.ground.questions.query(move.address))
    return (key for key in found if key not in rows)


def _detached(rehearsal: Rehearsal, move: Move) -> Detached:
    return [group for group in rehearsal.detached if group.address == move.address][move.edge]


def _recount(rehearsal: Rehearsal, moves: list[Move]) -> Recount:
    """What each source should still find when its transaction has begun. Values that lead there from other sources are those of now."""
    recount: Recount = {}
    for address, place in rehearsal.ground.places.items():
        if any(move.address == address and move.action != DETACH for move in moves):
            query = rehearsal.ground.questions.query(address)
            found = query, rehearsal.ground.rows[address], rehearsal.ground.sums[address]
            recount.setdefault(place.source, Asked()).counted[address] = found
    for move in moves:
        if move.is_now and move.rows:
            recount.setdefault(move.source, Asked()).theirs[move.address] = rehearsal.ground.survey.questions.query(move.address)
    draft = rehearsal.draft
    emptied = {address: [*draft.loosen.get(address, ()), *draft.cut.get(address, ())] for address in {*draft.loosen, *draft.cut}}
    known = lasting(rehearsal.ground, moves, emptied)
    return {source: replace(asked, lasting=known) for source, asked in recount.items()}


def _begin(held: Held, job: Job, rehearsal: Rehearsal, *, moves: list[Move], aside: handles.Aside) -> None:
    """Everything is put aside: from here on only keys count."""
    plan = job.plan or {}
    before = {stored["number"]: stored["rows"] for stored in plan.get("moves", ())}
    differences = [[move.number, before.get(move.number, 0), move.rows] for move in moves if move.rows != before.get(move.number, 0)]
    stored = {**plan, "view": view_of(job, rehearsal).to_json(), "moves": [move.to_json() for move in moves], "differences": differences}
    stored["links"] = {
        str(move.number): noted(rehearsal.ground, move, moves) for move in moves if move.rows and (move.is_now or move.goes_later)
    }
    gaps = {gap.source: gap.sentence for gap in reversed(rehearsal.ground.gaps)}
    with held.writing():
        aside.store()
        job.runs.all().delete()
        for source in rehearsal.ground.survey.sources.values():
            rows = sum(move.rows for move in moves if move.source == source.key)
            unread = source.key not in rehearsal.ground.schemas
            SourceRun.objects.create(
                job=job,
                source_key=source.key,
                title=source.title,
                position=source.position,
                found=rows,
                state=PartState.FAILED if unread and source.key in gaps else PartState.PENDING,
                error=gaps[source.key][:400] if unread and source.key in gaps else "",
            )
        changes = {"attempts": 0} if job.state == JobState.APPROVED else {}  # what is put aside once more has failed before
        Job.objects.filter(pk=job.pk).update(state=JobState.EXECUTING, plan=stored, **changes)
