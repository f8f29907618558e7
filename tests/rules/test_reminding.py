"""Which reminders a request has, on which days, and which of them is said."""

from datetime import date

from portal.organisations.promises import Reminders
from requests_app.rules.reminding import Dates, Due, Kind, due, reminders

DATES = Dates(acknowledge_by=date(2026, 3, 12), target_on=date(2026, 4, 8), due_on=date(2026, 4, 15))
DAYS = Reminders()


def kinds(found: list[Due]) -> list[str]:
    return [one.kind.value for one in found]


def test_every_reminder_has_its_day() -> None:
    assert [(one.kind, one.on) for one in reminders(DATES, DAYS)] == [
        (Kind.ACKNOWLEDGE, date(2026, 3, 10)),
        (Kind.TARGET, date(2026, 4, 6)),
        (Kind.AT_RISK, date(2026, 4, 8)),
        (Kind.DUE_SOON, date(2026, 4, 13)),
        (Kind.OVERDUE, date(2026, 4, 16)),
        (Kind.BREACH, date(2026, 4, 22)),
    ]


def test_an_organisation_chooses_its_own_days() -> None:
    days = Reminders(acknowledge=5, target=0, at_risk=10, due_soon=1, breach=0)

    assert [one.on.isoformat() for one in reminders(DATES, days)] == [
        "2026-03-07",
        "2026-04-05",
        "2026-04-08",
        "2026-04-14",
        "2026-04-16",
        "2026-04-16",  # a breach is never before the day after
    ]


def test_the_last_day_itself_is_not_late() -> None:
    assert "overdue" not in kinds(due(DATES, DAYS, today=date(2026, 4, 15)))
    assert kinds(due(DATES, DAYS, today=date(2026, 4, 16)))[-1] == "overdue"


def test_nothing_is_due_before_its_day() -> None:
    assert due(DATES, DAYS, today=date(2026, 3, 9)) == []
    assert kinds(due(DATES, DAYS, today=date(2026, 3, 10))) == ["acknowledge"]


def test_what_was_made_is_not_due_again_but_a_new_date_is() -> None:
    made = {("acknowledge", date(2026, 3, 12)), ("at_risk", date(2026, 4, 15)), ("target", date(2026, 4, 8))}
    assert due(DATES, DAYS, today=date(2026, 4, 12), made=made) == []

    extended = Dates(target_on=date(2026, 6, 8), due_on=date(2026, 6, 15))
    assert kinds(due(extended, DAYS, today=date(2026, 6, 8), made=made)) == ["target", "at_risk"]


def test_the_most_urgent_comes_last_whatever_came_first() -> None:
    late = Dates(acknowledge_by=date(2026, 4, 20), target_on=date(2026, 4, 20), due_on=date(2026, 4, 10))

    assert kinds(due(late, DAYS, today=date(2026, 5, 1))) == ["acknowledge", "target", "at_risk", "due_soon", "overdue", "breach"]


def test_backups_are_attested_on_their_day_and_without_a_date_nothing_is_said() -> None:
    rolled = Dates(backups_until=date(2026, 5, 1))

    assert due(rolled, DAYS, today=date(2026, 4, 30)) == []
    assert kinds(due(rolled, DAYS, today=date(2026, 5, 1))) == ["backups"]
    assert reminders(Dates(), DAYS) == []


def test_holds_and_recipients_have_their_days_each_date_once() -> None:
    apart = Dates(
        holds_until=(date(2026, 5, 20), date(2026, 6, 20)),
        holds_since=(date(2026, 4, 1),),
        recipients_by=(date(2026, 4, 9), date(2026, 4, 9)),
    )
    assert [(one.kind, one.on) for one in reminders(apart, DAYS)] == [
        (Kind.RECIPIENT, date(2026, 4, 10)),
        (Kind.HOLD_OPEN, date(2026, 5, 1)),
        (Kind.HOLD, date(2026, 5, 13)),
        (Kind.HOLD, date(2026, 6, 13)),
    ]
    assert kinds(due(apart, DAYS, today=date(2026, 5, 13), made={("recipient", date(2026, 4, 9))})) == ["hold", "hold_open"]
