"""A button that is pressed twice: both presses end on the page that says it is done."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app.flows import verification
from requests_app.models import Case, Challenge
from requests_app.views import confirming
from tests.public.walking import ask, mailed_code, post

CODE_PAGE, DONE = "/o/northwind/code/", "/o/northwind/done/"


def twin_of(browser: Client) -> Client:
    """The same browser once more, with the cookies that it has now: its second press was sent before the first was answered."""
    twin = Client()
    twin.cookies = browser.cookies.copy()
    return twin


def presses(browser: Client, code: str, org: str = "northwind") -> HttpResponse:
    return post(browser, f"/o/{org}/code/", code=code)


def test_the_second_press_ends_where_the_first_did(rita: Client) -> None:
    case, code = ask(rita), mailed_code("confirm")
    twins = [twin_of(rita) for _ in range(7)]
    answers = [presses(browser, code) for browser in (rita, *twins)]

    assert [answer.status_code for answer in answers] == [302] * 8
    assert all(answer.cookies[settings.SESSION_COOKIE_NAME].value for answer in answers)
    assert {browser.get(DONE).status_code for browser in (rita, *twins)} == {200}
    assert case.letters.filter(kind="received").count() == 1


def test_a_press_that_began_before_the_first_one_ended_ends_there_too(rita: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    case, code = ask(rita), mailed_code("confirm")
    before, twin = confirming.CASES.get(pk=case.pk), twin_of(rita)
    presses(rita, code)
    monkeypatch.setattr(confirming, "_asked_case", lambda request, org: before)
    monkeypatch.setattr(verification, "was_just_confirmed", late(verification.was_just_confirmed))

    assert presses(twin, code).status_code == 302
    monkeypatch.undo()
    assert twin.get(DONE).status_code == 200


def late(look: Callable[..., bool]) -> Callable[..., bool]:
    """The first look comes too early to see what the other press did."""
    answers = iter([False])
    return lambda *args, **words: next(answers, True) and look(*args, **words)


def test_the_first_of_two_codes_pressed_twice_costs_no_try_of_the_second(careful: Organisation) -> None:
    browser = Client()
    case = ask(browser, right="deletion", org="careful")
    code, twin = mailed_code("confirm"), twin_of(browser)

    assert [presses(one, code, "careful").status_code for one in (browser, twin)] == [302, 302]
    assert Challenge.objects.get(purpose="confirm_again").attempts == 0
    assert not verification.is_proved(case)
    assert "What you ordered" in twin.get("/o/careful/code/").content.decode()


def test_the_old_session_opens_nothing_and_is_soon_gone(rita: Client) -> None:
    case, code = ask(rita), mailed_code("confirm")
    old = twin_of(rita)
    presses(rita, code)

    assert old.get(DONE).status_code == 302
    assert presses(old, "22222222")["Location"] == DONE
    assert old.get(DONE).status_code == 302
    with time_machine.travel(clock.now() + timedelta(seconds=20), tick=False):
        assert old.get(CODE_PAGE).status_code == 404
        assert rita.get(DONE).status_code == 200
    assert Case.objects.get(pk=case.pk).confirmed_at


def test_a_used_code_lets_nobody_in_a_minute_later(rita: Client) -> None:
    ask(rita)
    code = mailed_code("confirm")
    presses(rita, code)
    session = rita.session
    session["entered"] = {}
    session.save()
    with time_machine.travel(clock.now() + timedelta(seconds=61), tick=False):
        presses(rita, code)
        assert rita.get(DONE).status_code == 302
