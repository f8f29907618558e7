"""The engine's one door. Nothing above imports anything else of `exports`.

Everything that takes a job id may be called twice; a call that makes no sense now raises an `EngineRefusal`
whose text is a sentence for an officer. No function looks at a case: the engine knows searches, jobs and sources.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.translation import gettext as _

from exports import tasks
from exports.archive.cover import Cover
from exports.archive.locking import password_fault
from exports.correctable import correctable as correctable_fields
from exports.corrections import Amendment, Correctable, CorrectionLine, CorrectionView, Spot
from exports.facts import (
    ArchiveFacts,
    Choice,
    PlanLine,
    PlanView,
    Progress,
    PutOff,
    RetentionState,
    Search,
    SourceProgress,
    SourceState,
    SourceTimes,
    StepProgress,
)
from exports.flows import amending, outlook, packages, packing, plans, progressing, running, seeing, starting, sweep_days, terms
from exports.flows.answer_times import source_times
from exports.flows.answering_by_hand import HandAnswer, HandedIn
from exports.flows.hand_views import HandView, answer_by_hand, ask_by_hand_again, asked_by_hand, by_link, close_link, count_opening
from exports.flows.on_hold import keep_back, put_off
from exports.flows.restored import is_behind
from exports.flows.unfinished import left_of as sources_left
from exports.refusals import ArchiveUnavailable, EngineRefusal, JobBusy, JobNotReady, PlanBlocked, StalePlan, StampMismatch
from exports.sources import all_datasets, revoked_collections

if TYPE_CHECKING:
    from portal.organisations.models import Organisation
    from portal.organisations.promises import PolicyDocument

__all__ = [
    "Amendment",
    "ArchiveFacts",
    "ArchiveUnavailable",
    "Choice",
    "Correctable",
    "CorrectionLine",
    "CorrectionView",
    "Cover",
    "EngineRefusal",
    "HandAnswer",
    "HandView",
    "HandedIn",
    "JobBusy",
    "JobNotReady",
    "PlanBlocked",
    "PlanLine",
    "PlanView",
    "Progress",
    "PutOff",
    "RetentionState",
    "Search",
    "SourceProgress",
    "SourceState",
    "SourceTimes",
    "Spot",
    "StalePlan",
    "StampMismatch",
    "StepProgress",
    "accept",
    "answer_by_hand",
    "approve",
    "archive",
    "ask_by_hand_again",
    "asked_by_hand",
    "by_link",
    "cancel",
    "close_link",
    "correctable",
    "correction",
    "count_download",
    "count_opening",
    "destroy",
    "hold",
    "is_behind",
    "keep_back",
    "leave_out",
    "open_archive",
    "open_locked",
    "pack",
    "password_fault",
    "plan",
    "plan_sweep",
    "progress",
    "put_off",
    "receipt",
    "retention",
    "retry",
    "revocable",
    "revoke",
    "revoke_all",
    "run",
    "settle",
    "source_times",
    "sources",
    "sources_left",
    "sources_silent",
    "start_access",
    "start_correction",
    "start_erasure",
    "start_revocation",
    "start_sweep",
]


def start_access(search: Search) -> UUID:
    """Open a job that looks for the subject in every source of the organisation; the worker is called on commit."""
    return _hinted(starting.start("access", search))


def start_erasure(search: Search) -> UUID:
    """Open a job that rehearses an erasure. Nothing is erased before `approve`."""
    return _hinted(starting.start("erasure", search))


def start_revocation(search: Search) -> UUID:
    """Open an erasure that is about what gives access only: the collections that the datasets mark with `revoke`."""
    marked = tuple(collection.address for collection in revoked_collections(search.organisation))
    if not marked:
        raise EngineRefusal(_("No dataset names anything that gives access. Nothing was started."))
    return _hinted(starting.start("erasure", replace(search, collections=marked)))


def revocable(organisation: Organisation) -> tuple[str, ...]:
    """What gives access to this organisation's systems, by its titles; asks no source."""
    return tuple(dict.fromkeys(collection.title or collection.name for collection in revoked_collections(organisation)))


def correctable(organisation: Organisation, policy: PolicyDocument) -> tuple[Correctable, ...]:
    """The fields that people can ask to have corrected, from the dataset files alone: the same for everybody."""
    return correctable_fields(all_datasets(organisation), policy)


def start_correction(search: Search, corrections: Sequence[Amendment]) -> UUID:
    """Open a job that finds the fields in the person's own rows and tries the new values. Nothing is changed before `accept`."""
    if not corrections:
        raise EngineRefusal(_("There is nothing to correct. Nothing was started."))
    return _hinted(starting.start("correction", search, corrections))


def correction(job_id: UUID) -> CorrectionView:
    """What stands there now, from the last rehearsal. It holds personal data: show it to officers only."""
    return amending.view(job_id)


def accept(job_id: UUID, digest: str, accepted: Mapping[int, Sequence[int]], *, by: str) -> None:
    """Change exactly these rows (by line and number) of exactly what was shown; raises StalePlan."""
    amending.accept(job_id, digest, accepted, by=by)
    tasks.hint(job_id)


def run(job_id: UUID) -> None:
    """Do all that is due now for this job, here, until it needs a person or is finished. Leased, resumable."""
    running.run(job_id)


def progress(job_id: UUID) -> Progress:
    """How far each source and each collection is, with counts and the sentences of those that failed."""
    return progressing.progress(job_id)


def sources(organisation: Organisation) -> tuple[SourceState, ...]:
    """What was last seen of each source of an organisation; asks none of them."""
    return seeing.sources(organisation)


def retention(organisation: Organisation) -> RetentionState:
    """When what is older than the policy keeps it was last removed, with what success, and when it will be again; asks no source."""
    return sweep_days.retention(organisation)


def plan_sweep(organisation: Organisation, moment: datetime) -> dict[str, Any]:
    """What a sweep would remove at this moment, as JSON values. Asks every source; changes nothing and starts nothing."""
    return outlook.outlook(organisation, organisation.current_policy.read(), moment).to_json()


def start_sweep(organisation: Organisation, moment: datetime | None = None) -> UUID:
    """Open a job that removes what is older than the policy keeps it. Ages are counted from this moment, or from now."""
    return _hinted(sweep_days.start_sweep(organisation, moment=moment))


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


def open_archive(job_id: UUID, *, part: int = 1, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """The bytes of one of its ZIP files, chunk by chunk. Expiry and revocation are checked first; count the download yourself."""
    return packages.open_archive(job_id, part=part, start=start, length=length)


def open_locked(job_id: UUID, *, password: str, part: int = 1) -> Iterator[bytes]:
    """The same ZIP file, whole, inside one that the password locks (AES-256, WinZip's AE-2): as many bytes as the part's `locked_size`."""
    return packages.open_locked(job_id, password=password, part=part)


def count_download(job_id: UUID) -> None:
    """Count one download; raises ArchiveUnavailable when none is left."""
    packages.count_download(job_id)


def revoke(job_id: UUID) -> None:
    """Close the job's archive to everybody and destroy its key."""
    packages.revoke(job_id)


def revoke_all(organisation: Organisation, identities: Mapping[str, str], *, keep: Collection[UUID] = ()) -> int:
    """Revoke every open archive made for any of these identities, except those of the jobs in `keep`; says how many."""
    return packages.revoke_all(organisation, identities, keep=keep)


def sources_silent(job_id: UUID) -> tuple[tuple[str, str], ...]:
    """Key and title of each source that a rehearsed erasure could not search or not write to; nothing has been changed anywhere yet."""
    return terms.silent(job_id)


def leave_out(job_id: UUID, source_key: str, *, by: str) -> None:
    """Go on without this source for good: it becomes a gap that no longer blocks, and the outcome is at best partial."""
    terms.leave_out(job_id, source_key, by=by)
    tasks.hint(job_id)


def hold(job_id: UUID, held: Mapping[str, str], *, by: str) -> None:
    """Keep these lines of an erasure (`source:category` → why) until somebody lets them go; all others that were held are let go."""
    terms.hold(job_id, held, by=by)
    tasks.hint(job_id)


def destroy(job_id: UUID) -> None:
    """Destroy the job's key, spools and archive: what it gathered cannot be read again by anybody.

    Refused (JobNotReady) while a deletion has begun and is not finished.
    """
    starting.destroy(job_id)


def _hinted(job_id: UUID) -> UUID:
    tasks.hint(job_id)
    return job_id
