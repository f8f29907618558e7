"""What was begun and not finished is finished by its handles; until then nobody is told that it is complete."""

import json
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from exports import api
from exports.connectors.sql_writing import SqlWriter
from exports.flows import erase
from exports.models import Handle, Job
from tests.engine.erasing import Store, approve_and_run
from tests.engine.partial import busy_at, run_until_given_up
from tests.engine.test_erasure_command import told
from tests.engine.test_erasure_crash import Killed, after_the_lease
from tests.engine.test_erasure_sources import hide, show, two

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


def half_done(store: Store) -> UUID:
    """The log is erased; the people, where the identities are, stay locked."""
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    with busy_at("people"):
        run_until_given_up(job_id)
    return job_id


def orphaned(store: Store) -> UUID:
    """The people are gone; what was found only through them stays, because the executor skipped them."""
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    honest = SqlWriter.erase
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqlWriter, "erase", lambda self, table, keys: len(list(keys)) if table == "requests" else honest(self, table, keys))
        run_until_given_up(job_id)
    return job_id


def receipt_of(job_id: UUID) -> dict[str, Any]:
    signed = api.receipt(job_id)
    assert signed, Job.objects.get(pk=job_id).error
    receipt: dict[str, Any] = signed["receipt"]
    return receipt


def test_the_receipt_counts_what_was_read_back_and_apart_from_it_what_is_not_done(tmp_path: Path) -> None:
    store = two(tmp_path)
    receipt = receipt_of(half_done(store))
    assert store.sql("SELECT count(*) FROM people WHERE id = 0") == [(1,)]
    assert receipt["outcome"] == "partial"
    assert receipt["totals"] == {"delete": 2, "mask": 0, "keep": 0, "detach": 0}
    assert receipt["not_done"] == 1
    assert {one["source"]: (one["rows_changed"], one["not_done"]) for one in receipt["sources"]} == {"log": (2, 0), "shop": (0, 1)}
    assert {one["source"]: (one["rows"], one["not_done"]) for one in receipt["lines"]} == {"log": (2, 0), "shop": (0, 1)}
    assert receipt["gaps"] == ["Shop: It is locked."]


def test_a_source_that_was_given_up_is_done_later_by_its_handles(tmp_path: Path) -> None:
    store = two(tmp_path)
    job_id = half_done(store)
    assert api.sources_left(job_id) == (("shop", "Shop"),)
    api.retry(job_id, "shop")
    api.run(job_id)
    receipt = receipt_of(job_id)
    assert (receipt["outcome"], receipt["not_done"]) == ("complete", 0)
    assert receipt["totals"] == {"delete": 3, "mask": 0, "keep": 0, "detach": 0}
    assert store.sql("SELECT id FROM people") == [(1,), (2,)]
    assert api.sources_left(job_id) == ()
    assert not Handle.objects.exists()
    with pytest.raises(api.JobNotReady):
        api.retry(job_id, "shop")


def test_rows_that_only_the_handles_lead_to_are_done_by_another_try(tmp_path: Path) -> None:
    store = two(tmp_path)
    job_id = orphaned(store)
    assert store.sql("SELECT id FROM people") == [(1,), (2,)]
    assert receipt_of(job_id)["outcome"] == "failed"
    api.retry(job_id, "log")
    api.run(job_id)
    assert receipt_of(job_id)["outcome"] == "complete"
    assert store.sql("SELECT id FROM requests", "log") == [(2,)]


def test_another_try_touches_only_the_rows_that_were_found_again(tmp_path: Path) -> None:
    store = two(tmp_path)
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    honest = SqlWriter.erase
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqlWriter, "erase", lambda self, table, keys: honest(self, table, [key for key in keys if key != (3,)]))
        run_until_given_up(job_id)
    store.sql("INSERT INTO requests VALUES (1, 1, '/given to somebody else since')", "log")
    assert Handle.objects.get(state="failed").rows == 1
    api.retry(job_id, "log")
    api.run(job_id)
    assert store.sql("SELECT id FROM requests ORDER BY id", "log") == [(1,), (2,)]


def test_what_has_begun_cannot_be_cancelled_or_destroyed(tmp_path: Path) -> None:
    store = two(tmp_path)
    job_id = orphaned(store)
    for lose in (api.cancel, api.destroy):
        with pytest.raises(api.JobNotReady, match="is not finished at Log"):
            lose(job_id)
    assert Job.objects.get(pk=job_id).key_sealed
    assert Handle.objects.filter(job_id=job_id, state="failed").exists()


def test_a_new_erasure_of_the_same_person_is_never_complete_meanwhile(tmp_path: Path) -> None:
    store = two(tmp_path)
    first = orphaned(store)
    second = store.start()
    sentence = "An earlier deletion of this person (DR-TEST-01) is not finished at Log."
    assert api.plan(second).totals["delete"] == 0
    assert api.plan(second).gaps[0].startswith(sentence)
    receipt = approve_and_run(second)
    assert receipt["outcome"] == "failed"
    assert receipt["gaps"][0].startswith(sentence)
    api.retry(first, "log")
    api.run(first)
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT id FROM requests", "log") == [(2,)]


def test_where_nothing_was_done_at_all_it_is_not_called_partial(tmp_path: Path) -> None:
    store = two(tmp_path)
    store.sql("DELETE FROM requests", "log")
    job_id = half_done(store)
    assert api.progress(job_id).state == "planned"  # nothing was written anywhere, so it is a plan again
    assert api.receipt(job_id) is None


def test_the_command_ends_with_1_when_the_executor_skips_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    store = two(tmp_path)
    digest = json.loads(told("--plan", "--json")[0])["digest"]
    honest, out = SqlWriter.erase, StringIO()
    monkeypatch.setattr(SqlWriter, "erase", lambda self, table, keys: len(list(keys)) if table == "requests" else honest(self, table, keys))
    words = ("subject_erasure", "shop", "--identity", "email=rita@example.org", "--execute", digest, "--json")
    with pytest.raises(CommandError, match="The proof failed") as refusal:
        call_command(*words, stdout=out, stderr=StringIO())
    assert refusal.value.returncode == 1
    assert json.loads(out.getvalue())["receipt"]["outcome"] == "failed"
    assert store.sql("SELECT count(*) FROM requests WHERE person = 0", "log") == [(2,)]


def test_a_worker_killed_before_it_noted_its_commit_loses_no_handles(tmp_path: Path) -> None:
    store = two(tmp_path)
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")

    def killed(*_words: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(erase, "_mark", killed)
        with pytest.raises(Killed):
            api.run(job_id)
    assert store.sql("SELECT id FROM requests", "log") == [(2,)]  # written, and nobody here knows
    after_the_lease(job_id)
    hide(store, "log")
    run_until_given_up(job_id)
    assert api.sources_left(job_id) == (("log", "Log"),)
    assert receipt_of(job_id)["outcome"] == "partial"
    show(store, "log")
    api.retry(job_id, "log")
    api.run(job_id)
    assert receipt_of(job_id)["outcome"] == "complete"


def test_the_next_command_finishes_by_its_notes_what_the_last_one_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = two(tmp_path)
    digest = json.loads(told("--plan", "--json")[0])["digest"]
    with monkeypatch.context() as patch:
        honest = SqlWriter.erase
        patch.setattr(SqlWriter, "erase", lambda self, table, keys: len(list(keys)) if table == "requests" else honest(self, table, keys))
        with pytest.raises(CommandError, match="The proof failed"):
            told("--execute", digest)
    assert store.sql("SELECT count(*) FROM people WHERE id = 0") == [(0,)]  # who leads to the requests is gone
    before = store.sql("SELECT count(*) FROM requests", "log")
    out, err = told("--plan", "--json")
    assert "is not finished at" in err
    receipt = json.loads(told("--execute", json.loads(out)["digest"], "--json")[0])["receipt"]
    assert receipt["outcome"] == "complete"
    assert store.sql("SELECT count(*) FROM requests", "log") < before
    first = Job.objects.filter(receipt__isnull=False).order_by("created_at")[0]
    assert receipt_of(first.pk)["outcome"] == "complete"
    assert not Handle.objects.exists()
