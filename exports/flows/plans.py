"""What people do with a plan: read it, settle it, approve exactly what they saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from exports.facts import PlanView
from exports.flows.on_hold import lines_held
from exports.flows.setting_going import ALL
from exports.models import Job, JobKind, JobState
from exports.refusals import JobNotReady, PlanBlocked, StalePlan
from portal.kit.clock import now


def plan(job_id: UUID) -> PlanView:
    """The plan of the last rehearsal."""
    job = Job.objects.get(pk=job_id)
    if job.kind != JobKind.ERASURE or not job.plan:
        raise JobNotReady(_("There is no plan yet."))
    return PlanView.from_json(job.plan["view"])


@transaction.atomic
def settle(job_id: UUID, choices: Mapping[str, str], *, by: str) -> None:
    """Remember the choices and rehearse again."""
    job = Job.objects.select_for_update().get(pk=job_id)
    _planned(job)
    open_lines = {line.key: {choice.key for choice in line.choices} for line in PlanView.from_json((job.plan or {})["view"]).lines}
    for line, choice in choices.items():
        if choice not in open_lines.get(line, set()):
            raise JobNotReady(_("This line of the plan does not offer that choice. Nothing was changed."))
    job.settlements = {**job.settlements, **{line: {"choice": choice, "by": by} for line, choice in choices.items()}}
    job.holds = bool(lines_held(job))
    job.state, job.due_at, job.attempts, job.error = JobState.REHEARSING, now(), 0, ""
    job.save(update_fields=["settlements", "holds", "state", "due_at", "attempts", "error"])


@transaction.atomic
def approve(job_id: UUID, digest: str, *, by: str) -> None:
    """Allow the plan with this digest to be carried out."""
    job = Job.objects.select_for_update().get(pk=job_id)
    if job.state != JobState.PLANNED and job.digest == digest and job.approved_by:
        return  # approved before: a second press of the same button
    _planned(job)
    view = PlanView.from_json((job.plan or {})["view"])
    if digest != view.digest:
        raise StalePlan(_("The plan has changed since it was shown. Read it again; nothing was erased."))
    if ALL in lines_held(job):
        raise PlanBlocked(_("Everything that this search finds is on hold. Nothing was erased."))
    if view.blocked:
        raise PlanBlocked(_("The plan is blocked: %(why)s Nothing was erased.") % {"why": " ".join(view.blocked)})
    job.state, job.digest, job.approved_by, job.approved_at = JobState.APPROVED, digest, by, now()
    job.due_at, job.attempts, job.error = now(), 0, ""
    job.save(update_fields=["state", "digest", "approved_by", "approved_at", "due_at", "attempts", "error"])


def receipt(job_id: UUID) -> dict[str, Any] | None:
    """The signed receipt, or None."""
    found: dict[str, Any] | None = Job.objects.values_list("receipt", flat=True).get(pk=job_id)
    return found


def _planned(job: Job) -> None:
    if job.kind != JobKind.ERASURE or job.state != JobState.PLANNED:
        raise JobNotReady(_("There is no plan that waits for a decision. Nothing was changed."))
