"""What a lead decides about an erasure apart from its plan: which source it goes without, and what must stay for now."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from exports.flows.on_hold import hold_back
from exports.flows.rehearse import HELD
from exports.flows.setting_going import ALL
from exports.flows.unfinished import sources_left, waiting
from exports.models import Job, JobKind, JobState, PartState
from exports.refusals import JobNotReady
from exports.sources import sources_of
from portal.kit.clock import now

FRESH = (JobState.NEW, JobState.REHEARSING, JobState.PLANNED)


def silent(job_id: UUID) -> tuple[tuple[str, str], ...]:
    """Key and title of each source that an erasure could not search or not write to, before anything was changed anywhere."""
    job = Job.objects.get(pk=job_id)
    if job.kind != JobKind.ERASURE or job.state != JobState.PLANNED:
        return ()
    keys = {source for source, _address in (job.plan or {}).get("stops", ())}
    keys |= set(job.runs.filter(state=PartState.FAILED).values_list("source_key", flat=True))
    return tuple((one.key, one.title) for one in sources_of(job.organisation) if one.key in keys - set(job.left_out))


@transaction.atomic
def leave_out(job_id: UUID, source_key: str, *, by: str) -> None:
    """Go without this source. A plan is rehearsed anew; what was begun is proved anew, and its keys at this source are destroyed."""
    job = Job.objects.select_for_update().get(pk=job_id)
    if source_key in dict(silent(job_id)):
        job.state = JobState.REHEARSING
    elif job.state == JobState.FINISHED and source_key in dict(sources_left(job)):
        _give_up(job, source_key)
        job.state = JobState.PROVING
    else:
        raise JobNotReady(_("This source can be searched, or has done its part, so it is not left out. Nothing was changed."))
    job.left_out = {**job.left_out, source_key: by}
    job.due_at, job.attempts, job.error, job.finished_at = now(), 0, "", None
    job.save(update_fields=["left_out", "plan", "state", "due_at", "attempts", "error", "finished_at"])


def _give_up(job: Job, source_key: str) -> None:
    """Nobody goes on here by key, so the keys are needed no more. The receipt will say what was not done."""
    waiting(job).filter(source_key=source_key).delete()
    runs = job.runs.filter(source_key=source_key)
    runs.filter(error="").update(error=_("It was left out, by decision."))
    runs.update(state=PartState.FAILED)
    plan = dict(job.plan or {})
    plan["refused"] = [source for source in plan.get("refused", ()) if source != source_key]
    job.plan = plan


@transaction.atomic
def hold(job_id: UUID, held: Mapping[str, str], *, by: str) -> None:
    """Keep exactly these lines (`source:category` → why), whatever the policy says. The plan is rehearsed anew."""
    job = Job.objects.select_for_update().get(pk=job_id)
    if job.kind != JobKind.ERASURE or job.state not in FRESH:
        raise JobNotReady(_("The deletion is approved or over, so nothing can be held back in it. Nothing was changed."))
    others = {line: found for line, found in job.settlements.items() if found["choice"] != HELD or line == ALL}
    hold_back(job, others, held, by=by)
    if job.state != JobState.NEW:
        job.state = JobState.REHEARSING
    job.due_at, job.attempts, job.error = now(), 0, ""
    job.save(update_fields=["settlements", "holds", "state", "due_at", "attempts", "error"])
