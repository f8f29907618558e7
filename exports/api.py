"""The engine's one door. Nothing above imports anything else of `exports`.

Everything that takes a job id may be called twice; a call that makes no sense now raises an `EngineRefusal`
whose text is a sentence for an officer. No function looks at a case: the engine knows searches, jobs and sources.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from exports import tasks
from exports.archive.cover import Cover
from exports.facts import ArchiveFacts, Choice, PlanLine, PlanView, Progress, Search, SourceProgress, SourceState, StepProgress
from exports.flows import packages, packing, plans, progressing, running, seeing, starting
from exports.refusals import ArchiveUnavailable, EngineRefusal, JobBusy, JobNotReady, PlanBlocked, StalePlan, StampMismatch

if TYPE_CHECKING:
    from portal.organisations.models import Organisation

__all__ = [
    "ArchiveFacts",
    "ArchiveUnavailable",
    "Choice",
    "Cover",
    "EngineRefusal",
    "JobBusy",
    "JobNotReady",
    "PlanBlocked",
    "PlanLine",
    "PlanView",
    "Progress",
    "Search",
    "SourceProgress",
    "SourceState",
    "StalePlan",
    "StampMismatch",
    "StepProgress",
    "approve",
    "archive",
    "cancel",
    "count_download",
    "destroy",
    "open_archive",
    "pack",
    "plan",
    "progress",
    "receipt",
    "retry",
    "revoke",
    "revoke_all",
    "run",
    "settle",
    "sources",
    "start_access",
    "start_erasure",
]


def start_access(search: Search) -> UUID:
    """Open a job that looks for the subject in every source of the organisation; the worker is called on commit."""
    return _hinted(starting.start("access", search))


def start_erasure(search: Search) -> UUID:
    """Open a job that rehearses an erasure. Nothing is erased before `approve`."""
    return _hinted(starting.start("erasure", search))


def run(job_id: UUID) -> None:
    """Do all that is due now for this job, here, until it needs a person or is finished. Leased, resumable."""
    running.run(job_id)


def progress(job_id: UUID) -> Progress:
    """How far each source and each collection is, with counts and the sentences of those that failed."""
    return progressing.progress(job_id)


def sources(organisation: Organisation) -> tuple[SourceState, ...]:
    """What was last seen of each source of an organisation; asks none of them."""
    return seeing.sources(organisation)


def retry(job_id: UUID, source_key: str) -> None:
    """Ask one failed source again; what other sources answered stays."""
    starting.retry(job_id, source_key)
    tasks.hint(job_id)


def cancel(job_id: UUID) -> None:
    """Stop a job and destroy what it gathered. Refused once an erasure has begun to write."""
    starting.cancel(job_id)


def pack(job_id: UUID, cover: Cover) -> None:
    """Build, seal and read back the archive of a collected job. Long for big subjects: call it from a worker."""
    packing.pack(job_id, cover)


def plan(job_id: UUID) -> PlanView:
    """What the erasure would do, from the last rehearsal."""
    return plans.plan(job_id)


def settle(job_id: UUID, choices: Mapping[str, str], *, by: str) -> None:
    """Choose 'now' or 'later' for lines where the policy says two things; rehearses again, so the digest changes."""
    plans.settle(job_id, choices, by=by)
    tasks.hint(job_id)


def approve(job_id: UUID, digest: str, *, by: str) -> None:
    """Allow exactly the plan with this digest to be carried out; raises StalePlan or PlanBlocked."""
    plans.approve(job_id, digest, by=by)
    tasks.hint(job_id)


def receipt(job_id: UUID) -> dict[str, Any] | None:
    """The signed receipt {"receipt": {...}, "jws": "..."}, or None while there is none."""
    return plans.receipt(job_id)


def archive(job_id: UUID) -> ArchiveFacts | None:
    """What is known about the job's archive, or None when none was packed."""
    return packages.archive(job_id)


def open_archive(job_id: UUID, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """The archive's bytes in order, decrypted chunk by chunk. Expiry and revocation are checked first; count the download yourself."""
    return packages.open_archive(job_id, start=start, length=length)


def count_download(job_id: UUID) -> None:
    """Count one download; raises ArchiveUnavailable when none is left."""
    packages.count_download(job_id)


def revoke(job_id: UUID) -> None:
    """Close the job's archive to everybody and destroy its key."""
    packages.revoke(job_id)


def revoke_all(organisation: Organisation, identities: Mapping[str, str], *, keep: Collection[UUID] = ()) -> int:
    """Revoke every open archive made for any of these identities, except those of the jobs in `keep`; says how many."""
    return packages.revoke_all(organisation, identities, keep=keep)


def destroy(job_id: UUID) -> None:
    """Destroy the job's key, spools and archive: what it gathered cannot be read again by anybody."""
    starting.destroy(job_id)


def _hinted(job_id: UUID) -> UUID:
    tasks.hint(job_id)
    return job_id
