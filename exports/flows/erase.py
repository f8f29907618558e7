"""Carries out an approved plan: by key only, one transaction per source, in batches with checkpoints above a stated size.

Whatever is done here may be done again: deleting a row that is gone and writing the same new values change nothing. Our own store
learns of a commit only after it, so a crash between the two costs a repetition and no more; what counts is the proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from exports.connectors.base import Connector, SourceBusy, SourceError, SourceUnreachable, Writer
from exports.flows import handles
from exports.flows.by_hand import ask_for_deletions
from exports.flows.elements import thinned
from exports.flows.leasing import Held
from exports.flows.rehearse import keep, rehearsing
from exports.flows.spool import Asked, Recount, spool
from exports.flows.strangers import let_go
from exports.flows.unfinished import is_begun
from exports.masking import ELEMENTS, NULL
from exports.models import Handle, HandleState, Job, JobState, PartState, SourceRun
from exports.moves import DELETE, Move
from exports.query import Key
from exports.sources import sources_of
from portal.kit.clock import now

AT_MOST = 50_000  # rows that one transaction changes at a source
DOCUMENTS_AT_ONCE = 200
BATCH = 5  # handles per transaction above that
TRIES = 5


class Grown(Exception):
    """Inside the transaction the source finds more rows than were put aside. It is undone, and they are put aside anew."""


def execute(held: Held) -> None:
    """Spool until something was written anywhere, then erase source by source, the one with the identities last."""
    job = held.job()
    recount: Recount = {}
    if not is_begun(job):
        spooled = spool(held)
        if spooled is None:
            return
        recount, job = spooled, held.job()
    if not is_begun(job) and not _all_writable(held, job):
        return
    for source in dict.fromkeys(move.source for move in moves_of(job)):
        run = SourceRun.objects.get(job=job, source_key=source)
        if run.state in (PartState.PENDING, PartState.RUNNING) and not _erase(held, job, run, recount=recount):
            return
    ask_for_deletions(held, job)
    with held.writing():
        SourceRun.objects.filter(job=job, state=PartState.PENDING).update(state=PartState.NOTHING, finished_at=now())
        Job.objects.filter(pk=job.pk).update(state=JobState.PROVING, attempts=0)


def moves_of(job: Job) -> list[Move]:
    """The moves of the plan in their order."""
    return [Move.from_json(stored) for stored in (job.plan or {}).get("moves", ())]


def _all_writable(held: Held, job: Job) -> bool:
    """Before the first write anywhere: can each source be written to? If one cannot, nothing is changed at any of them."""
    moves = [move for move in moves_of(job) if move.is_now and move.rows]
    for run in SourceRun.objects.filter(job=job, source_key__in={move.source for move in moves}):
        try:
            with _connector(job, run.source_key).writing() as writer:
                for move in moves:
                    if move.source == run.source_key:
                        writer.may_change(move.table, None if move.removes else {**dict.fromkeys(move.masks), **move.constants})
        except SourceError as problem:
            if isinstance(problem, SourceBusy | SourceUnreachable) and job.attempts < TRIES:
                raise
            _back(held, job, run, str(problem))
            return False
        held.renew()
    return True


def _connector(job: Job, source: str) -> Connector:
    found = next((one for one in sources_of(job.organisation) if one.key == source), None)
    if found is None:
        raise SourceError(_("The source '%(source)s' is no longer known.") % {"source": source})
    return found.connector()


def _erase(held: Held, job: Job, run: SourceRun, *, recount: Recount) -> bool:
    """One source. False when the job went back to an earlier state and nothing more may be done now."""
    mine = None if run.state == PartState.RUNNING else run.pk  # it was running before: a killed worker may have written
    try:
        _at_source(held, job, run, asked=recount.get(run.source_key, Asked()))
    except Grown:
        _again(held, job, run)
        return False
    except SourceError as problem:
        return _not_done(held, job, run, problem, mine=mine)
    else:
        with held.writing():
            SourceRun.objects.filter(pk=run.pk).update(state=PartState.DONE, finished_at=now(), error="", since=None)
            if is_begun(job):  # else all of it begins anew with the next try, and that is counted
                Job.objects.filter(pk=job.pk).update(attempts=0)
    return True


def _not_done(held: Held, job: Job, run: SourceRun, problem: SourceError, *, mine: int | None) -> bool:
    """A source failed: it is tried again, or given up; or all goes back to a person, if nothing was written anywhere. True to go on."""
    passing = isinstance(problem, SourceBusy | SourceUnreachable)
    with held.writing():
        SourceRun.objects.filter(pk=run.pk).update(error=str(problem)[:400], since=run.since or now())
        if mine and not isinstance(problem, SourceUnreachable):  # where the connection was lost, it may have been kept
            SourceRun.objects.filter(pk=mine).update(state=PartState.PENDING)
    if passing and job.attempts < TRIES:
        raise problem
    if not is_begun(job):
        _back(held, job, run, str(problem))
        return False
    _give_up(held, run, str(problem), refused=not passing)
    return True


def _at_source(held: Held, job: Job, run: SourceRun, *, asked: Asked) -> None:
    source, counted = run.source_key, asked.counted if not is_begun(job) else []
    moves = [move for move in moves_of(job) if move.source == source and move.is_now and move.rows]
    if not moves:
        return
    connector = _connector(job, source)
    if is_one_transaction(sum(move.rows for move in moves)):
        with connector.writing() as writer:
            _begin(held, run)
            _count_again(writer, counted)
            let_go(held, job, writer, moves, asked.theirs)
            _loosen(held, job, writer, moves)
            done = [pk for move in moves for pk in _apply(held, job, writer, move)]
        _mark(held, done)
        return
    with connector.writing() as writer:
        _begin(held, run)
        _count_again(writer, counted)
        let_go(held, job, writer, moves, asked.theirs)
        _loosen(held, job, writer, moves)
    for move in moves:
        while waiting := _waiting(job, move):
            with connector.writing() as writer:
                _write(writer, move, (row for handle in waiting for row in handle.rows))
            _mark(held, [handle.pk for handle in waiting])


def _begin(held: Held, run: SourceRun) -> None:
    """The source is open: from here until its handles are marked it may have been written to."""
    with held.writing():
        SourceRun.objects.filter(pk=run.pk).update(state=PartState.RUNNING, started_at=run.started_at or now())


def is_one_transaction(rows: int) -> bool:
    """Whether a source with so many rows to change is done in one transaction."""
    return rows <= AT_MOST


def _count_again(writer: Writer, expected: list[tuple[Any, int]]) -> None:
    """Rows that have come since the keys were put aside would be left over: as long as nothing was written, put them aside too."""
    for query, rows in expected:
        if writer.count(query) > rows:
            raise Grown


def _loosen(held: Held, job: Job, writer: Writer, moves: list[Move]) -> None:
    """Empty the pointers by which rows that are about to go point at each other in a circle, and those by which rows that stay point
    at rows that go before their turn comes: the database would refuse, or take the rows that stay along (ON DELETE CASCADE)."""
    for move in moves:
        if columns := loose_columns(job, move):
            keys = (key for handle in handles.opened(job, move, HandleState.SPOOLED) for key in handle.keys)
            writer.mask(move.table, _renewing(held, keys), dict.fromkeys(columns))


def loose_columns(job: Job, move: Move) -> list[str]:
    """The fields of these rows that are emptied before anything is deleted."""
    plan = job.plan or {}
    if move.removes:
        return list(dict.fromkeys(plan.get("loosen", {}).get(move.address, ())))
    return [
        name
        for name in dict.fromkeys(plan.get("cut", {}).get(move.address, ()))
        if name in move.masks and move.masks[name].strategy == NULL
    ]


def _apply(held: Held, job: Job, writer: Writer, move: Move) -> list[int]:
    done: list[int] = []

    def rows() -> Iterator[tuple[Key, Mapping[str, Any]]]:
        for handle in handles.opened(job, move, HandleState.SPOOLED):
            held.renew()
            done.append(handle.pk)
            yield from handle.rows

    _write(writer, move, rows())
    return done


def _write(writer: Writer, move: Move, rows: Iterator[tuple[Key, Mapping[str, Any]]]) -> int:
    """One move's rows, in sets."""
    if move.action == DELETE:
        return writer.erase(move.table, (key for key, _own in rows))
    if not move.own:
        return writer.mask(move.table, (key for key, _own in rows), move.constants)
    constants = move.constants
    if any(mask.strategy == ELEMENTS for mask in move.masks.values()):
        rows = (row for some in handles.batches(rows, DOCUMENTS_AT_ONCE) for row in thinned(writer, move.table, some))
    return writer.rewrite(move.table, ((key, {**constants, **own}) for key, own in rows))


def _renewing(held: Held, keys: Iterator[Key]) -> Iterator[Key]:
    for key in keys:
        held.renew()
        yield key


def _waiting(job: Job, move: Move) -> list[handles.Opened]:
    return next(handles.batches(handles.opened(job, move, HandleState.SPOOLED), BATCH), [])


def _mark(held: Held, done: list[int]) -> None:
    for some in handles.batches(done, 500):
        with held.writing():
            Handle.objects.filter(pk__in=some).update(state=HandleState.DONE)
    held.renew()


def _again(held: Held, job: Job, run: SourceRun) -> None:
    """Rehearse and put aside anew, unless this has been tried too often."""
    plan = dict(job.plan or {})
    plan["tries"] = plan.get("tries", 0) + 1
    if plan["tries"] > TRIES:
        _back(held, job, run, _("Rows kept being added while the erasure tried to begin."))
        return
    with held.writing():
        SourceRun.objects.filter(pk=run.pk).update(state=PartState.PENDING)
        Job.objects.filter(pk=job.pk).update(state=JobState.APPROVED, plan=plan)


def _back(held: Held, job: Job, run: SourceRun, why: str) -> None:
    """Nothing was changed anywhere: a person must look at the plan again."""
    sentence = _("Stopped before anything was erased. %(title)s: %(why)s Try again later.")
    with rehearsing(job) as rehearsal:
        keep(held, job, rehearsal, error=sentence % {"title": run.title, "why": why})
    with held.writing():
        SourceRun.objects.filter(pk=run.pk).update(state=PartState.FAILED, error=why[:400], since=run.since or now())


def _give_up(held: Held, run: SourceRun, sentence: str, *, refused: bool = False) -> None:
    """This source is not done; the others go on, and the receipt says so: partial when it was out of reach, failed when it refused."""
    with held.writing():
        if refused:
            plan = held.job().plan or {}
            Job.objects.filter(pk=held.job_id).update(plan={**plan, "refused": [*plan.get("refused", ()), run.source_key]})
        changes = {"state": PartState.FAILED, "error": sentence[:400], "since": run.since or now(), "finished_at": now()}
        SourceRun.objects.filter(pk=run.pk).update(**changes)
