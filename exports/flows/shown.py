"""A plan that was shown at the shell and let go: its numbers stay, so that a later go-ahead allows what was read and not much more."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from exports.flows.digesting import grown
from exports.models import Job, JobKind, JobState
from exports.moves import Move
from exports.refusals import StalePlan


def refuse_growth(job_id: UUID, digest: str) -> None:
    """StalePlan when the plan names many more rows now than when it was last shown; a plan that was shown nowhere here is not compared."""
    job = Job.objects.get(pk=job_id)
    let_go = Job.objects.filter(organisation=job.organisation_id, kind=JobKind.ERASURE, state=JobState.CANCELLED, approved_by="")
    shown = let_go.filter(digest=digest).order_by("-created_at").first()
    more = grown(_moves(shown), _moves(job)) if shown else None
    if more:
        was_not_read(job_id)
        words = {"collection": more.address, "count": more.rows}
        sentence = _("“%(collection)s” has grown to %(count)d rows since the plan was shown. Read it again; nothing was erased.")
        raise StalePlan(sentence % words)


def was_not_read(job_id: UUID) -> None:
    """This plan was never shown: nobody's go-ahead is compared with it."""
    Job.objects.filter(pk=job_id).update(digest="")


def _moves(job: Job) -> list[Move]:
    return [Move.from_json(stored) for stored in (job.plan or {}).get("moves", ())]
