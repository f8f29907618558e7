"""Two people where the policy or the ground asks for it: somebody else, the same plan, and the desk says who is waited for."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from portal.organisations.models import Organisation, User
from requests_app.access import OnlyALead
from requests_app.flows import closing, erasing, seconding
from requests_app.flows.searching import NotYet
from requests_app.models import Case, Event
from requests_app.rules.refusals import RefusalRefused
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from tests.desk.acting import as_actor, reviewed
from tests.desk.fake_engine import FakeEngine
from tests.desk.test_triage_and_closing import WHY
from tests.people import a_case, a_member, a_policy, a_policy_document, at_desk


@pytest.fixture
def careful(northwind: Organisation) -> Organisation:
    """One person may approve ten rows alone; the plan of the tests has twelve."""
    a_policy(northwind, a_policy_document("northwind", version="1.1.0", second_person_rows=10))
    return northwind


@pytest.fixture
def planned(careful: Organisation, engine: FakeEngine) -> Case:
    return reviewed(a_case(careful, right=Right.DELETION))


@pytest.fixture
def bea(careful: Organisation) -> User:
    return a_member("Bea", "lead", careful)


def approve(case: Case, user: User, engine: FakeEngine) -> None:
    erasing.approve(case, digest=engine.digest, typed=case.reference, by=as_actor(user, case))


def test_a_large_deletion_is_not_approved_by_one_person(planned: Case, ada: User, engine: FakeEngine) -> None:
    with pytest.raises(NotYet, match="12 rows would go, more than the 10"):
        approve(planned, ada, engine)
    seconding.agree(planned, engine.digest, by=as_actor(ada, planned))
    with pytest.raises(NotYet, match="You have agreed with it yourself"):
        approve(planned, ada, engine)
    assert not engine.approved


def test_the_desk_says_who_is_waited_for_and_the_second_one_approves(planned: Case, otto: User, ada: User, engine: FakeEngine) -> None:
    officer, lead = at_desk(otto), at_desk(ada)
    address = f"/desk/case/{planned.reference}/plan/"
    page = lead.get(address).content.decode()
    assert ("I agree with this plan" in page, "Type the reference" in page) == (True, False)

    assert officer.post(f"/desk/case/{planned.reference}/agree/", {"digest": engine.digest}).status_code == 302

    assert "You have agreed with it" in officer.get(address).content.decode()
    assert "Otto agreed with the plan." in lead.get(f"/desk/case/{planned.reference}/").content.decode()
    assert "Type the reference" in lead.get(address).content.decode()
    approve(planned, ada, engine)
    planned.refresh_from_db()
    assert planned.state == State.EXECUTING
    assert engine.approved


def test_agreement_is_with_one_plan_only(planned: Case, otto: User, ada: User, engine: FakeEngine) -> None:
    with pytest.raises(NotYet, match="plan has changed"):
        seconding.agree(planned, "0" * 64, by=as_actor(otto, planned))
    seconding.agree(planned, engine.digest, by=as_actor(otto, planned))
    erasing.settle_plan(planned, {"shop/orders": "later"}, by=as_actor(otto, planned))
    with pytest.raises(NotYet, match="Somebody else must agree"):
        approve(planned, ada, engine)
    assert not engine.approved


def test_a_person_whom_no_code_proved_takes_two_people(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind, right=Right.DELETION))
    assert not seconding.why_two(case)
    case.identifiers.create(kind="phone", value_sealed=case.seal("1"), token="t", verified_at=case.received_at, verified_how="documents")
    with pytest.raises(NotYet, match="An officer, not a code"):
        approve(case, ada, engine)


def test_the_shell_is_one_person(planned: Case, ada: User, engine: FakeEngine) -> None:
    call_command("case", planned.reference, "agree", engine.digest, stdout=StringIO())
    with pytest.raises(CommandError, match="somebody else must approve"):
        call_command("case", planned.reference, "approve", engine.digest, stdout=StringIO())
    call_command("case", planned.reference, "approve", engine.digest, "--by", ada.email, stdout=StringIO())
    assert Event.objects.filter(code="plan.agreed").count() == 1


def test_a_weighty_refusal_shows_who_proposed_it_until_it_is_decided(northwind: Organisation, otto: User, ada: User) -> None:
    case = a_case(northwind)
    closing.propose_refusal(case, "privileged", WHY, by=as_actor(otto, case))
    page = at_desk(ada).get(f"/desk/case/{case.reference}/").content.decode()
    assert "Otto proposed to refuse this request: Confidential advice of a lawyer. A lead who is somebody else decides." in page
    assert "proposed to refuse: Confidential advice of a lawyer" in page  # in the history, no code

    with pytest.raises(OnlyALead):
        closing.refuse(case, "privileged", WHY, by=as_actor(otto, case))
    other = a_case(northwind)
    closing.propose_refusal(other, "privileged", WHY, by=as_actor(ada, other))
    with pytest.raises(RefusalRefused, match="second person"):
        closing.refuse(other, "privileged", WHY, by=as_actor(ada, other))

    closing.refuse(case, "privileged", WHY, by=as_actor(ada, case))
    assert not seconding.waited_for(Case.objects.get(pk=case.pk))


def test_who_agrees_with_a_proposed_refusal_reads_its_reason_and_writes_no_other(northwind: Organisation, otto: User, ada: User) -> None:
    case = a_case(northwind)
    closing.propose_refusal(case, "privileged", WHY, by=as_actor(otto, case))
    lead, address = at_desk(ada), f"/desk/case/{case.reference}/refuse/"
    page = lead.get(address).content.decode()
    assert WHY in page
    assert 'value="privileged" checked' in page
    assert WHY not in at_desk(otto).get(address).content.decode()

    assert lead.post(address, {"ground": "privileged", "text": ""}).status_code == 302

    case.refresh_from_db()
    assert (case.state, case.refusal_ground) == (State.REFUSED, "privileged")
    assert case.notes.count() == 1


@pytest.mark.parametrize("text", ["", "Too short."])
def test_a_refusal_without_its_evidence_says_so_beside_the_field_and_keeps_the_choice(
    northwind: Organisation, ada: User, text: str
) -> None:
    case = a_case(northwind)
    page = at_desk(ada).post(f"/desk/case/{case.reference}/refuse/", {"ground": "not_verifiable", "text": text})
    assert page.status_code == 422
    assert "Write what shows this ground" in page.content.decode()
    assert 'value="not_verifiable" checked' in page.content.decode()
    case.refresh_from_db()
    assert case.state == State.OPEN
