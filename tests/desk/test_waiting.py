"""A question to the person: it names its last day, reminds on the policy's days, and only the person's silence ends a request."""

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app import tasks
from requests_app.flows import conversation, triage, waiting
from requests_app.flows.searching import NotYet
from requests_app.models import Case, Event, Letter
from requests_app.models.letter import Via
from requests_app.models.register import RegisterEntry
from requests_app.rules.outcomes import Result
from requests_app.rules.states import State
from tests.desk.acting import as_actor, reviewed
from tests.desk.fake_engine import FakeEngine
from tests.desk.test_triage_and_closing import clocked, kinds
from tests.people import a_case, an_organisation, at_desk


@pytest.fixture
def asked(northwind: Organisation, otto: User, engine: FakeEngine) -> Case:
    """In review, asked who is asking; the letter was posted."""
    case = clocked(reviewed(a_case(northwind)))
    triage.ask(case, "Which year?", by=as_actor(otto, case), about="identity")
    Letter.objects.filter(case=case).update(state="sent")
    return Case.objects.get(pk=case.pk)


def at(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """The same house, days later."""
    later = clock.now() + timedelta(days=days)
    monkeypatch.setattr("portal.kit.clock.now", lambda: later)


def text(case: Case, kind: str) -> str:
    return case.unseal(case.letters.filter(kind=kind).last().body_sealed)  # type: ignore[union-attr]  # there is one


def test_the_letter_names_the_last_day_and_what_happens_then(asked: Case) -> None:
    question = waiting.question_of(asked)
    assert question
    assert question.last_on <= clock.today("America/Vancouver") + timedelta(days=30)
    assert f"{question.last_on.day} {question.last_on:%B %Y}" in text(asked, "question")


def test_reminders_go_out_on_the_policys_days_once_each(asked: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks.expire()
    assert "question_again" not in kinds(asked)
    for day, reminders in ((7, 1), (0, 1), (14, 2), (1, 2)):
        at(monkeypatch, day)
        tasks.expire()
        assert kinds(asked).count("question_again") == reminders, day


def test_silence_past_the_last_day_ends_it_with_a_letter_and_destroys_what_was_gathered(
    asked: Case, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, 31)
    tasks.expire()
    tasks.expire()

    asked.refresh_from_db()
    assert (asked.state, asked.outcome) == (State.EXPIRED, "not_verifiable")
    assert kinds(asked).count("unanswered") == 1
    assert engine.destroyed == [asked.job_id]
    assert RegisterEntry.objects.get(reference=asked.reference).result is Result.DENIED
    assert "go to a court" in text(asked, "unanswered")


def test_a_question_of_meaning_that_is_not_answered_counts_as_unanswered(
    northwind: Organisation, otto: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_case(northwind, state=State.OPEN)
    triage.ask(case, "Which shop?", by=as_actor(otto, case))
    Letter.objects.update(state="sent")
    at(monkeypatch, 31)
    tasks.expire()
    case.refresh_from_db()
    assert (case.state, case.outcome) == (State.EXPIRED, "unanswered")
    assert RegisterEntry.objects.get(reference=case.reference).result is Result.DENIED


@pytest.mark.parametrize("why", ["a mail that proves nothing", "the letter came back", "the letter never went out"])
def test_whoever_may_have_been_heard_or_was_never_asked_is_not_ended(asked: Case, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    if why == "a mail that proves nothing":
        conversation.say(asked, "It is me.", via=Via.MAIL, is_proved=False)
    elif why == "the letter came back":
        Letter.objects.filter(case=asked).update(bounced_at=clock.now())
    else:
        Letter.objects.filter(case=asked).update(state="failed")
    at(monkeypatch, 60)
    tasks.expire()
    asked.refresh_from_db()
    assert asked.state == State.WAITING


def test_an_answer_on_the_page_goes_on_whatever_the_day(asked: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation.say(asked, "2019.")
    at(monkeypatch, 60)
    tasks.expire()
    asked.refresh_from_db()
    assert asked.state == State.REVIEW


def test_something_that_has_begun_is_never_ended_by_silence(asked: Case, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.left = (("crm", "Old CRM"),)
    at(monkeypatch, 60)
    tasks.expire()
    asked.refresh_from_db()
    assert (asked.state, engine.destroyed) == (State.WAITING, [])


def test_an_officer_reminds_by_a_button_once_a_day_and_only_while_it_waits(
    asked: Case, otto: User, northwind: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotYet, match="within the last day"):
        waiting.chase(asked, by=as_actor(otto, asked))
    at(monkeypatch, 2)
    browser = at_desk(otto)
    assert "Remind the person" in browser.get(f"/desk/case/{asked.reference}/").content.decode()
    assert browser.post(f"/desk/case/{asked.reference}/chase/").status_code == 302
    assert Event.objects.filter(code="question.chased", actor=str(otto.pk)).count() == 1
    other = a_case(northwind)
    with pytest.raises(NotYet, match="Nothing was sent"):
        waiting.chase(other, by=as_actor(otto, other))


def test_an_answer_too_late_for_the_date_is_not_waited_for(northwind: Organisation, otto: User) -> None:
    case = clocked(a_case(northwind, received_at=clock.now() - timedelta(days=15)))
    triage.ask(case, "Which year?", by=as_actor(otto, case))
    case.refresh_from_db()
    question = waiting.question_of(case)
    assert question
    assert question.last_on == case.due_on


def test_the_desk_says_law_by_law_whether_the_date_waits(db: None, otto: User) -> None:
    british = an_organisation("albion", regimes=("UK_GDPR",), timezone="Europe/London")
    british.memberships.create(user=otto, role="officer")
    case = clocked(a_case(british))
    page = at_desk(otto).get(f"/desk/case/{case.reference}/message/").content.decode()
    assert "The date waits too." in page
