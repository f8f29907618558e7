"""Somebody starts the product for the first time and walks a request through it, as Rita and as the staff."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browsers import assert_accessible, follow
from tests.processes import Demo, eventually
from tests.stories.portal import PHONE

pytestmark = pytest.mark.story
RITA = "rita.lindqvist@example.org"
CODE = re.compile(r"\b([0-9A-Z]{4}-[0-9A-Z]{4})\b")


@dataclass
class Mailbox:
    """Rita's codes as a newcomer reads them: on the outbox page, among other mail."""

    page: Page
    demo: Demo
    seen: int = 0

    def hers(self) -> Locator:
        return self.page.get_by_role("row").filter(has_text=RITA).filter(has_text="Your code for MCPWorks")

    def look(self) -> int:
        self.page.goto(f"{self.demo.url}/outbox/")
        return self.hers().count()

    def has_more(self) -> bool:
        return self.look() > self.seen

    def next_code(self) -> str:
        """The code in the mail that came since the last look."""
        assert eventually(self.has_more), self.page.locator("main").inner_text()
        self.seen = self.look()
        follow(self.hers().first.get_by_role("link"))
        found = CODE.search(self.page.get_by_role("article").inner_text())
        assert found, self.page.get_by_role("article").inner_text()
        return found.group(1)


def ask_for_a_copy(page: Page, demo: Demo) -> None:
    page.goto(demo.url)
    follow(page.get_by_role("link", name="MCPWorks"))
    assert_accessible(page)
    follow(page.get_by_role("main").get_by_role("link", name="Start"))
    assert_accessible(page)
    page.get_by_label("Send me a copy of my data").check()
    follow(page.get_by_role("button", name="Continue"))
    assert_accessible(page)
    page.get_by_label("Your name").fill("Rita Lindqvist")
    page.get_by_label("Email address").fill(RITA)
    follow(page.get_by_role("button", name="Continue"))
    assert_accessible(page)
    follow(page.get_by_role("button", name="Send my request"))
    assert_accessible(page)


def test_rita_asks_on_her_phone_and_reads_her_date(demo: Demo, new_browser: Callable[..., BrowserContext]) -> None:
    page, mailbox = new_browser(viewport=PHONE).new_page(), Mailbox(new_browser().new_page(), demo)
    mailbox.seen = mailbox.look()
    ask_for_a_copy(page, demo)

    page.get_by_label("Code").fill(mailbox.next_code())
    follow(page.get_by_role("button", name="Confirm my request"))

    expect(page.get_by_role("main")).to_contain_text("We must reply by")
    expect(page.get_by_role("main")).to_contain_text(re.compile(r"DR-\w{4}-\w{2}"))
    assert_accessible(page)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_outbox_is_fit_for_everybody(demo: Demo, new_browser: Callable[..., BrowserContext], width: int) -> None:
    page = new_browser(viewport={"width": width, "height": 800}).new_page()
    page.goto(f"{demo.url}/outbox/")
    assert_accessible(page)
    follow(page.locator("tbody a").first)
    assert_accessible(page)
