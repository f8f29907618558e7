"""Somebody asks in the first seconds of a demo: their code does not wait for the samples to be played."""

import re
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from tests.processes import Demo
from tests.stories.portal import fresh_code

pytestmark = pytest.mark.story
RITA = "rita.lindqvist@example.org"
HIDDEN = re.compile(r'name="(csrfmiddlewaretoken|key)" value="([^"]+)"')


def filled(browser: urllib.request.OpenerDirector, address: str, **typed: str) -> str:
    """The page after a form was sent, with what stood in it."""
    with browser.open(address) as page:
        hidden = dict(HIDDEN.findall(page.read().decode()))
    with browser.open(address, urllib.parse.urlencode({**hidden, **typed}).encode()) as answer:
        return str(answer.geturl())


def test_a_code_is_mailed_while_the_samples_are_still_played(stack: dict[str, str], tmp_path: Path) -> None:
    with Demo(tmp_path, settings=stack) as demo:
        demo.wait_until_open()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        asking = f"{demo.url}/o/mcpworks/ask"
        filled(browser, f"{asking}/right/", right="access")
        filled(browser, f"{asking}/find-you/", name="Rita", email=RITA, country="DE")
        assert filled(browser, f"{asking}/check/").endswith("/o/mcpworks/code/")

        fresh_code(demo, RITA, 0)
        assert not demo.is_filled()
