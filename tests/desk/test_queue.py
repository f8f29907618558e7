"""The desk's list: by urgency, counted, filtered by its address, in a fixed number of queries."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app import queries
from requests_app.models import Case, Message
from requests_app.models.letter import Author
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.steps import next_step
from tests.people import RITA, a_case, a_member, at_desk, references

MOST_QUERIES = 12


def due_in(organisation: Organisation, days: int, **fields: Any) -> Case:
    return a_case(organisation, due_on=clock.today(organisation.timezone) + timedelta(days=days), **fields)


def seen(user: User, organisation: Organisation, **asked: str) -> dict[str, set[str]]:
    """Group → references, as this member of staff sees the list."""
    looked = queries.lens(asked)
    cases = Case.objects.filter(organisation=organisation).select_related("organisation", "owner")
    desk = queries.desk(cases, user, looked, zone=organisation.timezone)
    return {group.key: references(group.rows) for group in desk.groups}


def test_cases_stand_by_urgency_and_in_one_group_only(northwind: Organisation, otto: User) -> None:
    late, today, soon, later = due_in(northwind, -1), due_in(northwind, 0), due_in(northwind, 7), due_in(northwind, 8)
    waiting = due_in(northwind, 20, state=State.WAITING)
    arrived = due_in(northwind, 20, state=State.ARRIVED)
    late_and_waiting = due_in(northwind, -2, state=State.WAITING)
    undated = a_case(northwind, due_on=None)
    after = due_in(northwind, -30, state=State.ANSWERED, right=Right.DELETION, backups_until=clock.today("UTC") + timedelta(days=9))
    due_in(northwind, -3, state=State.CLOSED)

    assert seen(otto, northwind) == {
        "overdue": references([late, late_and_waiting]),
        "soon": references([today, soon]),
        "waiting": references([waiting, arrived]),
        "on_time": references([later]),
        "undated": references([undated]),
        "after": references([after]),
    }


def test_the_list_opens_on_mine_and_unassigned(northwind: Organisation, otto: User, ada: User) -> None:
    mine, hers, nobodys = due_in(northwind, 20, owner=otto), due_in(northwind, 20, owner=ada), due_in(northwind, 20)

    assert seen(otto, northwind)["on_time"] == references([mine, nobodys])
    assert seen(otto, northwind, who="mine")["on_time"] == references([mine])
    assert seen(otto, northwind, who="unassigned")["on_time"] == references([nobodys])
    assert seen(otto, northwind, who="everyone")["on_time"] == references([mine, hers, nobodys])


def test_filters_live_in_the_address_and_carry_counts(northwind: Organisation, otto: User, ada: User) -> None:
    due_in(northwind, 20, owner=ada, right=Right.DELETION)
    due_in(northwind, 20, right=Right.OBJECTION)
    access = due_in(northwind, 20)

    page = at_desk(otto).get(reverse("desk:queue"), {"who": "everyone", "right": "access"}).content.decode()

    assert access.reference in page
    assert 'aria-current="true">Everyone <b>1</b>' in page
    assert "Deletion <b>1</b>" in page
    assert "Other <b>1</b>" in page
    assert seen(otto, northwind, who="everyone", right="other").keys() == {"on_time"}


@pytest.mark.parametrize("asked", [{"who": "nobody"}, {"right": "<script>"}, {"group": "x", "after": "zzz"}, {"after": "2026-13-45.x"}])
def test_an_address_that_makes_no_sense_shows_the_list(northwind: Organisation, otto: User, asked: dict[str, str]) -> None:
    due_in(northwind, 20)

    response = at_desk(otto).get(reverse("desk:queue"), asked)

    assert response.status_code == 200
    assert b"<script>" not in response.content.replace(b"<script src", b"")


def test_the_title_carries_how_many_are_overdue(northwind: Organisation, otto: User) -> None:
    due_in(northwind, -1)
    due_in(northwind, -5)

    assert b"<title>(2) Open requests" in at_desk(otto).get(reverse("desk:queue")).content


def test_an_empty_desk_says_so_with_the_next_date(northwind: Organisation, otto: User, ada: User) -> None:
    hers = due_in(northwind, 20, owner=ada)

    page = at_desk(otto).get(reverse("desk:queue")).content.decode()

    assert "Nothing is waiting." in page
    assert hers.reference in page


@pytest.mark.parametrize("days", [[20, 20, 20, 20, 21] * 2, [-1] * 8 + [3] * 5, [-9] * 3 + [3] * 9, [None] * 7], ids=str)
def test_every_row_is_reached_page_by_page_and_once(
    northwind: Organisation, otto: User, monkeypatch: pytest.MonkeyPatch, days: list[int | None]
) -> None:
    monkeypatch.setattr(queries, "ROWS", 3)
    cases = [a_case(northwind, due_on=None) if left is None else due_in(northwind, left) for left in days]
    browser, found, addresses = at_desk(otto), [], [""]

    for address in addresses:
        page = browser.get(reverse("desk:queue") + address).content.decode()
        found += [case.reference for case in cases if f'id="go-{case.reference}"' in page]
        addresses += [more.replace("&amp;", "&") for more in re.findall(r'<td colspan="6"><a href="([^"]+)"', page)]

    assert sorted(found) == sorted(case.reference for case in cases)


def test_closed_cases_stand_apart(northwind: Organisation, otto: User) -> None:
    closed = due_in(northwind, -3, state=State.CLOSED)
    due_in(northwind, 20)

    assert seen(otto, northwind, who="everyone", closed="1") == {"closed": references([closed])}


def count_queries(user: User) -> int:
    browser = at_desk(user)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert browser.get(reverse("desk:queue"), {"who": "everyone"}).status_code == 200
    return len(caught)


def test_three_hundred_cases_take_the_queries_of_ten(northwind: Organisation, otto: User) -> None:
    for number in range(10):
        due_in(northwind, number * 3 - 5)
    few = count_queries(otto)
    template = Case.objects.order_by("pk").last()
    assert template
    rest = [
        Case(
            submission=template.submission,
            organisation=northwind,
            policy=template.policy,
            right=Right.ACCESS,
            state=State.OPEN,
            received_at=template.received_at,
            due_on=template.due_on,
            reference=f"DR-X{number:03d}-XX",
        )
        for number in range(290)
    ]
    Case.objects.bulk_create(rest)

    assert few <= MOST_QUERIES
    assert count_queries(otto) == few


LOOKS = ["", "?who=mine", "?who=everyone", "?who=everyone&right=deletion", "?who=everyone&group=waiting", "?who=everyone&closed=1"]
DEEP = "?who=everyone&group=on_time&after=2026-12-16.42"
WHOLE_TABLE = re.compile(r"SCAN (?:requests_app_)?(?:case|identifier|letter|message|telling|hold)\b(?! USING COVERING)")


def selects(caught: CaptureQueriesContext) -> list[str]:
    return [one["sql"] for one in caught.captured_queries if one["sql"].startswith("SELECT")]


def plans(caught: CaptureQueriesContext) -> list[str]:
    """How the database goes about each question."""
    with connection.cursor() as cursor:
        return [" / ".join(step[3] for step in cursor.execute(f"EXPLAIN QUERY PLAN {one}").fetchall()) for one in selects(caught)]


@pytest.mark.parametrize("look", [*LOOKS, DEEP])
def test_no_list_looks_at_every_case(northwind: Organisation, otto: User, look: str) -> None:
    due_in(northwind, 20)
    browser = at_desk(otto)

    with CaptureQueriesContext(connection) as caught:
        assert browser.get(reverse("desk:queue") + look).status_code == 200

    assert len(caught) <= MOST_QUERIES
    assert not [plan for plan in plans(caught) if WHOLE_TABLE.search(plan)]


def test_counting_asks_for_nothing_but_what_stands_in_the_index(northwind: Organisation, otto: User) -> None:
    with CaptureQueriesContext(connection) as caught:
        at_desk(otto).get(reverse("desk:queue"))

    counted = next(one for one in selects(caught) if "COUNT(" in one)
    (index,) = [one for one in Case._meta.indexes if one.name == "case_urgency"]
    held = {Case._meta.get_field(name).column for name in index.fields}
    assert set(re.findall(r'"requests_app_case"\."(\w+)"', counted)) <= held


def test_a_deep_page_begins_where_the_last_one_ended(northwind: Organisation, otto: User) -> None:
    browser = at_desk(otto)
    with CaptureQueriesContext(connection) as caught:
        browser.get(reverse("desk:queue") + DEEP)

    (listed,) = [one for one in selects(caught) if "ORDER BY" in one and '"due_on" > ' in one]
    assert '"due_on" >= ' in listed  # apart from the comparison with the last row, which begins no index
    assert "OFFSET" not in listed


@pytest.mark.parametrize("typed", ["DR-2222-22", RITA])
def test_no_search_looks_at_every_case(northwind: Organisation, otto: User, typed: str) -> None:
    browser = at_desk(otto)
    with CaptureQueriesContext(connection) as caught:
        assert browser.post(reverse("desk:search"), {"find": typed}).status_code == 200

    assert not [plan for plan in plans(caught) if WHOLE_TABLE.search(plan)]


def test_search_finds_a_reference_however_it_is_typed(northwind: Organisation, otto: User) -> None:
    case = due_in(northwind, 20)
    browser = at_desk(otto)

    for typed in (case.reference, case.reference.lower(), case.reference.replace("-", "")):
        response = browser.post(reverse("desk:search"), {"find": typed})
        assert response["Location"] == reverse("desk:case", args=[case.reference])


def test_search_finds_an_exact_address_and_puts_it_in_no_address_bar(northwind: Organisation, otto: User) -> None:
    cases = [due_in(northwind, 20), due_in(northwind, 30, state=State.CLOSED)]
    due_in(northwind, 20, email="other@example.org")

    response = at_desk(otto).post(reverse("desk:search"), {"find": RITA})

    page = response.content.decode()
    assert {case.reference for case in cases} == {ref for ref in references(list(Case.objects.all())) if ref in page}
    assert at_desk(otto).get(reverse("desk:search"), {"find": RITA}).status_code == 405


def test_search_crosses_no_organisation(northwind: Organisation, mallory: User) -> None:
    case = due_in(northwind, 20)
    browser = at_desk(mallory)

    for typed in (case.reference, RITA):
        response = browser.post(reverse("desk:search"), {"find": typed})
        assert response.status_code == 200
        assert "0 requests found" in response.content.decode()


@pytest.mark.parametrize("right", list(Right))
@pytest.mark.parametrize("state", list(State))
def test_every_case_has_a_next_step_with_a_place_to_do_it(northwind: Organisation, right: Right, state: State) -> None:
    step = next_step(a_case(northwind, right=right, state=state))

    assert str(step.verb)
    assert step.address.startswith("/desk/case/DR-")


def test_a_message_from_the_person_comes_first(northwind: Organisation, otto: User) -> None:
    case = due_in(northwind, 20)
    Message.objects.create(case=case, author=Author.PERSON, body_sealed=case.seal("Hello?"), at=clock.now())

    assert "Answer the message" in at_desk(otto).get(reverse("desk:queue")).content.decode()


def test_somebody_with_two_organisations_sees_both_named(northwind: Organisation, southwind: Organisation) -> None:
    both = a_member("Nell", "officer", northwind, southwind)
    due_in(northwind, 20)
    due_in(southwind, 20)

    page = at_desk(both).get(reverse("desk:queue")).content.decode()

    assert "<small>Northwind</small>" in page
    assert "<small>Southwind</small>" in page
