"""Between two tasks a worker keeps what still serves, and nothing else."""

import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_postrun
from django.db import connection

from exports.tasks import run_job
from portal.celery import app

pytestmark = pytest.mark.django_db(transaction=True)


def end_of_task(*, is_eager: bool = False) -> None:
    DjangoWorkerFixup(app).close_database()  # what Celery itself does
    run_job.push_request(is_eager=is_eager)
    try:
        task_postrun.send(sender=run_job)
    finally:
        run_job.pop_request()


def test_a_connection_serves_one_task_after_the_other() -> None:
    connection.ensure_connection()
    opened = connection.connection

    end_of_task()

    assert connection.connection is opened


def test_a_connection_that_is_old_is_closed_after_the_task() -> None:
    connection.ensure_connection()
    connection.close_at = 0.0

    end_of_task()

    assert connection.connection is None


def test_a_task_that_runs_inside_something_else_leaves_its_connection_alone() -> None:
    connection.ensure_connection()
    connection.close_at = 0.0

    end_of_task(is_eager=True)

    assert connection.connection is not None
    connection.close()
