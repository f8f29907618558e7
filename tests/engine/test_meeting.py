"""Two who come at once: an officer who presses a button in the moment in which a worker ends, or while it is at another source."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from exports import api
from exports.flows import collect as collecting
from exports.flows import erase, leasing, rehearse
from exports.models import Job, Step
from tests.engine.erasing import approve_and_run
from tests.engine.shop import counts
from tests.engine.test_erasure_sources import hide, show, two

pytestmark = pytest.mark.django_db


def once(act: Callable[[], None]) -> Callable[[], None]:
    """The act, the first time only."""
    left = [act]

    def acting() -> None:
        if left:
            left.pop()()

    return acting


def test_a_source_that_is_tried_again_while_another_is_asked_is_asked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = two(tmp_path)
    for key in ("shop", "log"):
        hide(store, key)
    job_id = api.start_access(api.Search(store.organisation, store.organisation.current_policy, {"email": "rita@example.org"}, "s" * 32))
    api.run(job_id)
    assert {one.state for one in api.progress(job_id).sources} == {"failed"}
    for key in ("shop", "log"):
        show(store, key)
    honest, press = collecting.gather, once(lambda: api.retry(job_id, "log"))

    def pressing(*args: Any, **words: Any) -> Any:
        press()
        return honest(*args, **words)

    monkeypatch.setattr(collecting, "gather", pressing)
    api.retry(job_id, "shop")
    api.run(job_id)
    assert {one.key: one.state for one in api.progress(job_id).sources} == {"shop": "done", "log": "done"}
    assert counts(job_id)["requests"][0] == 2


def at_rest(monkeypatch: pytest.MonkeyPatch, job_id: UUID, act: Callable[[], None]) -> None:
    """Do it when the worker has nothing more to do, just before it gives the job back."""
    honest, press = leasing.leases.check, once(act)

    def checking(*args: Any) -> None:
        if api.progress(job_id).finished:
            press()
        honest(*args)

    monkeypatch.setattr(leasing.leases, "check", checking)


def test_an_approval_in_the_moment_in_which_the_rehearsal_ends_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = two(tmp_path)
    search = api.Search(store.organisation, store.organisation.current_policy, {"email": "rita@example.org"}, "s" * 32)
    job_id = api.start_erasure(search)
    at_rest(monkeypatch, job_id, lambda: api.approve(job_id, api.plan(job_id).digest, by="Ada"))
    api.run(job_id)
    assert api.progress(job_id).state == "finished"


def test_another_try_in_the_moment_in_which_the_search_ends_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = two(tmp_path)
    hide(store, "log")
    search = api.Search(store.organisation, store.organisation.current_policy, {"email": "rita@example.org"}, "s" * 32)
    job_id = api.start_access(search)

    def pressed() -> None:
        show(store, "log")
        api.retry(job_id, "log")

    at_rest(monkeypatch, job_id, pressed)
    api.run(job_id)
    assert [one.state for one in api.progress(job_id).sources] == ["done", "done"]


def test_a_search_that_is_forgotten_while_it_runs_asks_no_further_source_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, asked = two(tmp_path), list[str]()
    search = api.Search(store.organisation, store.organisation.current_policy, {"email": "rita@example.org"}, "s" * 32)
    job_id = api.start_access(search)
    honest = collecting.gather

    def forgetting(*args: Any, **words: Any) -> Any:
        asked.append(words["step"].collection)
        found = honest(*args, **words)
        api.destroy(job_id)
        return found

    monkeypatch.setattr(collecting, "gather", forgetting)
    api.run(job_id)
    assert (asked, api.progress(job_id).state, Job.objects.get(pk=job_id).due_at) == (["shop.people"], "cancelled", None)
    assert not any(step.spool for step in Step.objects.filter(run__job=job_id))


def test_an_erasure_that_is_about_to_write_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, refused = two(tmp_path), list[str]()
    honest = erase._all_writable

    def forgetting(*args: Any) -> bool:
        with pytest.raises(api.JobNotReady) as refusal:
            api.destroy(job_id)
        refused.append(str(refusal.value))
        return honest(*args)

    monkeypatch.setattr(erase, "_all_writable", forgetting)
    job_id = store.start()
    assert approve_and_run(job_id)["outcome"] == "complete"
    assert "It changes something at this moment" in refused[0]
    api.destroy(job_id)
    assert api.progress(job_id).state == "finished"


def test_a_plan_that_is_approved_twice_is_carried_out_once(tmp_path: Path) -> None:
    store = two(tmp_path)
    job_id = store.start()
    digest = api.plan(job_id).digest
    for _press in range(2):
        api.approve(job_id, digest, by="Ada")
    api.run(job_id)
    api.approve(job_id, digest, by="Ada")
    api.run(job_id)
    assert store.sql("SELECT id FROM people") == [(1,), (2,)]
    assert api.progress(job_id).state == "finished"
    with pytest.raises(api.JobNotReady):
        api.approve(job_id, "0" * 64, by="Ada")


def test_what_is_held_while_a_plan_is_worked_out_is_in_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = two(tmp_path)
    job_id = store.start()
    honest, press = rehearse.rehearsal_of, once(lambda: api.hold(job_id, {"log:orders": "A court asked for it."}, by="Ada"))

    def pressing(*args: Any) -> Any:
        worked_out = honest(*args)
        press()
        return worked_out

    monkeypatch.setattr(rehearse, "rehearsal_of", pressing)
    api.hold(job_id, {}, by="Ada")
    api.run(job_id)
    assert api.progress(job_id).state == "planned"
    assert [line.basis for line in api.plan(job_id).lines if line.source_key == "log"] == ["legal_hold"]
