"""A deletion is approved by a lead, as it was shown, once everything is proved; and it is answered only when it is true."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import dateformat

from exports.api import StalePlan
from portal.organisations.models import Organisation, User
from requests_app import tasks
from requests_app.access import OnlyALead, SignInAgain
from requests_app.flows import closing, erasing
from requests_app.flows.searching import NotYet
from requests_app.models import Case
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from tests.desk.acting import as_actor, proved, reviewed
from tests.desk.fake_engine import FakeEngine
from tests.people import a_case, at_desk


@pytest.fixture
def planned(northwind: Organisation, engine: FakeEngine) -> Case:
    return reviewed(a_case(northwind, right=Right.DELETION))


def approve(case: Case, user: User, engine: FakeEngine, *, fresh: bool = True) -> None:
    erasing.approve(case, digest=engine.digest, typed=case.reference, by=as_actor(user, case, fresh=fresh))


def test_a_deletion_is_rehearsed_only_after_the_second_code(northwind: Organisation, engine: FakeEngine) -> None:
    case = a_case(northwind, right=Right.DELETION)
    case.identifiers.update(verified_how="email_link")

    tasks.dispatch()
    assert not engine.searches

    proved(case)
    tasks.dispatch()
    assert engine.searches[0][0] == "erasure"


def test_an_officer_cannot_approve(planned: Case, otto: User, ada: User, engine: FakeEngine) -> None:
    with pytest.raises(OnlyALead, match=r"Only a lead can approve a deletion\..*Ada"):
        approve(planned, otto, engine)

    assert not engine.approved


def test_a_plan_that_changed_since_it_was_shown_is_not_carried_out(planned: Case, ada: User, engine: FakeEngine) -> None:
    shown = engine.digest
    erasing.settle_plan(planned, {"shop/orders": "later"}, by=as_actor(ada, planned))

    with pytest.raises(StalePlan):
        erasing.approve(planned, digest=shown, typed=planned.reference, by=as_actor(ada, planned))

    planned.refresh_from_db()
    assert (planned.state, engine.approved) == (State.REVIEW, [])


@pytest.mark.parametrize("typed", ["", "yes", "DR-AAAA-AA"])
def test_without_the_reference_nothing_is_deleted(planned: Case, ada: User, engine: FakeEngine, typed: str) -> None:
    with pytest.raises(NotYet, match="not the reference"):
        erasing.approve(planned, digest=engine.digest, typed=typed, by=as_actor(ada, planned))

    assert not engine.approved


def test_the_reference_may_be_typed_without_dashes(planned: Case, ada: User, engine: FakeEngine) -> None:
    typed = planned.reference.replace("-", "").lower()

    erasing.approve(planned, digest=engine.digest, typed=typed, by=as_actor(ada, planned))

    assert engine.approved


def test_an_old_sign_in_does_not_delete(planned: Case, ada: User, engine: FakeEngine) -> None:
    with pytest.raises(SignInAgain):
        approve(planned, ada, engine, fresh=False)

    assert not engine.approved


def test_the_copy_that_was_asked_for_goes_first(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    copy = a_case(northwind)
    case = reviewed(a_case(northwind, right=Right.DELETION, copy_first=copy, submission=copy.submission))

    with pytest.raises(NotYet, match=copy.reference):
        approve(case, ada, engine)

    Case.objects.filter(pk=copy.pk).update(state=State.ANSWERED)
    approve(case, ada, engine)
    assert engine.approved


def test_complete_is_answered_with_a_certificate_and_a_date_for_backups(planned: Case, ada: User, engine: FakeEngine) -> None:
    approve(planned, ada, engine)
    tasks.dispatch()
    planned.refresh_from_db()
    assert planned.state == State.EXECUTING  # approved is not done

    engine.ends(planned.job_id, "complete")
    tasks.dispatch()
    tasks.dispatch()

    planned.refresh_from_db()
    letter = planned.letters.get()
    html = planned.unseal(letter.html_sealed)
    assert (planned.state, planned.outcome, letter.kind) == (State.ANSWERED, "erased", "answer_deletion")
    assert planned.backups_until
    assert engine.revoked == 1
    assert "Certificate of erasure" in html
    assert "8 December 2033" in html


@pytest.mark.parametrize(("downloads", "stays"), [(0, True), (1, False)])
def test_a_copy_asked_for_together_stays_open_until_somebody_has_it(
    northwind: Organisation, ada: User, engine: FakeEngine, downloads: int, stays: bool
) -> None:
    copy = a_case(northwind, state=State.ANSWERED, job_id=uuid4())
    engine.pack(copy.job_id, None)  # type: ignore[arg-type]  # the cover does not matter here
    engine.archives[copy.job_id] = replace(engine.archives[copy.job_id], downloads=downloads)
    case = reviewed(a_case(northwind, right=Right.DELETION, copy_first=copy, submission=copy.submission))
    approve(case, ada, engine)
    engine.ends(case.job_id, "complete")

    tasks.dispatch()

    assert engine.revoked == 1
    assert engine.kept == ((copy.job_id,) if stays else ())


@pytest.mark.parametrize("outcome", ["partial", "failed"])
def test_anything_less_than_complete_is_never_answered(planned: Case, ada: User, engine: FakeEngine, outcome: str) -> None:
    approve(planned, ada, engine)
    engine.ends(planned.job_id, outcome)

    tasks.dispatch()

    planned.refresh_from_db()
    assert (planned.state, planned.letters.count(), planned.answered_at) == (State.REVIEW, 0, None)


def test_a_job_that_ends_without_a_receipt_is_never_answered(planned: Case, ada: User, engine: FakeEngine) -> None:
    approve(planned, ada, engine)
    engine.finished = True

    erasing.conclude(planned)

    planned.refresh_from_db()
    assert (planned.state, planned.letters.count()) == (State.REVIEW, 0)


def test_backups_are_attested_on_their_date_not_before(planned: Case, ada: User, engine: FakeEngine) -> None:
    approve(planned, ada, engine)
    engine.ends(planned.job_id, "complete")
    erasing.conclude(planned)
    planned.refresh_from_db()
    day = planned.backups_until
    assert day

    with pytest.raises(NotYet, match="not rolled over"):
        closing.attest_backups(planned, "Checked.", by=as_actor(ada, planned))
    with pytest.raises(NotYet, match="Attest"):
        closing.close(planned, by="system")
    closing.attest_backups(planned, "The store lists none older.", by=as_actor(ada, planned), today=day)
    closing.close(planned, by="system")

    assert [letter.kind for letter in planned.letters.all()] == ["answer_deletion", "backups_gone"]


def test_the_answer_tells_both_dates_and_the_page_who_attested(planned: Case, ada: User, engine: FakeEngine) -> None:
    approve(planned, ada, engine)
    engine.ends(planned.job_id, "complete")
    erasing.conclude(planned)
    planned.refresh_from_db()
    day = planned.backups_until
    assert day

    said = planned.unseal(planned.letters.get().body_sealed)
    assert "It was deleted on 8 December 2026." in said  # the day of the engine's receipt
    assert f"Backups may hold the data until {dateformat.format(day, 'j F Y')}" in said

    closing.attest_backups(planned, "The store lists none older.", by=as_actor(ada, planned), today=day)
    page = at_desk(ada).get(reverse("desk:case", args=[planned.reference])).content.decode()
    assert f"gone since {dateformat.format(day, 'j F Y')}; Ada attested it on" in page


def test_withdrawn_meanwhile_means_not_deleted(planned: Case, ada: User, engine: FakeEngine) -> None:
    Case.objects.filter(pk=planned.pk).update(state=State.WITHDRAWN)

    with pytest.raises(NotYet):
        approve(planned, ada, engine)

    assert not engine.approved
