"""The register: a row per request, written with every move, that outlives the request; and figures that were counted by hand."""

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.urls import reverse

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app import extracts, figures, letters
from requests_app.flows import closing, erasing, fulfilment, intake, triage
from requests_app.models import Case, Event, RegisterEntry
from requests_app.rules.outcomes import Result
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from tests.desk.acting import as_actor, reviewed
from tests.desk.fake_engine import FakeEngine
from tests.people import RITA, a_case, an_application, at_desk, moment

WHY = "The same person asked for the same data four times this month."


def entry_of(case: Case) -> RegisterEntry:
    return RegisterEntry.objects.get(reference=case.reference)


def test_a_request_stands_in_the_register_from_its_arrival(northwind: Organisation) -> None:
    case = intake.lead_case(intake.submit(an_application(northwind, country="US-CA")))

    entry = entry_of(case)
    assert (entry.right, entry.channel, entry.residence, entry.state) == ("access", "form", "US-CA", "arrived")
    assert entry.regimes == ["CA_PIPEDA", "US_CA_CCPA"]
    assert (entry.result, entry.due_on, entry.confirmed_at) == (Result.OPEN, case.due_on, None)
    assert entry.ack_due_on


def test_the_register_knows_who_asked_for_whom(northwind: Organisation) -> None:
    cases = [a_case(northwind, asked_by=who) for who in ("self", "child", "guardian", "agent")]

    assert [(entry_of(case).is_agent, entry_of(case).is_guardian) for case in cases] == [
        (False, False),
        (False, False),
        (False, True),
        (True, False),
    ]
    said = figures.year_of(northwind, cases[0].received_at.year).to_json()["operation"]
    assert (said["by_agents"], said["by_guardians"]) == (1, 1)


def test_an_appeal_points_to_what_it_is_about(northwind: Organisation) -> None:
    refused = a_case(northwind, state=State.REFUSED, outcome="refused")
    appeal = a_case(northwind, right=Right.APPEAL, appeal_of=refused)

    assert entry_of(appeal).appeal_of == refused.reference
    said = figures.year_of(northwind, appeal.received_at.year).to_json()["complaints"]
    assert (said["appeals"], said["linked"]) == (1, {appeal.reference: refused.reference})


def test_a_move_that_is_undone_leaves_no_trace_in_the_register(northwind: Organisation, ada: User) -> None:
    case = a_case(northwind)

    with transaction.atomic():
        closing.refuse(case, "not_verifiable", WHY, by=as_actor(ada, case))
        transaction.set_rollback(True)

    assert (entry_of(case).state, entry_of(case).result) == ("open", Result.OPEN)


def test_an_answer_is_registered_with_its_days_and_counts(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind, received_at=clock.now() - timedelta(days=9)))
    fulfilment.release(case, by=as_actor(ada, case))
    fulfilment.deliver(case)
    letters.post(Case.objects.get(pk=case.pk).letters.get().pk)

    entry = entry_of(case)
    assert (entry.ending, entry.outcome, entry.result, entry.days_taken) == ("answered", "given", Result.PART, 9)
    assert {"found": 12, "withheld": 2, "covered": 1, "records": 10, "gaps": 0}.items() <= entry.counts.items()
    assert entry.acknowledged_at is not None
    assert (entry.is_automatic, entry.is_late) == (False, False)


def test_a_refusal_is_registered_with_its_ground(northwind: Organisation, ada: User) -> None:
    case = a_case(northwind)
    closing.refuse(case, "not_verifiable", WHY, by=as_actor(ada, case))

    assert (entry_of(case).result, entry_of(case).grounds) == (Result.DENIED, ["not_verifiable"])


def test_waiting_is_registered_with_both_its_days(northwind: Organisation, otto: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind))
    triage.ask(case, "Which account?", by=as_actor(otto, case))
    triage.resume(case, by="system")

    today = clock.today(northwind.timezone).isoformat()
    assert entry_of(case).pauses == [{"why": "clarification", "since": today, "until": today}]
    assert entry_of(case).due_on == Case.objects.get(pk=case.pk).due_on


def test_both_dates_of_a_deletion_stay_known(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind, right=Right.DELETION))
    erasing.approve(case, digest=engine.digest, typed=case.reference, by=as_actor(ada, case))
    engine.ends(case.job_id, "complete")
    erasing.conclude(case)
    until = clock.today(northwind.timezone) + timedelta(days=60)
    assert (entry_of(case).backups_until, entry_of(case).backups_attested_at) == (until, None)

    closing.attest_backups(case, "The last one rolled over.", by=as_actor(ada, case), today=until)

    entry = entry_of(case)
    assert (entry.backups_until, entry.result) == (until, Result.PART)  # invoices were kept
    assert entry.backups_attested_at is not None


def test_a_closed_request_keeps_how_it_ended_and_one_that_is_opened_again_loses_it(northwind: Organisation, ada: User) -> None:
    case = a_case(northwind, state=State.WITHDRAWN)
    closing.close(case, by="system")
    assert (entry_of(case).state, entry_of(case).result) == ("closed", Result.WITHDRAWN)

    closing.reopen(case, "They changed their mind.", by=as_actor(ada, case))
    assert (entry_of(case).state, entry_of(case).result, entry_of(case).counts["reopened"]) == ("open", Result.OPEN, 1)


def test_the_register_holds_no_personal_words(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind, name="Rita Lindqvist"))
    closing.refuse(case, "not_verifiable", f"{RITA} could not prove it.", by=as_actor(ada, case))

    said = str(RegisterEntry.objects.values()) + extracts.as_csv(RegisterEntry.objects.all(), "all")
    assert "Rita" not in said
    assert "@" not in said


# A year counted by hand: right, received, answered (days later), ending, outcome, ground, counts.
YEAR: list[tuple[str, str, int | None, str, str, str, dict[str, int]]] = [
    ("deletion", "2026-01-01", 10, "answered", "erased", "", {"kept": 3}),
    ("deletion", "2026-03-05", 20, "answered", "erased", "", {}),
    ("deletion", "2026-06-30", 40, "answered", "erased", "", {}),  # late: 30 days
    ("deletion", "2026-07-01", 14, "expired", "not_verifiable", "", {}),
    ("deletion", "2026-12-31", None, "", "", "", {}),
    ("access", "2026-02-10", 5, "answered", "given", "", {"downloads": 2}),
    ("access", "2026-02-11", 8, "answered", "given", "", {"withheld": 1}),
    ("access", "2026-02-12", 8, "answered", "nothing_held", "", {}),
    ("portability", "2026-02-13", 3, "answered", "given", "", {}),
    ("access", "2026-05-01", 29, "refused", "refused", "excessive", {}),
    ("access", "2026-05-02", 29, "refused", "refused", "legal_claims", {}),
    ("access", "2026-05-03", None, "withdrawn", "", "", {}),
    ("access", "2026-05-04", None, "duplicate", "", "", {}),
    ("correction", "2026-08-01", 12, "answered", "partly", "accurate", {"refused": 1}),
    ("opt_out_sale", "2026-09-01", 1, "answered", "done", "", {}),
    ("complaint", "2026-10-01", 25, "answered", "done", "", {}),
]


@pytest.fixture
def year(northwind: Organisation) -> Organisation:
    for right, received, days, ending, outcome, ground, counts in YEAR:
        _stood(northwind, right, received, days, ending=ending, outcome=outcome, grounds=[ground] if ground else [], counts=counts)
    _stood(northwind, "access", "2026-04-01", 2, ending="answered", outcome="given", is_test=True)
    _stood(northwind, "access", "2025-12-31", 2, ending="answered", outcome="given")
    _stood(northwind, "access", "2027-01-01", None, ending="", residence="US-CA")
    return northwind


def _stood(organisation: Organisation, right: str, received: str, days: int | None, **columns: Any) -> RegisterEntry:
    came = date.fromisoformat(received)
    return RegisterEntry.objects.create(
        reference=f"T{RegisterEntry.objects.count():04}",
        organisation=organisation,
        right=right,
        channel="form",
        policy_version="1.0.0",
        state="closed" if columns["ending"] else "open",
        received_at=moment(received, 20),
        confirmed_at=moment(received, 21) if columns.get("outcome") != "not_verifiable" else None,
        received_on=came,
        due_on=came + timedelta(days=30),
        answered_at=moment((came + timedelta(days=days)).isoformat(), 20) if days is not None else None,
        answered_on=came + timedelta(days=days) if days is not None else None,
        days_taken=days,
        **columns,
    )


def test_the_figures_of_a_year_are_those_counted_by_hand(year: Organisation) -> None:
    counted = figures.year_of(year, 2026)

    deletion, access = counted.rights["deletion"], counted.rights["access"]
    assert (deletion.received, deletion.whole, deletion.part, deletion.denied, deletion.open) == (5, 2, 1, 1, 1)
    assert (deletion.days_of, deletion.median_days, deletion.mean_days) == (3, 20.0, 23.3)
    assert (deletion.on_time, deletion.late) == (2, 1)
    assert deletion.denied_as == {"not_verifiable": 1, "not_a_consumer": 0, "exempt": 0, "other": 0}
    assert (access.received, access.whole, access.part, access.denied) == (7, 2, 1, 2)
    assert (access.withdrawn, access.duplicate, access.open) == (1, 1, 0)
    assert access.denied_as == {"not_verifiable": 0, "not_a_consumer": 0, "exempt": 1, "other": 1}
    assert (access.median_days, access.mean_days) == (8.0, 15.8)
    assert (counted.together.received, counted.together.complied, counted.together.denied) == (16, 10, 3)


def test_the_kinds_of_californian_law_are_those_counted_by_hand(year: Organisation) -> None:
    said = figures.year_of(year, 2026).to_json()["ccpa_7102"]

    assert {kind: (line["received"], line["complied"], line["denied"]) for kind, line in said.items()} == {
        "delete": (5, 3, 1),
        "correct": (1, 1, 0),
        "know": (8, 4, 2),
        "opt_out": (1, 1, 0),
        "limit": (0, 0, 0),
    }
    assert (said["know"]["median_days"], said["know"]["mean_days"]) == (8.0, 13.7)
    assert said["limit"]["median_days"] is None


def test_what_regulators_ask_is_counted(year: Organisation) -> None:
    said = figures.year_of(year, 2026).to_json()

    assert (said["performance"]["answered"], said["performance"]["on_time"], said["performance"]["percent_on_time"]) == (12, 11, 91.7)
    assert (said["performance"]["with_something_held_back"], said["performance"]["with_something_kept"]) == (1, 1)
    assert (said["complaints"]["received"], said["complaints"]["upheld"]) == (1, 1)
    operation = said["operation"]
    assert (operation["asked"], operation["confirmed"], operation["never_confirmed"]) == (16, 15, 1)
    assert (operation["archives_given"], operation["archives_never_opened"], operation["median_hours_to_confirm"]) == (3, 2, 1.0)


def test_a_year_can_be_told_for_one_place_only(year: Organisation) -> None:
    assert figures.year_of(year, 2027, residence="US-CA").together.received == 1
    assert figures.year_of(year, 2027, residence="DE").together.received == 0
    assert (figures.years(year), figures.places(year, 2027)) == ([2027, 2026, 2025], ["US-CA"])


def test_the_record_of_a_year_has_the_six_columns_of_the_law(year: Organisation) -> None:
    rows = list(csv.DictReader(io.StringIO(extracts.as_csv(figures.entries_of(year, 2026), "7101"))))

    assert len(rows) == len(YEAR)
    assert [row for row in rows if row["date_of_request"] == "2026-05-02"] == [
        {
            "date_of_request": "2026-05-02",
            "nature_of_request": "access",
            "manner_made": "form",
            "date_of_response": "2026-05-31",
            "nature_of_response": "denied",
            "basis_of_denial": "legal_claims",
        }
    ]


def test_the_shell_prints_the_same_figures(year: Organisation) -> None:
    out = io.StringIO()
    call_command("register", "northwind", "--year", "2026", "--json", stdout=out)
    assert json.loads(out.getvalue())["together"]["received"] == 16

    for options, line in ((["--rows", "7101"], "date_of_request,nature_of_request"), ([], "Requests received in the calendar year")):
        out = io.StringIO()
        call_command("register", "northwind", "--year", "2026", *options, stdout=out)
        assert line in out.getvalue()
    with pytest.raises(CommandError, match="There is no organisation “eastwind”"):
        call_command("register", "eastwind")


def test_the_page_of_a_year_can_be_read_and_taken_along(year: Organisation, priya: User) -> None:
    browser = at_desk(priya)
    assert reverse("desk:figures", args=["northwind", 2026]) in browser.get(reverse("desk:reports")).content.decode()

    page = browser.get(reverse("desk:figures", args=["northwind", 2026])).content.decode()
    assert "Requests of 2026: Northwind" in page
    taken = browser.get(reverse("desk:register_csv", args=["northwind", 2026, "all"]))
    assert (taken.status_code, taken["Cache-Control"], len(taken.content.splitlines())) == (200, "no-store, private", 17)
    line = Event.objects.get(code="register.taken")
    assert (line.actor, line.facts) == (str(priya.pk), {"year": 2026, "form": "all", "rows": 16})
    assert browser.get(reverse("desk:figures_json", args=["northwind", 2026])).json()["year"] == 2026


def test_strangers_learn_nothing_of_a_register(year: Organisation, mallory: User) -> None:
    for address in (
        reverse("desk:figures", args=["northwind", 2026]),
        reverse("desk:figures_json", args=["northwind", 2026]),
        reverse("desk:register_csv", args=["northwind", 2026, "7101"]),
        reverse("desk:register_csv", args=["northwind", 2026, "names"]),
        reverse("desk:figures", args=["northwind", 99999]),
    ):
        assert at_desk(mallory).get(address).status_code == 404
    assert not Event.objects.filter(code="register.taken").exists()
