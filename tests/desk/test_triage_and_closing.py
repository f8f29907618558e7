"""Owners, questions, more time, refusals, and requests that nobody confirmed."""

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app import tasks
from requests_app.access import OnlyALead
from requests_app.flows import closing, recipients, timing, triage, withdrawal
from requests_app.flows.searching import NotYet
from requests_app.flows.triage import TriageRefused
from requests_app.models import Case, Event, Message
from requests_app.models.letter import Author
from requests_app.rules.extensions import ExtensionRefused
from requests_app.rules.refusals import RefusalRefused
from requests_app.rules.states import State
from tests.desk.acting import as_actor, reviewed
from tests.desk.fake_engine import FakeEngine
from tests.people import a_case, at_desk

WHY = "The same person asked for the same data four times this month."


def clocked(case: Case) -> Case:
    timing.set_clock(case)
    case.save()
    return case


def kinds(case: Case) -> list[str]:
    return [letter.kind for letter in case.letters.all()]


def test_only_staff_who_handle_can_own(northwind: Organisation, otto: User, priya: User, mallory: User) -> None:
    case = a_case(northwind)
    triage.assign(case, otto, by=as_actor(otto, case))

    for stranger in (priya, mallory):
        with pytest.raises(TriageRefused):
            triage.assign(case, stranger, by=as_actor(otto, case))

    case.refresh_from_db()
    assert case.owner == otto


def test_a_question_makes_the_case_wait_and_the_answer_takes_it_back(northwind: Organisation, otto: User, engine: FakeEngine) -> None:
    case = clocked(reviewed(a_case(northwind)))

    triage.ask(case, "Are both accounts yours?", by=as_actor(otto, case))
    case.refresh_from_db()
    assert (case.state, kinds(case)) == (State.WAITING, ["question"])
    assert "Are both accounts yours?" not in case.unseal(case.letters.get().body_sealed)

    tasks.expire()
    case.refresh_from_db()
    assert case.state == State.WAITING

    Message.objects.create(case=case, author=Author.PERSON, body_sealed=case.seal("Yes."), at=clock.now())
    tasks.expire()
    case.refresh_from_db()
    assert case.state == State.REVIEW


def test_more_time_is_taken_once_with_its_reason_in_a_letter(northwind: Organisation, otto: User) -> None:
    case = clocked(a_case(northwind))
    first = case.due_on
    assert first

    closing.extend(case, "volume", by=as_actor(otto, case))
    case.refresh_from_db()

    assert case.due_on
    assert case.due_on > first
    assert "large amount of data" in case.unseal(case.letters.get().body_sealed)
    with pytest.raises(ExtensionRefused):
        closing.extend(case, "volume", by=as_actor(otto, case))
    assert kinds(case) == ["extended"]


def test_more_time_is_not_taken_after_the_date(northwind: Organisation, otto: User) -> None:
    case = clocked(a_case(northwind, received_at=clock.now() - timedelta(days=40)))

    with pytest.raises(ExtensionRefused, match="had to be announced"):
        closing.extend(case, "volume", by=as_actor(otto, case))

    case.refresh_from_db()
    assert (case.extended_at, kinds(case)) == (None, [])


def test_a_refusal_names_its_ground_and_destroys_what_was_gathered(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind))

    closing.refuse(case, "not_verifiable", WHY, by=as_actor(ada, case))

    case.refresh_from_db()
    words = case.unseal(case.letters.get().body_sealed)
    assert (case.state, case.refusal_ground, engine.destroyed) == (State.REFUSED, "not_verifiable", [case.job_id])
    assert "We could not confirm that the request comes from the person" in words
    assert "Office of the Privacy Commissioner of Canada" in words
    assert WHY not in words
    assert case.unseal(case.notes.get().body_sealed) == WHY


def test_a_refusal_takes_a_lead_and_evidence(northwind: Organisation, otto: User, ada: User) -> None:
    case = a_case(northwind)

    with pytest.raises(OnlyALead):
        closing.refuse(case, "not_verifiable", WHY, by=as_actor(otto, case))
    with pytest.raises(RefusalRefused, match="Write down"):
        closing.refuse(case, "not_verifiable", "", by=as_actor(ada, case))
    with pytest.raises(RefusalRefused, match="not a ground"):
        closing.refuse(case, "we_are_busy", WHY, by=as_actor(ada, case))

    case.refresh_from_db()
    assert (case.state, case.notes.count(), kinds(case)) == (State.OPEN, 0, [])


def test_a_weighty_refusal_takes_a_second_person(northwind: Organisation, otto: User, ada: User) -> None:
    case = a_case(northwind)

    with pytest.raises(RefusalRefused, match="second person"):
        closing.refuse(case, "privileged", WHY, by=as_actor(ada, case))
    closing.propose_refusal(case, "privileged", WHY, by=as_actor(ada, case))
    with pytest.raises(RefusalRefused):
        closing.refuse(case, "privileged", WHY, by=as_actor(ada, case))

    closing.propose_refusal(case, "privileged", WHY, by=as_actor(otto, case))
    closing.refuse(case, "privileged", WHY, by=as_actor(ada, case))
    case.refresh_from_db()
    assert case.state == State.REFUSED


def test_what_nobody_confirmed_ends_after_two_weeks_with_a_letter(northwind: Organisation) -> None:
    old = a_case(northwind, state=State.ARRIVED, received_at=clock.now() - timedelta(days=15))
    new = a_case(northwind, state=State.ARRIVED, received_at=clock.now() - timedelta(days=13))

    tasks.expire()
    tasks.expire()

    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, old.outcome, kinds(old)) == (State.EXPIRED, "not_verifiable", ["expired"])
    assert (new.state, kinds(new)) == (State.ARRIVED, [])


def test_an_ended_case_closes_a_month_after_its_last_word(northwind: Organisation) -> None:
    old = a_case(northwind, state=State.REFUSED, answered_at=clock.now() - timedelta(days=31))
    new = a_case(northwind, state=State.REFUSED, answered_at=clock.now() - timedelta(days=3))
    backups = a_case(
        northwind, state=State.ANSWERED, answered_at=clock.now() - timedelta(days=31), backups_until=clock.today("UTC"), right="deletion"
    )

    tasks.expire()

    states = [Case.objects.get(pk=case.pk).state for case in (old, new, backups)]
    assert states == [State.CLOSED, State.REFUSED, State.ANSWERED]


def test_history_holds_no_personal_words(northwind: Organisation, otto: User, ada: User, engine: FakeEngine) -> None:
    case = clocked(reviewed(a_case(northwind, name="Rita Lindqvist")))
    triage.note(case, "She called, rita@example.org.", by=as_actor(otto, case))
    triage.ask(case, "Are you Rita?", by=as_actor(otto, case))
    closing.refuse(case, "not_verifiable", WHY, by=as_actor(ada, case))

    said = str(list(Event.objects.values_list("code", "facts", "actor")))
    assert "Rita" not in said
    assert "@" not in said
    assert "called" not in said


def test_one_broken_case_does_not_stop_the_sweep(northwind: Organisation, engine: FakeEngine) -> None:
    broken, sound = a_case(northwind), a_case(northwind)
    Case.objects.filter(pk=broken.pk).update(key_sealed=b"")

    tasks.dispatch()

    sound.refresh_from_db()
    assert sound.state == State.COLLECTING


def test_a_case_stays_until_its_recipients_were_told(northwind: Organisation, otto: User, engine: FakeEngine) -> None:
    facts = {"state": State.ANSWERED, "outcome": "done", "answered_at": clock.now() - timedelta(days=31)}
    case = a_case(northwind, right="correction", **facts)

    tasks.expire()
    assert [one.key for one in recipients.untold(case)] == ["postbote"]

    recipients.note(case, "postbote", by=as_actor(otto, case))
    with pytest.raises(NotYet, match="must still be told"):
        recipients.note(case, "postbote", by=as_actor(otto, case))
    tasks.expire()

    case.refresh_from_db()
    assert case.state == State.CLOSED


def test_nobody_is_told_of_what_was_not_done(northwind: Organisation) -> None:
    assert recipients.must_tell(a_case(northwind, right="deletion")) == []


def test_a_request_that_was_taken_back_shows_no_rows_that_would_go(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind, right="deletion"))
    address = f"/desk/case/{case.reference}/"
    assert "rows go" in at_desk(ada).get(address).content.decode()
    withdrawal.withdraw_for(case, "By phone.", by=as_actor(ada, case))
    page = at_desk(ada).get(address).content.decode()
    assert "rows go" not in page
    assert "It was taken back. Nothing is left to do." in page
    assert "The person has our answer." not in page
