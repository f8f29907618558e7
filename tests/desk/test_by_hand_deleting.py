"""Somebody who was asked to delete by hand answers early, or says that it could not be: nobody has to press anything."""

from pathlib import Path

import pytest

from exports import api
from exports.api import HandAnswer
from exports.models import HandTask
from portal.kit import clock
from portal.organisations.models import User
from requests_app.flows import by_hand, erasing
from requests_app.models import Case
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from tests.desk.acting import as_actor, proved
from tests.desk.test_by_hand import mailed, with_papers
from tests.desk.test_correcting import worked
from tests.engine.erasing import Store
from tests.people import a_case, a_member, at_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return with_papers(tmp_path)


@pytest.fixture
def lead(store: Store) -> User:
    return a_member("Ada", "lead", store.organisation)


@pytest.fixture
def case(store: Store, lead: User) -> Case:
    """A deletion that was approved and not begun."""
    made = worked(proved(a_case(store.organisation, right=Right.DELETION)))
    assert made.job_id
    erasing.approve(made, digest=api.plan(made.job_id).digest, typed=made.reference, by=as_actor(lead, made))
    return made


def test_an_answer_that_comes_before_the_desk_has_looked_at_the_receipt_goes_on_by_itself(case: Case) -> None:
    assert case.job_id
    api.run(case.job_id)
    case.refresh_from_db()
    assert (case.state, api.progress(case.job_id).state) == (State.EXECUTING, "finished")
    (task,) = api.asked_by_hand(case.job_id)
    by_hand.answer(case, task, HandAnswer("deleted", "Paula", on=clock.today("UTC"), by_link=True), by=None)
    assert worked(case).state == State.ANSWERED


def test_that_it_could_not_be_deleted_is_said_through_the_link_and_seen_at_the_desk(case: Case, lead: User) -> None:
    case = worked(case)
    assert case.state == State.REVIEW
    browser, _token = mailed()
    browser.post("/o/shop/by-hand/")
    said = {"said": "not_done", "name": "Paula", "words": "Held by the tax office"}
    page = browser.post("/o/shop/by-hand/", said)
    assert (page.status_code, "Choose why it could not be deleted" in page.content.decode()) == (422, True)
    assert "Thank you" in browser.post("/o/shop/by-hand/", {**said, "because": "law"}).content.decode()
    case = worked(case)
    assert (case.state, case.answered_at) == (State.REVIEW, None)
    shown = at_desk(lead).get(f"/desk/case/{case.reference}/").content.decode()
    assert "says that it could not be deleted: a law says that it must be kept." in shown
    assert "Said by Paula." in shown
    assert "Held by the tax office" in shown
    assert "Paper files" in shown
    assert HandTask.objects.get().said == "not_done"
    assert "If that has changed, ask them once more" in shown
    assert "Ask once more: Paper files</button>" in shown
    assert "keys of the rows" not in shown
    assert "A gap." not in shown  # it is said once


def test_while_a_person_has_not_answered_the_desk_has_nothing_to_press(case: Case, lead: User) -> None:
    case = worked(case)
    shown = at_desk(lead).get(f"/desk/case/{case.reference}/").content.decode()
    assert "has not answered yet. A person deletes here, not we" in shown
    assert '<a href="#by-hand">Who was asked, and when</a>' in shown
    assert f"/desk/case/{case.reference}/retry/" not in shown


def test_asking_once_more_sends_a_new_link(case: Case, lead: User) -> None:
    case = worked(case)
    (task,) = api.asked_by_hand(case.job_id)
    by_hand.answer(case, task, HandAnswer("not_done", "Paula", words="Held", because="law", by_link=True), by=None)
    case = worked(case)
    assert not HandTask.objects.filter(state="open").exists()
    at_desk(lead).post(f"/desk/case/{case.reference}/retry/", {"source": "papers"})
    worked(case)
    assert HandTask.objects.get().state == "open"
