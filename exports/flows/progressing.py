"""Tells how far a job is."""

from __future__ import annotations

from uuid import UUID

from exports.disclosure import SECRET
from exports.facts import Progress, SourceProgress, StepProgress
from exports.models import HandState, Job, JobState, SourceRun

RESTING = (JobState.COLLECTED, JobState.PACKED, JobState.PLANNED, JobState.FINISHED, JobState.FAILED, JobState.CANCELLED)


def progress(job_id: UUID) -> Progress:
    """States, counts and sentences of the job, its sources and their collections."""
    job = Job.objects.get(pk=job_id)
    runs = list(SourceRun.objects.filter(job=job).prefetch_related("steps").order_by("position", "pk"))
    asked = set(job.hand_tasks.filter(state=HandState.OPEN).values_list("source_key", flat=True))
    return Progress(
        job_id=job.pk,
        kind=job.kind,
        state=job.state,
        finished=job.state in RESTING,
        failed=job.state == JobState.FAILED,
        error=job.error,
        sources=tuple(_source(run, waits=run.source_key in asked) for run in runs),
        found=sum(run.found for run in runs),
        disclosed=sum(run.disclosed for run in runs),
        withheld=sum(run.withheld for run in runs),
        covered=sum(run.covered for run in runs),
        gaps=tuple((run.title, sentence) for run in runs for sentence in gaps_of(run)),
    )


def gaps_of(run: SourceRun) -> list[str]:
    """Sentences for all that was not answered here, each once: the source itself, or single collections of it."""
    return list(dict.fromkeys(step.facts["gap"] for step in run.steps.all() if step.facts.get("gap")))


def _source(run: SourceRun, *, waits: bool) -> SourceProgress:
    return SourceProgress(
        key=run.source_key,
        title=run.title,
        state=run.state,
        found=run.found,
        disclosed=run.disclosed,
        withheld=run.withheld,
        covered=run.covered,
        error=run.error,
        since=run.since,
        waits=waits,
        collections=tuple(
            StepProgress(
                collection=step.facts.get("name") or step.collection,
                title=step.title,
                category=step.category,
                state="skipped" if step.facts.get("unreachable") else step.state,
                found=step.found,
                disclosed=step.disclosed,
                withheld=step.withheld,
                covered=step.covered,
                note=step.note,
                secrets=tuple((one["what"], one["count"]) for one in step.facts.get("withheld", ()) if one["why"] == SECRET),
            )
            for step in run.steps.all()
        ),
    )
