"""What a person is asked to delete: an answer counts whenever it comes, and that something could not be deleted is an answer too."""

import json
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core import mail

from exports import api
from exports.api import EngineRefusal, HandAnswer
from exports.flows import hand_mail, prove
from exports.models import DataSource, HandTask
from portal.kit import clock
from tests.engine.erasing import Store, approve_and_run
from tests.engine.test_by_hand import MAILBOX, add_papers, link_in, task_of
from tests.engine.test_erasure_given_away import after
from tests.engine.test_erasure_sources import two
from tests.engine.test_erasure_unfinished import receipt_of

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = two(tmp_path)
    add_papers(made, to=MAILBOX)
    return made


def deleted(on: date | None = None) -> HandAnswer:
    return HandAnswer("deleted", "Paula", on=on or clock.today("UTC"), by_link=True)


def could_not(because: str = "law", words: str = "Tax office, file 12") -> HandAnswer:
    return HandAnswer("not_done", "Paula", words=words, because=because, by_link=True)


def asked(store: Store) -> UUID:
    job_id = store.start()
    approve_and_run(job_id)
    return job_id


@pytest.mark.parametrize("place", ["by_key", "search_again"])
def test_an_answer_that_comes_while_the_deletion_runs_counts_in_its_receipt(
    store: Store, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    job_id, goes_on = store.start(), list[bool]()
    after(monkeypatch, prove, place, lambda: goes_on.append(api.answer_by_hand(task_of(job_id).id, deleted())))
    receipt = approve_and_run(job_id)
    assert goes_on == [False]  # nobody has to press anything
    assert (receipt["outcome"], receipt["gaps"]) == ("complete", [])
    assert [one["said"] for one in receipt["attested"]] == ["deleted"]
    assert api.sources_left(job_id) == ()


def test_that_it_could_not_be_deleted_is_on_the_receipt_with_its_reason_and_never_complete(store: Store) -> None:
    job_id = asked(store)
    assert api.answer_by_hand(task_of(job_id).id, could_not())
    api.retry(job_id, "papers")
    api.run(job_id)
    receipt = receipt_of(job_id)
    assert receipt["outcome"] == "partial"
    sentence = "Paper files: The records office says that it could not be deleted: a law says that it must be kept."
    assert receipt["gaps"] == [sentence]
    (word,) = receipt["attested"]
    assert (word["said"], word["because"], word["on"]) == ("not_done", "law", None)
    assert "file 12" not in json.dumps(api.receipt(job_id))
    assert api.sources_left(job_id) == (("papers", "Paper files"),)
    assert (task_of(job_id).name, task_of(job_id).told, task_of(job_id).is_open) == ("Paula", "Tax office, file 12", False)


def test_where_nothing_else_was_deleted_it_has_failed(store: Store) -> None:
    DataSource.objects.exclude(key="papers").delete()
    job_id = asked(store)
    api.answer_by_hand(task_of(job_id).id, could_not("system"))
    api.retry(job_id, "papers")
    api.run(job_id)
    assert receipt_of(job_id)["outcome"] == "failed"


def test_another_try_asks_the_same_person_once_more_and_then_it_can_be_complete(store: Store) -> None:
    job_id = asked(store)
    hand_mail.post(HandTask.objects.get().pk)
    api.answer_by_hand(task_of(job_id).id, could_not())
    for _press in range(2):  # the answer is taken into the receipt, then an officer asks again
        api.retry(job_id, "papers")
        api.run(job_id)
    task = task_of(job_id)
    assert (task.is_open, task.said, task.told, HandTask.objects.count()) == (True, "", "", 1)
    assert receipt_of(job_id)["attested"] == []
    hand_mail.post(task.id)
    assert api.by_link(link_in(mail.outbox[0])) is None
    assert api.by_link(link_in(mail.outbox[1]))
    api.answer_by_hand(task.id, deleted())
    api.retry(job_id, "papers")
    api.run(job_id)
    assert receipt_of(job_id)["outcome"] == "complete"


def test_a_lead_goes_on_without_what_could_not_be_deleted(store: Store) -> None:
    job_id = asked(store)
    api.answer_by_hand(task_of(job_id).id, could_not())
    api.retry(job_id, "papers")
    api.run(job_id)
    api.leave_out(job_id, "papers", by="Ada")
    api.run(job_id)
    receipt = receipt_of(job_id)
    assert (receipt["outcome"], [one["because"] for one in receipt["attested"]]) == ("partial", ["law"])
    assert api.sources_left(job_id) == ()


@pytest.mark.parametrize(
    ("given", "sentence"), [(could_not(""), "Choose why"), (could_not("no"), "Choose why"), (could_not(words=" "), "Write what stands in")]
)
def test_that_it_could_not_be_deleted_needs_a_reason(store: Store, given: Any, sentence: str) -> None:
    job_id = asked(store)
    with pytest.raises(EngineRefusal, match=sentence):
        api.answer_by_hand(task_of(job_id).id, given)
    assert task_of(job_id).is_open
