"""Staff hear of what no date of the law reminds of: legal holds, and recipients who have not confirmed. Each once, also when it is over."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import translation
from playwright.sync_api import BrowserContext

from portal.kit import clock
from portal.organisations.models import Organisation, User
from portal.organisations.promises import Recipient, Reminders
from requests_app import notices, tasks
from requests_app.flows import holding, recipients
from requests_app.flows.holding import Terms
from requests_app.models import Case, Notice
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from tests.browsers import assert_accessible
from tests.desk.acting import as_actor
from tests.people import a_case, a_member, a_policy, a_policy_document, an_organisation, at_desk

pytestmark = pytest.mark.django_db
NOTE = "File 7 O 12/26."


def later(days: int) -> time_machine.travel:
    """So many days from now."""
    return time_machine.travel(clock.now() + timedelta(days=days), tick=False)


def heard(case: Case, *days: int) -> list[tuple[str, str]]:
    """What was said to whom of holds and recipients, when the schedule has run on these days, twice on each."""
    for number in days:
        with later(number):
            tasks.remind()
            tasks.remind()
    told = Notice.objects.filter(reminder__case=case, reminder__kind__in=["hold", "hold_open", "recipient"])
    return list(told.order_by("pk").values_list("reminder__kind", "to__name"))


def held(case: Case, lead: User, days: int | None, ground: str = "claims") -> int:
    until = clock.today(case.organisation.timezone) + timedelta(days=days) if days else None
    return holding.hold(case, "", Terms(ground, NOTE, until), by=as_actor(lead, case)).pk


def a_deletion(house: Organisation, **fields: object) -> Case:
    return a_case(house, right=Right.DELETION, state=State.REVIEW, **fields)  # type: ignore[arg-type]


def test_the_leads_hear_a_week_before_a_hold_is_looked_at_again_once(northwind: Organisation, otto: User, ada: User) -> None:
    case = a_deletion(northwind, owner=otto)
    held(case, ada, 40)
    assert heard(case, 32) == []
    assert heard(case, 33, 34, 60) == [("hold", "Ada")]


def test_the_leads_hear_of_a_hold_for_which_nobody_named_a_day(northwind: Organisation, ada: User) -> None:
    case = a_deletion(northwind)
    held(case, ada, None)
    assert heard(case, 29) == []
    assert heard(case, 30, 31, 90) == [("hold_open", "Ada")]


def test_a_hold_that_was_let_go_reminds_nobody(northwind: Organisation, ada: User) -> None:
    case = a_deletion(northwind)
    holding.let_go(case, held(case, ada, None), "Settled.", by=as_actor(ada, case))
    assert heard(case, 30, 60) == []


def test_a_new_day_for_a_hold_is_said_again(northwind: Organisation, ada: User) -> None:
    case = a_deletion(northwind)
    first = held(case, ada, 10)
    assert heard(case, 4) == [("hold", "Ada")]
    holding.let_go(case, first, "Settled.", by=as_actor(ada, case))
    held(case, ada, 30)
    assert heard(case, 5, 23, 24) == [("hold", "Ada"), ("hold", "Ada")]


def test_a_closed_request_on_hold_is_not_forgotten(northwind: Organisation, ada: User) -> None:
    case = a_deletion(northwind)
    held(case, ada, 40)
    Case.objects.filter(pk=case.pk).update(state=State.CLOSED, standing="over", closed_at=clock.now())
    assert heard(case, 35, 36) == [("hold", "Ada")]
    assert set(case.reminders.values_list("kind", flat=True)) == {"hold"}


def test_it_is_said_beside_what_is_overdue(northwind: Organisation, otto: User, ada: User) -> None:
    case = a_deletion(northwind, owner=otto, due_on=clock.today(northwind.timezone) + timedelta(days=33), target_on=None)
    held(case, ada, 40)
    with later(35):
        tasks.remind()
    assert {row.kind for row in case.reminders.all() if not row.is_passed_over} == {"overdue", "hold"}


def test_an_organisation_chooses_its_own_days(ada: User) -> None:
    house = an_organisation("slow", reminders=Reminders(hold=20, hold_open=3))
    lead = a_member("Lena", "lead", house)
    one, other = a_deletion(house), a_deletion(house)
    held(one, lead, 40)
    held(other, lead, None)
    assert heard(one, 19) == []
    assert heard(one, 20) == [("hold", "Lena")]
    assert heard(other) == [("hold_open", "Lena")]


@pytest.fixture
def told(northwind: Organisation, otto: User) -> Case:
    """A recipient was written to and asked to confirm within fourteen days."""
    post = Recipient(key="postbote", name="Postbote", contact="dsb@postbote.example", told_on=("deletion",))
    a_policy(northwind, a_policy_document("northwind", version="1.1.0", recipients=(post,), recipient_days=14))
    case = a_deletion(northwind, owner=otto)
    Case.objects.filter(pk=case.pk).update(state=State.ANSWERED, standing="over", outcome="erased", answered_at=clock.now())
    case.refresh_from_db()
    recipients.write(case, "postbote", by=as_actor(otto, case))
    return case


def test_the_owner_hears_the_day_after_a_recipient_should_have_confirmed_once(told: Case, ada: User) -> None:
    assert heard(told, 14) == []
    assert heard(told, 15, 16, 40) == [("recipient", "Otto")]


def test_a_recipient_who_confirmed_in_time_reminds_nobody(told: Case, otto: User) -> None:
    recipients.confirm(told, "postbote", "Ms Post, by phone", by=as_actor(otto, told))
    assert heard(told, 15, 40) == []


def test_test_requests_remind_nobody(told: Case, ada: User) -> None:
    Case.objects.filter(pk=told.pk).update(is_test=True)
    assert heard(told, 15) == []


def test_the_mails_name_the_request_and_nobody_in_the_language_of_the_desk(told: Case, northwind: Organisation, ada: User) -> None:
    one, other = a_deletion(northwind), a_deletion(northwind)
    held(one, ada, 40)
    held(other, ada, None)
    heard(told, 34)
    mail.outbox.clear()
    with later(35), translation.override("de"):
        for notice in Notice.objects.filter(reminder__kind__in=["hold", "hold_open", "recipient"]):
            notices.post(notice.pk)
    subjects = {one.subject.partition(": ")[0]: one.subject for one in mail.outbox}
    day = clock.today(northwind.timezone) + timedelta(days=40)
    assert subjects[one.reference] == f"{one.reference}: look at the legal hold by {day.day} {day:%B %Y}"
    assert "on hold since" in subjects[other.reference]
    assert "a recipient has not confirmed by" in subjects[told.reference]
    words = "".join(one.subject + one.body for one in mail.outbox)
    assert not any(name in words for name in ("Rita", "Postbote", NOTE))


@pytest.mark.story
@pytest.mark.django_db(transaction=True)
def test_the_page_of_the_request_says_it_at_any_width(
    northwind: Organisation, ada: User, new_browser: Callable[..., BrowserContext], live: str
) -> None:
    case = a_deletion(northwind)
    held(case, ada, 40)
    context = new_browser()
    context.add_cookies([{"name": "habeas", "value": at_desk(ada).cookies["habeas"].value, "url": live}])
    page = context.new_page()
    page.goto(f"{live}/desk/case/{case.reference}/")
    page.get_by_text("Who is reminded, and when").click()
    page.get_by_text("A legal hold to look at").wait_for()
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
