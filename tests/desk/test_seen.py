"""What a lead decides beside the usual road, in a real browser, at the width of a phone and of a desk."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from playwright.sync_api import Page

from portal.kit import clock
from portal.organisations.models import Organisation, User
from portal.organisations.promises import Recipient
from requests_app.flows import closing, holding, recipients, seconding, shortfalls, triage
from requests_app.flows.holding import Terms
from requests_app.models import Case
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.undone import Why
from tests.browsers import assert_accessible
from tests.desk.acting import as_actor, reviewed
from tests.desk.fake_engine import BILLING, DOWN, SHOP, FakeEngine
from tests.desk.test_appeals import let_in
from tests.desk.test_triage_and_closing import WHY, clocked
from tests.people import a_case, a_member, a_policy, a_policy_document, an_organisation

pytestmark = [pytest.mark.story, pytest.mark.django_db(transaction=True)]
WIDTHS = (390, 1280)
POST = Recipient(
    key="postbote", name="Postbote", contact="dsb@postbote.example", data="name and address", told_on=("deletion", "restriction")
)
BANK = Recipient(key="bank", name="Bank", told_on=("deletion",))


@pytest.fixture
def house(northwind: Organisation) -> Organisation:
    a_policy(northwind, a_policy_document("northwind", version="1.1.0", recipients=(POST, BANK), second_person_rows=5))
    return northwind


def as_browser(page: Page, live: str, browser: Client) -> None:
    """The page goes on with the cookies of a browser that is signed in, or let in."""
    page.context.add_cookies([{"name": one.key, "value": one.value, "url": live} for one in browser.cookies.values()])


def seen(page: Page, address: str, words: str) -> None:
    page.goto(address)
    assert words in page.locator("main").inner_text(), page.url
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)


@pytest.fixture
def at_page(page: Page, live: str, ada: User) -> Callable[[str, str], None]:
    """A page of a request, as the lead sees it, with these words on it."""
    lead = Client()
    lead.force_login(ada)
    as_browser(page, live, lead)
    return lambda address, words: seen(page, f"{live}/desk/case/{address}", words)


def test_what_stands_on_a_request_and_the_pages_that_change_it(
    at_page: Callable[[str, str], None], house: Organisation, ada: User, otto: User, engine: FakeEngine
) -> None:
    case = clocked(reviewed(a_case(house, right=Right.DELETION)))
    seconding.agree(case, engine.digest, by=as_actor(otto, case))
    closing.propose_refusal(case, "not_verifiable", WHY, by=as_actor(otto, case))
    engine.silent = (("crm", "Old CRM"),)
    terms = Terms("authority", "Letter of the court, 3 November.", clock.today("UTC") + timedelta(days=60))
    holding.hold(case, "", terms, by=as_actor(ada, case))
    at_page(f"{case.reference}/", "A second person is waited for.")
    at_page(f"{case.reference}/hold/?line=shop/orders", "Legal hold")
    at_page(f"{case.reference}/close/crm/", "Go on without Old CRM?")
    at_page(f"{case.reference}/withdraw/", "The person takes it back")
    case.holds.update(released_at=clock.now())
    at_page(f"{case.reference}/plan/", "Type the reference")

    other = clocked(reviewed(a_case(house, right=Right.DELETION)))
    at_page(f"{other.reference}/plan/", "I agree with this plan")

    copy = reviewed_with_a_gap(house, engine)
    shortfalls.close_source(copy, "crm", Why("gone", "Notes of 2014."), by=as_actor(ada, copy))
    at_page(f"{copy.reference}/", "Closed for this request: Old CRM.")
    triage.ask(copy, "Which?", by=as_actor(ada, copy))
    at_page(f"{copy.reference}/", "Remind the person")


def reviewed_with_a_gap(house: Organisation, engine: FakeEngine) -> Case:
    engine.sources = (SHOP, BILLING, DOWN)
    return clocked(reviewed(a_case(house)))


def test_recipients_and_a_restriction_that_ends(at_page: Callable[[str, str], None], house: Organisation, ada: User) -> None:
    case = a_case(house, right=Right.DELETION, state=State.ANSWERED, outcome="erased", answered_at=clock.now())
    recipients.write(case, "postbote", by=as_actor(ada, case))
    at_page(f"{case.reference}/", "Name them in a letter")
    at_page(f"{case.reference}/confirmed/postbote/", "They have confirmed")
    paused = a_case(house, right=Right.RESTRICTION, state=State.ANSWERED, outcome="done", answered_at=clock.now())
    at_page(f"{paused.reference}/lift/", "Lift the restriction")


def test_an_appeal_from_the_letter_to_the_decision(page: Page, live: str) -> None:
    house = an_organisation("commonwealth", regimes=("US_VA",), timezone="America/New_York", rights={}, establishment="US-VA")
    ada, bea = a_member("Ada", "lead", house), a_member("Bea", "lead", house)
    case = clocked(a_case(house))
    closing.refuse(case, "not_verifiable", WHY, by=as_actor(ada, case))
    as_browser(page, live, let_in(case))
    seen(page, f"{live}/o/commonwealth/request/{case.reference}/appeal/", "Appeal against our decision")
    page.get_by_label("What do you not agree with?").fill("I am a customer since 2019.")
    page.get_by_role("button", name="Send my appeal").click()
    seen(page, page.url, "The request that you appealed about.")

    opened = case.appeals.get()
    lead = Client()
    lead.force_login(bea)
    page.context.clear_cookies()
    as_browser(page, live, lead)
    seen(page, f"{live}/desk/case/{opened.reference}/decide-appeal/", "I am a customer since 2019.")
    page.get_by_label("It stands").check()
    page.get_by_label("Why").fill("The number belongs to somebody else.")
    page.get_by_role("button", name="Decide and tell the person").click()
    opened.refresh_from_db()
    assert opened.outcome == "upheld"
