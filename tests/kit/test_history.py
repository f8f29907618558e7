import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from requests_app.flows.history import check_history
from requests_app.flows.moving import record
from requests_app.models import Event
from requests_app.models.event import AppendOnly
from tests.people import a_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(northwind):
    case = a_case(organisation=northwind)
    before = Event.objects.count()
    with transaction.atomic():
        for number in range(4):
            record(case, "case.noted", by="system", number=number)
    return [e.pk for e in Event.objects.order_by("position")[before:]]


def tamper(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_an_untouched_history_holds(lines):
    assert check_history().broken_at is None
    call_command("verify_log")


def test_events_cannot_be_changed_or_deleted_through_the_model(lines):
    event = Event.objects.get(pk=lines[0])
    event.code = "case.other"

    with pytest.raises(AppendOnly):
        event.save()
    with pytest.raises(AppendOnly):
        event.delete()
    with pytest.raises(AppendOnly):
        Event.objects.all().delete()
    with pytest.raises(AppendOnly):
        Event.objects.update(code="x")


def test_an_edited_line_is_named(lines):
    tamper("UPDATE requests_app_event SET code = 'case.other' WHERE id = %s", lines[1])

    with pytest.raises(CommandError, match=f"Line {Event.objects.get(pk=lines[1]).position} .*content was changed"):
        call_command("verify_log")


def test_a_removed_line_is_missed(lines):
    tamper("DELETE FROM requests_app_event WHERE id = %s", lines[1])

    assert "missing" in check_history().reason


def test_swapped_lines_are_noticed(lines):
    tamper("UPDATE requests_app_event SET facts = '{\"number\": 2}' WHERE id = %s", lines[1])
    tamper("UPDATE requests_app_event SET facts = '{\"number\": 1}' WHERE id = %s", lines[2])

    assert check_history().broken_at is not None


def test_a_line_is_written_only_with_its_change(northwind, transactional_db):
    case = a_case(organisation=northwind)

    with pytest.raises(RuntimeError, match="transaction"):
        record(case, "case.noted", by="system")
