"""The page of the rehearsal, the approval through the web, the receipt, the sources and the report."""

import json
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from exports import api
from exports.api import SourceState
from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app import tasks
from requests_app.models import Case
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.tally import tally
from tests.desk.acting import reviewed
from tests.desk.fake_engine import FakeEngine
from tests.people import PASSWORD, a_case, at_desk


@pytest.fixture
def case(northwind: Organisation, engine: FakeEngine) -> Case:
    return reviewed(a_case(northwind, right=Right.DELETION))


def signed_in(user: User) -> Client:
    """Through the sign-in page, a moment ago."""
    browser = Client()
    assert browser.post(reverse("account_login"), {"login": user.email, "password": PASSWORD}).status_code == 302
    return browser


def long_ago(browser: Client) -> Client:
    session = browser.session
    session["account_authentication_methods"][0]["at"] = time.time() - 11 * 60
    session.save()
    return browser


def at(name: str, case: Case) -> str:
    return reverse(f"desk:{name}", args=[case.reference])


def typed(case: Case, engine: FakeEngine, **more: str) -> dict[str, str]:
    return {"digest": engine.digest, "typed": case.reference, "line:shop/orders": "now", **more}


def test_the_plan_says_what_goes_what_stays_and_why(case: Case, ada: User) -> None:
    page = signed_in(ada).get(at("plan", case)).content.decode()

    assert "This is a rehearsal. Nothing has been deleted." in page
    assert "Tax law asks for invoices for seven years." in page
    assert "8 Dec 2033" in page
    assert 'name="line:shop/orders" value="later"' in page
    assert "Delete 12 rows</button>" in page


def test_an_officer_sees_the_plan_without_the_button(case: Case, otto: User) -> None:
    page = signed_in(otto).get(at("plan", case)).content.decode()

    assert "Only a lead can approve a deletion." in page
    assert "button danger" not in page


def test_a_lead_deletes_with_the_reference_and_a_fresh_sign_in(case: Case, ada: User, engine: FakeEngine) -> None:
    response = signed_in(ada).post(at("approve", case), typed(case, engine))

    case.refresh_from_db()
    assert response.status_code == 302
    assert (case.state, engine.approved) == (State.EXECUTING, [(engine.digest, str(ada.pk))])


def test_an_old_sign_in_is_asked_again_and_comes_back(case: Case, ada: User, engine: FakeEngine) -> None:
    browser = long_ago(signed_in(ada))
    assert "Older than 10 minutes." in browser.get(at("plan", case)).content.decode()

    response = browser.post(at("approve", case), typed(case, engine))

    assert response["Location"].startswith(reverse("account_reauthenticate"))
    assert not engine.approved
    again = browser.post(response["Location"], {"password": PASSWORD, "next": at("plan", case)})
    assert again["Location"] == at("plan", case)
    browser.post(at("approve", case), typed(case, engine))
    assert engine.approved


def test_another_date_is_a_new_plan_that_is_shown_first(case: Case, ada: User, engine: FakeEngine) -> None:
    first = engine.digest

    response = signed_in(ada).post(at("approve", case), typed(case, engine, **{"line:shop/orders": "later"}))

    assert response["Location"] == at("plan", case)
    assert not engine.approved
    assert engine.digest != first


def test_a_stale_page_deletes_nothing_and_says_so(case: Case, ada: User, engine: FakeEngine) -> None:
    response = signed_in(ada).post(at("approve", case), typed(case, engine, digest="0" * 64))

    assert response.status_code == 409
    assert b"The plan has changed since it was shown." in response.content
    assert not engine.approved


def test_what_stands_in_the_way_takes_the_place_of_the_button(case: Case, ada: User, engine: FakeEngine) -> None:
    engine.blocked = ("A trigger on orders writes elsewhere.",)

    page = signed_in(ada).get(at("plan", case)).content.decode()

    assert "A trigger on orders writes elsewhere." in page
    assert "button danger" not in page


def test_the_receipt_is_the_signed_one(case: Case, ada: User, engine: FakeEngine) -> None:
    browser = signed_in(ada)
    assert browser.get(at("receipt", case)).status_code == 404
    browser.post(at("approve", case), typed(case, engine))
    case.refresh_from_db()
    engine.ends(case.job_id, "complete")
    tasks.dispatch()

    page = browser.get(at("receipt", case)).content.decode()
    download = browser.get(at("receipt_json", case))

    assert "Complete" in page
    assert case.reference in download["Content-Disposition"]
    assert json.loads(download.content) == engine.receipts[case.job_id]
    assert "Read the receipt" in browser.get(at("case", case)).content.decode()


def test_a_deletion_that_failed_says_that_nobody_was_told(case: Case, ada: User, engine: FakeEngine) -> None:
    browser = signed_in(ada)
    browser.post(at("approve", case), typed(case, engine))
    case.refresh_from_db()
    engine.ends(case.job_id, "partial")
    tasks.dispatch()

    page = browser.get(at("case", case)).content.decode()

    assert "The deletion did not end as planned. Nothing was told to the person." in page


def test_a_source_that_fails_says_since_when_and_who_waits(northwind: Organisation, otto: User, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = a_case(northwind)
    down = SourceState("crm", "Old CRM", 3, state="failed", since=clock.now(), error="It refused our key.", waiting=(waiting.reference,))
    monkeypatch.setattr(api, "sources", lambda house: (down, SourceState("shop", "Shop", 5)))

    page = at_desk(otto).get(reverse("desk:sources")).content.decode()

    assert "We cannot reach Old CRM." in page
    assert "It refused our key." in page
    assert waiting.reference in page
    assert "Never asked" in page


def answered(organisation: Organisation, *, days: int, due_days: int, **fields: object) -> Case:
    received = clock.now() - timedelta(days=days)
    due = clock.local_date(received, organisation.timezone) + timedelta(days=due_days)
    facts = {"state": State.ANSWERED, "answered_at": clock.now(), "outcome": "given", **fields}
    return a_case(organisation, received_at=received, due_on=due, **facts)


def test_the_report_counts_what_was_on_time_and_what_was_late(northwind: Organisation, otto: User) -> None:
    answered(northwind, days=5, due_days=30)
    answered(northwind, days=31, due_days=30)
    answered(northwind, days=3, due_days=30, right=Right.DELETION)
    answered(northwind, days=40, due_days=30, is_test=True)
    answered(northwind, days=40, due_days=30, outcome="withdrawn")
    a_case(northwind)

    counted = tally(northwind)

    assert (counted.answered, counted.on_time, counted.late, counted.share) == (3, 2, 1, 66)
    assert counted.rights == [("Access", 1, 1), ("Deletion", 1, 0)]
    assert counted.half_within == 5
    page = at_desk(otto).get(reverse("desk:reports")).content.decode()
    assert "2 of 3 were on time." in page
    assert 'role="img"' in page
