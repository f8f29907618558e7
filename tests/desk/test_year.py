"""Time passes: a year of five hundred requests under twelve laws, with a week in which nothing ran. Each thing happens once, on its day."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail

from exports import api
from exports.models import Handle, Job
from portal.kit import clock
from portal.organisations.models import Organisation, Policy
from requests_app import figures, hints, letters
from requests_app.flows.history import check_history
from requests_app.models import Case, Event, Notice, RegisterEntry, Reminder
from requests_app.models.letter import LetterState
from tests.desk.a_year import CASE_DAYS, CASES, DOWN, FIRST, LAST, LAWS, Engine, World, a_house
from tests.desk.a_year_of_rows import LATER, STRANGERS, Rows, routed
from tests.desk.conftest import DOOR
from tests.people import a_member

pytestmark = [pytest.mark.thorough, pytest.mark.django_db]
# Which date each reminder is about, and how many days after it comes (before it: less than nothing).
KINDS = {"acknowledge": ("ack", -2), "target": ("target", -2), "at_risk": ("due", -7), "due_soon": ("due", -2)}
KINDS |= {"overdue": ("due", 1), "breach": ("due", 7), "backups": ("backups", 0)}
URGENCY = list(KINDS)
APART = {"hold": ("until", -7), "hold_open": ("since", 30)}


def test_a_year_goes_by_and_each_thing_happens_once_on_its_day(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    world = lived(monkeypatch, Rows(tmp_path / "rows.sqlite3"))

    reminders_are_those_counted_day_by_day(world)
    one_mail_says_the_most_urgent()
    rows_go_once_and_on_their_days(world)
    requests_end_and_are_forgotten_on_their_days(world)
    the_register_is_complete_and_true(world)
    assert check_history().broken_at is None


def lived(monkeypatch: pytest.MonkeyPatch, rows: Rows) -> World:
    """The whole year, day by day. Every hint is lost: what is done is done because it is due."""
    engine = Engine()
    for name in DOOR:
        monkeypatch.setattr(api, name, routed(name, getattr(engine, name), rows))
    monkeypatch.setattr("exports.tasks._send", lambda *job: None)
    monkeypatch.setattr(hints, "send", lambda task, pk: None)
    monkeypatch.setattr(letters, "_print", lambda letter, token: None)
    monkeypatch.setattr(letters, "_render", lambda name, words, escape: f"Subject: {name}\n\n{name}")
    monkeypatch.setattr(Policy, "read", cache(Policy.read))  # a model's hash is its number, and no policy changes here
    newest = cache(lambda house: house.policies_in_effect_first()[0])
    monkeypatch.setattr(Organisation, "current_policy", property(newest))
    with time_machine.travel(datetime(2027, 1, 1, tzinfo=UTC), tick=False) as traveller:
        houses = [a_house(law, zone) for law, zone in LAWS.items()]
        for house in houses:
            rows.belong_to(house)
        otto, ada = a_member("Otto", "officer", *houses), a_member("Ada", "lead", *houses)
        world = World(engine=engine, rows=rows, otto=otto, ada=ada, houses={house.pk: house for house in houses})
        for number in range((LAST - FIRST).days + 1):
            world.day(FIRST + timedelta(days=number), traveller)
    assert len(world.asked) == CASES
    return world


def local(moment: datetime, case: Case) -> date:
    return clock.local_date(moment, case.organisation.timezone)


def reminders_are_those_counted_day_by_day(world: World) -> None:
    """Each is made on its day, or on the first day after it on which the schedule ran and the date was known; none else is."""
    expected = {}
    for (pk, which, about), days in world.seen.items():
        for kind, (of, after) in (KINDS | APART).items():
            possible = [day for day in days if day >= about + timedelta(days=after)] if of == which else []
            if possible:
                expected[pk, kind, about] = possible[0]
    rows = Reminder.objects.select_related("case__organisation")
    assert {(row.case_id, row.kind, row.about_on): local(row.made_at, row.case) for row in rows} == expected
    assert set(Counter(row.kind for row in rows)) == {*KINDS, *APART}  # the year has all of them
    late = [row for row in rows if local(row.made_at, row.case) > row.due_on]
    assert any(DOWN[0] <= row.due_on <= DOWN[-1] for row in late)


def one_mail_says_the_most_urgent() -> None:
    days: dict[tuple[int, datetime], list[Reminder]] = defaultdict(list)
    for row in Reminder.objects.filter(kind__in=URGENCY):
        days[row.case_id, row.made_at].append(row)
    for rows in days.values():
        rows.sort(key=lambda row: URGENCY.index(row.kind))
        assert [row.is_passed_over for row in rows] == [True] * (len(rows) - 1) + [False]
    assert not Notice.objects.filter(reminder__is_passed_over=True).exists()
    assert not Notice.objects.exclude(state=LetterState.SENT).exists()
    told = [one.subject for one in mail.outbox if one.to[0] in ("otto@example.org", "ada@example.org")]
    assert len(told) == Notice.objects.count() > 300
    assert not any("person" in subject for subject in told)


def ran_from(moment: datetime) -> datetime:
    """The first noon at or after this moment at which the schedule ran."""
    noon = moment.replace(hour=12, minute=0) + (timedelta(days=1) if moment.hour > 12 else timedelta())
    while noon.date() in DOWN:
        noon += timedelta(days=1)
    return noon


def rows_go_once_and_on_their_days(world: World) -> None:
    """Put-off rows go on the first noon on which their local day has come and the schedule ran, held ones once they are let go."""
    rows, expected = world.rows, {}
    zones = dict(Case.objects.values_list("pk", "organisation__timezone"))
    for case_id, number in rows.people.items():
        for table in ("people", *LATER) if case_id in rows.erased_on else ():
            day = first_noon(rows.due(table, case_id), zones[case_id])
            if day <= LAST:
                expected[table, number] = day
    assert rows.gone == expected
    assert len(expected) > 60
    assert any(day == DOWN[-1] + timedelta(days=1) for day in expected.values())  # some came due while nothing ran
    assert {(table, 10_000 + number) for table in ("people", *LATER) for number in range(STRANGERS)} <= rows.there
    for case in Case.objects.filter(pk__in=rows.erased_on):
        receipt = Job.objects.values_list("receipt", flat=True).get(reference=case.reference)
        done = {day for (_table, number), day in expected.items() if number == rows.people[case.pk]}
        assert receipt
        assert len(receipt.get("addenda", ())) == len(done)  # an addendum for each day, none twice
    left = Handle.objects.filter(job__in=rows.jobs)
    assert {handle.until for handle in left} == {handle.until for handle in left if handle.until and handle.until > LAST}


def first_noon(due: date, zone: str) -> date:
    """The first noon, UTC, at which it is that day in the zone and the schedule runs."""
    noon = datetime(due.year, due.month, due.day, 12, tzinfo=UTC) - timedelta(days=1)
    while noon.astimezone(ZoneInfo(zone)).date() < due or noon.date() in DOWN:
        noon += timedelta(days=1)
    return noon.date()


def requests_end_and_are_forgotten_on_their_days(world: World) -> None:
    end = datetime(LAST.year, LAST.month, LAST.day, 12, tzinfo=UTC)
    fates = {one.case_id: one.fate for one in world.asked}
    attested = dict(RegisterEntry.objects.values_list("reference", "backups_attested_at"))
    for case in Case.objects.all():
        if case.outcome == "not_verifiable" and not case.refusal_ground:
            assert case.answered_at == ran_from(case.received_at + timedelta(days=14))
        over = ran_from((case.answered_at or case.received_at) + timedelta(days=30))
        if attested[case.reference]:
            over = max(over, ran_from(attested[case.reference]))
        assert case.closed_at == (over if over <= end and not case.backups_until else None), fates[case.pk]
        gone = ran_from(over + timedelta(days=CASE_DAYS))
        lines = Event.objects.filter(case_reference=case.reference, code="content.destroyed")
        assert list(lines.values_list("at", flat=True)) == ([gone] if case.closed_at and gone <= end else [])
        assert bool(case.key_sealed) == (not lines.exists())


def the_register_is_complete_and_true(world: World) -> None:
    assert RegisterEntry.objects.count() == CASES
    entries = {entry.reference: entry for entry in RegisterEntry.objects.select_related("organisation")}
    for case in Case.objects.select_related("organisation"):
        entry = entries[case.reference]
        assert (entry.state, entry.outcome, entry.due_on, entry.closed_at) == (case.state, case.outcome, case.due_on, case.closed_at)
        assert entry.days_taken == ((local(case.answered_at, case) - local(case.received_at, case)).days if case.answered_at else None)
        assert entry.content_destroyed_at is not None or case.key_sealed
    counted = [figures.year_of(house, 2027).together for house in world.houses.values()]
    assert sum(line.received for line in counted) == CASES
    assert sum(line.whole + line.part + line.denied + line.undecided + line.open for line in counted) == CASES
    assert sum(line.late for line in counted) > 10
