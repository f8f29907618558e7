"""A real browser without a network, and the judge of what it shows."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

OFFLINE = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
GRAVE = {"serious", "critical"}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium; it can reach this machine and nothing else."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the driver runs an event loop in the thread of the tests
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=OFFLINE)
        yield browser
        browser.close()


@pytest.fixture
def new_browser(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Another person's browser: cookies of its own. Words such as viewport go to Playwright."""
    opened: list[BrowserContext] = []

    def open_one(**words: object) -> BrowserContext:
        context = chromium.new_context(**words)  # type: ignore[arg-type]  # passed on as they are
        context.set_default_timeout(15_000)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture
def page(new_browser: Callable[..., BrowserContext]) -> Page:
    return new_browser().new_page()


@pytest.fixture
def live(live_server: LiveServer) -> str:
    """The address of the portal, answering for real: http://localhost:port."""
    return str(live_server.url)


def follow(way: Locator) -> None:
    """Press what leads to another page, and wait until that one is whole: between two pages there is nothing to judge."""
    with way.page.expect_navigation():
        way.click()


def assert_accessible(page: Page) -> None:
    """Nothing serious or critical that axe can find, and nothing that scrolls sideways."""
    page.wait_for_load_state()
    grave = [found for found in Axe().run(page).response["violations"] if found["impact"] in GRAVE]
    told = [f"{found['id']}: {found['help']} at {[node['target'] for node in found['nodes']]}" for found in grave]
    assert not told, f"{page.url}\n" + "\n".join(told)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), f"{page.url} scrolls sideways"
