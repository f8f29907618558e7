"""From spools to the archive: every record passes the release gate, and nothing is called packed that was not read again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast
from uuid import UUID
from zipfile import BadZipFile, ZipFile

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from exports.archive.cover import ArchiveRefused, Cover, Sealed
from exports.archive.seal import Opening, write_volumes
from exports.flows.leasing import Held
from exports.flows.packages import name_of
from exports.flows.progressing import gaps_of
from exports.flows.tabling import tables_of
from exports.models import Archive, Job, JobKind, JobState, PartState, SourceRun
from exports.refusals import EngineRefusal, JobBusy, JobNotReady
from portal.kit import crypto, leases
from portal.kit.clock import now
from portal.kit.sealing import SealedFile, SealedReader, SealedWriter


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
    tables = [table for run in runs for step in run.steps.all() if step.spool for table in tables_of(job, step, policy=policy)]
    key, signer = crypto.new_key(), partial(crypto.sign, purpose="archive")
    opened: dict[int, Path] = {}

    def open_one(number: int) -> SealedWriter:
        opened[number] = Path(settings.ARCHIVE_FOLDER) / name_of(job.pk, number)
        return _Renewing(opened[number], crypto.box(key), held)

    volumes = write_volumes(cast(Opening, open_one), _complete(cover, runs), tables, signer, most=settings.ARCHIVE_MOST)
    for number, sealed in enumerate(volumes, 1):
        _read_again(opened[number], crypto.box(key), sealed)
        held.renew()
    _keep(held, job, volumes, key=key, paths=[opened[number].name for number in sorted(opened)])


class _Renewing(SealedWriter):
    """Holds the job longer with every piece that is written."""

    def __init__(self, path: Path, box: crypto.Box, held: Held) -> None:
        super().__init__(path, box)
        self._held_job = held

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]  # narrower than Buffer
        self._held_job.renew()
        return super().write(data)


def _keep(held: Held, job: Job, volumes: list[Sealed], *, key: bytes, paths: list[str]) -> None:
    policy = job.policy.read()
    first, *rest = volumes
    with held.writing():
        Archive.objects.filter(job=job).delete()
        Archive.objects.create(
            job=job,
            path=paths[0],
            size=first.size,
            sha256=first.sha256,
            further=[{"path": path, "size": one.size, "sha256": one.sha256} for path, one in zip(paths[1:], rest, strict=True)],
            key_sealed=key,
            files=sum(one.files for one in volumes),
            records=sum(one.records for one in volumes),
            sealed_at=now(),
            expires_at=now() + timedelta(days=policy.archive_days),
            max_downloads=policy.max_downloads * len(volumes),
        )
        Job.objects.filter(pk=job.pk).update(state=JobState.PACKED)


def _complete(cover: Cover, runs: list[SourceRun]) -> Cover:
    """Gaps and empty sources are taken from what happened, whatever the caller knew: nothing is left out silently."""
    found = [(run.title, sentence) for run in runs for sentence in gaps_of(run)]
    said = [gap for gap in found if not any(title == gap[0] and words.startswith(gap[1]) for title, words in cover.gaps)]
    gaps = dict.fromkeys((*cover.gaps, *said))
    nothing = dict.fromkeys((*cover.nothing, *(run.title for run in runs if run.state == PartState.NOTHING)))
    return replace(cover, gaps=tuple(gaps), nothing=tuple(nothing))


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
