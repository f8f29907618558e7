"""Workers that die, stall or meet each other."""

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from exports import api
from exports.flows import collect as collecting
from exports.flows import gathering, leasing
from exports.models import Job, Step
from portal.kit import leases
from portal.kit.clock import now
from tests.engine.shop import Shop, counts, records
from tests.processes import eventually

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("note_after", "again"), [(0.0, 1), (60.0, 2)])
def test_after_a_crash_between_steps_what_was_written_down_is_not_redone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, note_after: float, again: int
) -> None:
    """Steps of one moment are written down together, source by source: then those of the source that was at work are asked again."""
    monkeypatch.setattr(collecting, "NOTE_AFTER", note_after)
    job_id = shop.search()
    asked: list[str] = []
    gather = gathering.gather

    def dies_at_the_third(*args: object, step: Step, **kwargs: object) -> object:
        asked.append(step.collection)
        if len(asked) == 3:
            raise KeyboardInterrupt  # as sudden as a signal
        return gather(*args, step=step, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(collecting, "gather", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        api.run(job_id)
    Job.objects.filter(pk=job_id).update(due_at=now())
    api.run(job_id)
    assert len(asked) == len(set(asked)) + again
    assert api.progress(job_id).state == "collected"
    assert counts(job_id) == counts(shop.searched())


def test_a_half_written_spool_is_replaced(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = shop.search()

    def breaks(*_args: object, **_words: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(gathering, "disclose", breaks)
        with pytest.raises(MemoryError):
            api.run(job_id)
    assert list((Path(settings.SPOOL_FOLDER) / str(job_id)).glob("*.spool")) == []
    Job.objects.filter(pk=job_id).update(due_at=now())
    api.run(job_id)
    assert len(records(job_id, "shop.orders")) == 2
    assert list((Path(settings.SPOOL_FOLDER) / str(job_id)).glob(".*")) == []


def test_a_worker_that_lost_its_lease_changes_nothing_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = shop.search()
    gather = gathering.gather

    def slow(*args: object, step: Step, **kwargs: object) -> object:
        Job.objects.filter(pk=job_id).update(lease_until=now() - timedelta(seconds=1))
        assert leases.claim(Job, job_id) is not None  # another worker takes over meanwhile
        return gather(*args, step=step, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(collecting, "gather", slow)
    api.run(job_id)
    assert set(Step.objects.filter(run__job=job_id, position__lt=100).values_list("state", flat=True)) == {"pending"}
    assert api.progress(job_id).state == "collecting"


def test_a_job_that_another_worker_holds_is_left_alone(shop: Shop) -> None:
    job_id = shop.search()
    assert leases.claim(Job, job_id) is not None
    api.run(job_id)
    assert api.progress(job_id).state == "new"


def test_a_job_that_stops_again_and_again_is_given_up(shop: Shop) -> None:
    job_id = shop.search()
    Job.objects.filter(pk=job_id).update(attempts=100)
    api.run(job_id)
    progress = api.progress(job_id)
    assert (progress.state, progress.failed) == ("failed", True)
    assert "given up" in progress.error


@pytest.mark.django_db(transaction=True)
def test_a_source_that_takes_longer_than_a_lease_for_one_answer_loses_it_to_nobody(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id, gather, kept = shop.search(), gathering.gather, list[bool]()
    monkeypatch.setattr(leasing, "RENEW_AFTER", 0.01)

    def slow(*args: object, step: Step, **kwargs: object) -> object:
        if not kept:
            Job.objects.filter(pk=job_id).update(lease_until=now() - timedelta(seconds=1))  # half a minute is over
            kept.append(eventually(lambda: (Job.objects.get(pk=job_id).lease_until or now()) > now()))
        return gather(*args, step=step, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(collecting, "gather", slow)
    api.run(job_id)
    assert (kept, api.progress(job_id).state) == ([True], "collected")


def hang(*_args: object) -> None:
    time.sleep(60)


@pytest.mark.story
@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_worker_killed_while_it_writes_is_replaced_and_nothing_is_lost(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id, folder = shop.search(), Path(settings.SPOOL_FOLDER)
    connections.close_all()
    worker = os.fork()
    if not worker:
        monkeypatch.setattr(gathering, "_opened", hang)
        api.run(job_id)
        os._exit(0)
    while not list((folder / str(job_id)).glob(".*.part")):
        time.sleep(0.02)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)

    api.run(job_id)
    assert api.progress(job_id).state == "collecting"  # the dead worker's lease still holds
    Job.objects.filter(pk=job_id).update(lease_until=now() - timedelta(seconds=1))
    api.run(job_id)
    assert api.progress(job_id).state == "collected"
    assert counts(job_id) == counts(shop.searched())
    assert not list((folder / str(job_id)).glob(".*"))
