"""From a mail to a proved request: the link, its button, and the browser that pressed it."""

from datetime import timedelta

import pytest
from django.test import Client

from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app.access import SHELL
from requests_app.flows import sorting, verification
from requests_app.models import Case, Challenge, Letter
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.rules.verification import is_high_risk
from tests.mail.conftest import SUBJECTS
from tests.mail.posting import a_mail, comes, last_row, opened
from tests.people import a_member, at_desk
from tests.public.walking import fingerprint, mailed, mailed_code, mailed_link, post

pytestmark = pytest.mark.thorough

CONFIRM, CODE_PAGE = "/o/harbour/confirm/", "/o/harbour/code/"


def asked(organisation: Organisation, right: str) -> Case:
    comes(organisation, a_mail(subject=SUBJECTS[right]))
    return opened()


def now_of(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


@pytest.mark.parametrize("right", ["access", "portability"])
def test_the_button_confirms_a_copy(harbour: Organisation, right: str) -> None:
    case, browser = asked(harbour, right), Client()
    assert "Confirm my request" in browser.get(mailed_link(), follow=True).content.decode()
    assert post(browser, CONFIRM).status_code == 302
    assert now_of(case).state == State.OPEN
    assert verification.is_proved(now_of(case))
    assert case.reference in browser.get(CODE_PAGE, follow=True).content.decode()


@pytest.mark.parametrize("right", ["correction", "deletion"])
def test_what_cannot_be_undone_takes_a_code_in_the_browser_that_pressed(harbour: Organisation, right: str) -> None:
    case, browser = asked(harbour, right), Client()
    browser.get(mailed_link(), follow=True)
    post(browser, CONFIRM)
    assert not now_of(case).confirmed_at
    post(browser, CODE_PAGE, code=mailed_code("confirm"))
    assert now_of(case).state == State.OPEN
    if right == "deletion":
        assert verification.missing_proofs(now_of(case)) == {"second_code"}
        assert browser.get(CODE_PAGE).status_code == 200
        post(browser, CODE_PAGE, code=mailed_code("confirm_again"))
    assert verification.is_proved(now_of(case))
    assert browser.get(CODE_PAGE, follow=True).status_code == 200


def test_the_letter_holds_a_link_and_no_code(harbour: Organisation) -> None:
    asked(harbour, "deletion")
    assert "The link works for 7 days." in mailed("confirm")
    assert "Delet" not in mailed("confirm")
    with pytest.raises(IndexError):
        mailed_code("confirm")


def test_looking_at_the_link_changes_nothing(harbour: Organisation) -> None:
    asked(harbour, "deletion")
    before = fingerprint()
    for look in (Client().get, Client().head):
        assert look(mailed_link(), follow=True).status_code == 200
    assert fingerprint() == before


def test_a_machine_that_presses_first_does_not_shut_the_person_out(harbour: Organisation) -> None:
    case, link, machine, person = asked(harbour, "deletion"), mailed_link(), Client(), Client()
    for browser in (machine, person):
        browser.get(link, follow=True)
        post(browser, CONFIRM)
    code = mailed_code("confirm")
    post(machine, CODE_PAGE, code=code)
    assert not now_of(case).confirmed_at
    post(person, CODE_PAGE, code=code)
    assert now_of(case).confirmed_at
    assert "This link was used already" in Client().get(link, follow=True).content.decode()


def test_a_code_in_the_browser_of_a_machine_is_worth_nothing_elsewhere(harbour: Organisation) -> None:
    case, link, machine = asked(harbour, "deletion"), mailed_link(), Client()
    machine.get(link, follow=True)
    post(machine, CONFIRM)
    person = Client()
    person.get(CODE_PAGE)
    assert post(person, CODE_PAGE, code=mailed_code("confirm")).status_code == 404
    assert not now_of(case).confirmed_at


def test_pressing_again_and_again_floods_nobody(harbour: Organisation) -> None:
    asked(harbour, "deletion")
    link = mailed_link()
    for _ in range(12):
        machine = Client()
        machine.get(link, follow=True)
        post(machine, CONFIRM)
    assert Letter.objects.count() == 6


def test_the_link_lives_for_days_and_an_old_one_offers_a_new_one(harbour: Organisation) -> None:
    case, old, browser = asked(harbour, "access"), mailed_link(), Client()
    challenge = Challenge.objects.get()
    assert challenge.expires_at - challenge.created_at == timedelta(days=7)
    Challenge.objects.update(created_at=clock.now() - timedelta(days=8), expires_at=clock.now() - timedelta(days=1))
    page = browser.get(old, follow=True)
    assert (page.status_code, "Send me a new link" in page.content.decode()) == (410, True)
    assert Letter.objects.count() == 1
    assert "We have sent a new link" in post(browser, CONFIRM).content.decode()
    assert mailed_link() != old
    assert "Wait a minute" in post(browser, CONFIRM).content.decode()
    fresh = Client()
    fresh.get(mailed_link(), follow=True)
    post(fresh, CONFIRM)
    assert now_of(case).confirmed_at


def test_an_old_link_of_a_request_that_ended_offers_nothing(harbour: Organisation) -> None:
    case, old, browser = asked(harbour, "access"), mailed_link(), Client()
    Challenge.objects.update(expires_at=clock.now())
    Case.objects.filter(pk=case.pk).update(state=State.EXPIRED)
    assert "Send me a new link" not in browser.get(old, follow=True).content.decode()
    post(browser, CONFIRM)
    assert Letter.objects.count() == 1


def test_a_link_that_is_still_good_does_not_open_a_request_that_ended(harbour: Organisation) -> None:
    case, browser = asked(harbour, "access"), Client()
    link = mailed_link()
    Case.objects.filter(pk=case.pk).update(state=State.EXPIRED)
    browser.get(link, follow=True)
    post(browser, CONFIRM)
    assert now_of(case).state == State.EXPIRED
    assert not now_of(case).confirmed_at


@pytest.mark.parametrize("right", list(Right))
def test_every_right_that_an_officer_finds_in_a_mail_can_be_confirmed_and_worked_on(harbour: Organisation, right: Right) -> None:
    comes(harbour, a_mail("What I want.", subject="Hello"))
    case = sorting.open_request(last_row(), right, by=SHELL)
    browser, desk = Client(), at_desk(a_member("Ada", "lead", harbour))
    if Letter.objects.filter(kind="confirm").exists():
        browser.get(mailed_link(), follow=True)
        assert post(browser, CONFIRM).status_code == 302
        for kind in ("confirm", "confirm_again"):
            if is_high_risk(right) and Letter.objects.filter(kind=kind).exists():
                post(browser, CODE_PAGE, code=mailed_code(kind))
        assert browser.get(CODE_PAGE, follow=True).status_code == 200
    assert now_of(case).state != State.ARRIVED
    for page in ("", "message/", "answer/"):
        assert desk.get(f"/desk/case/{case.reference}/{page}", follow=True).status_code in (200, 409), page
