"""The contract of sources that are asked through a person: at the desk, or by a mail to whoever holds the data. What a connector does in
one moment takes them days, so it is kept by the job: asked once, never believed to be a machine, never complete without an answer."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core import mail

from exports import api
from exports.api import HandAnswer, HandedIn
from exports.connectors.base import SourceUnreachable
from exports.flows import hand_mail
from exports.models import HandTask
from exports.sources import sources_of
from portal.kit import clock
from tests.engine.erasing import Store, approve_and_run
from tests.engine.shop import counts
from tests.engine.test_by_hand import MAILBOX, PDF, add_papers, states, task_of
from tests.engine.test_erasure_sources import two
from tests.engine.test_erasure_unfinished import receipt_of
from tests.engine.test_http_source import search
from tests.people import RITA

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
EACH = {"desk": {}, "mail": {"to": MAILBOX, "who": "The print shop"}}


@pytest.fixture(params=EACH)
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    store = two(tmp_path)
    add_papers(store, **EACH[request.param])
    return store


def searched(store: Store) -> UUID:
    job_id = api.start_access(search(store))
    api.run(job_id)
    return job_id


def test_no_session_is_opened_there_and_the_sentence_names_nobody(asked: Store) -> None:
    (source,) = [one for one in sources_of(asked.organisation) if one.is_by_hand]
    with pytest.raises(SourceUnreachable, match="a person looks here") as told:
        source.connector()
    assert MAILBOX not in str(told.value)


def test_asking_changes_nothing_and_is_done_once_however_often_the_job_is_run(asked: Store) -> None:
    job_id = searched(asked)
    for _again in range(2):
        api.retry(job_id, "papers")
        api.run(job_id)
    assert HandTask.objects.count() == 1
    hand_mail.post(HandTask.objects.get().pk)
    assert [one.to for one in mail.outbox] in ([], [[MAILBOX]])
    assert not any(RITA in one.subject + one.body for one in mail.outbox)


def test_silence_is_a_gap_and_never_nothing_held(asked: Store) -> None:
    job_id = searched(asked)
    assert states(job_id)["papers"] == "failed"
    assert [title for title, _why in api.progress(job_id).gaps] == ["Paper files"]


@pytest.mark.parametrize(("said", "found", "state"), [("held", 1, "done"), ("nothing", 0, "nothing")])
def test_what_is_said_is_counted_as_the_answer_of_the_source(asked: Store, said: str, found: int, state: str) -> None:
    job_id = searched(asked)
    files = [HandedIn("papers.letters", "a.pdf", PDF)] if said == "held" else []
    assert api.answer_by_hand(task_of(job_id).id, HandAnswer(said, "Paula", files=files))
    api.retry(job_id, "papers")
    api.run(job_id)
    assert (states(job_id)["papers"], api.progress(job_id).gaps) == (state, ())
    assert counts(job_id)["letters"][0] == found


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (HandAnswer("deleted", "Paula", on=clock.today("UTC")), "complete"),
        (HandAnswer("nothing", "Paula"), "complete"),
        (HandAnswer("not_done", "Paula", because="law", words="x"), "partial"),
    ],
)
def test_a_deletion_is_never_complete_without_a_word_and_no_row_counts_as_proved(asked: Store, given: Any, outcome: str) -> None:
    job_id = asked.start()
    assert approve_and_run(job_id)["outcome"] == "partial"
    api.answer_by_hand(task_of(job_id).id, given)
    api.retry(job_id, "papers")
    api.run(job_id)
    receipt = receipt_of(job_id)
    assert (receipt["outcome"], [one["said"] for one in receipt["attested"]]) == (outcome, [given.said])
    (papers,) = [one for one in receipt["sources"] if one["source"] == "papers"]
    assert (papers["how"], papers["rows_changed"]) == ("attested by a person", 0)
    assert receipt["verification"]["rows_read_back"] == 3  # of the two databases


def test_nothing_is_asked_of_them_before_the_deletion_is_approved(asked: Store) -> None:
    job_id = asked.start()
    assert not HandTask.objects.exists()
    api.cancel(job_id)
    assert not HandTask.objects.exists()
