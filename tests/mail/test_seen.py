"""The pages of mail and entry in a real browser, at the width of a phone and of a desk."""

from collections.abc import Callable

import pytest
from django.utils.dateparse import parse_date
from playwright.sync_api import BrowserContext, Page

from portal.organisations.models import Organisation, User
from requests_app.access import SHELL
from requests_app.flows import sorting
from requests_app.models import Challenge
from requests_app.rules.rights import Right
from tests.browsers import assert_accessible
from tests.mail.posting import a_mail, comes, last_row, opened
from tests.people import at_desk
from tests.public.walking import mailed_link

pytestmark = [pytest.mark.story, pytest.mark.django_db(transaction=True)]
WIDTHS = (390, 1280)
LONG = "A wish in one very long word: " + "Donaudampfschifffahrtsgesellschaft" * 4


@pytest.fixture
def desk(new_browser: Callable[..., BrowserContext], live: str, otto: User) -> Page:
    """Otto is signed in."""
    session = at_desk(otto).cookies["habeas"].value
    context = new_browser()
    context.add_cookies([{"name": "habeas", "value": session, "url": live}])
    return context.new_page()


def seen(page: Page, heading: str) -> None:
    assert page.locator("h1").inner_text().startswith(heading)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)


def test_mail_is_sorted_by_pages_that_can_be_seen_and_used(desk: Page, live: str, northwind: Organisation) -> None:
    comes(northwind, a_mail("Please forget me.\n" + LONG, subject=LONG, Reply_To="x@example.net", Authentication_Results="mx; dmarc=fail"))
    comes(northwind, a_mail("Buy", subject="Offers", List_Id="<x>"))
    sorting.set_aside(last_row(), "advertising", by=SHELL)
    desk.goto(f"{live}/desk/")
    desk.get_by_role("link", name="1 email is not a request yet").click()
    seen(desk, "Mail that is not a request yet")
    desk.get_by_role("link", name="A wish in one").click()
    seen(desk, "A wish in one")
    desk.get_by_role("button", name="Open the request").click()
    seen(desk, "A wish in one")
    assert desk.title().startswith("Error: ")
    desk.get_by_label("Deletion").check()
    desk.get_by_role("button", name="Open the request").click()
    desk.wait_for_url("**/desk/case/**")
    assert_accessible(desk)
    assert opened().right == "deletion"


def test_a_call_is_entered_by_a_page_that_can_be_seen_and_used(desk: Page, live: str, northwind: Organisation) -> None:
    desk.goto(f"{live}/desk/")
    desk.get_by_role("link", name="Enter a request that came another way").click()
    seen(desk, "Enter a request")
    desk.get_by_role("button", name="Open the request").click()
    seen(desk, "Enter a request")
    desk.get_by_label("Access").check()
    desk.get_by_label("Phone").check()
    desk.get_by_label("On which day did it arrive?").fill("2026-01-05")
    desk.get_by_label("Name of the person").fill("Rita Lindqvist")
    desk.get_by_role("button", name="Open the request").click()
    desk.wait_for_url("**/desk/case/**")
    assert opened().received_at.date() == parse_date("2026-01-05")


def test_an_old_link_offers_a_new_one_on_a_page_that_can_be_seen(page: Page, live: str, northwind: Organisation) -> None:
    comes(northwind, a_mail(subject="Hello"))
    case = sorting.open_request(last_row(), Right.ACCESS, by=SHELL)
    sent = case.challenges.get().created_at
    Challenge.objects.update(expires_at=sent, created_at=sent.replace(year=2025))
    page.goto(f"{live}{mailed_link()}")
    seen(page, "This link has expired")
    page.get_by_role("button", name="Send me a new link").click()
    seen(page, "We have sent a new link")
    page.goto(f"{live}{mailed_link()}")
    seen(page, "Is this your request?")
