"""What a person who was let in can read, say and take back."""

import pytest
from django.test import Client
from pytest_django.asserts import assertRedirects

from portal.organisations.models import Organisation, User
from requests_app import letters
from requests_app.access import Actor
from requests_app.flows import following, moving, triage
from requests_app.models import Case, Challenge, Enquiry, Event, Letter, Message
from requests_app.rules.states import State
from tests.people import RITA, a_case
from tests.public.walking import TRACK, TRACK_CODE, confirmed, let_in, mailed_code, page_of, post

pytestmark = pytest.mark.thorough


def otto_at(otto: User, case: Case) -> Actor:
    return Actor(str(otto.pk), otto.name, "officer", otto)


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
