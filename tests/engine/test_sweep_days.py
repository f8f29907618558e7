"""Once on each of an organisation's days, by itself: after downtime at once, and never twice."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.db import IntegrityError, transaction

from exports import api, tasks
from exports.flows.sweep_days import start_due_sweeps, start_sweep
from exports.models import Job
from tests.engine.erasing import Store
from tests.engine.sweeping import OLD, aging_store, lines, numbers

pytestmark = pytest.mark.django_db
NOON = "2026-12-08T12:00:00Z"


def logged(folder: Path, **changes: str) -> Store:
    return aging_store(
        folder, f"CREATE TABLE log (id INTEGER PRIMARY KEY, at TIMESTAMP); INSERT INTO log VALUES (1, '{OLD}');", lines(), **changes
    )


def swept() -> int:
    """Begin what is due and run it through; how many sweeps that were."""
    jobs = start_due_sweeps()
    for job_id in jobs:
        api.run(job_id)
    return len(jobs)


def test_one_sweep_a_day_and_one_after_any_downtime(tmp_path: Path) -> None:
    store = logged(tmp_path)
    with time_machine.travel(NOON, tick=False) as traveller:
        assert (swept(), swept()) == (1, 0)
        assert numbers(store) == []
        traveller.shift(timedelta(hours=11))
        assert swept() == 0
        traveller.shift(timedelta(hours=2))
        assert (swept(), swept()) == (1, 0)
        traveller.shift(timedelta(days=5))
        assert (swept(), swept()) == (1, 0)


def test_the_day_is_the_organisations_own(tmp_path: Path) -> None:
    logged(tmp_path, timezone="America/Vancouver")
    with time_machine.travel("2026-12-08T07:00:00Z", tick=False) as traveller:
        assert swept() == 1
        assert Job.objects.get().day == date(2026, 12, 7)
        traveller.shift(timedelta(hours=2))
        assert swept() == 1


def test_two_at_once_cannot_both_begin(tmp_path: Path) -> None:
    store = logged(tmp_path)
    start_sweep(store.organisation, day=date(2026, 12, 8))
    with pytest.raises(IntegrityError), transaction.atomic():
        start_sweep(store.organisation, day=date(2026, 12, 8))


def test_nothing_begins_while_a_sweep_still_runs_or_where_nothing_ages(tmp_path: Path) -> None:
    store = logged(tmp_path / "shop")
    aging_store(tmp_path / "quiet", "CREATE TABLE log (id INTEGER PRIMARY KEY, at TIMESTAMP)", lines("account", aged_by=""), key="quiet")
    with time_machine.travel(NOON, tick=False) as traveller:
        running = api.start_sweep(store.organisation)
        assert start_due_sweeps() == []
        api.run(running)
        traveller.shift(timedelta(minutes=5))
        assert len(start_due_sweeps()) == 1


def test_the_worker_is_woken_for_it(tmp_path: Path) -> None:
    logged(tmp_path)
    assert settings.CELERY_BEAT_SCHEDULE["retention sweeps"]["task"] == tasks.sweep_due.name
    tasks.sweep_due()
    assert Job.objects.get().due_at is not None


def test_the_desk_is_told_what_happened_and_what_comes_next(tmp_path: Path) -> None:
    store = logged(tmp_path)
    with time_machine.travel(NOON, tick=False):
        assert (api.retention(store.organisation).last_at, api.retention(store.organisation).next_on) == (None, date(2026, 12, 8))
        swept()
        told = api.retention(store.organisation)
        assert (told.sweeps, told.outcome, told.deleted, told.next_on) == (True, "complete", 1, date(2026, 12, 9))


def test_a_sweep_remembers_nobody(tmp_path: Path) -> None:
    logged(tmp_path)
    with time_machine.travel(NOON, tick=False):
        swept()
    job = Job.objects.get()
    assert (job.identities, job.subject, job.handles.count(), job.tokens.count()) == ({}, "", 0, 0)
