"""The policy as a page and as JSON, the two colours, the words of errors."""

import pytest
from django.test import Client

from portal.organisations.models import Organisation
from portal.organisations.promises import Category, Fate, Recipient
from tests.people import CATEGORIES, a_policy, a_policy_document, an_organisation
from tests.public.walking import fingerprint


def test_the_policy_page_is_drawn_from_the_document(rita: Client, northwind: Organisation) -> None:
    page = rita.get("/o/northwind/legal/privacy").content.decode()
    for said in (
        "Northwind Trading Ltd",
        "Your invoices",
        "Tax law asks",
        "Postbote",
        "Privacy Commissioner",
        "card numbers",
        "30 days from",
    ):
        assert said in page


def test_what_the_policy_does_not_say_is_not_invented(db: None) -> None:
    bare = Category(key="traces", title="Traces", topic="Traces")
    an_organisation("bare", categories=(bare,), recipients=(Recipient(key="cloud", name="Cloud"),))
    page = Client().get("/o/bare/legal/privacy").content.decode()
    assert page.count("The policy does not say") == 7
    assert "unspecified" not in page


def test_json_holds_the_document_in_force_and_every_version(rita: Client, northwind: Organisation) -> None:
    a_policy(northwind, a_policy_document(version="2.0.0", officer_notes=("Mind the gap.",)))
    told = rita.get("/o/northwind/legal/privacy.json").json()
    assert told["current"]["version"] == "2.0.0"
    assert told["current"]["document"]["rights"]["access"]["days"] == 30
    assert [one["version"] for one in told["versions"]] == ["2.0.0", "1.0.0"]


def test_notes_for_officers_are_not_for_everybody(db: None) -> None:
    noted = Category(key="account", title="Account", topic="Account", note="Settle this in the plan.")
    an_organisation("noted", categories=(noted,), officer_notes=("The policy contradicts itself.",))
    for address in ("/o/noted/legal/privacy", "/o/noted/legal/privacy.json", "/o/noted/"):
        page = Client().get(address).content.decode()
        assert "Settle this" not in page
        assert "contradicts itself" not in page


def test_both_dates_stand_where_a_policy_says_two_things(db: None) -> None:
    twice = Category(key="email", title="Email", topic="Account", alternative=Fate("after", period="P30D", because="30 days of grace"))
    an_organisation("twice", categories=(*CATEGORIES, twice))
    assert "At once, or by" in Client().get("/o/twice/legal/privacy").content.decode()


def test_two_colours_and_nothing_else_get_into_the_style_sheet(rita: Client, northwind: Organisation) -> None:
    assert rita.get("/o/northwind/brand.css").content == b""
    Organisation.objects.update(brand="#1d4f91", brand_deep="}*{x:y")
    assert rita.get("/o/northwind/brand.css").content == b":root { --brand: #1d4f91 }\n"
    assert "/o/northwind/brand.css" in rita.get("/o/northwind/").content.decode()


def test_no_page_has_a_style_or_a_script_of_its_own(rita: Client, northwind: Organisation) -> None:
    for address in ("/o/northwind/", "/o/northwind/ask/right/", "/o/northwind/track/", "/o/northwind/legal/privacy", "/nowhere"):
        answered = rita.get(address)
        page = answered.content.decode()
        assert "<script" not in page
        assert "style=" not in page
        assert "default-src 'none'" in answered["Content-Security-Policy"]
        assert '<html lang="en">' in page


def test_help_stands_in_the_same_words_on_every_page(rita: Client, northwind: Organisation) -> None:
    feet = set()
    for address in ("/o/northwind/", "/o/northwind/ask/right/", "/o/northwind/track/", "/o/northwind/accessibility", "/o/northwind/code/"):
        feet.add(rita.get(address).content.decode().split("<footer")[1])
    assert len(feet) == 1
    assert "privacy@northwind.example.org" in feet.pop()


@pytest.mark.parametrize("address", ["/nowhere", "/o/nobody/", "/o/nobody/legal/privacy", "/o/nobody/brand.css", "/o/nobody/confirm/x/"])
def test_what_is_not_there_is_one_page(rita: Client, northwind: Organisation, address: str) -> None:
    answered = rita.get(address)
    assert answered.status_code == 404
    assert "We cannot find that page" in answered.content.decode()


@pytest.mark.parametrize("address", ["", "legal/privacy", "legal/privacy.json", "accessibility", "brand.css"])
def test_pages_that_only_tell_take_no_post(rita: Client, northwind: Organisation, address: str) -> None:
    before = fingerprint()
    assert rita.post(f"/o/northwind/{address}").status_code == 405
    assert fingerprint() == before


def test_a_form_without_its_token_is_refused_with_a_page(northwind: Organisation) -> None:
    strict = Client(enforce_csrf_checks=True)
    refused = strict.post("/o/northwind/track/", {"reference": "DR-2222-22", "email": "rita@example.org"})
    assert refused.status_code == 403
    assert "Nothing was changed." in refused.content.decode()


def test_a_form_sent_by_a_browser_from_this_site_is_taken(northwind: Organisation) -> None:
    """Browsers name their origin only under a referrer policy that lets them."""
    strict = Client(enforce_csrf_checks=True)
    page = strict.get("/o/northwind/track/")
    assert page["Referrer-Policy"] == "same-origin"
    token = page.content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    fields = {"csrfmiddlewaretoken": token, "reference": "DR-2222-22", "email": "rita@example.org"}
    assert strict.post("/o/northwind/track/", fields, headers={"Origin": "http://testserver"}).status_code == 302
    assert strict.post("/o/northwind/track/", fields, headers={"Origin": "https://elsewhere.example"}).status_code == 403


def test_a_broken_page_says_so_without_codes(northwind: Organisation) -> None:
    Organisation.objects.update(timezone="Nowhere/At_All")
    broken = Client(raise_request_exception=False).get("/o/northwind/")
    assert broken.status_code == 500
    assert "Sorry, there is a problem with the service." in broken.content.decode()
    assert "Nowhere" not in broken.content.decode()
