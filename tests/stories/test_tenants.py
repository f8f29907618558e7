"""A customer of Pyplan decides about its own people. Pyplan sees that a request moves; another customer sees nothing at all."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.processes import Demo
from tests.stories.portal import Desk, Visitor, letter

pytestmark = pytest.mark.story
JUERGEN = ("juergen.gross@example.org", "Jürgen Groß")
KEPT_FROM_OTHERS = (*JUERGEN, "j•••@")


def status(page: Page, address: str) -> int:
    answer = page.goto(address)
    assert answer
    return answer.status


def lists(desk: Desk, reference: str) -> bool:
    desk.page.goto(f"{desk.demo.url}/desk/?who=everyone")
    return desk.page.get_by_text(reference).count() > 0


def finds(desk: Desk, reference: str, words: str) -> bool:
    desk.page.goto(f"{desk.demo.url}/desk/")
    desk.page.fill("#find", words)
    with desk.page.expect_navigation():
        desk.page.press("#find", "Enter")
    return desk.page.locator("main").get_by_text(reference).count() > 0


def assert_hidden(desk: Desk, reference: str) -> None:
    """No page of the request answers, and neither the list nor the search knows it."""
    for tail in ("", "message/", "note/", "receipt/"):
        assert status(desk.page, f"{desk.demo.url}/desk/case/{reference}/{tail}") == 404, tail
    assert not lists(desk, reference)
    assert not finds(desk, reference, reference)
    assert not finds(desk, reference, JUERGEN[0])


def test_the_tenant_releases_pyplan_sees_where_it_stands_and_a_neighbour_sees_nothing(
    demo: Demo, visitor: Callable[..., Visitor], staff: Callable[[str], Desk]
) -> None:
    person = visitor("bakery", *JUERGEN)
    reference = person.ask("access")
    administrator = staff("grace")
    administrator.wait_for_button(reference, "Release the archive")
    assert lists(administrator, reference)
    assert finds(administrator, reference, JUERGEN[0])

    for neighbour in (staff("claire"), staff("frieda"), staff("ada")):
        assert_hidden(neighbour, reference)
        neighbour.page.goto(f"{demo.url}/desk/processed/")
        assert reference not in neighbour.page.content()

    for processor in (staff("bruno"), staff("pilar")):
        assert_hidden(processor, reference)
        assert status(processor.page, f"{demo.url}/desk/processed/") == 200
        row = processor.page.get_by_role("row").filter(has_text=reference)
        assert "Example Bakery" in row.inner_text()
        assert row.get_by_role("link").count() == 0
        assert not [words for words in KEPT_FROM_OTHERS if words in processor.page.content()]

    administrator.release(reference)
    letter(demo, person.address, reference, "You can download it until")
