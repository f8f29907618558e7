"""What the worker does: takes an id, calls one flow. A message is a hint; the database knows what is due."""

from __future__ import annotations

import logging
from functools import partial
from uuid import UUID

from celery import current_app, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from exports.flows import expire, hand_mail, ledger, restored, running, sweep_days
from exports.models import HandTask, Job, JobKind
from exports.refusals import EngineRefusal
from portal.kit import clock, leases
from portal.kit.waits import is_lock_wait

log = logging.getLogger("habeas.exports")
RUN_JOB = "exports.run_job"
POST_HAND_MAIL = "exports.post_hand_mail"


@shared_task(name=RUN_JOB)  # type: ignore[untyped-decorator]  # Celery has no types
def run_job(job_id: str) -> None:
    """Do what is due for one job. A fault is logged once, here; the job stays due and is tried again later."""
    if restored.is_behind() and not Job.objects.filter(pk=job_id, kind=JobKind.REPLAY).exists():
        return  # it stays due until the erasures of the ledger were run again
    try:
        running.run(UUID(job_id))
    except Exception as problem:
        if isinstance(problem, EngineRefusal) or is_lock_wait(problem):
            log.info("Job %s stopped: %s. It will be tried again.", job_id, type(problem).__name__)
        else:
            log.exception("Job %s stopped with a fault and will be tried again.", job_id)


@shared_task(name="exports.dispatch")  # type: ignore[untyped-decorator]  # Celery has no types
def dispatch() -> int:
    """Send every job that is due and held by nobody: what a lost message meant is done anyway. After a restore, only replays."""
    if restored.is_behind():
        log.warning("This store is older than the ledger of erasures: they are run again before anything else is done.")
        due: list[object] = list(restored.start_missing())
        if unknown := restored.unknown_organisations():
            log.warning(
                "The ledger knows organisations that are not here: %s. Load them, and their erasures are run again.", ", ".join(unknown)
            )
    else:
        due = leases.due_pks(Job)
    for job_id in due:
        _send(str(job_id))
    for task_id in () if restored.is_behind() else leases.due_pks(HandTask):
        _send(str(task_id), POST_HAND_MAIL)
    return len(due)


@shared_task(name=POST_HAND_MAIL)  # type: ignore[untyped-decorator]  # Celery has no types
def post_hand_mail(task_id: str) -> None:
    """Write to one person who is asked to look or to delete."""
    try:
        hand_mail.post(UUID(task_id))
    except Exception:
        log.exception("A mail about what is asked of a person could not be written and will be tried again.")


@shared_task(name="exports.expire")  # type: ignore[untyped-decorator]  # Celery has no types
def expire_due() -> None:
    """Carry out deferred deletions whose day has come, and close archives that have ended."""
    try:
        expire.run_due()
        expire.close_archives()
        ledger.destroy_rolled_over(clock.now().date())
    except Exception:
        log.exception("Deferred deletions stopped with a fault and will be tried again.")


@shared_task(name="exports.sweep")  # type: ignore[untyped-decorator]  # Celery has no types
def sweep_due() -> None:
    """Begin the retention sweep of every organisation that has not had today's."""
    try:
        for job_id in sweep_days.start_due_sweeps():
            hint(job_id)
    except Exception:
        log.exception("Retention sweeps could not be begun and will be tried again.")


def hint(job_id: UUID) -> None:
    """Tell a worker once the change is visible to it. A hint that gets lost costs seconds, nothing else."""
    transaction.on_commit(partial(_send, str(job_id)))


def _send(job_id: str, task: str = RUN_JOB) -> None:
    try:
        current_app.send_task(task, args=[job_id], retry=False)
    except OperationalError:
        log.warning("The broker did not take the hint for job %s; the dispatcher will send it again.", job_id)
