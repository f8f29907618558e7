"""What is done on its day without anybody asking: deferred deletions by handle, proved like the erasure itself; and archives that end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import rfc8785
from django.db.models import Min
from django.utils.translation import gettext as _

from exports.connectors.base import Connector, Reader, SourceError, SourceRefused, Writer
from exports.flows import handles, noting, on_hold
from exports.flows.belonging import still_theirs
from exports.flows.erase import loose_columns, moves_of
from exports.flows.leasing import Held, held
from exports.flows.packages import remove
from exports.flows.revoking import revoke_later_fetched
from exports.models import Archive, Handle, HandleState, Job, JobState
from exports.moves import DELETE, MASK, Move
from exports.query import Key
from exports.retention import LEGAL_HOLD
from exports.sources import sources_of
from exports.values import same
from portal.kit import clock, crypto
from portal.kit.leases import LeaseLost

PAUSE = timedelta(hours=6)


@dataclass
class Done:
    """What became of one move's rows on their day."""

    rows: int = 0
    not_theirs: int = 0
    failed: int = 0
    handles: list[int] = field(default_factory=list)


def run_due(today: date | None = None) -> int:
    """Carry out every deferred deletion whose day has come on its organisation's calendar; says for how many jobs."""
    waiting = Handle.objects.filter(until__isnull=False, job__state=JobState.FINISHED).exclude(state=HandleState.PROVED)
    jobs = waiting.values("job_id", "job__organisation__timezone").annotate(first=Min("until")).order_by("first")
    due = [row["job_id"] for row in jobs if row["first"] <= (today or clock.today(row["job__organisation__timezone"]))]
    return sum(_run(job_id, today) for job_id in due)


def close_archives() -> int:
    """Destroy key and file of every archive that has expired, and of copies that were fetched after their erasure."""
    closed = revoke_later_fetched()
    for archive in Archive.objects.filter(expires_at__lte=clock.now()).exclude(key_sealed=b""):
        Archive.objects.filter(pk=archive.pk).update(key_sealed=b"")
        remove(archive)
        closed += 1
    return closed


def _run(job_id: UUID, today: date | None) -> bool:
    job = Job.objects.select_related("organisation").get(pk=job_id)
    day = today or clock.today(job.organisation.timezone)
    if not _waiting(job, day):
        return False  # what is due is held
    last = (job.plan or {}).get("deferred_tried", "")
    if job.error and last and last > (clock.now() - PAUSE).isoformat():
        return False
    Job.objects.filter(pk=job_id, state=JobState.FINISHED, due_at__isnull=True).update(due_at=clock.now(), attempts=0)
    work = held(job_id)
    if work is None:
        return False
    error, did = "", False
    try:
        with work.kept():
            did = _carry_out(work, day)
        if did and _failed(work.job()):
            raise SourceRefused(_("Rows are still there that should be gone."))
    except LeaseLost:
        return False
    except SourceError as problem:
        error = _("A deletion that was due on its day could not be done and will be tried again. %(why)s") % {"why": problem}
    plan = {**(work.job().plan or {}), "deferred_tried": clock.now().isoformat()}
    with work.writing():
        Job.objects.filter(pk=job_id).update(due_at=None, lease_until=None, attempts=0, error=error[:400], plan=plan)
    return did and not error


def _failed(job: Job) -> bool:
    return job.handles.filter(until__isnull=False, state=HandleState.FAILED).exists()


def _carry_out(held: Held, today: date) -> bool:
    """Source by source, children before parents as in the plan; then the addendum to the receipt; then the handles are destroyed.

    False where all of it waits for something that is held.
    """
    job = held.job()
    waiting = _waiting(job, today)
    done: dict[int, Done] = {}
    sources = {source.key: source for source in sources_of(job.organisation)}
    for source in dict.fromkeys(move.source for move in waiting):
        if source not in sources:
            raise SourceError(_("The source '%(source)s' is no longer known.") % {"source": source})
        connector, mine = sources[source].connector(), [move for move in waiting if move.source == source]
        is_free = not on_hold.lines_held(job) and all(move.basis != LEGAL_HOLD for move in mine)
        free = mine if is_free else _not_pinned(held, job, connector, mine, today=today)
        if free:
            _at_source(held, job, connector, free, done=done)
    if done:
        noting.seal_deferred(job, [move for move in waiting if move.number in done])
        _record(held, job, [move for move in waiting if move.number in done], done)
    return bool(done)


def _waiting(job: Job, today: date) -> list[Move]:
    """The moves whose day has come, that were not made yet and that nobody holds."""
    pins = (job.plan or {}).get("pinned", {}).get(today.isoformat(), ())
    due = [move for move in moves_of(job) if move.on is not None and move.on <= today and move.action != "detach" and move.rows]
    free = [move for move in due if move.number not in pins and not on_hold.waits(job, move)]
    return [move for move in free if handles.count(job, move, HandleState.SPOOLED, HandleState.DONE, HandleState.FAILED)]


def _not_pinned(held: Held, job: Job, connector: Connector, mine: list[Move], *, today: date) -> list[Move]:
    """Without the moves at whose rows held rows point; they are asked about again on the next day, or once somebody lets go."""
    with connector.reading() as reader:
        pins = on_hold.pinned(job, reader, mine)
    if pins:
        plan = held.job().plan or {}
        known = plan.get("pinned", {}).get(today.isoformat(), [])
        with held.writing():
            Job.objects.filter(pk=job.pk).update(plan={**plan, "pinned": {today.isoformat(): sorted({*known, *pins})}})
    return [move for move in mine if move.number not in pins]


def _at_source(held: Held, job: Job, connector: Connector, mine: list[Move], *, done: dict[int, Done]) -> None:
    with connector.writing() as writer:
        loosened = dict(_loosened(held, job, writer, mine))
        for move in mine:
            tally = done[move.number] = Done()
            for handle in handles.opened(job, move):
                held.renew()
                rows = loosened[handle.pk] if handle.pk in loosened else list(still_theirs(job, writer, move, handle.rows))
                tally.handles.append(handle.pk)
                if move.removes:
                    writer.erase(move.table, [key for key, _own in rows])
                elif rows:
                    writer.rewrite(move.table, [(key, {**move.constants, **own}) for key, own in rows])
    with connector.reading() as reader:
        for move in mine:
            for handle in handles.opened(job, move):
                held.renew()
                wrong, strange = _proved(job, reader, move, handle)
                done[move.number].rows += len(handle.rows) - wrong - strange
                done[move.number].failed += wrong
                done[move.number].not_theirs += strange


def _loosened(held: Held, job: Job, writer: Writer, moves: list[Move]) -> Iterator[tuple[int, list[tuple[Key, Any]]]]:
    """Empty the pointers by which these rows point at each other in a circle; each handle with its rows, as they were told before that."""
    for move in moves:
        columns = loose_columns(job, move)
        for handle in handles.opened(job, move) if columns else ():
            held.renew()
            rows = list(still_theirs(job, writer, move, handle.rows))
            writer.mask(move.table, [key for key, _own in rows], dict.fromkeys(columns))
            yield handle.pk, rows


def _proved(job: Job, reader: Reader, move: Move, handle: handles.Opened) -> tuple[int, int]:
    """Rows that are still there or not masked; and rows that have come to belong to somebody else and were left alone."""
    theirs = dict(still_theirs(job, reader, move, handle.rows))
    columns = tuple(sorted(move.masks)) or reader.describe().tables[move.table].key
    wrong = strange = 0
    for key, row in reader.read_back(move.table, handle.keys, fields=columns):
        if row is not None and key not in theirs:
            strange += 1
        elif row is not None and (
            move.action != MASK or not all(same(row[name], value) for name, value in {**move.constants, **theirs[key]}.items())
        ):
            wrong += 1
    return wrong, strange


def _record(held: Held, job: Job, moves: list[Move], done: dict[int, Done]) -> None:
    addendum = {
        "kind": "addendum",
        "job": str(job.pk),
        "reference": job.reference,
        "organisation": job.organisation.key,
        "plan": job.digest,
        "done_at": clock.now().isoformat(timespec="seconds"),
        "outcome": "failed" if any(tally.failed for tally in done.values()) else "complete",
        "totals": {name: sum(done[m.number].rows for m in moves if m.removes == (name == DELETE)) for name in (DELETE, MASK)},
        "moves": [_line(move, done[move.number]) for move in moves],
    }
    signed = {"receipt": addendum, "jws": crypto.sign(rfc8785.dumps(addendum), "receipt")}
    with held.writing():
        receipt = held.job().receipt or {}
        addenda = receipt.get("addenda", ())
        if not addenda or not _says_the_same(addenda[-1]["receipt"], addendum):
            Job.objects.filter(pk=job.pk).update(receipt={**receipt, "addenda": [*addenda, signed]})
        for move in moves:
            tally = done[move.number]
            mine = Handle.objects.filter(pk__in=tally.handles)
            if tally.failed:
                mine.update(state=HandleState.FAILED, note=_("%(count)d rows are still there.") % {"count": tally.failed})
            else:
                mine.delete()


def _says_the_same(last: dict[str, Any], addendum: dict[str, Any]) -> bool:
    """One more try has failed like the last one: that was signed already."""
    return bool("failed" == last["outcome"] == addendum["outcome"] and last["moves"] == addendum["moves"])


def _line(move: Move, tally: Done) -> dict[str, Any]:
    return {
        "source": move.source,
        "collection": move.address,
        "action": DELETE if move.removes else MASK,
        "basis": move.basis,
        "on": move.on.isoformat() if move.on else None,
        "rows": tally.rows,
        "no_longer_theirs": tally.not_theirs,
        "failed": tally.failed,
    }
