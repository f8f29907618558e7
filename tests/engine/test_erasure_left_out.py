"""A source that refuses for good, and what must stay for now: decided by a person, part of the fingerprint, and said in the receipt."""

from pathlib import Path

import pytest

from exports import api
from exports.connectors.base import SourceError
from exports.connectors.sql_writing import SqlWriter
from exports.models import Handle, Job
from tests.engine.erasing import Store, approve_and_run
from tests.engine.partial import run_until_given_up
from tests.engine.test_erasure_sources import hide, show, two
from tests.engine.test_erasure_unfinished import half_done, receipt_of

pytestmark = pytest.mark.django_db


def leave_out(job_id: object, source: str) -> None:
    api.leave_out(job_id, source, by="Ada")  # type: ignore[arg-type]  # always a job's id
    api.run(job_id)  # type: ignore[arg-type]


def test_a_silent_source_that_is_left_out_blocks_no_longer_and_the_receipt_is_partial(tmp_path: Path) -> None:
    store = two(tmp_path)
    hide(store, "log")
    job_id = store.start()
    before = api.plan(job_id)
    assert (bool(before.blocked), api.sources_silent(job_id)) == (True, (("log", "Log"),))

    leave_out(job_id, "log")

    after = api.plan(job_id)
    assert (after.blocked, after.digest != before.digest) == ((), True)
    assert after.gaps == ("Log: It was left out, by decision. Nothing was searched or deleted there.",)
    receipt = approve_and_run(job_id)
    assert (receipt["outcome"], receipt["gaps"]) == ("partial", list(after.gaps))
    assert store.sql("SELECT id FROM people") == [(1,), (2,)]
    show(store, "log")
    assert store.sql("SELECT count(*) FROM requests", "log") == [(3,)]


def test_a_source_that_answers_is_never_left_out(tmp_path: Path) -> None:
    job_id = two(tmp_path).start()
    with pytest.raises(api.EngineRefusal, match="Nothing was changed"):
        api.leave_out(job_id, "log", by="Ada")
    assert not Job.objects.get(pk=job_id).left_out


def test_asking_it_once_more_takes_the_decision_back(tmp_path: Path) -> None:
    store = two(tmp_path)
    hide(store, "log")
    job_id = store.start()
    leave_out(job_id, "log")
    show(store, "log")
    api.retry(job_id, "log")
    api.run(job_id)
    assert approve_and_run(job_id)["outcome"] == "complete"
    assert store.sql("SELECT id FROM requests", "log") == [(2,)]


def test_a_deletion_that_has_begun_is_given_up_at_one_source_and_its_keys_are_destroyed(tmp_path: Path) -> None:
    store = two(tmp_path)
    job_id = half_done(store)

    leave_out(job_id, "shop")

    receipt = receipt_of(job_id)
    assert (receipt["outcome"], receipt["not_done"], api.sources_left(job_id)) == ("partial", 1, ())
    assert not Handle.objects.filter(job_id=job_id).exists()
    assert api.plan(store.start()).gaps  # another deletion of the same person knows of it


def test_a_source_that_refused_outright_ends_partial_once_it_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = two(tmp_path)
    honest = SqlWriter.erase

    def erase(self: SqlWriter, table: str, keys: object) -> int:
        if table == "people":
            raise SourceError("It may not be changed.")
        return honest(self, table, keys)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(SqlWriter, "erase", erase)
    job_id = store.start()
    api.approve(job_id, api.plan(job_id).digest, by="Ada")
    run_until_given_up(job_id)
    assert receipt_of(job_id)["outcome"] == "failed"

    leave_out(job_id, "shop")

    assert receipt_of(job_id)["outcome"] == "partial"


def test_a_held_line_stays_and_goes_once_it_is_let_go(tmp_path: Path) -> None:
    store: Store = two(tmp_path)
    job_id = store.start()
    before = api.plan(job_id).digest
    api.hold(job_id, {"log:orders": "A court asked for it."}, by="Ada")
    api.run(job_id)

    held = next(line for line in api.plan(job_id).lines if line.source_key == "log")
    assert (held.action, held.when, held.because, held.basis) == ("keep", None, "A court asked for it.", "legal_hold")
    assert api.plan(job_id).digest != before

    api.hold(job_id, {}, by="Ada")
    api.run(job_id)
    assert api.plan(job_id).digest == before

    api.hold(job_id, {"log:orders": "A court asked for it."}, by="Ada")
    api.run(job_id)
    receipt = approve_and_run(job_id)
    assert (receipt["outcome"], store.sql("SELECT count(*) FROM requests", "log")) == ("complete", [(3,)])
    assert [(one["basis"], one["until"]) for one in receipt["kept"]] == [("legal_hold", None)]
    with pytest.raises(api.EngineRefusal, match="approved or over"):
        api.hold(job_id, {}, by="Ada")
