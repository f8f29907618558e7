"""What a further request may cost: said to everybody alike, announced first, and the date does not wait for it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.kit import clock
from portal.organisations.models import Organisation, User
from portal.organisations.promises import RightPromise
from requests_app.flows import charging
from requests_app.flows.charging import Fee
from requests_app.models import Case, Event, Letter
from requests_app.rules.fees import Circumstance, FeeRefused
from requests_app.rules.states import State
from tests.desk.acting import as_actor
from tests.desk.test_appeals import let_in
from tests.people import a_case, a_member, an_organisation, at_desk
from tests.public.walking import answer, shapes

FEE = {"amount": "CAD 10.00", "text": "Reading the tapes of that year.", "how": "By card, at pay.example."}


@pytest.fixture
def frugal(db: None) -> Organisation:
    """An organisation whose policy gives one free request in twelve months, under Canadian law."""
    rights = {"access": RightPromise(right="access", days=30, free_months=12), "deletion": RightPromise(right="deletion", days=30)}
    return an_organisation("frugal", rights=rights)


@pytest.fixture
def officer(frugal: Organisation) -> User:
    return a_member("Otto", "officer", frugal)


def answered(house: Organisation, **fields: object) -> Case:
    """An earlier request of Rita's that was answered."""
    words = {"state": State.CLOSED, "outcome": "given", "received_at": clock.now() - timedelta(days=90), **fields}
    return a_case(house, **words)  # type: ignore[arg-type]  # fields of a case


def check_page(org: str, **found: str) -> str:
    browser = Client()
    answer(browser, org=org, **found)
    return browser.get(f"/o/{org}/ask/check/").content.decode()


def test_the_rule_is_said_before_sending_and_nothing_is_looked_up(frugal: Organisation) -> None:
    check_page("frugal")
    pages, asked = [], []
    for is_known in (False, True):
        if is_known:
            answered(frugal)
        browser = Client()
        answer(browser, org="frugal", country="CA")
        with CaptureQueriesContext(connection) as queries:
            pages.append(browser.get("/o/frugal/ask/check/").content.decode())
        asked.append(shapes(queries))
    assert asked[0] == asked[1]
    for page in pages:
        assert "first request in any 12 months costs nothing" in page


def test_a_law_that_forbids_it_is_heeded_where_the_person_lives(frugal: Organisation) -> None:
    assert "we tell you the amount and the reason first" in check_page("frugal", country="CA")
    page = check_page("frugal", country="DE")
    assert "Only for a request that is clearly excessive" in page
    assert "costs nothing" not in check_page("frugal", right="deletion")


def test_the_desk_sees_when_a_fee_could_be_asked_and_when_not(frugal: Organisation, officer: User) -> None:
    desk = at_desk(officer)
    first = a_case(frugal, received_at=clock.now() - timedelta(days=100))
    assert "Announce a fee" not in desk.get(f"/desk/case/{first.reference}/").content.decode()
    assert desk.get(f"/desk/case/{first.reference}/fee/").status_code == 409
    answered(frugal)
    second = a_case(frugal)
    assert "1 earlier request was answered in 12 months." in desk.get(f"/desk/case/{second.reference}/").content.decode()
    abroad = a_case(frugal, country="US-CA")
    assert charging.standing_of(abroad).may_announce is False  # type: ignore[union-attr]  # it has a standing


def test_a_fee_is_announced_with_reason_and_the_way_to_object_and_the_date_stays(frugal: Organisation, officer: User) -> None:
    answered(frugal)
    case = a_case(frugal)
    due = case.due_on
    assert at_desk(officer).post(f"/desk/case/{case.reference}/fee/", FEE).status_code == 302
    body = case.unseal(Letter.objects.get(kind="fee").body_sealed)
    for part in (
        "CAD 10.00",
        "Reading the tapes",
        "How to pay: By card, at pay.example.",
        "Canada's privacy law: ",
        "If you do not agree",
        "take the request back",
        "The date does not wait",
    ):
        assert part in body
    line = Event.objects.get(case_reference=case.reference, code="fee.announced")
    assert line.facts == {"amount": "CAD 10.00", "grounds": ["cost"], "earlier": 1}
    case.refresh_from_db()
    assert case.due_on == due
    assert not Event.objects.filter(case_reference=case.reference, code__startswith="clock.").exists()
    with pytest.raises(FeeRefused, match="announced for this request already"):
        charging.announce(case, Fee("CAD 5.00", "Again.", "By card."), by=as_actor(officer, case))


def test_a_fee_is_announced_and_dropped_from_the_shell(frugal: Organisation, officer: User) -> None:
    answered(frugal)
    case = a_case(frugal)
    words = ["case", case.reference, "announce_fee", "CAD 10.00", "Reading the tapes.", "By card."]
    call_command(*words, "--by", officer.email, stdout=StringIO())
    assert charging.asked_for(case) == "CAD 10.00"
    with pytest.raises(CommandError, match="announced for this request already"):
        call_command(*words, stdout=StringIO())
    call_command("case", case.reference, "settle_fee", "waived", stdout=StringIO())
    assert charging.asked_for(case) == ""
    assert [letter.kind for letter in case.letters.order_by("pk")] == ["fee", "fee_waived"]


def test_the_person_sees_the_fee_on_the_page_until_it_is_settled(frugal: Organisation, officer: User) -> None:
    answered(frugal)
    case = a_case(frugal)
    person, asked = let_in(case), "We would like to ask CAD 10.00 for this request."
    address = f"/o/frugal/request/{case.reference}/"
    assert asked not in person.get(address).content.decode()
    at_desk(officer).post(f"/desk/case/{case.reference}/fee/", FEE)
    page = person.get(address).content.decode()
    assert page.count(asked) == 2  # what to do now, and the message with its reason
    assert "By card, at pay.example." in page
    charging.settle(case, waived=False, by=as_actor(officer, case))
    assert person.get(address).content.decode().count(asked) == 1


def test_a_fee_that_was_announced_is_paid_or_waived_once(frugal: Organisation, officer: User) -> None:
    answered(frugal)
    case = a_case(frugal)
    desk = at_desk(officer)
    assert desk.post(f"/desk/case/{case.reference}/fee/settle/", {"waived": "1"}).status_code == 409
    desk.post(f"/desk/case/{case.reference}/fee/", FEE)
    assert desk.post(f"/desk/case/{case.reference}/fee/settle/", {"waived": "1"}).status_code == 302
    assert "We no longer ask for it" in case.unseal(Letter.objects.get(kind="fee_waived").body_sealed)
    assert desk.post(f"/desk/case/{case.reference}/fee/settle/", {"paid": "1"}).status_code == 409


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": ""}, "Enter the amount"),
        ({"amount": "ten"}, "Enter the amount"),
        ({"text": ""}, "Say what it is for"),
        ({"how": ""}, "Say how it can be paid"),
    ],
)
def test_a_fee_without_amount_or_reason_is_not_announced(frugal: Organisation, officer: User, typed: dict[str, str], said: str) -> None:
    answered(frugal)
    case = a_case(frugal)
    page = at_desk(officer).post(f"/desk/case/{case.reference}/fee/", {**FEE, **typed})
    assert page.status_code == 422
    assert said in page.content.decode()
    assert not Letter.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"received_at": clock.now() - timedelta(days=500)},
        {"outcome": "refused"},
        {"email": "somebody.else@example.org"},
        {"is_test": True},
        {"right": "deletion"},
    ],
)
def test_only_their_own_answered_requests_of_the_same_kind_count(frugal: Organisation, fields: dict[str, object]) -> None:
    answered(frugal, **fields)
    standing = charging.standing_of(a_case(frugal))
    assert standing is not None
    assert not standing.may_announce


def test_where_europe_binds_a_fee_needs_more_than_a_second_request(frugal: Organisation, officer: User) -> None:
    answered(frugal)
    case = a_case(frugal, country="DE")
    by = as_actor(officer, case)
    with pytest.raises(FeeRefused, match="GDPR"):
        charging.announce(case, Fee("EUR 5.00", "The second one.", "By card."), by=by)
    charging.announce(case, Fee("EUR 5.00", "A further copy.", "By card."), by=by, found=Circumstance(is_further_copy=True))
    assert Letter.objects.get().kind == "fee"


def test_a_policy_that_names_no_free_requests_never_asks_for_money(northwind: Organisation) -> None:
    answered(northwind)
    assert charging.standing_of(a_case(northwind)) is None


def test_auditors_announce_nothing(frugal: Organisation) -> None:
    answered(frugal)
    case = a_case(frugal)
    priya = a_member("Priya", "auditor", frugal)
    assert at_desk(priya).post(f"/desk/case/{case.reference}/fee/", FEE).status_code == 404
    assert not Letter.objects.exists()
