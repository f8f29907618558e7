"""Somebody starts the product for the first time and walks a request through it, as Rita and as the staff."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browsers import assert_accessible
from tests.processes import Demo, eventually

pytestmark = pytest.mark.story
RITA = "rita.lindqvist@example.org"
PHONE = {"width": 390, "height": 844}
CODE = re.compile(r"\b([0-9A-Z]{4}-[0-9A-Z]{4})\b")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with Demo(tmp_path_factory.mktemp("newcomer")) as running:
        running.wait_until_open()
        assert eventually(running.is_filled, within=180), running.text
        yield running


@dataclass
class Mailbox:
    """Rita's mail as a newcomer reads it: on the outbox page."""

    page: Page
    demo: Demo
    seen: int = 0

    def hers(self) -> Locator:
        return self.page.get_by_role("row").filter(has_text=RITA)

    def look(self) -> int:
        self.page.goto(f"{self.demo.url}/outbox/")
        return self.hers().count()

    def has_more(self) -> bool:
        return self.look() > self.seen

    def next_code(self) -> str:
        """The code in the mail that came since the last look."""
        assert eventually(self.has_more)
        self.seen = self.look()
        self.hers().first.get_by_role("link").click()
        found = CODE.search(self.page.get_by_role("article").inner_text())
        assert found, self.page.get_by_role("article").inner_text()
        return found.group(1)


def ask_for_a_copy(page: Page, demo: Demo) -> None:
    page.goto(demo.url)
    page.get_by_role("link", name="MCPWorks").click()
    assert_accessible(page)
    page.get_by_role("main").get_by_role("link", name="Start").click()
    assert_accessible(page)
    page.get_by_label("Send me a copy of my data").check()
    page.get_by_role("button", name="Continue").click()
    assert_accessible(page)
    page.get_by_label("Your name").fill("Rita Lindqvist")
    page.get_by_label("Email address").fill(RITA)
    page.get_by_role("button", name="Continue").click()
    assert_accessible(page)
    page.get_by_role("button", name="Send my request").click()
    assert_accessible(page)


def test_rita_asks_on_her_phone_and_reads_her_date(demo: Demo, new_browser: Callable[..., BrowserContext]) -> None:
    page, mailbox = new_browser(viewport=PHONE).new_page(), Mailbox(new_browser().new_page(), demo)
    mailbox.seen = mailbox.look()
    ask_for_a_copy(page, demo)

    page.get_by_label("Code").fill(mailbox.next_code())
    page.get_by_role("button", name="Confirm my request").click()

    expect(page.get_by_role("main")).to_contain_text("We must reply by")
    expect(page.get_by_role("main")).to_contain_text(re.compile(r"DR-\w{4}-\w{2}"))
    assert_accessible(page)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_outbox_is_fit_for_everybody(demo: Demo, new_browser: Callable[..., BrowserContext], width: int) -> None:
    page = new_browser(viewport={"width": width, "height": 800}).new_page()
    page.goto(f"{demo.url}/outbox/")
    assert_accessible(page)
    page.locator("tbody a").first.click()
    assert_accessible(page)
