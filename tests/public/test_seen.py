"""The whole journey in a real browser, at the width of a phone and of a desk: nothing grave, nothing that scrolls sideways."""

import pytest
from playwright.sync_api import Page

from portal.organisations.models import Organisation
from requests_app.flows import following
from requests_app.models import Case
from tests.browsers import assert_accessible
from tests.public.walking import mailed_code

WIDTHS = (390, 1280)
BRAND = {"brand": "#0b5d4a", "brand_deep": "#084436"}


def seen(page: Page, heading: str) -> None:
    """The page with this heading, at both widths."""
    assert page.locator("h1").inner_text().replace("\n", " ").startswith(heading)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)


def type_code(page: Page, kind: str, button: str) -> None:
    page.fill("#code", mailed_code(kind))
    page.get_by_role("button", name=button).click()


@pytest.mark.story
@pytest.mark.django_db(transaction=True)
def test_a_deletion_from_start_to_withdrawal_can_be_seen_and_used(page: Page, live: str, careful: Organisation) -> None:
    Organisation.objects.filter(pk=careful.pk).update(**BRAND)
    page.goto(f"{live}/o/careful/")
    seen(page, "Your data is yours")
    page.get_by_role("link", name="Start").click()
    seen(page, "What would you like us to do?")
    page.get_by_role("button", name="Continue").click()
    seen(page, "What would you like us to do?")
    assert page.title().startswith("Error: ")
    page.get_by_label("Delete my data").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Your name").fill("Rita Lindqvist")
    page.get_by_role("button", name="Continue").click()
    seen(page, "How can we find you?")
    page.get_by_label("Email address").fill("rita@example.org")
    page.get_by_role("button", name="Continue").click()
    seen(page, "What goes, and what we must keep")
    page.get_by_role("button", name="Add a copy to my request").click()
    seen(page, "Check your answers")
    page.get_by_role("button", name="Send my request").click()
    seen(page, "Enter the code we emailed to you")
    type_code(page, "confirm", "Confirm my request")
    seen(page, "One more code before we delete")
    type_code(page, "confirm_again", "Yes, delete my data")
    seen(page, "We have your request.")
    page.get_by_role("link", name="Follow your request").click()
    seen(page, "Deletion of your data")
    page.get_by_role("link", name="Take this request back").click()
    seen(page, "Take your request back?")
    page.get_by_role("button", name="Take my request back").click()
    assert "You took this request back." in page.content()


@pytest.mark.story
@pytest.mark.django_db(transaction=True)
def test_pages_that_are_met_by_themselves_can_be_seen(page: Page, live: str, careful: Organisation) -> None:
    for address, heading in (
        ("/", "Your data is yours"),
        ("/o/careful/legal/privacy", "What Careful promises"),
        ("/o/careful/accessibility", "Accessibility"),
        ("/o/careful/track/", "Follow a request"),
        ("/o/careful/request/DR-2222-22/", "We cannot show you a request here yet"),
        ("/o/careful/confirm/guessed/", "We do not know this link"),
        ("/o/careful/code/", "We cannot see your request"),
        ("/nowhere", "We cannot find that page"),
    ):
        page.goto(live + address)
        seen(page, heading)


@pytest.mark.story
@pytest.mark.django_db(transaction=True)
def test_everything_works_without_a_script(new_browser: object, live: str, careful: Organisation) -> None:
    page = new_browser(java_script_enabled=False).new_page()  # type: ignore[operator]  # a fixture that opens browsers
    page.goto(f"{live}/o/careful/ask/right/")
    page.get_by_label("Send me a copy of my data").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Your name").fill("Rita Lindqvist")
    page.get_by_label("Email address").fill("rita@example.org")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send my request").click()
    type_code(page, "confirm", "Confirm my request")
    case = Case.objects.get()
    page.context.clear_cookies()
    page.goto(f"{live}/o/careful/request/{case.reference}/")
    page.get_by_label("Email address").fill("rita@example.org")
    page.get_by_role("button", name="Send me a code").click()
    following.settle_due()
    type_code(page, "follow", "Show my request")
    assert case.reference in page.content()
