"""Opens, repeats and stops jobs. Asks no source anything: that is the worker's part."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from exports import tagged
from exports.corrections import Amendment
from exports.facts import Search
from exports.flows import packages
from exports.flows.retrying import try_again
from exports.flows.unfinished import must_be_finished
from exports.models import Archive, Job, JobKind, JobState, JobToken, PartState, SourceRun, Step
from exports.refusals import EngineRefusal, JobNotReady
from portal.kit import crypto
from portal.kit.clock import now

AT_WORK = (
    JobState.NEW,
    JobState.COLLECTING,
    JobState.PACKING,
    JobState.REHEARSING,
    JobState.APPROVED,
    JobState.SPOOLING,
)
WRITING = (JobState.EXECUTING, JobState.PROVING, JobState.FINISHED)


@transaction.atomic
def start(kind: str, search: Search, corrections: Sequence[Amendment] = ()) -> UUID:
    """Store the search, and what should be corrected, sealed under the job's own key, as a job that is due now."""
    identities = {name: value.strip() for name, value in search.identities.items() if value.strip()}
    if not identities:
        raise EngineRefusal(_("A search needs at least one identity. Nothing was started."))
    job = Job(
        organisation=search.organisation,
        policy=search.policy,
        kind=JobKind(kind),
        reference=search.reference,
        subject=search.subject,
        categories=list(search.categories),
        collections=list(search.collections),
        key_sealed=crypto.new_key(),
        due_at=now(),
    )
    job.identities = identities
    if corrections:
        job.corrections = tagged.dumps({"wanted": [asdict(one) for one in corrections]})
    job.save(force_insert=True)
    JobToken.objects.bulk_create(JobToken(job=job, token=token) for token in tokens_of(identities))
    return job.pk


def tokens_of(identities: dict[str, str]) -> set[str]:
    """Blind indexes of the identities: they find the same person's jobs and tell nothing."""
    return {crypto.blind_index(kind, value) for kind, value in identities.items()}


@transaction.atomic
def retry(job_id: UUID, source_key: str) -> None:
    """Ask a failed source again. An access job that was already packed must be started anew."""
    job = Job.objects.select_for_update().get(pk=job_id)
    if job.kind == JobKind.ERASURE:
        try_again(job, source_key)
        return
    if job.kind != JobKind.ACCESS or job.state not in (JobState.COLLECTING, JobState.COLLECTED, JobState.FAILED):
        raise JobNotReady(_("Only a search that has not been released can be tried again. Nothing was changed."))
    runs = SourceRun.objects.filter(job=job, source_key=source_key)
    if not runs.filter(state=PartState.FAILED).exists():
        raise JobNotReady(_("This source did not fail, so there is nothing to try again."))
    Step.objects.filter(run__in=runs, state=PartState.FAILED).update(state=PartState.PENDING, note="")
    runs.update(state=PartState.PENDING, finished_at=None)  # error and since stay until it has answered
    job.state, job.error, job.due_at, job.attempts, job.finished_at = JobState.COLLECTING, "", now(), 0, None
    job.save(update_fields=["state", "error", "due_at", "attempts", "finished_at"])


def cancel(job_id: UUID) -> None:
    """Stop the job and destroy what it gathered."""
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job_id)
        if job.kind != JobKind.ACCESS and job.state in WRITING:
            must_be_finished(job)
            raise JobNotReady(_("It has already begun to change something, so it cannot be cancelled. It goes on."))
        must_be_finished(job)
        job.state, job.due_at, job.finished_at = JobState.CANCELLED, None, now()
        job.lease_token += 1  # a worker that is at it now loses it
        job.save(update_fields=["state", "due_at", "finished_at", "lease_token"])
    destroy(job_id)


def destroy(job_id: UUID) -> None:
    """Forget the keys of job and archive, then remove the files: what was gathered can no longer be read by anybody.

    Refused while an erasure has begun and is not finished: what it noted is the only way to the rows that are left. A worker that is at
    it loses it; one that may be about to write is not stopped half-way.
    """
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job_id)
        must_be_finished(job)
        if job.kind not in (JobKind.ACCESS, JobKind.SWEEP) and job.state in (JobState.EXECUTING, JobState.PROVING):
            raise JobNotReady(_("It changes something at this moment. Wait until it has ended. Nothing was destroyed."))
        if job.state in AT_WORK:
            job.state, job.due_at, job.finished_at = JobState.CANCELLED, None, now()
            job.lease_token += 1
            job.save(update_fields=["state", "due_at", "finished_at", "lease_token"])
        Job.objects.filter(pk=job_id).update(key_sealed=b"", corrections_sealed=b"")
        JobToken.objects.filter(job=job).delete()
        job.hand_tasks.all().delete()
        Step.objects.filter(run__job=job).update(spool="")
        Archive.objects.filter(job=job).update(key_sealed=b"")
        Archive.objects.filter(job=job, revoked_at__isnull=True).update(revoked_at=now())
    shutil.rmtree(job.spool_folder, ignore_errors=True)
    for path in packages.files_named(job_id):
        path.unlink(missing_ok=True)
