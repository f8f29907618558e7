"""Links of letters: looked at by machines, pressed by people."""

import pytest
from django.test import Client

from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app.flows import intake, verification
from requests_app.flows.intake import Application
from requests_app.models import Case, Challenge
from requests_app.models.case import Channel
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from tests.people import RITA
from tests.public.walking import ask, fingerprint, mailed, mailed_code, mailed_link, post

CODE_PAGE = "/o/northwind/code/"


@pytest.mark.parametrize("right", ["access", "deletion"])
def test_a_scanner_that_opens_the_link_changes_nothing(rita: Client, right: str) -> None:
    ask(rita, right=right)
    link, before = mailed_link(), fingerprint()
    for visit in (Client().get, Client().head):
        assert visit(link, follow=True).status_code == 200
    assert fingerprint() == before


def test_the_token_leaves_the_address_at_once(rita: Client) -> None:
    ask(rita)
    link = mailed_link()
    hidden = Client().get(link)
    assert hidden["Location"] == "/o/northwind/confirm/"
    assert hidden["Referrer-Policy"] == "no-referrer"
    token = link.rstrip("/").rsplit("/", 1)[1]
    assert token not in hidden.cookies["link"].value


def test_the_button_behind_a_link_confirms_a_copy(rita: Client) -> None:
    case = ask(rita)
    phone = Client()
    assert "Is this your request?" in phone.get(mailed_link(), follow=True).content.decode()
    assert post(phone, "/o/northwind/confirm/")["Location"] == CODE_PAGE
    assert Case.objects.get(pk=case.pk).state == State.OPEN
    assert case.reference in phone.get("/o/northwind/done/").content.decode()
    assert "This link was used already" in phone.get("/o/northwind/confirm/").content.decode()


def test_no_button_behind_a_link_confirms_a_deletion(rita: Client) -> None:
    case = ask(rita, right="deletion")
    scanner = Client()
    assert "Go back to the page where you asked" in scanner.get(mailed_link(), follow=True).content.decode()
    before = fingerprint()
    assert "Go back to the page where you asked" in post(scanner, "/o/northwind/confirm/").content.decode()
    assert fingerprint() == before
    assert not Case.objects.get(pk=case.pk).confirmed_at


def test_a_copy_that_goes_with_a_deletion_is_not_confirmed_by_its_link(careful: Organisation) -> None:
    case = ask(Client(), right="deletion", org="careful", copy="yes")
    phone = Client()
    phone.get(mailed_link(), follow=True)
    post(phone, "/o/careful/confirm/")
    assert not Case.objects.filter(submission=case.submission, confirmed_at__isnull=False).exists()


def test_a_link_ends_after_thirty_minutes_and_says_so(rita: Client) -> None:
    ask(rita)
    Challenge.objects.update(expires_at=clock.now())
    phone = Client()
    page = phone.get(mailed_link(), follow=True)
    assert page.status_code == 410
    assert "This link has expired" in page.content.decode()
    assert post(phone, "/o/northwind/confirm/").status_code == 410


@pytest.mark.parametrize("address", ["/o/northwind/confirm/guessed/", "/o/northwind/confirm/"])
def test_a_link_that_never_was_is_not_known(rita: Client, address: str) -> None:
    assert rita.get(address, follow=True).status_code == 404


def test_a_link_of_one_organisation_is_unknown_at_another(rita: Client, southwind: Organisation) -> None:
    ask(rita)
    elsewhere = mailed_link().replace("northwind", "southwind")
    assert rita.get(elsewhere, follow=True).status_code == 404


def opened_by_an_officer(organisation: Organisation, right: Right) -> Case:
    asked = Application(
        organisation=organisation,
        policy=organisation.current_policy,
        right=right,
        name="Rita Lindqvist",
        identities={"email": RITA},
        channel=Channel.PHONE.value,
    )
    return intake.lead_case(intake.submit(asked))


def test_a_deletion_asked_by_phone_binds_the_browser_that_presses_the_button(northwind: Organisation) -> None:
    case = opened_by_an_officer(northwind, Right.DELETION)
    browser = Client()
    assert "one more code for this browser" in browser.get(mailed_link(), follow=True).content.decode()
    first = mailed("confirm")
    post(browser, "/o/northwind/confirm/")
    assert mailed("confirm") != first
    assert not Case.objects.get(pk=case.pk).confirmed_at
    post(browser, CODE_PAGE, code=mailed_code("confirm"))
    case.refresh_from_db()
    assert case.state == State.OPEN
    assert verification.is_proved(case)
