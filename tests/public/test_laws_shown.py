"""Which law counts for whom, and what differs between two versions of a policy: in words, the same for everybody."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from portal.organisations.models import Organisation
from portal.organisations.promises import Category, Contacts, Fate, Recipient, Region, RightPromise
from requests_app.differences import differences
from tests.people import CATEGORIES, a_case, a_policy, a_policy_document, an_organisation
from tests.public.walking import answer

LAWS = "/o/northwind/legal/laws"


def main_of(path: str) -> str:
    return Client().get(path).content.decode().split("<main")[1]


def test_every_place_of_the_form_has_its_laws_and_dates(northwind: Organisation) -> None:
    page = main_of(LAWS)
    for place in ("Canada", "Germany", "California", "Somewhere else, or not said"):
        assert place in page
    assert page.count("<time") == 12
    assert "General Data Protection Regulation" in page
    assert "Our own promise" in page


def test_a_law_that_is_off_by_default_is_shown_and_counted_where_the_policy_names_it(db: None) -> None:
    house = an_organisation("alpine", countries=(("CH", "Switzerland"),), residence_regimes={"CH": "CH_FADP"})
    page = main_of("/o/alpine/legal/laws")
    assert "Switzerland" in page
    case = a_case(house, country="CH")
    assert "CH_FADP" in {rule["regime"] for rule in case.clock["all"]}
    assert "CH_FADP" not in {rule["regime"] for rule in a_case(house, country="").clock["all"]}


def test_the_page_is_the_same_for_everybody_and_asks_nothing(
    northwind: Organisation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Client().get(LAWS)
    with django_assert_num_queries(2):
        answered = Client().get(LAWS)
    assert not answered.cookies
    assert "<form" not in answered.content.decode().split("<main")[1]
    assert Client().get("/o/nowhere/legal/laws").status_code == 404
    assert Client().post(LAWS).status_code == 405


def test_people_are_led_to_it_where_the_date_is_said(rita: Client, northwind: Organisation) -> None:
    answer(rita)
    assert LAWS in rita.get("/o/northwind/ask/check/").content.decode()
    assert LAWS in rita.get("/o/northwind/").content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rights": {"access": RightPromise(right="access", title="A copy", days=30)}}, "No longer promised: deletion."),
        ({"backups_days": 30}, "Days until backups are clear: 30, before: 60."),
        ({"backups_days": None}, "Days until backups are clear: the policy does not say, before: 60."),
        ({"minimum_age": 16}, "Not meant for people under: 16, before: the policy does not say."),
        ({"location": "Canada"}, "Where your data is: Canada, before: the policy does not say."),
        ({"recipients": ()}, "No longer a recipient: Postbote."),
        (
            {"recipients": (Recipient(key="postbote", name="Postbote", purpose="to sell"),)},
            "Postbote, what for: to sell. Before: to deliver parcels.",
        ),
        ({"statements": ("We sell nothing.",)}, "New: “We sell nothing.”"),
        ({"regimes": ("CA_PIPEDA", "EU_GDPR")}, "This law now counts for everybody:"),
        ({"residence_regimes": {"EU": "EU_GDPR", "DE": "EU_GDPR"}}, "For people in California: no law is named any more."),
        ({"contacts": Contacts(privacy_email="dpo@northwind.example.org")}, "Write to dpo@northwind.example.org, before:"),
        ({"categories": CATEGORIES[:2]}, "No longer named: Your invoices."),
        ({"categories": (*CATEGORIES, Category(key="x", title="Your voice", topic="X"))}, "New kind of data: Your voice."),
        (
            {"categories": (replace(CATEGORIES[0], retention="one year"), *CATEGORIES[1:])},
            "Your account, how long we keep it: one year. Before: as long as you have an account.",
        ),
        (
            {"categories": (*CATEGORIES[:2], replace(CATEGORIES[2], on_deletion=Fate("now")))},
            "Your invoices, when you ask us to delete it: it goes at once. Before: it is kept",
        ),
    ],
)
def test_what_changed_is_said_in_words(changes: dict[str, Any], said: str) -> None:
    told = differences(a_policy_document(), a_policy_document(**changes))
    assert any(sentence.startswith(said) for sentence in told), told


def test_a_change_of_days_says_both_and_a_version_that_changes_nothing_says_nothing() -> None:
    sooner = {"access": RightPromise(right="access", title="A copy", days=14, start="verified")}
    before = {"access": RightPromise(right="access", title="A copy", days=30)}
    told = differences(a_policy_document(rights=before), a_policy_document(rights=sooner))
    assert told == ["A copy: 14 days from the day you confirm, before 30 days from the day we get it."]
    assert differences(a_policy_document(), a_policy_document(version="2", effective_on=date(2026, 5, 1))) == []


def test_the_policy_page_shows_it_under_each_version_and_so_does_the_json(northwind: Organisation) -> None:
    a_policy(northwind, a_policy_document(version="2.0.0", effective_on=date(2026, 3, 1), backups_days=30))
    a_policy(northwind, a_policy_document(version="2.0.1", effective_on=date(2026, 4, 1), backups_days=30))
    page = main_of("/o/northwind/legal/privacy")
    assert "What changed: 1 thing" in page
    assert "Days until backups are clear: 30, before: 60." in page
    assert "Nothing that this page shows has changed." in page
    versions = Client().get("/o/northwind/legal/privacy.json").json()["versions"]
    assert [one["changes"] for one in versions] == [[], ["Days until backups are clear: 30, before: 60."], None]


def test_the_start_page_leads_people_to_their_region_and_keeps_nothing(db: None) -> None:
    regions = (Region(title="Europe", address="https://eu.example.org/o/split/"), Region(title="Your own cloud"))
    an_organisation("split", regions=regions)
    answered = Client().get("/o/split/")
    page = answered.content.decode()
    assert 'href="https://eu.example.org/o/split/"' in page
    assert "tells you the address" in page
    assert not answered.cookies
    an_organisation("whole")
    assert "Where is your data?" not in Client().get("/o/whole/").content.decode()
