"""What a page weighs on its way to a phone, and who may keep a copy of it."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern

from portal.organisations.models import Organisation
from requests_app import public_urls
from tests.public.walking import TRACK, answer, ask, confirmed, let_in, page_of, post

MOST_ALL_TOLD, MOST_SCRIPT = 50_000, 6_000
LOADED = re.compile(r'(?:<script[^>]* src|<link rel="stylesheet" href)="([^"]+)"')
# The same for everybody: whoever asks, signed in or with a request of their own, gets the same bytes.
SAME_FOR_ALL = {"home", "start", "privacy", "laws", "privacy_json", "accessibility", "brand"}
WORDS = {"org": "northwind", "step": "right", "reference": "DR-2222-22", "token": "x", "pk": "1"}


def compressed(content: bytes) -> int:
    return len(gzip.compress(content, 6))


def weights(browser: Client, response: HttpResponse) -> tuple[int, int]:
    """All told, and its scripts: compressed bytes of the page and of everything that it loads."""
    page, scripts = compressed(response.content), 0
    for address in LOADED.findall(response.content.decode()):
        found = finders.find(address.removeprefix("/static/")) if address.startswith("/static/") else None
        weight = compressed(Path(str(found)).read_bytes() if found else browser.get(address).content)
        page, scripts = page + weight, scripts + weight * address.endswith(".js")
    return page, scripts


def assert_light(browser: Client, path: str) -> None:
    response = browser.get(path, follow=True)
    assert response.status_code == 200, path
    all_told, scripts = weights(browser, response)
    assert all_told <= MOST_ALL_TOLD, path
    assert scripts <= MOST_SCRIPT, path


@pytest.mark.parametrize("step", ["right", "find-you", "keep-and-delete", "check"])
def test_every_question_is_light(rita: Client, step: str) -> None:
    answer(rita, right="deletion")

    assert_light(rita, f"/o/northwind/ask/{step}/")


@pytest.mark.parametrize("path", ["/", "/o/northwind/legal/privacy", "/o/northwind/legal/laws", "/o/northwind/accessibility", TRACK])
def test_every_page_that_is_met_by_itself_is_light(rita: Client, path: str) -> None:
    Organisation.objects.update(brand="#0b5d4a", brand_deep="#084436")

    assert_light(rita, path)


def test_every_page_of_a_request_is_light(rita: Client) -> None:
    ask(rita)
    assert_light(rita, "/o/northwind/code/")
    case = confirmed(rita)
    assert_light(rita, "/o/northwind/done/")
    browser = let_in(case)
    for tail in ("", "withdraw/"):
        assert_light(browser, page_of(case, tail))


def address_of(pattern: URLPattern) -> str:
    return "/" + re.sub(r"<\w+:(\w+)>", lambda found: WORDS[found[1]], str(pattern.pattern))


@pytest.mark.parametrize("pattern", public_urls.urlpatterns, ids=lambda one: str(one.pattern))
def test_nobody_keeps_a_copy_of_a_page_that_is_not_the_same_for_all(rita: Client, northwind: Organisation, pattern: URLPattern) -> None:
    response = rita.get(address_of(pattern))

    kept = response.get("Cache-Control", "")
    if pattern.name in SAME_FOR_ALL:
        assert "public" in kept
        assert not response.cookies
    else:
        assert "no-store" in kept or response.status_code in (404, 405), response.status_code


@pytest.mark.parametrize("path", ["/o/northwind/", "/o/northwind/legal/privacy", "/o/northwind/legal/privacy.json"])
def test_whoever_asks_again_hears_that_nothing_has_changed(rita: Client, northwind: Organisation, path: str) -> None:
    first = rita.get(path)
    again = rita.get(path, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    Organisation.objects.update(name="Northwind and daughters")
    assert path.endswith(".json") or rita.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_page_that_asks_is_never_answered_by_a_copy(rita: Client) -> None:
    response = rita.get("/o/northwind/ask/right/")

    assert "ETag" not in response
    assert post(rita, "/o/northwind/ask/right/", right="access").status_code == 302
