"""One more try for an erasure that could not reach a source: by the handles that are still there, never by a new search."""

from __future__ import annotations

from django.utils.translation import gettext as _

from exports.flows.unfinished import sources_left, waiting
from exports.models import HandleState, Job, JobState, PartState, SourceRun
from exports.refusals import JobNotReady
from portal.kit.clock import now


def try_again(job: Job, source_key: str) -> None:
    """Go on at this source. Call it inside a transaction that holds the job."""
    if job.state == JobState.FINISHED and source_key in dict(sources_left(job)):
        SourceRun.objects.filter(job=job, source_key=source_key).update(state=PartState.PENDING, finished_at=None)
        # What was found again is done again; what was written and could not be read back is only read back.
        waiting(job).filter(source_key=source_key, state=HandleState.FAILED).update(state=HandleState.SPOOLED, note="")
        plan = dict(job.plan or {})
        plan["refused"] = [source for source in plan.get("refused", ()) if source != source_key]
        job.plan, job.state = plan, JobState.EXECUTING
    elif job.state == JobState.FAILED:
        job.state = JobState.EXECUTING if job.handles.exists() and job.runs.exists() else JobState.NEW
    elif job.state == JobState.PLANNED:
        job.state = JobState.REHEARSING
        job.left_out = {source: by for source, by in job.left_out.items() if source != source_key}
    else:
        raise JobNotReady(_("There is nothing at this source that could be tried again. Nothing was changed."))
    job.error, job.due_at, job.attempts, job.finished_at = "", now(), 0, None
    job.save(update_fields=["plan", "left_out", "state", "error", "due_at", "attempts", "finished_at"])
