"""Archives of a person whose data were erased: closed at once, but for a copy never fetched, which closes after its first download."""

from __future__ import annotations

from uuid import UUID

from exports.flows import packages
from exports.models import Archive, Job, JobKind, JobState, JobToken


def revoke_fetched(job: Job) -> int:
    """Close every open archive of the erased person that was downloaded at least once; says how many."""
    if job.collections:
        return 0  # only what gives access has gone: the person's copies stay theirs
    tokens = JobToken.objects.filter(job=job).values("token")
    theirs = Archive.objects.filter(job__organisation=job.organisation, job__tokens__token__in=tokens, revoked_at__isnull=True)
    found: set[UUID] = set(theirs.filter(downloads__gt=0).values_list("job_id", flat=True))
    for job_id in found:
        packages.revoke(job_id)
    return len(found)


def revoke_later_fetched() -> int:
    """For the sweep: the same for copies that were still waiting when the erasure ended."""
    waiting = Archive.objects.filter(revoked_at__isnull=True, downloads__gt=0).values("job__tokens__token")
    erased = Job.objects.filter(kind=JobKind.ERASURE, collections=[], state=JobState.FINISHED, tokens__token__in=waiting).distinct()
    return sum(revoke_fetched(job) for job in erased)
