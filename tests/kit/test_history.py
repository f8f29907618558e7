from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from requests_app.flows.history import NOT_NOTED, check_history
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


@pytest.fixture
def noted(northwind, django_capture_on_commit_callbacks):
    """Four lines that were committed."""
    case = a_case(organisation=northwind)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        for number in range(4):
            record(case, "case.noted", by="system", number=number)
    return Event.objects.count()


def test_lines_that_were_cut_off_at_the_end_are_missed(noted):
    assert check_history().broken_at is None
    tamper("DELETE FROM requests_app_event WHERE position > %s", noted - 2)
    with pytest.raises(CommandError, match=f"Line {noted - 1} .* is missing, and all that followed: there were {noted}"):
        call_command("verify_log")
    tamper("DELETE FROM requests_app_event")
    assert check_history().reason == f"line 1 is missing, and all that followed: there were {noted}"


def test_a_history_that_grew_again_after_it_was_cut_off_does_not_hold(noted, northwind, django_capture_on_commit_callbacks):
    tamper("DELETE FROM requests_app_event WHERE position > %s", noted - 1)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        for _number in range(3):
            record(northwind.cases.get(), "case.noted", by="somebody")
    finding = check_history()
    assert (finding.broken_at, finding.reason) == (noted, NOT_NOTED)


@pytest.mark.parametrize("text", ["", "{}", '{"lines": 1, "last": "", "mark": ""}', "[]"])
def test_a_note_that_somebody_else_wrote_is_said(noted, text):
    (Path(settings.LEDGER_FOLDER) / "history.json").write_text(text)
    assert "the note of its length" in check_history().reason
