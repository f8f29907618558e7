"""Taking longer where no law sets a longest date: the new one is named, reasoned, inside the first period, once."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app.flows import closing
from requests_app.models import Case, Event
from requests_app.rules.extensions import ExtensionRefused
from tests.desk.acting import as_actor
from tests.desk.test_triage_and_closing import clocked, kinds
from tests.people import a_case, a_member, an_organisation, at_desk

pytestmark = pytest.mark.django_db
WITHOUT = ["CH_FADP", "NZ_PRIVACY", "SG_PDPA", "KR_PIPA"]


def house(law: str) -> Organisation:
    return an_organisation(law.lower().replace("_", "-"), regimes=(law,), rights={}, timezone="Europe/Zurich")


def first_reason(case: Case) -> str:
    return next(code for rule in case.clock["all"] for code in rule["extension_reasons"])


@pytest.mark.parametrize("law", WITHOUT)
def test_the_new_date_is_asked_for_and_holds(law: str) -> None:
    case = clocked(a_case(house(law), received_at=clock.now()))
    lead = as_actor(a_member("Ada", "lead", case.organisation), case)
    assert case.due_on
    new = case.due_on + timedelta(days=40)

    with pytest.raises(ExtensionRefused, match="name the new one"):
        closing.extend(case, first_reason(case), by=lead)
    with pytest.raises(ExtensionRefused, match="must be later"):
        closing.extend(case, first_reason(case), until=case.due_on, by=lead)
    with pytest.raises(ExtensionRefused, match="more than a year"):
        closing.extend(case, first_reason(case), until=case.due_on + timedelta(days=4000), by=lead)
    closing.extend(case, first_reason(case), until=new, by=lead)

    case.refresh_from_db()
    assert (case.due_on, kinds(case)) == (new, ["extended"])
    assert f"{new.day} {new:%B %Y}" in case.unseal(case.letters.get().body_sealed)
    assert Event.objects.get(code="clock.extension_notified").facts["until"] == new.isoformat()
    with pytest.raises(ExtensionRefused, match="once"):
        closing.extend(case, first_reason(case), until=new + timedelta(days=5), by=lead)


def test_after_the_first_period_no_date_is_taken() -> None:
    case = clocked(a_case(house("CH_FADP"), received_at=clock.now() - timedelta(days=45)))
    lead = as_actor(a_member("Ada", "lead", case.organisation), case)
    with pytest.raises(ExtensionRefused, match="has passed"):
        closing.extend(case, "complexity", until=date(2030, 1, 1), by=lead)


def test_the_page_and_the_shell_take_the_date() -> None:
    swiss = house("CH_FADP")
    ada = a_member("Ada", "lead", swiss)
    case, other = (clocked(a_case(swiss, received_at=clock.now())) for _number in range(2))
    assert case.due_on
    new = case.due_on + timedelta(days=20)
    address, browser = f"/desk/case/{case.reference}/extend/", at_desk(ada)

    assert 'type="date"' in browser.get(address).content.decode()
    assert browser.post(address, {"reason": "complexity", "until": "soon"}).status_code == 422
    assert browser.post(address, {"reason": "complexity"}).status_code == 409
    assert browser.post(address, {"reason": "complexity", "until": new.isoformat()}).status_code == 302
    call_command("case", other.reference, "extend", "volume", "--until", new.isoformat(), stdout=StringIO())

    assert [Case.objects.get(pk=one.pk).due_on for one in (case, other)] == [new, new]


def test_where_a_law_sets_the_longest_date_an_earlier_one_may_be_named(northwind: Organisation, ada: User) -> None:
    case = clocked(a_case(northwind, right="access", received_at=clock.now(), country="DE", policy=None))
    reasons = [one for rule in case.clock["all"] for one in rule["extension_reasons"]]
    if not reasons:
        raise AssertionError("The case must be extendable.")
    assert case.due_on
    closing.extend(case, reasons[0], until=case.due_on + timedelta(days=3), by=as_actor(ada, case))
    case.refresh_from_db()
    assert case.extended_at
