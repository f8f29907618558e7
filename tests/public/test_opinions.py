"""One question at the end: answered by one press or not at all, counted once, without saying who said it; figures counted by hand."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from playwright.sync_api import BrowserContext

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app import figures, tasks
from requests_app.flows import opining
from requests_app.models import Case, Event, OpinionCount, Remark
from requests_app.models.opinion import Opinion
from requests_app.rules.states import State
from tests.browsers import assert_accessible
from tests.engine.test_answer_times import a_copy, answers
from tests.people import a_case, at_desk, moment
from tests.public.walking import confirmed, page_of, post

pytestmark = pytest.mark.django_db
QUESTION = "Did we deal with it well?"


def answered(case: Case) -> Case:
    Case.objects.filter(pk=case.pk).update(state=State.ANSWERED, outcome="given", answered_at=clock.now())
    case.refresh_from_db()
    return case


@pytest.fixture
def done(rita: Client, northwind: Organisation) -> Case:
    return answered(confirmed(rita))


def test_nobody_is_asked_before_there_is_an_answer(rita: Client, northwind: Organisation) -> None:
    case = confirmed(rita)
    assert QUESTION not in rita.get(page_of(case)).content.decode()
    post(rita, page_of(case, "opinion/"), opinion="yes")
    assert not OpinionCount.objects.exists()


def test_one_press_counts_once_and_says_thank_you(rita: Client, done: Case) -> None:
    assert QUESTION in rita.get(page_of(done)).content.decode()
    for _ in range(2):
        assert post(rita, page_of(done, "opinion/"), opinion="partly").status_code == 302
    assert list(OpinionCount.objects.values_list("opinion", "count")) == [("partly", 1)]
    assert "Your answer was counted, without your name." in rita.get(page_of(done)).content.decode()
    assert not Remark.objects.exists()


def test_nothing_leads_from_what_was_said_to_who_said_it(rita: Client, done: Case) -> None:
    lines = Event.objects.count()
    post(rita, page_of(done, "opinion/"), opinion="no", remark="It took a long time.")
    assert Event.objects.count() == lines
    remark = Remark.objects.get()
    assert (remark.month.day, remark.opinion) == (1, "no")
    assert b"long time" not in bytes(remark.words_sealed)
    names = {field.name for model in (OpinionCount, Remark) for field in model._meta.get_fields()}
    assert names == {"id", "organisation", "year", "opinion", "count", "month", "words_sealed"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM requests_app_case WHERE id = %s", [done.pk])
        assert "no" not in [str(value) for value in cursor.fetchone()]


@pytest.mark.parametrize(("typed", "said"), [({}, "Choose one of the three"), ({"opinion": "great"}, "Choose one of the three")])
def test_what_is_no_answer_says_so_and_counts_nothing(rita: Client, done: Case, typed: dict[str, str], said: str) -> None:
    page = post(rita, page_of(done, "opinion/"), **typed).content.decode()
    assert said in page
    assert not OpinionCount.objects.exists()


def test_a_sentence_that_is_too_long_is_not_lost(rita: Client, done: Case) -> None:
    page = post(rita, page_of(done, "opinion/"), opinion="yes", remark="a" * 501).content.decode()
    assert "Use 500 signs or fewer" in page
    assert "a" * 501 in page
    assert not OpinionCount.objects.exists()


def test_looking_counts_nothing_and_strangers_count_nothing(rita: Client, done: Case) -> None:
    assert rita.get(page_of(done, "opinion/")).status_code == 405
    assert post(Client(), page_of(done, "opinion/"), opinion="yes").status_code == 404
    assert not OpinionCount.objects.exists()


def test_test_requests_are_not_asked(northwind: Organisation) -> None:
    case = answered(a_case(northwind, is_test=True))
    assert not opining.opine(case, Opinion.YES)
    assert not OpinionCount.objects.exists()


def test_a_sentence_is_destroyed_after_a_year_and_the_numbers_stay(northwind: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    opining.opine(answered(a_case(northwind)), Opinion.YES, "Quick.")
    for days, left in ((330, 1), (400, 0)):
        later = clock.now() + timedelta(days=days)
        with monkeypatch.context() as patched:
            patched.setattr("portal.kit.clock.now", lambda later=later: later)
            tasks.forget()
        assert Remark.objects.count() == left
    assert OpinionCount.objects.get().count == 1


def test_the_figures_of_a_year_are_those_counted_by_hand(northwind: Organisation, southwind: Organisation) -> None:
    # Seven of 2025 and one of 2026 at Northwind, one of 2025 at Southwind: of the seven, four yes, one partly, two no.
    said = [("2025-01-01", "yes"), ("2025-03-01", "yes"), ("2025-03-02", "no"), ("2025-07-01", "partly")]
    said += [("2025-08-01", "yes"), ("2025-12-30", "yes"), ("2025-12-31", "no"), ("2026-01-02", "no")]
    for day, opinion in said:
        opining.opine(answered(a_case(northwind, received_at=moment(day, 20))), Opinion(opinion))
    opining.opine(answered(a_case(southwind, received_at=moment("2025-05-01"))), Opinion.YES)
    assert figures.satisfaction(northwind, 2025) == {"said_something": 7, "yes": 4, "partly": 1, "no": 2, "percent_yes": 57.1}
    assert figures.satisfaction(northwind, 2026) == {"said_something": 1, "yes": 0, "partly": 0, "no": 1, "percent_yes": 0.0}
    assert figures.satisfaction(northwind, 2024)["percent_yes"] is None
    everybody = figures.year_of(northwind, 2025).to_json()
    assert everybody["satisfaction"]["yes"] == 4
    assert "satisfaction" not in figures.year_of(northwind, 2025, residence="DE").to_json()


@pytest.mark.story
@pytest.mark.django_db(transaction=True)
def test_the_question_and_the_figures_can_be_seen_and_used_at_any_width(
    rita: Client, northwind: Organisation, ada: User, new_browser: Callable[..., BrowserContext], live: str
) -> None:
    case = answered(confirmed(rita))
    context = new_browser()
    context.add_cookies([{"name": "habeas", "value": rita.cookies["habeas"].value, "url": live}])
    page = context.new_page()
    page.goto(live + page_of(case))
    page.get_by_label("Why?").fill("The date was right.")
    page.get_by_label("Why?").press("Enter")  # which says nothing yet
    assert not OpinionCount.objects.exists()
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
    page.get_by_role("button", name="Yes").click()
    page.get_by_text("Your answer was counted, without your name.").wait_for()

    job_id = a_copy(northwind)
    answers(job_id, "shop", "done", (0.25, 0), at=clock.now().isoformat())
    answers(job_id, "log", "failed", (5, 1), at=clock.now().isoformat())
    desk = new_browser()
    desk.add_cookies([{"name": "habeas", "value": at_desk(ada).cookies["habeas"].value, "url": live}])
    page = desk.new_page()
    page.goto(f"{live}/desk/reports/northwind/{case.received_at.year}/")
    page.get_by_text("The date was right.").wait_for()
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
