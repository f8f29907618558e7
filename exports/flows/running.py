"""Runs a job through the states that need no person, under its lease."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from exports.connectors.sql_keeping import keeping
from exports.connectors.standing import standing
from exports.datasets import DatasetError
from exports.flows import amending, finding, replay, sweep
from exports.flows.collect import collect
from exports.flows.erase import execute
from exports.flows.leasing import Held, held
from exports.flows.prove import prove
from exports.flows.rehearse import rehearse
from exports.models import Job, JobKind, JobState
from exports.refusals import EngineRefusal
from portal.kit import leases
from portal.kit.clock import now
from portal.kit.leases import LeaseLost

MOST_ATTEMPTS = 8
# Each phase leaves the job in a later state, or raises.
PHASES: dict[tuple[str, str], Callable[[Held], None]] = {
    (JobKind.ACCESS, JobState.NEW): collect,
    (JobKind.ACCESS, JobState.COLLECTING): collect,
    (JobKind.ERASURE, JobState.NEW): rehearse,
    (JobKind.ERASURE, JobState.REHEARSING): rehearse,
    (JobKind.ERASURE, JobState.APPROVED): execute,
    (JobKind.ERASURE, JobState.SPOOLING): execute,
    (JobKind.ERASURE, JobState.EXECUTING): execute,
    (JobKind.ERASURE, JobState.PROVING): prove,
    (JobKind.CORRECTION, JobState.NEW): finding.find,
    (JobKind.CORRECTION, JobState.REHEARSING): finding.find,
    (JobKind.CORRECTION, JobState.APPROVED): amending.amend,
    (JobKind.CORRECTION, JobState.EXECUTING): amending.amend,
    (JobKind.CORRECTION, JobState.PROVING): amending.prove,
    (JobKind.SWEEP, JobState.NEW): sweep.plan,
    (JobKind.SWEEP, JobState.EXECUTING): sweep.execute,
    (JobKind.SWEEP, JobState.PROVING): sweep.prove,
    (JobKind.REPLAY, JobState.NEW): replay.execute,
}


def run(job_id: UUID) -> None:
    """Go on until a person is needed, the job is finished, or another worker has it."""
    work = held(job_id)
    if work is None:
        return
    settled = False
    try:
        with standing(str(job_id), work.renew), work.kept(), keeping():
            _go(work)
        settled = True
    except LeaseLost:
        settled = True  # another worker has it: nothing of ours to give back
    except (EngineRefusal, DatasetError) as refusal:
        _fail(work, str(refusal))
        settled = True
    finally:
        if not settled:
            leases.release(Job, job_id, work.token, again_in=timedelta(seconds=_pause(work)))


def _go(work: Held) -> None:
    if Job.objects.values_list("attempts", flat=True).get(pk=work.job_id) > MOST_ATTEMPTS:
        raise EngineRefusal(_("The search stopped with a fault several times and was given up. The log says where."))
    while (phase := PHASES.get(work.stands())) or not _is_at_rest(work):
        if phase:
            phase(work)
            work.renew()


def _is_at_rest(work: Held) -> bool:
    """Gives the job back when there is nothing to do. Whoever gives it something to do at this moment waits, or is seen."""
    with work.writing():
        if work.stands() in PHASES:
            return False
        leases.release(Job, work.job_id, work.token)
    return True


def _fail(work: Held, sentence: str) -> None:
    with work.writing():
        Job.objects.filter(pk=work.job_id).update(state=JobState.FAILED, error=sentence[:400], finished_at=now())
        leases.release(Job, work.job_id, work.token)


def _pause(work: Held) -> int:
    return int(min(300, 2 ** min(work.job().attempts, 8)))
