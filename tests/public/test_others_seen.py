"""Asking for somebody else, in real browsers: the pages of both people and of the desk, at both widths."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from portal.organisations.models import Organisation
from requests_app.models import Case, Letter
from tests.people import PASSWORD, a_member
from tests.public.test_seen import seen, type_code

pytestmark = [pytest.mark.story, pytest.mark.django_db(transaction=True)]
Browsers = Callable[..., BrowserContext]


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def asked(page: Page, live: str, whom: str) -> Case:
    """From the first question to the page that follows the code."""
    page.goto(f"{live}/o/youthful/ask/right/")
    page.get_by_label("Send me a copy of my data").check()
    go_on(page)
    seen(page, "Whom is this about?")
    page.get_by_label(whom).check()
    go_on(page)
    go_on(page)
    seen(page, "Who are you?")
    assert page.title().startswith("Error: ")
    page.get_by_label("Your own name").fill("Anna Mensah")
    page.get_by_label("Your own email address").fill("anna@example.org")
    if page.get_by_label("Parent").count():
        page.get_by_label("Parent").check()
    go_on(page)
    seen(page, "How can we find them?")
    page.get_by_label("Their name").fill("Mia Mensah")
    page.get_by_label("Their email address").fill("mia@example.org")
    go_on(page)
    seen(page, "Check your answers")
    page.get_by_role("button", name="Send my request").click()
    type_code(page, "confirm", "Confirm my request")
    seen(page, "We have your request.")
    return Case.objects.get()


def test_a_parent_asks_and_an_officer_notes_what_was_seen(new_browser: Browsers, live: str, youthful: Organisation) -> None:
    a_member("Otto", "officer", youthful)
    page = new_browser().new_page()
    case = asked(page, live, "My child, or somebody I care for")
    page.get_by_role("link", name="Follow your request").click()
    seen(page, "A copy of your data")
    assert "We must make sure that you may ask for them." in page.content()

    desk = new_browser().new_page()
    desk.goto(f"{live}/desk/")
    desk.fill("input[name=login]", "otto@example.org")
    desk.fill("input[name=password]", PASSWORD)
    desk.get_by_role("button", name="Sign in with password").click()
    desk.goto(f"{live}/desk/case/{case.reference}/")
    seen(desk, "Check who may ask")
    desk.get_by_role("link", name="Check who may ask").first.click()
    desk.get_by_role("button", name="They may ask").click()
    seen(desk, "Check who may ask")
    desk.get_by_label("What did you see?").fill("Birth certificate, shown in a call.")
    desk.get_by_label("They may ask for the person").check()
    desk.get_by_label("This address is the one of the person").check()
    desk.get_by_role("button", name="They may ask").click()
    seen(desk, "Start gathering")
    case.refresh_from_db()
    assert case.authorised_how == "evidence"
    page.reload()
    assert "We must make sure" not in page.content()


def test_an_agent_asks_and_the_person_says_yes_in_a_browser_of_their_own(new_browser: Browsers, live: str, youthful: Organisation) -> None:
    case = asked(new_browser().new_page(), live, "Somebody who asked me to act for them")
    letter = Letter.objects.get(kind="authorise")
    link = re.search(r"/o/\S+/allow/\S+/", letter.case.unseal(letter.body_sealed))
    assert link
    page = new_browser(java_script_enabled=False).new_page()
    page.goto(live + link[0])
    assert "allow/" in page.url
    assert link[0] not in page.url
    page.get_by_role("button", name="Send me the code").click()
    assert page.get_by_label("Me", exact=True).is_checked()
    page.get_by_role("button", name="They may act for me").click()
    assert page.title().startswith("Error: ")
    type_code(page, "authorise", "They may act for me")
    assert "Anna Mensah asked." in page.content()
    case.refresh_from_db()
    assert (case.state, case.answers_asker) == ("open", False)
