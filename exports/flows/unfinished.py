"""Erasures that have begun and are not done or not proved everywhere: their handles are the only way to what is left.

A row at one source may be found only through a row at another that is gone by now, so a new search cannot replace these handles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from exports.models import Asks, Handle, HandleAction, HandleState, Job, JobKind, JobState, PartState
from exports.refusals import JobNotReady

if TYPE_CHECKING:
    from django.db.models import QuerySet

CHANGES = Q(action__in=[HandleAction.DELETE, HandleAction.MASK]) | (Q(action=HandleAction.DETACH) & ~Q(fields=[]))
TOUCHED = (HandleState.DONE, HandleState.PROVED, HandleState.FAILED)


def is_begun(job: Job) -> bool:
    """Something was, or may have been, written somewhere.

    A run is RUNNING from before its first write until its handles are marked, so a worker killed between the two counts as having written.
    """
    if job.receipt is not None or job.handles.filter(state__in=TOUCHED).exists():
        return True
    return job.runs.filter(state=PartState.RUNNING).exists()


def waiting(job: Job) -> QuerySet[Handle]:
    """Handles of what should have changed by now and is not proved. Those of rows that are kept, or go on a later day, are not meant."""
    return job.handles.filter(CHANGES, until__isnull=True).exclude(state=HandleState.PROVED)


def sources_left(job: Job) -> tuple[tuple[str, str], ...]:
    """Key and title of each source where a begun erasure is not done or not proved; empty for everything else."""
    if job.kind != JobKind.ERASURE or not is_begun(job):
        return ()
    keys = {*waiting(job).values_list("source_key", flat=True), *asked(job)}
    return tuple(job.runs.filter(source_key__in=keys).order_by("position", "pk").values_list("source_key", "title"))


def asked(job: Job) -> set[str]:
    """Sources at which a person was asked to delete and the receipt does not have the answer yet."""
    tasks = job.hand_tasks.filter(asks=Asks.DELETE).values("source_key")
    return set(job.runs.filter(source_key__in=tasks, state=PartState.FAILED).values_list("source_key", flat=True)) - set(job.left_out)


def left_of(job_id: UUID) -> tuple[tuple[str, str], ...]:
    """Key and title of each source at which a deletion that has begun is not done or not proved: retry it there, do not search anew."""
    return sources_left(Job.objects.get(pk=job_id))


def must_be_finished(job: Job) -> None:
    """Refuses what would lose the handles of an erasure that has begun."""
    left = sources_left(job)
    if left:
        words = {"titles": ", ".join(title for _key, title in left)}
        why = (
            _("A deletion has begun and is not finished at %(titles)s. Finish it there first: only its own notes lead to what is left.")
            % words
        )
        raise JobNotReady(f"{why} {_('Nothing was changed.')}")


def earlier(job: Job) -> list[str]:
    """Sentences about other erasures of the same person that have begun and are not finished."""
    found = []
    for other in _others(job):
        left = [title for _key, title in sources_left(other)] or _given_up(other)
        words = {"reference": other.reference, "titles": ", ".join(left)}
        if words["titles"]:
            found.append(
                _("An earlier deletion of this person (%(reference)s) is not finished at %(titles)s. This search may miss what is left.")
                % words
            )
    return found


def left_before(job_id: UUID) -> list[UUID]:
    """Other erasures of the same person that began in the same place (the shell, or the same request) and can still be finished."""
    job = Job.objects.get(pk=job_id)
    return [other.pk for other in _others(job).filter(reference=job.reference, state=JobState.FINISHED) if sources_left(other)]


def _others(job: Job) -> QuerySet[Job]:
    same = Q(subject=job.subject) | Q(tokens__token__in=job.tokens.values("token"))
    others = Job.objects.filter(same, organisation=job.organisation, kind=JobKind.ERASURE).exclude(pk=job.pk)
    return others.distinct().order_by("created_at")


def _given_up(job: Job) -> list[str]:
    """Where a deletion that is over was left undone for good: rows there may have been found only through rows that are gone."""
    if not job.left_out or job.receipt is None:
        return []
    return list(job.runs.filter(source_key__in=job.left_out).values_list("title", flat=True))
