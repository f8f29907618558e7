"""Codes: right, wrong, late, used, foreign."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django.asserts import assertRedirects

from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app.flows import intake, verification
from requests_app.flows.intake import Application
from requests_app.models import Case, Challenge, Event, Letter, Submission
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.views import visits
from tests.people import RITA
from tests.public.walking import ask, confirmed, mailed_code, post, send

CODE_PAGE = "/o/northwind/code/"


def typed(browser: Client, code: str, org: str = "northwind") -> str:
    return post(browser, f"/o/{org}/code/", code=code).content.decode()


def test_the_right_code_opens_the_case_and_the_reference_is_shown(rita: Client) -> None:
    case = confirmed(rita)
    assert (case.state, case.confirmed_at is not None) == (State.OPEN, True)
    assert verification.is_proved(case)
    page = rita.get("/o/northwind/done/").content.decode()
    assert case.reference in page
    assert "r•••@example.org" in page
    assert RITA not in page
    assert case.letters.filter(kind="received").count() == 1


@pytest.mark.parametrize("dressed", ["{0} {1}", " {0}-{1} ", "{0}{1}", "{0}–{1}"])
def test_spaces_dashes_and_case_are_forgiven(rita: Client, dressed: str) -> None:
    case = ask(rita)
    one, other = mailed_code("confirm").lower().split("-")
    typed(rita, dressed.format(one, other))
    assert Case.objects.get(pk=case.pk).confirmed_at


@pytest.mark.parametrize("nonsense", ["", "12", "A" * 400, "ABCD-EF\x00GH", "АБВГДЕЖЗ"])
def test_what_cannot_be_a_code_costs_no_try(rita: Client, nonsense: str) -> None:
    ask(rita)
    assert "<title>Error: " in typed(rita, nonsense)
    assert Challenge.objects.get().attempts == 0


def test_five_wrong_tries_lock_the_code_even_against_the_right_one(rita: Client) -> None:
    case = ask(rita)
    code = mailed_code("confirm")
    pages = [typed(rita, "22222222") for _ in range(5)]
    assert "not the code we sent" in pages[0]
    assert "fifth wrong try" in pages[4]
    assert "fifth wrong try" in typed(rita, code)
    assert not Case.objects.get(pk=case.pk).confirmed_at


def test_a_code_ends_after_thirty_minutes(rita: Client) -> None:
    case = ask(rita)
    code = mailed_code("confirm")
    Challenge.objects.update(expires_at=clock.now())
    assert "That code has expired. We can send another." in typed(rita, code)
    assert not Case.objects.get(pk=case.pk).confirmed_at


def test_only_the_newest_code_works_and_the_page_says_so(rita: Client) -> None:
    case = ask(rita)
    old = mailed_code("confirm")
    with time_machine.travel(clock.now() + timedelta(seconds=61), tick=False):
        assert "We have sent another code." in post(rita, CODE_PAGE, again="yes").content.decode()
        assert "We have sent a newer code since." in typed(rita, old)
        typed(rita, mailed_code("confirm"))
    assert Case.objects.get(pk=case.pk).confirmed_at


def test_another_code_takes_a_minute_and_there_are_four_at_most(rita: Client) -> None:
    ask(rita)
    assert "No new code was sent." in post(rita, CODE_PAGE, again="yes").content.decode()
    begun = clock.now()
    for minute in range(2, 8):
        with time_machine.travel(begun + timedelta(minutes=minute), tick=False):
            post(rita, CODE_PAGE, again="yes")
    assert Letter.objects.filter(kind="confirm").count() == 4


def test_a_code_of_somebody_else_opens_nothing(rita: Client) -> None:
    case = ask(rita)
    ask(Client(), email="mallory@example.org")
    assert "not the code we sent" in typed(rita, mailed_code("confirm"))
    assert not Case.objects.get(pk=case.pk).confirmed_at


def test_a_code_belongs_to_the_browser_that_asked(rita: Client) -> None:
    case = ask(rita)
    assert rita.get("/o/northwind/code/").status_code == 200
    assert Client().get(CODE_PAGE).status_code == 404
    session = rita.session
    session["browser"] = "another"
    session.save()
    assert "another browser" in typed(rita, mailed_code("confirm"))
    assert not Case.objects.get(pk=case.pk).confirmed_at


def test_a_code_is_kept_as_a_keyed_digest_only(rita: Client) -> None:
    case = ask(rita)
    code = mailed_code("confirm").replace("-", "")
    challenge = Challenge.objects.get()
    assert code not in repr(challenge.__dict__)
    assert code.encode() not in b"".join(bytes(letter.body_sealed) for letter in case.letters.all())


def test_a_deletion_takes_two_codes_where_the_policy_says_so(careful: Organisation) -> None:
    browser = Client()
    case = ask(browser, right="deletion", org="careful")
    typed(browser, mailed_code("confirm"), "careful")
    case.refresh_from_db()
    assert case.state == State.OPEN
    assert verification.missing_proofs(case) == {"second_code"}
    assertRedirects(browser.get("/o/careful/done/"), "/o/careful/code/")
    page = browser.get("/o/careful/code/").content.decode()
    assert "What you ordered" in page
    assert "not the code we sent" in typed(browser, "22222222", "careful")
    typed(browser, mailed_code("confirm_again"), "careful")
    assert verification.is_proved(case)
    assert [e.code for e in Event.objects.all()] == ["case.arrived", "identity.email_code", "case.open", "identity.second_code"]
    assert browser.get("/o/careful/done/").status_code == 200


def test_the_first_code_is_not_the_second_one(careful: Organisation) -> None:
    browser = Client()
    case = ask(browser, right="deletion", org="careful")
    first = mailed_code("confirm")
    typed(browser, first, "careful")
    typed(browser, first, "careful")
    assert not verification.is_proved(case)


def test_a_copy_and_its_deletion_are_confirmed_together(careful: Organisation) -> None:
    deletion = confirmed(Client(), right="deletion", org="careful", copy="yes")
    assert deletion.copy_first is not None
    assert {deletion.state, deletion.copy_first.state} == {State.OPEN}
    assert verification.is_proved(deletion.copy_first)
    assert deletion.copy_first.letters.filter(kind="received").exists()


def test_a_promise_that_counts_from_the_confirmed_request_gets_its_date_then(careful: Organisation) -> None:
    browser = Client()
    case = ask(browser, org="careful")
    assert {one["undated"] for one in case.clock["all"]} >= {"not_started"}
    typed(browser, mailed_code("confirm"), "careful")
    case.refresh_from_db()
    assert "not_started" not in {one["undated"] for one in case.clock["all"]}


def test_sending_the_same_application_again_is_the_same_submission(northwind: Organisation) -> None:
    asked = Application(
        organisation=northwind,
        policy=northwind.current_policy,
        right=Right.ACCESS,
        name="Rita",
        identities={"email": RITA},
    )
    assert intake.submit(asked) == intake.submit(asked)
    assert Submission.objects.count() == Case.objects.count() == 1


def test_a_withdrawn_case_is_not_confirmed_by_a_late_code(rita: Client) -> None:
    case = ask(rita)
    Case.objects.filter(pk=case.pk).update(state=State.EXPIRED)
    assert post(rita, CODE_PAGE, code=mailed_code("confirm")).status_code == 404
    assert not Case.objects.get(pk=case.pk).confirmed_at


def test_a_flood_of_tries_from_one_place_is_stopped(rita: Client) -> None:
    ask(rita)
    pages = [post(rita, CODE_PAGE, code="12").status_code for _ in range(61)]
    assert pages[59:] == [200, 429]


def test_pages_of_codes_are_kept_by_nobody(rita: Client) -> None:
    ask(rita)
    assert "no-store" in rita.get(CODE_PAGE)["Cache-Control"]


def test_a_mistyped_address_is_changed_without_answering_everything_again(rita: Client) -> None:
    case = ask(rita, right="deletion", copy="yes", email="rtia@example.org")
    assertRedirects(post(rita, CODE_PAGE, different="yes"), "/o/northwind/ask/find-you/")
    page = rita.get("/o/northwind/ask/find-you/").content.decode()
    assert 'value="Rita Lindqvist"' in page
    assert 'value="rtia@example.org"' in page
    again = post(rita, "/o/northwind/ask/find-you/", name="Rita Lindqvist", email=RITA, country="DE")
    assert again["Location"] == "/o/northwind/ask/check/"
    send(rita)
    newer = Case.objects.order_by("-pk")[0]
    assert newer.submission != case.submission
    assert newer.copy_first is not None
    assert newer.identifiers.get().value == RITA


def test_a_confirmed_request_is_not_turned_into_another(rita: Client) -> None:
    confirmed(rita)
    assert post(rita, CODE_PAGE, different="yes")["Location"] == "/o/northwind/done/"


def test_the_way_back_after_sending_leads_on(rita: Client) -> None:
    ask(rita)
    for step in ("check", "find-you"):
        assertRedirects(rita.get(f"/o/northwind/ask/{step}/"), CODE_PAGE)
    assert rita.get("/o/northwind/ask/right/").status_code == 200


def test_what_one_place_is_refused_counts_against_nobody_else(rita: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(visits.BY_ADDRESS, "code", (3, 3600))
    monkeypatch.setitem(visits.BY_ORGANISATION, "code", (5, 3600))
    ask(rita)
    assert [post(rita, CODE_PAGE, code="12").status_code for _ in range(9)][2:] == [200, *[429] * 6]
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    ask(elsewhere)
    assert post(elsewhere, CODE_PAGE, code="12").status_code == 200
