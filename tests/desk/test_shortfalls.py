"""A source that refuses for good, at the desk and with real sources: the answer is in part and says what was not done."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from exports import api
from portal.organisations.models import User
from requests_app.access import OnlyALead
from requests_app.flows import erasing, fulfilment, shortfalls
from requests_app.flows.searching import NotYet
from requests_app.models import Case, Event
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.undone import Why
from tests.desk.acting import as_actor, proved
from tests.desk.test_correcting import worked
from tests.desk.test_unfinished import half, lead, store  # noqa: F401  (fixtures)
from tests.engine.erasing import Store
from tests.engine.test_erasure_sources import hide
from tests.engine.test_packing import member, opened
from tests.people import a_case, at_desk

pytestmark = pytest.mark.django_db
WHY = Why("gone", "The request log of 2019. We tried it on three days.")


def certificate(case: Case) -> str:
    return case.unseal(case.letters.filter(kind="answer_deletion").last().html_sealed)  # type: ignore[union-attr]  # there is one


def test_a_deletion_with_a_dead_source_is_planned_approved_and_answered_in_part(store: Store, lead: User) -> None:  # noqa: F811
    hide(store, "log")
    case = worked(proved(a_case(store.organisation, right=Right.DELETION)))
    browser = at_desk(lead)
    assert "Go on without Log" in browser.get(f"/desk/case/{case.reference}/").content.decode()

    answer = browser.post(f"/desk/case/{case.reference}/close/log/", {"reason": WHY.reason, "text": WHY.words})

    assert answer.status_code == 302
    case = worked(case)
    assert (case.state, case.job_id and api.plan(case.job_id).blocked) == (State.REVIEW, ())
    erasing.approve(case, digest=api.plan(case.job_id).digest, typed=case.reference, by=as_actor(lead, case))  # type: ignore[arg-type]
    case = worked(case)
    assert (case.state, case.outcome) == (State.ANSWERED, "partly")
    letter = certificate(case)
    assert "Deleted in part" in letter
    assert "Certificate of erasure" not in letter
    assert WHY.words in letter
    assert "ask us again at any time" in letter
    assert "found none of it left" not in case.unseal(case.letters.get(kind="answer_deletion").body_sealed)
    assert api.receipt(case.job_id)["receipt"]["outcome"] == "partial"  # type: ignore[index,arg-type]
    page = browser.get(f"/desk/case/{case.reference}/").content.decode()
    assert "the person has been told what was not done" in page
    assert "Only in part" in browser.get(f"/desk/case/{case.reference}/receipt/").content.decode()


def test_a_deletion_that_stopped_half_way_is_given_up_at_the_shell(half: Case, store: Store) -> None:  # noqa: F811
    out = StringIO()
    call_command("case", half.reference, "close_source", "shop", "refused", "Your account itself.", "--json", stdout=out)
    assert json.loads(out.getvalue())["state"] == State.EXECUTING

    case = worked(half)

    assert (case.state, case.outcome) == (State.ANSWERED, "partly")
    assert "Not done" in certificate(case)
    assert store.sql("SELECT count(*) FROM people") == [(3,)]
    line = Event.objects.get(code="source.closed")
    assert (line.facts, line.actor) == ({"source": "shop", "reason": "refused"}, "shell")


def test_only_a_lead_closes_a_source_and_only_one_that_failed(half: Case, lead: User) -> None:  # noqa: F811
    officer = as_actor(lead, half)
    with pytest.raises(OnlyALead):
        shortfalls.close_source(half, "shop", WHY, by=type(officer)(officer.key, "Otto", "officer"))
    with pytest.raises(NotYet):
        shortfalls.close_source(half, "log", WHY, by=officer)
    with pytest.raises(NotYet, match="can still be finished"):
        erasing.answer_in_part(half, WHY, by=officer)
    assert not half.shortfalls.exists()


def test_gaps_that_nobody_can_mend_are_answered_in_part_with_a_reason(half: Case, lead: User) -> None:  # noqa: F811
    shortfalls.close_source(half, "shop", WHY, by=as_actor(lead, half))
    case = worked(half)
    case.shortfalls.all().delete()
    Case.objects.filter(pk=case.pk).update(state=State.REVIEW, outcome="", answered_at=None, released_at=None)
    case.refresh_from_db()
    browser = at_desk(lead)
    assert "Answer in part" in browser.get(f"/desk/case/{case.reference}/").content.decode()

    browser.post(f"/desk/case/{case.reference}/in-part/", {"reason": "unsearchable", "text": "Your account."})

    case.refresh_from_db()
    assert (case.state, case.outcome) == (State.ANSWERED, "partly")
    assert "What you proved does not lead to the data in this system. Your account." in certificate(case)
    assert "Shop: It is locked." in certificate(case)


def test_the_copy_names_the_closed_source_once_with_the_reason(store: Store, lead: User) -> None:  # noqa: F811
    hide(store, "log")
    case = worked(a_case(store.organisation, right=Right.ACCESS))
    shortfalls.close_source(case, "log", WHY, by=as_actor(lead, case))
    fulfilment.release(case, by=as_actor(lead, case))
    case = worked(case)
    assert (case.state, case.outcome) == (State.ANSWERED, "partly")
    assert case.job_id
    page = member(opened(case.job_id), "index.html").decode()
    assert page.count("It cannot be reached") == page.count(WHY.words) > 0
