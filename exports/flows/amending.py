"""What people decide about a correction, and how it is carried out and proved: by key, the old value compared, one transaction a source.

Whatever is done here may be done again: a cell that already says what it should is left alone. A cell that says something else than
what was shown was changed by somebody meanwhile: then nothing of that source is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import rfc8785
from django.db import transaction
from django.utils.translation import gettext as _

from exports import tagged
from exports.connectors.base import Correction, SourceBusy, SourceError, SourceUnreachable, Writer
from exports.corrections import CorrectionLine, CorrectionView, Spot, from_plain
from exports.flows.leasing import Held
from exports.models import Job, JobKind, JobState, PartState, SourceRun
from exports.refusals import JobNotReady, StalePlan
from exports.sources import Source, sources_of
from exports.values import same
from portal.kit import clock, crypto

TRIES = 5
COMPLETE, PARTIAL, FAILED = "complete", "partial", "failed"
Accepted = tuple[CorrectionLine, Spot]


class Changed(Exception):
    """A cell no longer says what was shown. The transaction is undone."""


def view(job_id: UUID) -> CorrectionView:
    """What was found for each wish, by the last rehearsal."""
    job = Job.objects.get(pk=job_id)
    if job.kind != JobKind.CORRECTION or not job.plan:
        raise JobNotReady(_("It is not known yet what stands there."))
    stored = tagged.loads(job.corrections) if job.corrections else {"lines": [], "accepted": {}}
    accepted = {int(number): tuple(rows) for number, rows in stored["accepted"].items()}
    return CorrectionView(job.pk, job.digest, from_plain(stored["lines"]), tuple(job.plan["gaps"]), accepted)


@transaction.atomic
def accept(job_id: UUID, digest: str, accepted: Mapping[int, Sequence[int]], *, by: str) -> None:
    """Allow exactly these rows of exactly what was shown to be changed; the rest stays as it is."""
    job = Job.objects.select_for_update().get(pk=job_id)
    if job.kind != JobKind.CORRECTION or job.state != JobState.PLANNED:
        raise JobNotReady(_("There is nothing that waits for a decision. Nothing was changed."))
    if digest != job.digest:
        raise StalePlan(_("What stands there was looked up again since it was shown. Read it again; nothing was changed."))
    stored = tagged.loads(job.corrections)
    lines = {line.number: line for line in from_plain(stored["lines"])}
    for number, rows in accepted.items():
        spots = lines[number].spots if number in lines else ()
        if any(row not in range(len(spots)) or not spots[row].can_change for row in rows):
            raise JobNotReady(_("One of the chosen records cannot be changed. Nothing was changed."))
    stored["accepted"] = {str(number): sorted(set(rows)) for number, rows in accepted.items() if rows}
    job.corrections = tagged.dumps(stored)
    job.state, job.approved_by, job.approved_at = JobState.APPROVED, by, clock.now()
    job.due_at, job.attempts, job.error = clock.now(), 0, ""
    job.save(update_fields=["corrections_sealed", "state", "approved_by", "approved_at", "due_at", "attempts", "error"])


def _accepted(job: Job) -> Iterator[Accepted]:
    found = view(job.pk)
    for line in found.lines:
        yield from ((line, line.spots[row]) for row in found.accepted.get(line.number, ()))


def amend(held: Held) -> None:
    """Write source by source. One that fails is marked with a sentence; the others go on."""
    job = held.job()
    with held.writing():
        Job.objects.filter(pk=job.pk).update(state=JobState.EXECUTING)
    known = {source.key: source for source in sources_of(job.organisation)}
    for run in SourceRun.objects.filter(job=job, state__in=(PartState.PENDING, PartState.RUNNING)):
        work = [(line, spot) for line, spot in _accepted(job) if line.source == run.source_key]
        _at_source(held, job, run, known.get(run.source_key), work=work)
    with held.writing():
        Job.objects.filter(pk=job.pk).update(state=JobState.PROVING, attempts=0)


def _at_source(held: Held, job: Job, run: SourceRun, source: Source | None, *, work: list[Accepted]) -> None:
    state, sentence = PartState.NOTHING, ""
    try:
        if work:
            if source is None:
                raise SourceUnreachable(_("This source is no longer named by the organisation."))
            with source.connector().writing() as writer:
                for line, spot in work:
                    held.renew()
                    _write(writer, line, spot)
            state = PartState.DONE
    except (SourceBusy, SourceUnreachable) as problem:
        if job.attempts < TRIES:
            raise
        state, sentence = PartState.FAILED, str(problem)
    except SourceError as problem:
        state, sentence = PartState.FAILED, str(problem)
    except Changed as problem:
        state, sentence = PartState.FAILED, str(problem)
    changes = {"state": state, "error": sentence[:400], "since": clock.now() if sentence else None, "finished_at": clock.now()}
    with held.writing():
        SourceRun.objects.filter(pk=run.pk).update(**changes)


def _write(writer: Writer, line: CorrectionLine, spot: Spot) -> None:
    if writer.write(Correction(line.table, spot.key, line.column, spot.current, line.new)):
        return
    (_key, row), *_rest = writer.read_back(line.table, [spot.key], fields=(line.column,))
    if row is None or row[line.column] is None or not same(row[line.column], line.new):
        words = {"title": line.title, "place": line.place}
        raise Changed(_("“%(title)s” (%(place)s) was changed by somebody else since it was shown. Nothing was changed there.") % words)


def prove(held: Held) -> None:
    """Read every accepted cell again by its key, sign what was found, and finish."""
    job = held.job()
    known = {source.key: source for source in sources_of(job.organisation)}
    proved: dict[int, int] = {}
    failed: dict[int, int] = {}
    unread: list[str] = []
    broken = set(job.runs.filter(state=PartState.FAILED).values_list("source_key", flat=True))
    for line, spot in _accepted(job):
        held.renew()
        holds = False
        if line.source not in broken:
            try:
                holds = _holds(known[line.source], line, spot)
            except SourceError:
                if job.attempts < TRIES:
                    raise
                unread.append(line.source_title)
        counted = proved if holds else failed
        counted[line.number] = counted.get(line.number, 0) + 1
    _finish(held, job, proved=proved, failed=failed, unread=unread)


def _holds(source: Source, line: CorrectionLine, spot: Spot) -> bool:
    with source.connector().reading() as reader:
        rows = list(reader.read_back(line.table, [spot.key], fields=(line.column,)))
    return all(row is not None and same(row[line.column], line.new) for _key, row in rows) and bool(rows)


def _finish(held: Held, job: Job, *, proved: dict[int, int], failed: dict[int, int], unread: list[str]) -> None:
    found = view(job.pk)
    fields = [
        {
            "line": line.number,
            "source": line.source,
            "field": line.key,
            "accepted": len(found.accepted.get(line.number, ())),
            "proved": proved.get(line.number, 0),
            "failed": failed.get(line.number, 0),
            "right_already": sum(spot.is_done for spot in line.spots),
        }
        for line in found.lines
    ]
    receipt: dict[str, Any] = {
        "kind": "correction",
        "job": str(job.pk),
        "reference": job.reference,
        "organisation": job.organisation.key,
        "policy": {"version": job.policy.version, "sha256": job.policy.digest},
        "plan": job.digest,
        "approved_at": job.approved_at.isoformat(timespec="seconds") if job.approved_at else None,
        "finished_at": clock.now().isoformat(timespec="seconds"),
        "outcome": COMPLETE if not failed else PARTIAL if proved else FAILED,
        "totals": {"changed": sum(proved.values()), "failed": sum(failed.values())},
        "fields": fields,
        "gaps": [f"{run.title}: {run.error}" for run in job.runs.filter(state=PartState.FAILED)] + sorted(set(unread)),
    }
    signed = {"receipt": receipt, "jws": crypto.sign(rfc8785.dumps(receipt), "receipt")}
    with held.writing():
        Job.objects.filter(pk=job.pk).update(state=JobState.FINISHED, receipt=signed, finished_at=clock.now(), attempts=0)
