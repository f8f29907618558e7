"""The figures of a year in a real browser, at the width of a phone and of a desk."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext

from portal.organisations.models import Organisation, User
from tests.browsers import assert_accessible
from tests.people import a_case, at_desk


@pytest.mark.story
@pytest.mark.django_db(transaction=True)
def test_the_figures_can_be_seen_and_used_at_any_width(
    northwind: Organisation, priya: User, new_browser: Callable[..., BrowserContext], live: str
) -> None:
    case = a_case(northwind)
    context = new_browser()
    context.add_cookies([{"name": "habeas", "value": at_desk(priya).cookies["habeas"].value, "url": live}])
    page = context.new_page()
    page.goto(live + reverse("desk:reports"))
    page.get_by_role("link", name=str(case.received_at.year)).click()
    assert page.locator("h1").inner_text().startswith("Requests of")
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
