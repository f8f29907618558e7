"""A legal hold: what is held stays, plan, receipt and letter say so, and only a lead lets it go."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command

from exports import api
from exports.tasks import expire_due
from portal.kit import clock
from portal.organisations.models import User
from requests_app import tasks
from requests_app.access import OnlyALead
from requests_app.flows import closing, correcting, erasing, fulfilment, holding
from requests_app.flows.correcting import BY_HAND, Decision
from requests_app.flows.holding import Terms
from requests_app.flows.searching import NotYet
from requests_app.models import Case, Event
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.wishes import Wanted
from tests.desk.acting import as_actor, proved
from tests.desk.test_correcting import worked
from tests.engine.erasing import Store
from tests.engine.test_erasure_rows import child, shop
from tests.engine.test_erasure_sources import two
from tests.engine.test_on_hold import NOTES
from tests.people import a_case, a_member, at_desk

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
NOTE = "File 7 O 12/26, letter of the court of 3 November."


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return two(tmp_path)


@pytest.fixture
def lead(store: Store) -> User:
    return a_member("Ada", "lead", store.organisation)


@pytest.fixture
def planned(store: Store) -> Case:
    return worked(proved(a_case(store.organisation, right=Right.DELETION)))


def soon(days: int = 90) -> Terms:
    return Terms("authority", NOTE, clock.today("UTC") + timedelta(days=days))


def approved(case: Case, lead: User) -> Case:
    assert case.job_id
    erasing.approve(case, digest=api.plan(case.job_id).digest, typed=case.reference, by=as_actor(lead, case))
    return worked(case)


def test_a_held_line_is_kept_and_plan_certificate_and_receipt_say_why(planned: Case, store: Store, lead: User) -> None:
    browser = at_desk(lead)
    page = browser.get(f"/desk/case/{planned.reference}/plan/").content.decode()
    assert "hold/?line=log%3Aorders" in page
    day = (clock.today("UTC") + timedelta(days=90)).isoformat()
    said = {"line": "log:orders", "ground": "authority", "until": day, "text": NOTE}
    assert browser.post(f"/desk/case/{planned.reference}/hold/", said).status_code == 302

    case = worked(planned)

    assert "A court or an authority has told us to keep it." in browser.get(f"/desk/case/{case.reference}/plan/").content.decode()
    assert "On hold: Orders." in browser.get(f"/desk/case/{case.reference}/").content.decode()
    case = approved(case, lead)
    assert (case.state, store.sql("SELECT count(*) FROM requests", "log")) == (State.ANSWERED, [(3,)])
    certificate = case.unseal(case.letters.get(kind="answer_deletion").html_sealed)
    assert "A court or an authority has told us to keep it. We look at it again by" in certificate
    assert "As long as the reason holds" in certificate
    assert NOTE not in certificate
    signed = api.receipt(case.job_id)  # type: ignore[arg-type]
    assert signed
    assert [one["basis"] for one in signed["receipt"]["kept"]] == ["legal_hold"]
    assert NOTE not in str(list(Event.objects.values_list("facts", flat=True)))


def test_letting_go_before_the_approval_plans_it_again(planned: Case, store: Store, lead: User) -> None:
    held = holding.hold(planned, "log:orders", soon(), by=as_actor(lead, planned))
    case = worked(planned)
    holding.let_go(case, held.pk, "The court has decided.", by=as_actor(lead, case))
    assert approved(worked(case), lead).state == State.ANSWERED
    assert store.sql("SELECT id FROM requests", "log") == [(2,)]


def test_what_is_let_go_after_the_answer_goes_although_no_search_would_find_it(planned: Case, store: Store, lead: User) -> None:
    held = holding.hold(planned, "log:orders", soon(), by=as_actor(lead, planned))
    case = approved(worked(planned), lead)
    assert store.sql("SELECT count(*) FROM requests", "log") == [(3,)]
    call_command("case", case.reference, "let_go", str(held.pk), "The court has decided.", stdout=StringIO())
    case.refresh_from_db()
    assert case.state == State.ANSWERED  # it goes by itself: nothing is opened again, for nothing could be found
    expire_due()
    assert store.sql("SELECT id FROM requests", "log") == [(2,)]
    signed = api.receipt(case.job_id)  # type: ignore[arg-type]
    assert signed
    assert [one["receipt"]["totals"]["delete"] for one in signed["addenda"]] == [2]


def test_a_hold_outlives_a_new_rehearsal(planned: Case, lead: User) -> None:
    holding.hold(planned, "log:orders", soon(), by=as_actor(lead, planned))
    case = worked(planned)
    fulfilment.gather_again(case, by=as_actor(lead, case))
    case = worked(case)
    assert case.job_id
    assert "legal_hold" in {line.basis for line in api.plan(case.job_id).lines}


def test_the_day_of_a_hold_deletes_nothing(planned: Case, store: Store, lead: User, monkeypatch: pytest.MonkeyPatch) -> None:
    holding.hold(planned, "log:orders", soon(5), by=as_actor(lead, planned))
    case = approved(worked(planned), lead)
    later = clock.now() + timedelta(days=400)
    monkeypatch.setattr("portal.kit.clock.now", lambda: later)
    from_now_on = at_desk(lead)
    tasks.expire()
    assert store.sql("SELECT count(*) FROM requests", "log") == [(3,)]
    assert "That day has come" in from_now_on.get(f"/desk/case/{case.reference}/").content.decode()


def test_a_whole_request_on_hold_deletes_and_corrects_nothing(planned: Case, store: Store, lead: User) -> None:
    held = holding.hold(planned, "", Terms("claims", NOTE), by=as_actor(lead, planned))
    with pytest.raises(NotYet, match=r"whole request is on hold\. We need it for a legal claim"):
        approved(planned, lead)
    assert "The whole request is on hold." in at_desk(lead).get(f"/desk/case/{planned.reference}/plan/").content.decode()

    wish = a_case(store.organisation, right=Right.CORRECTION)
    correcting.add(wish, Wanted("other", "My name", "Rita"), by=as_actor(lead, wish))
    holding.hold(wish, "", Terms("claims", NOTE), by=as_actor(lead, wish))
    with pytest.raises(NotYet, match="on hold"):
        correcting.decide(wish, {0: Decision(BY_HAND, words="Done.")}, digest="", by=as_actor(lead, wish))

    holding.let_go(planned, held.pk, "Settled.", by=as_actor(lead, planned))
    assert approved(planned, lead).state == State.ANSWERED


def test_what_cannot_be_held_says_why(planned: Case, lead: User) -> None:
    ada = as_actor(lead, planned)
    yesterday = clock.today("UTC") - timedelta(days=1)
    for line, terms in (
        ("", Terms("", NOTE)),
        ("", Terms("claims", " ")),
        ("", Terms("claims", NOTE, yesterday)),
        ("nothing:there", soon()),
    ):
        with pytest.raises(NotYet, match="othing was changed"):
            holding.hold(planned, line, terms, by=ada)
    with pytest.raises(OnlyALead):
        holding.hold(planned, "", soon(), by=type(ada)("9", "Otto", "officer"))
    holding.hold(planned, "", soon(), by=ada)
    with pytest.raises(NotYet, match="held already"):
        holding.hold(planned, "", soon(), by=ada)
    assert planned.holds.count() == 1


def test_content_on_hold_is_not_destroyed_with_the_years(planned: Case, lead: User, monkeypatch: pytest.MonkeyPatch) -> None:
    holding.hold(planned, "log:orders", soon(), by=as_actor(lead, planned))
    case = approved(worked(planned), lead)
    Case.objects.filter(pk=case.pk).update(backups_until=None)
    case.refresh_from_db()
    closing.close(case, by="system")
    later = clock.now() + timedelta(days=4000)
    monkeypatch.setattr("portal.kit.clock.now", lambda: later)
    tasks.forget()
    case.refresh_from_db()
    assert case.name == "Rita Lindqvist"
    case.holds.update(released_at=later)
    tasks.forget()
    case.refresh_from_db()
    assert not case.key_sealed


def put_off(store: Store, lead: User) -> tuple[Case, str]:
    """A deletion that was answered, of which one line goes in thirty days."""
    case = approved(worked(proved(a_case(store.organisation, right=Right.DELETION))), lead)
    assert case.state == State.ANSWERED
    return case, f"/desk/case/{case.reference}/"


@pytest.fixture
def later(tmp_path: Path) -> Store:
    return shop(tmp_path, NOTES, child("notes", category="later", fields="    - {name: text}"), key="later")


def pass_days(days: int) -> None:
    """The schedule runs so many days from now."""
    with time_machine.travel(clock.now() + timedelta(days=days), tick=False):
        expire_due()


@pytest.mark.parametrize("line", ["shop:later", ""])
def test_what_was_put_off_is_held_after_the_answer_and_goes_once_it_is_let_go(later: Store, line: str) -> None:
    ada = a_member("Ada", "lead", later.organisation)
    case, page = put_off(later, ada)
    browser = at_desk(ada)
    assert "to be deleted on" in browser.get(f"{page}hold/").content.decode()
    said = {"line": line, "ground": "authority", "until": (clock.today("UTC") + timedelta(days=90)).isoformat(), "text": NOTE}
    assert browser.post(f"{page}hold/", said).status_code == 302
    assert "on hold" in browser.get(page).content.decode().lower()
    letter = case.unseal(case.letters.get(kind="kept_longer").body_sealed)
    assert "A court or an authority has told us to keep it." in letter
    assert NOTE not in letter

    pass_days(31)
    assert later.sql("SELECT count(*) FROM notes") == [(3,)]

    holding.let_go(case, case.holds.get().pk, "Settled.", by=as_actor(ada, case))
    case.refresh_from_db()
    assert case.state == State.ANSWERED  # the deletion goes on by itself: nothing has to be opened again
    pass_days(31)
    assert later.sql("SELECT id FROM notes") == [(9,)]


def test_after_the_answer_only_what_is_still_to_go_can_be_held(later: Store) -> None:
    ada = a_member("Ada", "lead", later.organisation)
    case, page = put_off(later, ada)
    with pytest.raises(NotYet, match="still to be deleted"):
        holding.hold(case, "shop:account", soon(), by=as_actor(ada, case))
    pass_days(31)
    with pytest.raises(NotYet, match="over or being carried out"):
        holding.hold(case, "", soon(), by=as_actor(ada, case))
    assert "Legal hold" not in at_desk(ada).get(page).content.decode()
    assert not case.holds.exists()
