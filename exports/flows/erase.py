"""Carries out an approved plan: by key only, one transaction per source, in batches with checkpoints above a stated size.

Whatever is done here may be done again: deleting a row that is gone and writing the same new values change nothing. Our own store
learns of a commit only after it, so a crash between the two costs a repetition and no more; what counts is the proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from exports.blocks import batches
from exports.connectors.base import Connector, SourceBusy, SourceError, SourceUnreachable, Writer
from exports.flows import handles
from exports.flows.by_hand import ask_for_deletions
from exports.flows.elements import thinned
from exports.flows.ground import tally
from exports.flows.leasing import Held
from exports.flows.rehearse import keep, rehearsing
from exports.flows.spool import Asked, Recount, spool
from exports.flows.strangers import let_go, look_again
from exports.flows.unfinished import is_begun
from exports.masking import ELEMENTS, NULL
from exports.models import Handle, HandleState, Job, JobState, PartState, SourceRun
from exports.moves import DELETE, SHARED, Move
from exports.query import Query
from exports.sources import sources_of
from portal.kit.clock import now

AT_MOST = 50_000  # rows that one transaction changes at a source
DOCUMENTS_AT_ONCE = 200
FEW_TIMES = 4
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
        if not _all_writable(held, job):
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
    keys = {move.source for move in moves}
    if len(keys) < 2:
        return True  # it is asked in the transaction that begins to write
    for run in SourceRun.objects.filter(job=job, source_key__in=keys):
        try:
            with _connector(job, run.source_key).writing() as writer:
                _may_change(writer, [move for move in moves if move.source == run.source_key])
        except SourceError as problem:
            if isinstance(problem, SourceBusy | SourceUnreachable) and job.attempts < TRIES:
                raise
            _back(held, job, run, problem)
            return False
        held.renew()
    return True


def _may_change(writer: Writer, moves: list[Move]) -> None:
    for move in moves:
        writer.may_change(move.table, None if move.removes else {**dict.fromkeys(move.masks), **move.constants})


def _connector(job: Job, source: str) -> Connector:
    found = next((one for one in sources_of(job.organisation) if one.key == source), None)
    if found is None:
        raise SourceError(_("The source '%(source)s' is no longer known.") % {"source": source})
    return found.connector()


def _erase(held: Held, job: Job, run: SourceRun, *, recount: Recount) -> bool:
    """One source. False when the job went back to an earlier state and nothing more may be done now."""
    mine = None if run.state == PartState.RUNNING else run.pk  # it was running before: a killed worker may have written
    try:
        done = _at_source(held, job, run, asked=recount.get(run.source_key, Asked()))
    except Grown:
        _again(held, job, run)
        return False
    except SourceError as problem:
        return _not_done(held, job, run, problem, mine=mine)
    else:
        with held.writing():
            _mark(done)
            SourceRun.objects.filter(pk=run.pk).update(state=PartState.DONE, finished_at=now(), error="", since=None)
            if done or is_begun(job):  # else all of it begins anew with the next try, and that is counted
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
        _back(held, job, run, problem)
        return False
    _give_up(held, run, str(problem), refused=not passing)
    return True


def _at_source(held: Held, job: Job, run: SourceRun, *, asked: Asked) -> list[int]:
    """The handles of what was kept last: they are still to be marked."""
    source, has_begun = run.source_key, is_begun(job)
    moves = [move for move in moves_of(job) if move.source == source and move.is_now and move.rows]
    if not moves:
        return []
    with _connector(job, source).writing() as writer:
        _begin(held, run)
        _may_change(writer, moves)
        same = _count_again(writer, asked.counted, may_grow=has_begun)
        let_go(held, job, writer, [move for move in moves if move.group == SHARED or move.address not in same], asked.theirs)
        done: list[int] = []
        changed, is_first = _loosen(held, job, writer, moves), True
        is_whole = is_one_transaction(sum(move.rows for move in moves))
        for move, some in ((one, some) for one in moves for some in _waiting(held, job, one)):
            rows = sum(len(handle.keys) for handle in some)
            if changed and not is_whole and changed + rows > AT_MOST:
                writer.keep()
                with held.writing():
                    _mark(done)
                held.renew()
                done, changed, is_first = [], 0, False
            some = some if is_first else _looked_at(held, writer, move, some, asked=asked)
            _write(writer, move, some)
            if move.action == DELETE:
                asked.without(move.address, handles.keys_of(some))
            done, changed = done + [handle.pk for handle in some], changed + rows
    return done


def _looked_at(held: Held, writer: Writer, move: Move, some: list[handles.Opened], *, asked: Asked) -> list[handles.Opened]:
    """Another transaction has begun: what is still the person's, where that can be told by now.

    The rows that are left are asked for together, if they are not many times more; else these alone, which takes longer for each.
    """
    if move.address not in asked.lasting:
        return some
    most = FEW_TIMES * sum(len(handle.keys) for handle in some)
    counted = {address: found for address, found in asked.counted.items() if address == move.address and found[1] <= most}
    if _count_again(writer, counted, may_grow=True):
        return some
    return look_again(held, writer, move, some, asked.theirs[move.address])


def _begin(held: Held, run: SourceRun) -> None:
    """The source is open: from here until its handles are marked it may have been written to."""
    with held.writing():
        SourceRun.objects.filter(pk=run.pk).update(state=PartState.RUNNING, started_at=run.started_at or now())


def is_one_transaction(rows: int) -> bool:
    """Whether a source with so many rows to change is done in one transaction."""
    return rows <= AT_MOST


def _count_again(writer: Writer, expected: Mapping[str, tuple[Query, int, int | None]], *, may_grow: bool) -> set[str]:
    """Rows that have come since the keys were put aside would be left over: as long as nothing was written, put them aside too.
    Gives the collections of which the very same rows are found."""
    same = set()
    for address, (query, rows, key_sum) in expected.items():
        found = tally(writer, query)
        if found[0] > rows and not may_grow:
            raise Grown
        if key_sum is not None and found == (rows, key_sum):
            same.add(address)
    return same


def _loosen(held: Held, job: Job, writer: Writer, moves: list[Move]) -> int:
    """Empty the pointers by which rows that are about to go point at each other in a circle, and those by which rows that stay point
    at rows that go before their turn comes: the database would refuse, or take the rows that stay along (ON DELETE CASCADE).
    Says in how many rows."""
    changed = 0
    for move in moves:
        columns = loose_columns(job, move)
        for some in _waiting(held, job, move) if columns else ():
            changed += writer.mask(move.table, handles.keys_of(some), dict.fromkeys(columns))
    return changed


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


def _waiting(held: Held, job: Job, move: Move) -> Iterator[list[handles.Opened]]:
    """What is still to be done of a move, in portions that one transaction may change."""
    for some in handles.portions(handles.opened(job, move, HandleState.SPOOLED), AT_MOST):
        held.renew()
        yield some


def _write(writer: Writer, move: Move, some: list[handles.Opened]) -> int:
    """These rows of a move, in sets."""
    if move.action == DELETE:
        return writer.erase(move.table, handles.keys_of(some))
    if not move.own:
        return writer.mask(move.table, handles.keys_of(some), move.constants)
    constants, rows = move.constants, (row for handle in some for row in handle.rows)
    if any(mask.strategy == ELEMENTS for mask in move.masks.values()):
        rows = (row for few in batches(rows, DOCUMENTS_AT_ONCE) for row in thinned(writer, move.table, few))
    return writer.rewrite(move.table, ((key, {**constants, **own}) for key, own in rows))


def _mark(done: list[int]) -> None:
    """Their rows are as they should be. Call it inside a transaction that holds the job."""
    for some in batches(done, 500):
        Handle.objects.filter(pk__in=some).update(state=HandleState.DONE)


def _again(held: Held, job: Job, run: SourceRun) -> None:
    """Rehearse and put aside anew, unless this has been tried too often."""
    plan = dict(job.plan or {})
    plan["tries"] = plan.get("tries", 0) + 1
    if plan["tries"] > TRIES:
        _back(held, job, run, SourceBusy(_("Rows kept being added while the erasure tried to begin.")))
        return
    with held.writing():
        SourceRun.objects.filter(pk=run.pk).update(state=PartState.PENDING)
        Job.objects.filter(pk=job.pk).update(state=JobState.APPROVED, plan=plan)


def _back(held: Held, job: Job, run: SourceRun, problem: SourceError) -> None:
    """Nothing was changed anywhere: a person must look at the plan again."""
    why, sentence = str(problem), _("Stopped before anything was erased. %(title)s: %(why)s Try again later.")
    if not isinstance(problem, SourceBusy | SourceUnreachable):
        sentence = _("Stopped before anything was erased. %(title)s: %(why)s Trying again does not help before that is mended there.")
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
