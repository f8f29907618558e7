"""A deletion that ended half-way, at the desk and with real sources: it is finished where it stopped, and only then is it answered."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from exports import api
from exports.models import Handle, Job
from portal.organisations.models import User
from requests_app.flows import erasing, fulfilment
from requests_app.flows.searching import NotYet
from requests_app.models import Case
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.tasks import settle_case
from tests.desk.acting import as_actor, proved
from tests.desk.test_correcting import worked
from tests.engine.erasing import Store
from tests.engine.partial import busy_at, locked_for_writing, run_until_given_up
from tests.engine.test_erasure_sources import two
from tests.people import a_case, a_member, at_desk

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return two(tmp_path)


@pytest.fixture
def lead(store: Store) -> User:
    return a_member("Ada", "lead", store.organisation)


@pytest.fixture
def half(store: Store, lead: User) -> Case:
    """The log is erased; the people were locked."""
    case = worked(proved(a_case(store.organisation, right=Right.DELETION)))
    assert case.state == State.REVIEW
    assert case.job_id
    erasing.approve(case, digest=api.plan(case.job_id).digest, typed=case.reference, by=as_actor(lead, case))
    with busy_at("people"):
        run_until_given_up(case.job_id)
    settle_case(case.pk)
    case.refresh_from_db()
    assert case.state == State.REVIEW
    return case


def test_the_desk_offers_to_try_the_source_again_and_nothing_that_would_lose_the_way(half: Case, lead: User) -> None:
    browser = at_desk(lead)
    page = browser.get(f"/desk/case/{half.reference}/").content.decode()
    assert "Try Shop again" in page
    assert "Rehearse again" not in page
    assert "Shop: It is locked." in page
    assert "Shop: Shop" not in page
    assert "not done" in browser.get(f"/desk/case/{half.reference}/receipt/").content.decode()


def test_the_desk_says_why_an_approved_plan_was_not_begun(store: Store, lead: User) -> None:
    case = worked(proved(a_case(store.organisation, right=Right.DELETION)))
    assert case.job_id
    erasing.approve(case, digest=api.plan(case.job_id).digest, typed=case.reference, by=as_actor(lead, case))
    with locked_for_writing(store, "log"):
        run_until_given_up(case.job_id)
    settle_case(case.pk)
    page = at_desk(lead).get(f"/desk/case/{case.reference}/").content.decode()
    assert "Stopped before anything was erased. Log:" in page
    assert "Rehearse again" in page
    assert store.sql("SELECT count(*) FROM people") == [(3,)]


def test_work_that_stopped_with_a_fault_half_way_is_offered_too(half: Case, lead: User) -> None:
    assert half.job_id
    Job.objects.filter(pk=half.job_id).update(state="failed", receipt=None, error="It stopped.")
    page = at_desk(lead).get(f"/desk/case/{half.reference}/").content.decode()
    assert "Try Shop again" in page
    assert "It stopped." in page
    assert "Nothing has been deleted" not in page


def test_looking_everywhere_anew_is_refused_while_handles_are_left(half: Case, lead: User) -> None:
    job, handles = half.job_id, Handle.objects.count()
    with pytest.raises(NotYet, match="is not finished at Shop"):
        fulfilment.gather_again(half, by=as_actor(lead, half))
    half.refresh_from_db()
    assert (half.job_id, half.state, Handle.objects.count()) == (job, State.REVIEW, handles)


def test_another_try_ends_in_the_certificate_with_what_was_read_back(half: Case, store: Store, lead: User) -> None:
    fulfilment.retry(half, "shop", by=as_actor(lead, half))
    half.refresh_from_db()
    assert half.state == State.EXECUTING
    case = worked(half)
    assert (case.state, case.outcome) == (State.ANSWERED, "erased")
    assert store.sql("SELECT id FROM people") == [(1,), (2,)]
    certificate = case.unseal(case.letters.get(kind="answer_deletion").html_sealed)
    assert "Ada" in certificate


def test_the_receipt_that_the_case_command_prints_can_be_checked(half: Case, tmp_path: Path) -> None:
    out, told = StringIO(), StringIO()
    call_command("case", half.reference, "receipt", "--json", stdout=out)
    path = tmp_path / "printed.json"
    path.write_text(out.getvalue())
    call_command("verify_receipt", str(path), "--json", stdout=told)
    report = json.loads(told.getvalue())
    assert (report["proved"], report["outcome"], report["counts"]["delete"]) == (True, "partial", 2)
