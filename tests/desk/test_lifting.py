"""Restriction lifted after a letter, requests taken back for the person, and requests that are opened again."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from portal.kit import clock
from portal.organisations.models import Organisation, User
from portal.organisations.promises import Recipient
from requests_app import letters
from requests_app.access import OnlyALead
from requests_app.flows import closing, lifting, recipients, withdrawal
from requests_app.flows.searching import NotYet
from requests_app.models import Case, Event, Letter
from requests_app.rules.rights import Right
from requests_app.rules.states import MoveRefused, State
from tests.desk.acting import as_actor, reviewed
from tests.desk.fake_engine import FakeEngine
from tests.desk.test_triage_and_closing import kinds
from tests.people import a_case, a_policy, a_policy_document, at_desk

POST = Recipient(key="postbote", name="Postbote", contact="dsb@postbote.example", told_on=("restriction",))
WHY = "The invoice was checked; it is right."


@pytest.fixture
def paused(northwind: Organisation) -> Case:
    a_policy(northwind, a_policy_document("northwind", version="1.1.0", recipients=(POST,)))
    return a_case(northwind, right=Right.RESTRICTION, state=State.ANSWERED, outcome="done", answered_at=clock.now())


def on(days: int) -> str:
    return (clock.today("America/Vancouver") + timedelta(days=days)).isoformat()


def test_the_person_is_told_before_it_is_lifted(paused: Case, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, address = at_desk(ada), f"/desk/case/{paused.reference}/lift/"
    recipients.write(paused, "postbote", by=as_actor(ada, paused))
    with pytest.raises(NotYet, match="not been told yet"):
        lifting.lift(paused, by=as_actor(ada, paused))
    assert browser.post(address, {"on": on(0), "text": WHY}).status_code == 409
    assert browser.post(address, {"on": on(10), "text": WHY}).status_code == 302
    words = paused.unseal(paused.letters.get(kind="restriction_lifts").body_sealed)
    assert WHY in words
    assert "before that ends" in words

    assert browser.post(address).status_code == 409  # the letter is not out
    Letter.objects.filter(case=paused).update(state="sent")
    assert browser.post(address).status_code == 409  # its day has not come
    assert "Lift it now" not in browser.get(address).content.decode()
    later = clock.now() + timedelta(days=11)
    monkeypatch.setattr("portal.kit.clock.now", lambda: later)
    assert "Lift it now" in at_desk(ada).get(address).content.decode()
    assert at_desk(ada).post(address).status_code == 302

    assert not lifting.stands(paused)
    assert kinds(paused)[-1] == letters.TO_RECIPIENT_AGAIN
    assert WHY not in str(list(Event.objects.values_list("facts", flat=True)))


def test_a_letter_that_came_back_lifts_nothing(paused: Case, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    lifting.announce(paused, WHY, on=clock.today("America/Vancouver") + timedelta(days=1), by=as_actor(ada, paused))
    Letter.objects.filter(case=paused).update(state="sent", bounced_at=clock.now())
    later = clock.now() + timedelta(days=5)
    monkeypatch.setattr("portal.kit.clock.now", lambda: later)
    with pytest.raises(NotYet, match="came back"):
        lifting.lift(paused, by=as_actor(ada, paused))


def test_only_a_lead_lifts_and_only_what_is_paused(paused: Case, otto: User, ada: User, northwind: Organisation) -> None:
    day = clock.today("UTC") + timedelta(days=9)
    with pytest.raises(OnlyALead):
        lifting.announce(paused, WHY, on=day, by=as_actor(otto, paused))
    other = a_case(northwind, right=Right.RESTRICTION)
    with pytest.raises(NotYet, match="No use of data is paused"):
        lifting.announce(other, WHY, on=day, by=as_actor(ada, other))
    call_command("case", paused.reference, "announce_lift", on(9), WHY, stdout=StringIO())
    with pytest.raises(CommandError, match="told already"):
        call_command("case", paused.reference, "announce_lift", on(9), WHY, stdout=StringIO())
    with pytest.raises(CommandError, match="not been told yet"):
        call_command("case", paused.reference, "lift", stdout=StringIO())


def test_an_officer_takes_a_request_back_for_the_person(northwind: Organisation, otto: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind))
    answer = at_desk(otto).post(f"/desk/case/{case.reference}/withdraw/", {"text": "She called on Monday."})
    case.refresh_from_db()
    assert (answer.status_code, case.state, kinds(case)) == (302, State.WITHDRAWN, ["withdrawn"])
    assert engine.destroyed == [case.job_id]
    assert Event.objects.get(code="case.withdrawn").actor == str(otto.pk)
    assert case.unseal(case.notes.get().body_sealed) == "She called on Monday."


@pytest.mark.parametrize("state", [State.COLLECTING, State.EXECUTING, State.ANSWERED, State.CLOSED])
def test_what_is_under_way_or_over_is_not_taken_back(northwind: Organisation, otto: User, state: State) -> None:
    case = a_case(northwind, state=state)
    with pytest.raises(MoveRefused, match="Nothing was changed"):
        withdrawal.withdraw_for(case, "She called.", by=as_actor(otto, case))
    assert (case.notes.count(), case.letters.count()) == (0, 0)


def test_a_request_that_is_opened_again_starts_clean_and_tells_the_person(northwind: Organisation, otto: User, ada: User) -> None:
    case = a_case(northwind, state=State.CLOSED, outcome="refused", refusal_ground="privileged", answered_at=clock.now())
    with pytest.raises(OnlyALead):
        closing.reopen(case, "She was right.", by=as_actor(otto, case))
    closing.reopen(case, "She was right.", by=as_actor(ada, case))

    case.refresh_from_db()
    assert (case.state, case.outcome, case.refusal_ground, case.answered_at, case.job_id) == (State.OPEN, "", "", None, None)
    assert kinds(case) == ["reopened"]
    assert "She was right" not in case.unseal(case.letters.get().body_sealed)
