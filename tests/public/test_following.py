"""Following a request: found by code only; missing and foreign are the same."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app.answers import spoken
from requests_app.flows import duplicates, following, triage, waiting
from requests_app.models import Case, Enquiry, Letter
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from tests.desk.acting import as_actor
from tests.people import RITA, a_case
from tests.public.walking import TRACK, TRACK_CODE, confirmed, fingerprint, let_in, mailed_code, page_of, post, shapes, without_tokens


def test_reference_and_address_bring_a_code_that_opens_the_request(northwind: Organisation) -> None:
    case = a_case(northwind)
    page = let_in(case).get(page_of(case)).content.decode()
    assert case.reference in page
    assert "We must reply by" in page
    assert "/outbox" not in page


@pytest.mark.parametrize("reference", ["dr {0} {1}", "DR{0}{1}", " dr-{0}-{1} "])
def test_a_reference_may_be_typed_as_people_type(northwind: Organisation, reference: str) -> None:
    case = a_case(northwind)
    _, one, other = case.reference.split("-")
    post(Client(), TRACK, reference=reference.format(one, other).lower(), email=RITA)
    assert following.settle_due() == 1


def test_what_matches_and_what_does_not_look_and_cost_the_same(northwind: Organisation) -> None:
    case = a_case(northwind)
    Client().get("/o/northwind/")  # the promises are read once per process
    seen = []
    for reference, email in ((case.reference, RITA), (case.reference, "nobody@example.org"), ("DR-2222-22", RITA)):
        browser = Client()
        with CaptureQueriesContext(connection) as asked:
            sent = post(browser, TRACK, reference=reference, email=email)
        with CaptureQueriesContext(connection) as shown:
            page = browser.get(TRACK_CODE).content.decode().replace(email, "…").replace(reference, "…")
        seen.append((shapes(asked), shapes(shown), sent.status_code, sent["Location"], sorted(sent.headers), without_tokens(page)))
    assert seen[0] == seen[1] == seen[2]
    assert Enquiry.objects.count() == 3


def test_only_what_matches_brings_mail_and_nothing_of_it_is_kept(northwind: Organisation) -> None:
    case = a_case(northwind)
    for reference, email in ((case.reference, "nobody@example.org"), ("DR-2222-22", RITA), (case.reference, RITA.upper())):
        post(Client(), TRACK, reference=reference, email=email)
    assert following.settle_due() == 0
    assert not Letter.objects.exists()
    assert not Enquiry.objects.exists()


def test_what_was_typed_waits_sealed(northwind: Organisation) -> None:
    case = a_case(northwind)
    post(Client(), TRACK, reference=case.reference, email=RITA)
    kept = repr(list(Enquiry.objects.values())) + repr([one.get_decoded() for one in Session.objects.all()])
    assert RITA not in kept
    assert case.reference not in kept


def test_a_wrong_code_reads_the_same_whether_there_is_a_request_or_not(northwind: Organisation) -> None:
    case = a_case(northwind)
    pages = []
    for email in (RITA, "nobody@example.org"):
        browser = Client()
        post(browser, TRACK, reference=case.reference, email=email)
        following.settle_due()
        tries = [post(browser, TRACK_CODE, code="22222222").content.decode() for _ in range(7)]
        pages.append([without_tokens(page).replace(email, "…") for page in tries])
    assert pages[0] == pages[1]


def test_the_right_code_after_too_many_wrong_ones_opens_nothing(northwind: Organisation) -> None:
    case = a_case(northwind)
    browser = Client()
    post(browser, TRACK, reference=case.reference, email=RITA)
    following.settle_due()
    for _ in range(5):
        post(browser, TRACK_CODE, code="22222222")
    assert post(browser, TRACK_CODE, code=mailed_code("follow")).status_code == 200


def test_the_code_works_in_the_browser_that_asked_for_it_only(northwind: Organisation) -> None:
    case = a_case(northwind)
    post(Client(), TRACK, reference=case.reference, email=RITA)
    following.settle_due()
    code = mailed_code("follow")
    mallory = Client()
    post(mallory, TRACK, reference=case.reference, email=RITA)
    following.settle_due()
    assert post(mallory, TRACK_CODE, code=code).status_code == 200
    assert mallory.get(page_of(case)).status_code == 404


def test_missing_and_foreign_references_are_the_same_page(rita: Client, northwind: Organisation, southwind: Organisation) -> None:
    foreign, elsewhere = a_case(northwind), a_case(southwind)
    confirmed(rita)
    pages = set()
    for reference in (foreign.reference, elsewhere.reference, "DR-2222-22"):
        for tail in ("", "withdraw/", "download/", "letters/1/", "letters/1/pdf/"):
            page = rita.get(f"/o/northwind/request/{reference}/{tail}")
            pages.add((page.status_code, without_tokens(page.content.decode()).replace(reference, "…")))
    assert len(pages) == 1
    assert next(iter(pages))[0] == 404


@pytest.mark.parametrize("tail", ["", "withdraw/", "download/", "confirm/"])
def test_nobody_can_act_on_a_request_of_somebody_else(northwind: Organisation, tail: str) -> None:
    case = a_case(northwind)
    before = fingerprint()
    assert post(Client(), page_of(case, tail), message="hello", again="yes").status_code == 404
    assert fingerprint() == before


def test_being_let_in_ends_after_half_an_hour(northwind: Organisation) -> None:
    case = a_case(northwind)
    browser = let_in(case)
    with time_machine.travel(clock.now() + timedelta(minutes=29), tick=False):
        assert browser.get(page_of(case)).status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=31), tick=False):
        assert browser.get(page_of(case)).status_code == 404


def test_a_session_gets_a_new_id_when_it_is_let_in(northwind: Organisation) -> None:
    case = a_case(northwind)
    browser = Client()
    post(browser, TRACK, reference=case.reference, email=RITA)
    before = browser.cookies["habeas"].value
    following.settle_due()
    post(browser, TRACK_CODE, code=mailed_code("follow"))
    assert browser.cookies["habeas"].value != before


def test_looking_at_a_request_changes_nothing(rita: Client) -> None:
    case = confirmed(rita)
    before = fingerprint()
    for tail in ("", "withdraw/", f"letters/{case.letters.get(kind='received').pk}/"):
        assert rita.get(page_of(case, tail)).status_code == 200
        assert rita.head(page_of(case, tail)).status_code == 200
    assert fingerprint() == before


def seen(browser: Client, case: Case) -> str:
    return browser.get(page_of(case)).content.decode()


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.DUPLICATE])
def test_what_was_taken_back_or_joined_explains_no_date_any_more(northwind: Organisation, state: State) -> None:
    case = a_case(northwind)
    browser = let_in(case)
    assert "Why this date?" in seen(browser, case)
    Case.objects.filter(pk=case.pk).update(state=state)
    assert "Why this date?" not in seen(browser, case)


def test_a_request_without_a_date_asks_why_there_is_none(northwind: Organisation) -> None:
    case = a_case(northwind, right=Right.COMPLAINT)
    page = seen(let_in(case), case)
    assert "Why is there no date?" in page
    assert "No law and no promise of ours names a number of days" in page
    assert "<table>" not in page


def test_a_duplicate_leads_to_the_request_that_is_answered(northwind: Organisation, ada: User) -> None:
    kept, doubled = a_case(northwind), a_case(northwind)
    duplicates.join(doubled, kept.reference, by=as_actor(ada, doubled))
    assert f'<a href="/o/northwind/request/{kept.reference}/">' in seen(let_in(doubled), doubled)


def test_a_question_names_on_the_page_the_day_by_which_it_waits(northwind: Organisation, ada: User) -> None:
    case = a_case(northwind)
    triage.ask(case, "Which account?", by=as_actor(ada, case))
    question = waiting.question_of(Case.objects.get(pk=case.pk))
    assert question is not None
    assert f"We need it by {spoken(question.last_on)}" in seen(let_in(case), case)
