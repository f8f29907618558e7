"""Who looked at what is forgotten after two years, with a line that says so; the chain of the history holds before and after."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app import tasks
from requests_app.access import Actor
from requests_app.chronicle import chronicle
from requests_app.flows import viewing
from requests_app.flows.history import check_history
from requests_app.flows.moving import record
from requests_app.models import Case, Event
from requests_app.models.event import LOOKING, AppendOnly
from tests.people import a_case

pytestmark = pytest.mark.django_db
OTTO = Actor("7", "Otto", "officer")


@pytest.fixture
def looked(northwind: Organisation) -> Case:
    """Otto read the messages, then something happened, then he read the receipt."""
    case = a_case(northwind)
    viewing.looked_at(case, "thread", by=OTTO)
    with transaction.atomic():
        record(case, "case.noted", by="7", number=1)
        record(case, "details.shown", by="7")
    viewing.looked_at(case, "receipt", by=OTTO)
    return case


def sweep_in(days: int) -> None:
    with time_machine.travel(clock.now() + timedelta(days=days), tick=False):
        tasks.forget()
        assert check_history().broken_at is None


def tamper(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_who_looked_is_forgotten_after_two_years_and_not_before(looked: Case) -> None:
    sweep_in(730)
    assert set(Event.objects.filter(code__in=LOOKING).values_list("actor", flat=True)) == {"7"}
    before = list(Event.objects.values_list("position", "code", "case_reference", "at", "digest"))

    sweep_in(732)

    rows = Event.objects.filter(code__in=LOOKING)
    assert [(one.actor, one.facts, one.salt) for one in rows] == [("", {}, "")] * 3
    assert list(Event.objects.values_list("position", "code", "case_reference", "at", "digest"))[: len(before)] == before
    assert Event.objects.get(code="case.noted").actor == "7"
    [said] = Event.objects.filter(code="looking.forgotten")
    assert (said.actor, said.facts["lines"]) == ("system", 3)


def test_it_is_said_once_and_nothing_is_left_to_forget(looked: Case) -> None:
    sweep_in(732)
    sweep_in(733)
    assert Event.objects.filter(code="looking.forgotten").count() == 1


def test_more_lines_than_one_round_takes_are_forgotten_too(looked: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewing, "MOST_AT_ONCE", 2)
    sweep_in(732)
    assert not Event.objects.exclude(salt="").exists()
    assert sum(line.facts["lines"] for line in Event.objects.filter(code="looking.forgotten")) == 3


def test_the_page_of_the_request_says_that_it_is_forgotten(looked: Case, otto: User) -> None:
    sweep_in(732)
    said = [line.words for line in chronicle(looked)]
    assert said.count("Somebody of the staff looked; who it was is forgotten after two years") == 3


def test_without_the_salt_nobody_can_try_out_who_it_was(looked: Case) -> None:
    first, second = Event.objects.filter(code="case.viewed")
    assert first.salt != second.salt
    assert len({first.content, second.content}) == 2


FORGED: dict[str, Callable[[int], None]] = {
    "who looked was taken out before its time": lambda pk: tamper(
        "UPDATE requests_app_event SET actor = '', facts = '{}', salt = '' WHERE id = %s", pk
    ),
    "who looked was changed": lambda pk: tamper("UPDATE requests_app_event SET actor = '8' WHERE id = %s", pk),
    "its content was changed": lambda pk: tamper("UPDATE requests_app_event SET content = '' WHERE id = %s", pk),
}


@pytest.mark.parametrize("reason", FORGED)
def test_what_was_forged_about_looking_is_named(looked: Case, reason: str) -> None:
    line = Event.objects.filter(code="case.viewed")[0]
    FORGED[reason](line.pk)
    assert (check_history().broken_at, check_history().reason) == (line.position, reason)


def test_another_name_cannot_be_put_in_once_it_is_forgotten(looked: Case) -> None:
    sweep_in(732)
    line = Event.objects.filter(code="case.viewed")[0]
    tamper("UPDATE requests_app_event SET actor = '8' WHERE id = %s", line.pk)
    with time_machine.travel(clock.now() + timedelta(days=733), tick=False):
        assert (check_history().broken_at, check_history().reason) == (line.position, "who looked was changed")


def test_no_other_line_can_be_made_one_of_looking(looked: Case) -> None:
    line = Event.objects.get(code="case.noted")
    tamper(
        "UPDATE requests_app_event SET code = 'case.viewed', actor = '', facts = '{}', at = %s WHERE id = %s",
        clock.now() - timedelta(days=900),
        line.pk,
    )
    assert check_history().reason == "its content was changed"


def test_only_old_lines_of_looking_can_be_emptied_by_the_model(looked: Case) -> None:
    assert Event.objects.all().forget_who_looked(clock.now() - timedelta(days=731)) == 0
    with pytest.raises(AppendOnly):
        Event.objects.filter(code="case.viewed").update(actor="")
