"""The questions: one a page, kept, changed, sent once."""

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertRedirects

from portal.organisations.models import Organisation
from portal.organisations.promises import IdentityKind, RightPromise
from requests_app.models import Case, Event, Letter, Submission
from requests_app.rules.states import State
from tests.people import RITA, a_policy, a_policy_document, an_organisation
from tests.public.walking import answer, ask, post, send, shapes, without_tokens


def test_the_only_organisation_is_the_first_page(rita: Client) -> None:
    assertRedirects(rita.get("/"), "/o/northwind/")


def test_two_organisations_are_offered_by_name(rita: Client, southwind: Organisation) -> None:
    page = rita.get("/").content.decode()
    assert "Northwind" in page
    assert "Southwind" in page


def test_an_organisation_that_left_is_not_found(rita: Client, northwind: Organisation) -> None:
    Organisation.objects.update(is_active=False)
    assert rita.get("/o/northwind/").status_code == 404
    assert "Northwind" not in rita.get("/").content.decode()


def test_the_start_page_says_the_date_and_every_other_right(rita: Client, northwind: Organisation) -> None:
    page = rita.get("/o/northwind/").content.decode()
    assert "we must reply by" in page
    assert "By email to" not in page
    for title in ("Correct something", "take elsewhere", "Object to a use", "Pause the use", "Take back my consent"):
        assert title in page
    assert 'href="mailto:privacy@northwind.example.org' in page


def test_the_start_page_costs_two_queries_and_no_session(
    rita: Client, northwind: Organisation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rita.get("/o/northwind/")
    with django_assert_num_queries(2):
        answered = rita.get("/o/northwind/")
    assert not answered.cookies
    assert "Cookie" not in answered.get("Vary", "")
    assert "max-age" in answered["Cache-Control"]


def test_an_organisation_that_offers_nothing_says_where_to_write(db: None) -> None:
    an_organisation("paper", rights={"objection": RightPromise(right="objection", title="Object", offered=False)})
    page = Client().get("/o/paper/").content.decode()
    assert "/ask/" not in page
    assert "privacy@paper.example.org" in page


@pytest.mark.parametrize("step", ["find-you", "check", "keep-and-delete", "nonsense"])
def test_a_page_whose_turn_has_not_come_leads_to_the_first_question(rita: Client, step: str) -> None:
    assertRedirects(rita.get(f"/o/northwind/ask/{step}/"), "/o/northwind/ask/right/")


def test_no_answer_is_an_error_beside_the_question_and_in_the_title(rita: Client) -> None:
    page = post(rita, "/o/northwind/ask/right/").content.decode()
    assert "<title>Error: " in page
    assert page.count("Choose what you would like us to do") == 2


def test_answers_are_kept_when_one_of_them_is_wrong(rita: Client) -> None:
    post(rita, "/o/northwind/ask/right/", right="access")
    page = post(rita, "/o/northwind/ask/find-you/", name="Rita Lindqvist", email="rita@nowhere", country="DE").content.decode()
    assert "<title>Error: " in page
    assert 'value="Rita Lindqvist"' in page
    assert 'value="rita@nowhere"' in page
    assert '<option value="DE" selected>' in page
    assert 'href="#email"' in page
    assert page.count("Enter an email address, like name@example.com") == 2


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "Rita\x00Lindqvist", "nobody can see"),
        ("name", "Rita\u202eLindqvist", "nobody can see"),
        ("name", "R" * 201, "You used 201"),
        ("name", "   ", "Enter your name"),
        ("email", "rita@example.org\r\nBcc: all@example.org", "nobody can see"),
        ("email", "a" * 65 + "@example.org", "Enter an email address"),
        ("email", "rita@" + "a" * 300 + ".org", "You used"),
        ("email", "rita..l@example.org", "Enter an email address"),
        ("email", "rita@example.org,mallory@example.org", "Enter an email address"),
        ("email", "rita@127.0.0.1", "Enter an email address"),
        ("country", "ZZ", "Choose a place"),
    ],
)
def test_what_cannot_be_right_is_said_and_nothing_is_sent(rita: Client, field: str, typed: str, said: str) -> None:
    answer(rita, **{field: typed})
    page = post(rita, "/o/northwind/ask/find-you/", **{"name": "Rita", "email": RITA, field: typed}).content.decode()
    assert said in page
    assert not Submission.objects.exists()


def test_a_long_name_in_any_script_is_a_name(rita: Client) -> None:
    answer(rita, name="နန္ဒာ 李 Ó Súilleabháin‌")
    assert send(rita).status_code == 302


def test_change_leads_back_to_the_check(rita: Client) -> None:
    answer(rita)
    assertRedirects(post(rita, "/o/northwind/ask/find-you/", name="Rita L.", email=RITA), "/o/northwind/ask/check/")
    assert "Rita L." in rita.get("/o/northwind/ask/check/").content.decode()


def test_choosing_deletion_later_asks_what_only_a_deletion_asks(rita: Client) -> None:
    answer(rita)
    assertRedirects(post(rita, "/o/northwind/ask/right/", right="deletion"), "/o/northwind/ask/keep-and-delete/")


def test_what_stays_stands_on_the_page_before_a_deletion_is_sent(rita: Client) -> None:
    post(rita, "/o/northwind/ask/right/", right="deletion")
    post(rita, "/o/northwind/ask/find-you/", name="Rita", email=RITA)
    page = rita.get("/o/northwind/ask/keep-and-delete/").content.decode()
    assert "What you ordered" in page
    assert "Tax law asks for invoices for seven years." in page
    assert "60 more days" in page
    assert "Postbote" in page


def test_a_request_arrives_with_its_dates_sealed_and_in_the_history(rita: Client) -> None:
    case = ask(rita)
    assert (case.state, case.right, case.country) == (State.ARRIVED, "access", "DE")
    assert case.due_on is not None
    assert {one["regime"] for one in case.clock["all"]} > {"EU_GDPR"}
    assert case.name == "Rita Lindqvist"
    assert b"Lindqvist" not in bytes(case.name_sealed)
    assert [one.value for one in case.identifiers.all()] == [RITA]
    assert list(Event.objects.values_list("code", "actor")) == [("case.arrived", "person")]
    assert list(Letter.objects.values_list("kind", flat=True)) == ["confirm"]


def test_a_deletion_with_a_copy_first_is_two_cases_that_know_each_other(rita: Client) -> None:
    deletion = ask(rita, right="deletion", copy="yes")
    assert deletion.right == "deletion"
    assert deletion.copy_first is not None
    assert deletion.copy_first.right == "access"
    assert Letter.objects.count() == 1


def test_a_button_pressed_twice_sends_once(rita: Client) -> None:
    answer(rita)
    page = rita.get("/o/northwind/ask/check/").content.decode()
    key = page.split('name="key" value="')[1].split('"')[0]
    first = post(rita, "/o/northwind/ask/check/", key=key)
    second = post(rita, "/o/northwind/ask/check/", key=key)
    assert [first["Location"], second["Location"]] == ["/o/northwind/code/"] * 2
    assert Submission.objects.count() == Letter.objects.count() == 1


def test_two_presses_at_the_same_moment_send_once(rita: Client) -> None:
    """The second request read the session before the first one wrote it."""
    answer(rita)
    before = Session.objects.get().session_data
    assert send(rita).status_code == 302
    Session.objects.update(session_data=before)
    assert send(rita).status_code == 302
    assert Submission.objects.count() == Letter.objects.count() == 1


def test_a_form_of_another_draft_sends_nothing(rita: Client) -> None:
    answer(rita)
    assert post(rita, "/o/northwind/ask/check/", key="00000000-0000-0000-0000-000000000000").status_code == 200
    assert not Submission.objects.exists()


def test_the_same_is_done_for_known_and_unknown_people(rita: Client) -> None:
    """Intake never asks whether it knows an address: pages, headers and queries are the same."""
    ask(rita, email="known@example.org")
    seen = []
    for email in ("known@example.org", "nobody@example.org"):
        browser = Client()
        answer(browser, email=email)
        with CaptureQueriesContext(connection) as asked:
            sent = send(browser)
        shown = browser.get("/o/northwind/code/").content.decode().replace(email, "…")
        seen.append((shapes(asked), sent.status_code, sent["Location"], sorted(sent.headers), without_tokens(shown)))
    assert seen[0] == seen[1]


def test_nothing_that_names_a_person_stands_in_an_address_or_in_the_session(rita: Client) -> None:
    answer(rita)
    addresses = [send(rita)["Location"], rita.get("/o/northwind/code/").request["PATH_INFO"]]
    kept = repr([session.get_decoded() for session in Session.objects.all()])
    assert "rita" not in (kept + repr(addresses)).lower()
    assert "lindqvist" not in kept.lower()


def test_an_address_in_two_scripts_is_taken_as_typed_and_flagged(rita: Client) -> None:
    case = ask(rita, email="r\u0456ta@example.org")
    assert case.identifiers.get().value == "r\u0456ta@example.org"
    assert "mixed_scripts" in case.unseal(case.details_sealed)
    assert Event.objects.get().facts["address_flags"] == ["mixed_scripts", "beyond_ascii"]


def test_other_identities_of_the_policy_are_asked_and_sealed(db: None) -> None:
    kinds = (IdentityKind(kind="email", title="Email", required=True, seeds=True), IdentityKind(kind="namespace", title="Namespace"))
    an_organisation("spaces", identities=kinds)
    case = ask(Client(), org="spaces", namespace="rita-lab")
    assert {one.kind: one.value for one in case.identifiers.all()} == {"email": RITA, "namespace": "rita-lab"}


def test_a_case_remembers_the_policy_that_it_was_asked_under(rita: Client, northwind: Organisation) -> None:
    case = ask(rita)
    a_policy(northwind, a_policy_document(version="2.0.0"))
    assert Case.objects.get(pk=case.pk).policy.version == "1.0.0"


def test_floods_from_one_place_get_a_plain_page_and_keep_their_answers(rita: Client) -> None:
    for _ in range(20):
        ask(Client(), email=f"{_}@example.org")
    answer(rita)
    refused = send(rita)
    assert refused.status_code == 429
    assert "privacy@northwind.example.org" in refused.content.decode()
    assert Submission.objects.count() == 20
    assert "Rita Lindqvist" in rita.get("/o/northwind/ask/check/").content.decode()


def test_one_mailbox_gets_only_so_many_mails_and_nobody_is_told(rita: Client) -> None:
    pages = set()
    for _ in range(9):
        browser = Client()
        ask(browser, email="victim@example.org")
        pages.add(browser.get("/o/northwind/code/").status_code)
    assert Submission.objects.count() == 9
    assert Letter.objects.count() == 6
    assert pages == {200}


def test_a_mailbox_spelt_with_other_capitals_is_the_same_mailbox_to_the_cap(rita: Client) -> None:
    for name in ("victim", "Victim", "vIctim", "viCtim", "vicTim", "victIm", "victiM", "VICTIM"):
        ask(Client(), email=f"{name}@example.org")
    assert Letter.objects.count() == 6


def test_the_mail_carries_no_word_of_whoever_asked(rita: Client) -> None:
    case = ask(rita, name="BUY PILLS http://evil.example")
    letter = case.letters.get()
    assert "PILLS" not in case.unseal(letter.body_sealed) + letter.subject


def test_a_draft_that_cannot_be_opened_is_a_new_start(rita: Client) -> None:
    answer(rita)
    session = rita.session
    session["draft/northwind"] = "bm90IHNlYWxlZA=="
    session.save()
    assertRedirects(rita.get("/o/northwind/ask/check/"), "/o/northwind/ask/right/")


def test_answers_for_one_organisation_are_not_answers_for_another(rita: Client, southwind: Organisation) -> None:
    answer(rita)
    assertRedirects(rita.get("/o/southwind/ask/check/"), "/o/southwind/ask/right/")
