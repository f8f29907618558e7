"""Following a request: found by code only, read, answered, taken back."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.asserts import assertRedirects

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app import letters
from requests_app.access import Actor
from requests_app.flows import following, moving, triage
from requests_app.models import Case, Challenge, Enquiry, Event, Letter, Message
from requests_app.rules.states import State
from tests.people import RITA, a_case
from tests.public.walking import confirmed, fingerprint, mailed_code, page_of, post, shapes, without_tokens

TRACK, TRACK_CODE = "/o/northwind/track/", "/o/northwind/track/code/"


def let_in(case: Case, email: str = RITA) -> Client:
    """A new browser that found the case by the code that was mailed."""
    browser = Client()
    post(browser, TRACK, reference=case.reference, email=email)
    following.settle_due()
    entered = post(browser, TRACK_CODE, code=mailed_code("follow"))
    assert entered.status_code == 302
    return browser


def otto_at(otto: User, case: Case) -> Actor:
    return Actor(str(otto.pk), otto.name, "officer", otto)


def test_reference_and_address_bring_a_code_that_opens_the_request(northwind: Organisation) -> None:
    case = a_case(northwind)
    page = let_in(case).get(page_of(case)).content.decode()
    assert case.reference in page
    assert "We must reply by" in page
    assert "/outbox" not in page


@pytest.mark.parametrize("reference", ["dr {0} {1}", "DR{0}{1}", " dr-{0}-{1} "])
def test_a_reference_may_be_typed_as_people_type(northwind: Organisation, reference: str) -> None:
    case = a_case(northwind)
    _, one, other = case.reference.split("-")
    post(Client(), TRACK, reference=reference.format(one, other).lower(), email=RITA)
    assert following.settle_due() == 1


def test_what_matches_and_what_does_not_look_and_cost_the_same(northwind: Organisation) -> None:
    case = a_case(northwind)
    Client().get("/o/northwind/")  # the promises are read once per process
    seen = []
    for reference, email in ((case.reference, RITA), (case.reference, "nobody@example.org"), ("DR-2222-22", RITA)):
        browser = Client()
        with CaptureQueriesContext(connection) as asked:
            sent = post(browser, TRACK, reference=reference, email=email)
        with CaptureQueriesContext(connection) as shown:
            page = browser.get(TRACK_CODE).content.decode().replace(email, "…").replace(reference, "…")
        seen.append((shapes(asked), shapes(shown), sent.status_code, sent["Location"], sorted(sent.headers), without_tokens(page)))
    assert seen[0] == seen[1] == seen[2]
    assert Enquiry.objects.count() == 3


def test_only_what_matches_brings_mail_and_nothing_of_it_is_kept(northwind: Organisation) -> None:
    case = a_case(northwind)
    for reference, email in ((case.reference, "nobody@example.org"), ("DR-2222-22", RITA), (case.reference, RITA.upper())):
        post(Client(), TRACK, reference=reference, email=email)
    assert following.settle_due() == 0
    assert not Letter.objects.exists()
    assert not Enquiry.objects.exists()


def test_what_was_typed_waits_sealed(northwind: Organisation) -> None:
    case = a_case(northwind)
    post(Client(), TRACK, reference=case.reference, email=RITA)
    kept = repr(list(Enquiry.objects.values())) + repr([one.get_decoded() for one in Session.objects.all()])
    assert RITA not in kept
    assert case.reference not in kept


def test_a_wrong_code_reads_the_same_whether_there_is_a_request_or_not(northwind: Organisation) -> None:
    case = a_case(northwind)
    pages = []
    for email in (RITA, "nobody@example.org"):
        browser = Client()
        post(browser, TRACK, reference=case.reference, email=email)
        following.settle_due()
        tries = [post(browser, TRACK_CODE, code="22222222").content.decode() for _ in range(7)]
        pages.append([without_tokens(page).replace(email, "…") for page in tries])
    assert pages[0] == pages[1]


def test_the_right_code_after_too_many_wrong_ones_opens_nothing(northwind: Organisation) -> None:
    case = a_case(northwind)
    browser = Client()
    post(browser, TRACK, reference=case.reference, email=RITA)
    following.settle_due()
    for _ in range(5):
        post(browser, TRACK_CODE, code="22222222")
    assert post(browser, TRACK_CODE, code=mailed_code("follow")).status_code == 200


def test_the_code_works_in_the_browser_that_asked_for_it_only(northwind: Organisation) -> None:
    case = a_case(northwind)
    post(Client(), TRACK, reference=case.reference, email=RITA)
    following.settle_due()
    code = mailed_code("follow")
    mallory = Client()
    post(mallory, TRACK, reference=case.reference, email=RITA)
    following.settle_due()
    assert post(mallory, TRACK_CODE, code=code).status_code == 200
    assert mallory.get(page_of(case)).status_code == 404


def test_missing_and_foreign_references_are_the_same_page(rita: Client, northwind: Organisation, southwind: Organisation) -> None:
    foreign, elsewhere = a_case(northwind), a_case(southwind)
    confirmed(rita)
    pages = set()
    for reference in (foreign.reference, elsewhere.reference, "DR-2222-22"):
        for tail in ("", "withdraw/", "download/", "letters/1/", "letters/1/pdf/"):
            page = rita.get(f"/o/northwind/request/{reference}/{tail}")
            pages.add((page.status_code, without_tokens(page.content.decode()).replace(reference, "…")))
    assert len(pages) == 1
    assert next(iter(pages))[0] == 404


@pytest.mark.parametrize("tail", ["", "withdraw/", "download/", "confirm/"])
def test_nobody_can_act_on_a_request_of_somebody_else(northwind: Organisation, tail: str) -> None:
    case = a_case(northwind)
    before = fingerprint()
    assert post(Client(), page_of(case, tail), message="hello", again="yes").status_code == 404
    assert fingerprint() == before


def test_being_let_in_ends_after_half_an_hour(northwind: Organisation) -> None:
    case = a_case(northwind)
    browser = let_in(case)
    with time_machine.travel(clock.now() + timedelta(minutes=29), tick=False):
        assert browser.get(page_of(case)).status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=31), tick=False):
        assert browser.get(page_of(case)).status_code == 404


def test_a_session_gets_a_new_id_when_it_is_let_in(northwind: Organisation) -> None:
    case = a_case(northwind)
    browser = Client()
    post(browser, TRACK, reference=case.reference, email=RITA)
    before = browser.cookies["habeas"].value
    following.settle_due()
    post(browser, TRACK_CODE, code=mailed_code("follow"))
    assert browser.cookies["habeas"].value != before


def test_looking_at_a_request_changes_nothing(rita: Client) -> None:
    case = confirmed(rita)
    before = fingerprint()
    for tail in ("", "withdraw/", f"letters/{case.letters.get(kind='received').pk}/"):
        assert rita.get(page_of(case, tail)).status_code == 200
        assert rita.head(page_of(case, tail)).status_code == 200
    assert fingerprint() == before


def test_every_rule_that_sets_the_date_is_shown_and_the_earliest_is_named(rita: Client) -> None:
    case = confirmed(rita)
    page = rita.get(page_of(case)).content.decode()
    assert page.count("Earliest") >= 1
    assert "Europe&#x27;s privacy law" in page
    assert "Canada&#x27;s privacy law" in page
    assert "3 rules set a date" in page


def test_letters_can_be_read_again_but_codes_cannot(rita: Client) -> None:
    case = confirmed(rita)
    page = rita.get(page_of(case)).content.decode()
    received, code = case.letters.get(kind="received"), case.letters.get(kind="confirm")
    assert page_of(case, f"letters/{received.pk}/") in page
    assert page_of(case, f"letters/{code.pk}/") not in page
    assert case.reference in rita.get(page_of(case, f"letters/{received.pk}/")).content.decode()
    assert rita.get(page_of(case, f"letters/{code.pk}/")).status_code == 404


def test_a_formal_letter_is_read_as_the_pdf_that_was_posted(rita: Client) -> None:
    case = confirmed(rita)
    letter = letters.queue(case, "received", to=RITA)
    assert rita.get(page_of(case, f"letters/{letter.pk}/pdf/")).status_code == 404
    Letter.objects.filter(pk=letter.pk).update(is_formal=True, pdf_sealed=case.seal(b"%PDF-1.7 the letter"))
    answered = rita.get(page_of(case, f"letters/{letter.pk}/pdf/"))
    assert answered.content == b"%PDF-1.7 the letter"
    assert answered["Content-Disposition"] == f'attachment; filename="{case.reference}.pdf"'
    assert "no-store" in answered["Cache-Control"]


def test_a_letter_of_another_case_is_not_found(rita: Client, northwind: Organisation) -> None:
    case, other = confirmed(rita), a_case(northwind)
    letter = letters.queue(other, "received", to=RITA)
    assert rita.get(page_of(case, f"letters/{letter.pk}/")).status_code == 404


def test_an_answer_is_sealed_and_lets_a_waiting_case_go_on(rita: Client, otto: User) -> None:
    case = confirmed(rita)
    triage.ask(case, "Which of the two accounts is yours?", by=otto_at(otto, case))
    page = rita.get(page_of(case)).content.decode()
    assert "We asked you a question." in page
    assert "Which of the two accounts" in page
    assertRedirects(post(rita, page_of(case), message="Both.\r\n<script>alert(1)</script>"), page_of(case))
    message = Message.objects.order_by("-pk")[0]
    assert b"Both" not in bytes(message.body_sealed)
    assert case.unseal(message.body_sealed) == "Both.\n<script>alert(1)</script>"
    assert Case.objects.get(pk=case.pk).state == State.OPEN
    assert "<script>" not in rita.get(page_of(case)).content.decode()


def test_a_request_confirmed_while_a_question_is_open_goes_on_after_the_answer(rita: Client, otto: User) -> None:
    case = a_case(Organisation.objects.get(), state=State.ARRIVED)
    triage.ask(case, "Do you mean the shop?", by=otto_at(otto, case))
    browser = let_in(case)
    post(browser, page_of(case, "confirm/"))
    post(browser, "/o/northwind/code/", code=mailed_code("confirm"))
    case.refresh_from_db()
    assert (case.state, case.confirmed_at is not None) == (State.WAITING, True)
    post(browser, page_of(case), message="Yes.")
    assert Case.objects.get(pk=case.pk).state == State.OPEN


@pytest.mark.parametrize(("words", "said"), [("", "Write something"), ("x" * 5001, "You used 5001"), ("a\x07b", "nobody can see")])
def test_a_message_that_cannot_be_kept_says_why(rita: Client, words: str, said: str) -> None:
    case = confirmed(rita)
    page = post(rita, page_of(case), message=words).content.decode()
    assert said in page
    assert "<title>Error: " in page
    assert not Message.objects.exists()


def test_nothing_more_is_taken_for_a_closed_case(northwind: Organisation) -> None:
    case = a_case(northwind, state=State.CLOSED)
    browser = let_in(case)
    assert "nobody reads new messages" in browser.get(page_of(case)).content.decode()
    assert post(browser, page_of(case), message="Hello?").status_code == 409
    assert not Message.objects.exists()


def test_taking_a_request_back_takes_a_page_and_a_button(rita: Client) -> None:
    case = confirmed(rita)
    assert "Take your request back?" in rita.get(page_of(case, "withdraw/")).content.decode()
    assert Case.objects.get(pk=case.pk).state == State.OPEN
    assertRedirects(post(rita, page_of(case, "withdraw/")), page_of(case))
    assert Case.objects.get(pk=case.pk).state == State.WITHDRAWN
    assert case.letters.filter(kind="withdrawn").count() == 1
    assert Event.objects.filter(code="case.withdrawn", actor="person").count() == 1


@pytest.mark.parametrize("state", [State.COLLECTING, State.EXECUTING, State.ANSWERED, State.CLOSED])
def test_what_has_begun_or_ended_cannot_be_taken_back(northwind: Organisation, state: State) -> None:
    case = a_case(northwind, right="deletion", state=state)
    browser = let_in(case)
    assert "<button" not in browser.get(page_of(case, "withdraw/")).content.decode().split("<main")[1].split("</main")[0]
    assert post(browser, page_of(case, "withdraw/")).status_code == 409
    assert Case.objects.get(pk=case.pk).state == state


def test_the_second_press_of_withdraw_says_that_it_is_over(rita: Client) -> None:
    case = confirmed(rita)
    post(rita, page_of(case, "withdraw/"))
    assert post(rita, page_of(case, "withdraw/")).status_code == 409
    assert case.letters.filter(kind="withdrawn").count() == 1


def test_a_browser_that_was_let_in_can_confirm_what_is_not_confirmed(northwind: Organisation) -> None:
    case = a_case(northwind, right="deletion", state=State.ARRIVED)
    browser = let_in(case)
    assert "not confirmed yet" in browser.get(page_of(case)).content.decode()
    assertRedirects(post(browser, page_of(case, "confirm/")), "/o/northwind/code/")
    post(browser, "/o/northwind/code/", code=mailed_code("confirm"))
    assert Case.objects.get(pk=case.pk).state == State.OPEN


def test_the_same_enquiry_is_settled_once(northwind: Organisation) -> None:
    case = a_case(northwind)
    post(Client(), TRACK, reference=case.reference, email=RITA)
    enquiry = Enquiry.objects.get()
    assert following.settle(enquiry.pk)
    assert not following.settle(enquiry.pk)
    assert Challenge.objects.count() == 1


@pytest.mark.parametrize(
    ("reference", "said"), [("", "Enter the reference"), ("12", "A reference looks like"), ("DR-\x00", "nobody can see")]
)
def test_what_cannot_be_a_reference_is_said(northwind: Organisation, reference: str, said: str) -> None:
    page = post(Client(), TRACK, reference=reference, email=RITA).content.decode()
    assert said in page
    assert not Enquiry.objects.exists()


def test_the_page_for_a_code_without_an_enquiry_leads_to_the_enquiry(northwind: Organisation) -> None:
    assertRedirects(Client().get(TRACK_CODE), TRACK)


def test_ended_requests_say_how_they_ended(northwind: Organisation) -> None:
    for state, said in (
        (State.REFUSED, "could not do what you asked"),
        (State.DUPLICATE, "same request twice"),
        (State.EXPIRED, "has ended"),
    ):
        case = a_case(northwind, state=state)
        browser = let_in(case)
        page = browser.get(page_of(case)).content.decode()
        assert said in page
        assert "We must reply by" not in page
        Challenge.objects.all().delete()


def test_history_stays_whole_through_all_of_it(rita: Client) -> None:
    case = confirmed(rita)
    post(rita, page_of(case), message="Hello")
    post(rita, page_of(case, "withdraw/"))
    lines = list(Event.objects.all())
    assert [line.position for line in lines] == list(range(1, len(lines) + 1))
    assert all(line.digest == moving.line_digest(line) for line in lines)
    assert RITA not in repr([line.facts for line in lines])
