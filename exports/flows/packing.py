"""From spools to the archive: every record passes the release gate, and nothing is called packed that was not read again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import UUID
from zipfile import BadZipFile, ZipFile

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from exports.archive.cover import ArchiveRefused, Column, Cover, Sealed, Table, Withheld
from exports.archive.seal import write_archive
from exports.disclosure import SECRET, STAFF
from exports.flows.by_hand import attachments
from exports.flows.leasing import Held
from exports.flows.progressing import gaps_of
from exports.flows.spooling import records_of
from exports.flows.writing import ready_of
from exports.models import Archive, Job, JobKind, JobState, PartState, SourceRun, Step
from exports.refusals import EngineRefusal, JobBusy, JobNotReady
from portal.kit import crypto, leases
from portal.kit.clock import now
from portal.kit.sealing import SealedFile, SealedReader, SealedWriter
from portal.organisations.policy import PolicyDocument

RENEW_EVERY = 5000


def pack(job_id: UUID, cover: Cover) -> None:
    """Build the archive of a collected job, read it back, and only then say packed. May be called again after a crash."""
    held = _begin(job_id)
    if held is None:
        return
    try:
        with held.kept():
            _pack(held, cover)
    except ArchiveRefused as problem:
        raise EngineRefusal(str(problem)) from problem
    finally:
        leases.release(Job, job_id, held.token)


@transaction.atomic
def _begin(job_id: UUID) -> Held | None:
    """Takes the job, or None when it is packed: two workers may come at once, so one transaction asks both."""
    job = Job.objects.select_for_update().filter(pk=job_id, kind=JobKind.ACCESS).only("state").first()
    if job is not None and job.state == JobState.PACKED:
        return None
    if job is None or job.state not in (JobState.COLLECTED, JobState.PACKING):
        raise JobNotReady(_("Only a search that is complete can be packed. Nothing was packed."))
    Job.objects.filter(pk=job_id, due_at__isnull=True).update(due_at=now())
    token = leases.claim(Job, job_id)
    if token is None:
        raise JobBusy(_("The archive is being packed by another worker at this moment."))
    Job.objects.filter(pk=job_id).update(state=JobState.PACKING)
    return Held(job_id, token)


def _pack(held: Held, cover: Cover) -> None:
    job = held.job()
    runs = list(SourceRun.objects.filter(job=job).prefetch_related("steps").order_by("position", "pk"))
    policy = job.policy.read()
    tables = [_table(held, job, run, step=step, policy=policy) for run in runs for step in run.steps.all() if step.spool]
    key, path = crypto.new_key(), f"{job.pk}.zip"
    target = Path(settings.ARCHIVE_FOLDER) / path
    with SealedWriter(target, crypto.box(key)) as out:
        sealed = write_archive(cast(BinaryIO, out), _complete(cover, runs), tables, partial(crypto.sign, purpose="archive"))
    _read_again(target, crypto.box(key), sealed)
    with held.writing():
        Archive.objects.filter(job=job).delete()
        Archive.objects.create(
            job=job,
            path=path,
            size=sealed.size,
            sha256=sealed.sha256,
            key_sealed=key,
            files=sealed.files,
            records=sealed.records,
            sealed_at=now(),
            expires_at=now() + timedelta(days=policy.archive_days),
            max_downloads=policy.max_downloads,
        )
        Job.objects.filter(pk=job.pk).update(state=JobState.PACKED)


def _complete(cover: Cover, runs: list[SourceRun]) -> Cover:
    """Gaps and empty sources are taken from what happened, whatever the caller knew: nothing is left out silently."""
    found = [(run.title, sentence) for run in runs for sentence in gaps_of(run)]
    said = [gap for gap in found if not any(title == gap[0] and words.startswith(gap[1]) for title, words in cover.gaps)]
    gaps = dict.fromkeys((*cover.gaps, *said))
    nothing = dict.fromkeys((*cover.nothing, *(run.title for run in runs if run.state == PartState.NOTHING)))
    return replace(cover, gaps=tuple(gaps), nothing=tuple(nothing))


def _table(held: Held, job: Job, run: SourceRun, *, step: Step, policy: PolicyDocument) -> Table:
    category = next((known for known in policy.categories if known.key == step.category), None)
    withheld = [Withheld(one["what"], _reason(one["why"]), one["count"]) for one in step.facts.get("withheld", ())]
    if step.withheld:
        withheld.append(Withheld(step.title, _("Whole records are secrets that protect an account."), step.withheld))
    columns = tuple(Column(**column) for column in step.facts["columns"])
    return Table(
        source=run.source_key,
        source_title=run.title,
        collection=step.facts.get("name") or step.collection,
        title=step.title,
        columns=columns,
        rows=partial(_rows, held, job, step),
        ready=ready_of(held, job, step, columns),
        found=step.found,
        disclosed=step.disclosed,
        topic=category.topic if category else "",
        description=step.facts.get("description", ""),
        withheld=withheld,
        covered=[Withheld(one["what"], _reason(one["why"]), one["count"]) for one in step.facts.get("covered", ())],
        categories=tuple(step.facts.get("categories") or ((category.key,) if category else ())),
        files=tuple(attachments(job, step)) if step.facts.get("by_hand") else (),
    )


def _rows(held: Held, job: Job, step: Step) -> Iterator[Mapping[str, Any]]:
    for number, record in enumerate(records_of(job, step)):
        if number % RENEW_EVERY == 0:
            held.renew()
        yield record


def _reason(why: str) -> str:
    if why == SECRET:
        return _("This protects an account or could be misused, so it is never sent to anybody.")
    if why == STAFF:
        return _("This names a member of staff.")
    return _("This is about another person.")


def _read_again(path: Path, box: crypto.Box, sealed: Sealed) -> None:
    """Open the sealed file as a reader would and compare it, byte for byte by hash, with what was written."""
    reader, digest = SealedReader(path, box), hashlib.sha256()
    for piece in reader:
        digest.update(piece)
    try:
        with ZipFile(cast(BinaryIO, SealedFile(reader))) as bag:
            count = len(bag.namelist())
    except BadZipFile:
        count = -1
    if digest.hexdigest() != sealed.sha256 or count != sealed.files:
        raise EngineRefusal(_("The archive did not read back as it was written. It was not released."))
