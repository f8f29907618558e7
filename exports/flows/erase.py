"""Carries out an approved plan: by key only, one transaction per source, in batches with checkpoints above a stated size.

Whatever is done here may be done again: deleting a row that is gone and writing the same new values change nothing. Our own store
learns of a commit only after it, so a crash between the two costs a repetition and no more; what counts is the proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from exports.connectors.base import SourceBusy, SourceError, SourceUnreachable, Writer
from exports.flows import handles
from exports.flows.leasing import Held
from exports.flows.rehearse import keep, rehearsing
from exports.flows.spool import Recount, spool
from exports.models import Handle, HandleState, Job, JobState, PartState, SourceRun
from exports.moves import DELETE, Move
from exports.query import Key
from exports.sources import sources_of
from portal.kit.clock import now

AT_MOST = 50_000  # rows that one transaction changes at a source
BATCH = 20  # handles per transaction above that
TRIES = 5


class Grown(Exception):
    """Inside the transaction the source finds more rows than were put aside. It is undone, and they are put aside anew."""


def execute(held: Held) -> None:
    """Spool if that is still to be done, then erase source by source, the one with the identities last."""
    job = held.job()
    recount: Recount = {}
    if job.state in (JobState.APPROVED, JobState.SPOOLING):
        spooled = spool(held)
        if spooled is None:
            return
        recount, job = spooled, held.job()
    for source in dict.fromkeys(move.source for move in moves_of(job)):
        run = SourceRun.objects.get(job=job, source_key=source)
        if run.state in (PartState.PENDING, PartState.RUNNING) and not _erase(held, job, run, recount=recount):
            return
    with held.writing():
        SourceRun.objects.filter(job=job, state=PartState.PENDING).update(state=PartState.NOTHING, finished_at=now())
        Job.objects.filter(pk=job.pk).update(state=JobState.PROVING, attempts=0)


def moves_of(job: Job) -> list[Move]:
    """The moves of the plan in their order."""
    return [Move.from_json(stored) for stored in (job.plan or {}).get("moves", ())]


def _erase(held: Held, job: Job, run: SourceRun, *, recount: Recount) -> bool:
    """One source. False when the job went back to an earlier state and nothing more may be done now."""
    with held.writing():
        SourceRun.objects.filter(pk=run.pk).update(state=PartState.RUNNING, started_at=run.started_at or now())
    try:
        _at_source(held, job, run.source_key, recount=recount)
    except Grown:
        _again(held, job)
        return False
    except (SourceBusy, SourceUnreachable) as problem:
        with held.writing():
            SourceRun.objects.filter(pk=run.pk).update(error=str(problem)[:400], since=run.since or now())
        if job.attempts < TRIES:
            raise
        _give_up(held, run, str(problem))
    except SourceError as problem:
        if not _anything_done(job):
            _back(held, job, str(problem))
            return False
        _give_up(held, run, str(problem), refused=True)
    else:
        with held.writing():
            SourceRun.objects.filter(pk=run.pk).update(state=PartState.DONE, finished_at=now(), error="", since=None)
            Job.objects.filter(pk=job.pk).update(attempts=0)
    return True


def _at_source(held: Held, job: Job, source: str, *, recount: Recount) -> None:
    moves = [move for move in moves_of(job) if move.source == source and move.is_now and move.rows]
    if not moves:
        return
    connector = next(one for one in sources_of(job.organisation) if one.key == source).connector()
    if is_one_transaction(sum(move.rows for move in moves)):
        with connector.writing() as writer:
            _count_again(job, writer, recount.get(source, []))
            _loosen(held, job, writer, moves)
            done = [pk for move in moves for pk in _apply(held, job, writer, move)]
        _mark(held, done)
        return
    with connector.writing() as writer:
        _count_again(job, writer, recount.get(source, []))
        _loosen(held, job, writer, moves)
    for move in moves:
        while waiting := _waiting(job, move):
            with connector.writing() as writer:
                _write(writer, move, (row for handle in waiting for row in handle.rows))
            _mark(held, [handle.pk for handle in waiting])


def is_one_transaction(rows: int) -> bool:
    """Whether a source with so many rows to change is done in one transaction."""
    return rows <= AT_MOST


def _count_again(job: Job, writer: Writer, expected: list[tuple[Any, int]]) -> None:
    """Rows that have come since the keys were put aside would be left over: as long as nothing was written, put them aside too."""
    if _anything_done(job):
        return
    for query, rows in expected:
        if writer.count(query) > rows:
            raise Grown


def _loosen(held: Held, job: Job, writer: Writer, moves: list[Move]) -> None:
    """Empty the pointers by which rows that are about to go point at each other in a circle."""
    for move in moves:
        columns = (job.plan or {}).get("loosen", {}).get(move.address, ())
        if columns and move.action == DELETE:
            keys = (key for handle in handles.opened(job, move, HandleState.SPOOLED) for key in handle.keys)
            writer.mask(move.table, _renewing(held, keys), dict.fromkeys(columns))


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


def _anything_done(job: Job) -> bool:
    """Something was written somewhere, so the handles are needed as they are."""
    return job.handles.filter(state=HandleState.DONE).exists() or job.runs.filter(state=PartState.DONE).exists()


def _again(held: Held, job: Job) -> None:
    """Rehearse and put aside anew, unless this has been tried too often."""
    plan = dict(job.plan or {})
    plan["tries"] = plan.get("tries", 0) + 1
    if plan["tries"] > TRIES:
        _back(held, job, _("Rows kept being added while the erasure tried to begin."))
        return
    with held.writing():
        Job.objects.filter(pk=job.pk).update(state=JobState.APPROVED, plan=plan)


def _back(held: Held, job: Job, why: str) -> None:
    """Nothing was changed anywhere: a person must look at the plan again."""
    sentence = _("Stopped before anything was erased. %(why)s") % {"why": why}
    with rehearsing(job) as rehearsal:
        keep(held, job, rehearsal, error=sentence)


def _give_up(held: Held, run: SourceRun, sentence: str, *, refused: bool = False) -> None:
    """This source is not done; the others go on, and the receipt says so: partial when it was out of reach, failed when it refused."""
    with held.writing():
        if refused:
            plan = held.job().plan or {}
            Job.objects.filter(pk=held.job_id).update(plan={**plan, "refused": [*plan.get("refused", ()), run.source_key]})
        changes = {"state": PartState.FAILED, "error": sentence[:400], "since": run.since or now(), "finished_at": now()}
        SourceRun.objects.filter(pk=run.pk).update(**changes)
