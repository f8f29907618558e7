"""People who are asked by hand: the link of a mail shows nobody until a button is pressed, an answer counts once, the work then goes on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from exports import api
from exports.flows import hand_mail
from exports.models import HandFile, HandTask
from portal.kit import clock
from portal.organisations.models import User
from requests_app.chronicle import chronicle
from requests_app.flows import erasing, fulfilment
from requests_app.models import Case
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.tasks import settle_case
from tests.desk.acting import as_actor, proved
from tests.desk.test_correcting import worked
from tests.engine.erasing import Store, a_store
from tests.engine.test_by_hand import MAILBOX, PDF, add_papers, link_in
from tests.engine.test_erasure_rows import PEOPLE, PEOPLE_FIELDS
from tests.people import RITA, a_case, a_member, an_organisation, at_desk

pytestmark = pytest.mark.django_db
FOUND = {"said": "held", "name": "Paula", "words": "Room 12"}


def with_papers(folder: Path) -> Store:
    """A database, and beside it a person who is written to."""
    made = a_store(folder).add("shop", PEOPLE, PEOPLE_FIELDS)
    add_papers(made, to=MAILBOX)
    return made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return with_papers(tmp_path)


@pytest.fixture
def lead(store: Store) -> User:
    return a_member("Ada", "lead", store.organisation)


@pytest.fixture
def case(store: Store) -> Case:
    """A copy in review that waits for the paper files."""
    made = worked(a_case(store.organisation, right=Right.ACCESS))
    assert made.state == State.REVIEW
    return made


def mailed() -> tuple[Client, str]:
    """A browser of somebody outside, on the page that the mail's link leads to."""
    hand_mail.post(HandTask.objects.get().pk)
    browser = Client()
    token = link_in(mail.outbox[-1])
    gone = browser.get(f"/o/shop/by-hand/{token}/")
    assert (gone.status_code, gone["Location"], token in gone["Location"]) == (302, "/o/shop/by-hand/", False)
    return browser, token


def sent(browser: Client, path: str, said: Mapping[str, Any] = FOUND, content: bytes = PDF) -> Any:
    letter = {"files-1": SimpleUploadedFile("letter.pdf", content)} if said["said"] == "held" else {}
    return browser.post(path, {**said, **letter})


def test_looking_at_the_link_shows_nobody_and_changes_nothing(case: Case) -> None:
    browser, _token = mailed()
    before = list(HandTask.objects.values())
    for look in (browser.get, browser.head):
        assert RITA not in look("/o/shop/by-hand/").content.decode()
    assert list(HandTask.objects.values()) == before
    page = browser.post("/o/shop/by-hand/").content.decode()
    assert RITA in page
    assert "Look in room 12." in page
    assert HandTask.objects.get().opened == 1


def test_an_answer_through_the_link_is_kept_and_the_search_goes_on_by_itself(case: Case) -> None:
    browser, token = mailed()
    browser.post("/o/shop/by-hand/")
    assert "Thank you" in sent(browser, "/o/shop/by-hand/").content.decode()
    case.refresh_from_db()
    assert case.state == State.COLLECTING
    case = worked(case)
    assert case.state == State.REVIEW
    assert case.job_id
    assert api.progress(case.job_id).gaps == ()
    assert [line.words for line in chronicle(case) if "answered what was asked of a person" in line.words]
    assert browser.get("/o/shop/by-hand/").status_code == 404
    assert Client().get(f"/o/shop/by-hand/{token}/", follow=True).status_code == 404


@pytest.mark.parametrize(
    ("said", "content", "sentence"),
    [
        ({**FOUND, "said": ""}, PDF, "Choose one of the answers"),
        ({**FOUND, "name": ""}, PDF, "Enter your name"),
        (FOUND, b"<html>", "is not what it is called"),
        (FOUND, PDF + b"x" * 21_500_000, "Choose the files that you found"),
    ],
)
def test_a_bad_answer_is_told_and_nothing_is_kept(case: Case, said: Any, content: bytes, sentence: str) -> None:
    browser, _token = mailed()
    page = sent(browser, "/o/shop/by-hand/", said, content) if said["said"] else browser.post("/o/shop/by-hand/", said)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not HandFile.objects.exists()
    assert api.asked_by_hand(case.job_id)[0].is_open if case.job_id else False


def test_the_link_of_another_organisation_opens_nothing(case: Case) -> None:
    an_organisation("other")
    _browser, token = mailed()
    assert Client().get(f"/o/other/by-hand/{token}/", follow=True).status_code == 404
    assert Client().get(f"/o/shop/by-hand/{token}x/", follow=True).status_code == 404


def test_somebody_at_the_desk_answers_and_the_page_says_whose_word_it_is(case: Case, lead: User) -> None:
    browser = at_desk(lead)
    page = browser.get(f"/desk/case/{case.reference}/").content.decode()
    assert "Asked of people" in page
    assert "has not answered yet" in page
    assert "Waits for an answer" in page
    assert "Try again now" not in page
    path = f"/desk/case/{case.reference}/by-hand/{HandTask.objects.get().pk}/"
    assert browser.get(path).status_code == 200
    assert sent(browser, path, {**FOUND, "said": "nothing"}).status_code == 302
    case = worked(case)
    page = browser.get(f"/desk/case/{case.reference}/").content.decode()
    assert "says that nothing is held" in page
    assert "Said by Paula." in page


def test_a_fresh_link_closes_the_old_one_and_a_closed_one_opens_nothing(case: Case, lead: User) -> None:
    browser, _token = mailed()
    desk = at_desk(lead)
    path = f"/desk/case/{case.reference}/by-hand/{HandTask.objects.get().pk}/"
    desk.post(path, {"again": "1"})
    assert browser.get("/o/shop/by-hand/").status_code == 404
    browser, _token = mailed()
    assert browser.get("/o/shop/by-hand/").status_code == 200
    desk.post(path, {"close": "1"})
    assert browser.get("/o/shop/by-hand/").status_code == 404


def test_a_question_of_another_case_is_not_found_at_this_one(case: Case, store: Store, lead: User) -> None:
    other = worked(a_case(store.organisation, right=Right.ACCESS))
    task = HandTask.objects.get(job_id=case.job_id)
    page = at_desk(lead).get(f"/desk/case/{other.reference}/by-hand/{task.pk}/")
    assert page.status_code != 200


def test_a_deletion_is_answered_once_the_person_has_said_so_and_the_letter_says_whose_word_it_is(store: Store, lead: User) -> None:
    case = worked(proved(a_case(store.organisation, right=Right.DELETION)))
    assert case.job_id
    assert "attested by a person" in at_desk(lead).get(f"/desk/case/{case.reference}/plan/").content.decode()
    erasing.approve(case, digest=api.plan(case.job_id).digest, typed=case.reference, by=as_actor(lead, case))
    case = worked(case)
    assert (case.state, case.answered_at) == (State.REVIEW, None)
    browser, _token = mailed()
    said = {"said": "deleted", "name": "Paula", "on": clock.today("UTC").isoformat()}
    assert "Thank you" in sent(browser, "/o/shop/by-hand/", said).content.decode()
    case = worked(case)
    assert case.state == State.ANSWERED
    letter = case.letters.get(kind="answer_deletion")
    assert "The records office says that it was deleted on" in case.unseal(letter.html_sealed)


def test_nothing_goes_out_before_the_person_answered_or_a_lead_has_closed_the_source(case: Case, lead: User) -> None:
    with pytest.raises(Exception, match="Paper files did not answer"):
        fulfilment.release(case, by=as_actor(lead, case))
    settle_case(case.pk)
    case.refresh_from_db()
    assert case.state == State.REVIEW
