"""What becomes of a mail: a request, a word about one, or something for an officer."""

from datetime import timedelta

import pytest

from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app import letters
from requests_app.flows import conversation, receiving, timing, triage
from requests_app.models import Case, Event, InboundMail, Letter, Message
from requests_app.models.letter import Author, Via
from requests_app.models.mail import Outcome
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from tests.mail.conftest import SUBJECTS
from tests.mail.posting import a_mail, comes, last_row, lying, opened
from tests.people import RITA, a_case, a_member

CAROL = "carol@example.net"


@pytest.mark.parametrize(("right", "subject"), SUBJECTS.items())
def test_a_subject_of_the_policy_opens_the_right_request(harbour: Organisation, right: str, subject: str) -> None:
    arrived_at = clock.now() - timedelta(days=3)

    assert comes(harbour, a_mail(subject=f"Re: {subject.upper()} please"), at=arrived_at) is Outcome.OPENED

    case = opened()
    assert (case.right, case.state, case.received_at, case.submission.channel) == (right, State.ARRIVED, arrived_at, "mail")
    assert (case.name, case.identifiers.get().value, case.identifiers.get().verified_at) == ("", RITA, None)
    reckoned = timing.reckon(harbour.current_policy.read(), Right(right), clock.local_date(arrived_at, harbour.timezone))
    assert case.due_on == reckoned.due
    assert [(one.kind, case.unseal(one.to_sealed)) for one in case.letters.all()] == [("confirm", RITA)]


def test_the_mail_is_the_first_message_and_lies_sealed(harbour: Organisation) -> None:
    comes(harbour, a_mail("My customer number is 4711."))

    case, message = opened(), Message.objects.get()
    assert case.unseal(message.body_sealed) == "Data Access Request\n\nMy customer number is 4711."
    assert (message.author, message.via) == (Author.PERSON, Via.REQUEST)
    for row in InboundMail.objects.values():
        assert "4711" not in str(row)
        assert "rita" not in str(row)
    assert all("rita" not in str(event.facts) for event in Event.objects.all())


def test_the_answer_goes_where_it_was_written_and_repeats_nothing(harbour: Organisation, mailoutbox: list[object]) -> None:
    comes(
        harbour,
        a_mail("Buy my pills", sender=f'"Cheap pills" <{RITA}>', subject="Data Access Request: cheap pills", Message_ID="<a1@example.org>"),
    )

    letters.post(Letter.objects.get().pk)

    [mail] = mailoutbox
    sent = mail.message()
    assert (sent["To"], sent["In-Reply-To"], sent["References"]) == (RITA, "<a1@example.org>", "<a1@example.org>")
    assert (sent["Subject"], sent["Auto-Submitted"]) == ("About your message to Harbour", "auto-generated")
    assert "pills" not in sent.as_string()


@pytest.mark.parametrize("sent_id", ["<a b@example.org>", "<pills.for.you>", "<=?utf-8?q?x?=@y>", ""])
def test_an_odd_message_id_is_left_out_of_the_answer(harbour: Organisation, mailoutbox: list[object], sent_id: str) -> None:
    comes(harbour, a_mail(Message_ID=sent_id))
    letters.post(Letter.objects.get().pk)
    assert mailoutbox[0].message()["In-Reply-To"] is None


def test_the_same_message_is_handled_once_wherever_it_lies(harbour: Organisation) -> None:
    raw = a_mail()
    first = lying(raw, uid=7)

    assert receiving.take(harbour, first) is Outcome.OPENED
    for again in (first, lying(raw, uid=8), lying(raw, uid=7, uid_validity=2), lying(b"X-Via: list\r\n" + raw, place="elsewhere")):
        assert receiving.take(harbour, again) is Outcome.OPENED

    assert (Case.objects.count(), Letter.objects.count(), Message.objects.count(), InboundMail.objects.count()) == (1, 1, 1, 1)


def test_a_mail_without_an_id_is_handled_once_too(harbour: Organisation) -> None:
    raw = a_mail(Message_ID="")
    comes(harbour, raw)
    comes(harbour, raw)
    assert Case.objects.count() == 1


def test_the_same_wish_joins_the_request_that_waits_for_its_link(harbour: Organisation) -> None:
    comes(harbour, a_mail())
    case = opened()
    Letter.objects.update(created_at=clock.now())
    case.challenges.update(created_at=clock.now() - timedelta(hours=2))

    assert comes(harbour, a_mail("Did you get my mail?")) is Outcome.JOINED

    assert Case.objects.get() == case
    assert [message.via for message in case.messages.all()] == [Via.REQUEST, Via.REQUEST]
    assert case.letters.filter(kind="confirm").count() == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"state": State.OPEN}, "it is proved"),
        ({"right": "deletion"}, "it is another right"),
        ({"received_at": clock.now() - timedelta(days=31)}, "it is old"),
        ({"email": CAROL}, "it is somebody else's"),
    ],
)
def test_a_wish_that_is_another_one_opens_a_request_of_its_own(harbour: Organisation, change: dict[str, object], why: str) -> None:
    a_case(harbour, **{"right": "access", "state": State.ARRIVED, **change})
    assert comes(harbour, a_mail()) is Outcome.OPENED, why
    assert Case.objects.count() == 2


@pytest.mark.parametrize("subject", ["", "Hello", "Data", "Data Access", "Data Deletion Request and Data Access Request", "Objection"])
def test_a_subject_that_names_no_right_waits_on_the_desk(harbour: Organisation, subject: str) -> None:
    assert comes(harbour, a_mail("I want my data deleted.", subject=subject)) is Outcome.LISTED
    assert not Case.objects.exists()
    assert not Letter.objects.exists()
    assert last_row().content["text"] == "I want my data deleted."
    assert b"deleted" not in bytes(last_row().content_sealed)


def reply_to(letter: Letter, text: str = "Here is my answer.", **changes: str) -> bytes:
    return a_mail(text, **{"subject": "Re: About", "In_Reply_To": letters._message_id(letter), **changes})


def a_letter(case: Case) -> Letter:
    return letters.queue(case, "message", to=RITA)


def test_an_answer_to_our_letter_from_the_confirmed_address_joins_the_thread(harbour: Organisation) -> None:
    case = a_case(harbour)
    assert comes(harbour, reply_to(a_letter(case))) is Outcome.REPLIED
    message = case.messages.get()
    assert (message.author, message.via, case.unseal(message.body_sealed)) == (Author.PERSON, Via.MAIL, "Re: About\n\nHere is my answer.")


def test_a_reference_in_the_subject_is_enough_from_the_confirmed_address(harbour: Organisation) -> None:
    case = a_case(harbour)
    assert comes(harbour, a_mail(subject=f"My request {case.reference.lower()}")) is Outcome.REPLIED
    assert case.messages.count() == 1


@pytest.mark.parametrize("sender", [CAROL, "Rita <rita@EXAMPLE.org.example.net>", "RITA@example.org", "rita@еxample.org"])
def test_from_another_address_it_is_an_officer_who_looks(harbour: Organisation, sender: str) -> None:
    case = a_case(harbour)
    assert comes(harbour, reply_to(a_letter(case), sender=sender, subject=f"Re: {case.reference}")) is Outcome.LISTED
    assert not case.messages.exists()
    assert last_row().about == case.reference


def test_an_address_that_was_only_typed_is_not_the_persons(harbour: Organisation) -> None:
    case = a_case(harbour, state=State.ARRIVED)
    assert comes(harbour, a_mail(subject=case.reference)) is Outcome.LISTED
    assert comes(harbour, reply_to(a_letter(case))) is Outcome.REPLIED  # it has our letter, so it reads that mailbox
    assert not Case.objects.get(pk=case.pk).confirmed_at


def test_only_an_answer_that_knows_our_letter_lets_a_waiting_request_go_on(harbour: Organisation) -> None:
    case = a_case(harbour, state=State.WAITING, state_before=State.OPEN)
    letter = a_letter(case)

    comes(harbour, a_mail(subject=case.reference))
    assert Case.objects.get(pk=case.pk).state == State.WAITING
    comes(harbour, reply_to(letter))
    assert Case.objects.get(pk=case.pk).state == State.OPEN


def test_a_request_of_another_organisation_cannot_be_named(harbour: Organisation, southwind: Organisation) -> None:
    case = a_case(southwind)
    assert comes(harbour, reply_to(a_letter(case), subject=case.reference)) is Outcome.LISTED
    assert last_row().about == ""
    assert not case.messages.exists()


def test_an_answer_that_asks_for_something_else_opens_that(harbour: Organisation) -> None:
    case = a_case(harbour)
    assert comes(harbour, reply_to(a_letter(case), subject="Data Deletion Request")) is Outcome.OPENED
    assert opened().right == "deletion"


def test_a_closed_request_takes_no_more_words(harbour: Organisation) -> None:
    case = a_case(harbour, state=State.CLOSED)
    assert comes(harbour, reply_to(a_letter(case))) is Outcome.LISTED
    assert not case.messages.exists()


def test_a_colleague_who_passes_something_on_is_not_the_person(harbour: Organisation) -> None:
    a_member("Otto", "officer", harbour)
    for sender in ("otto@example.org", "Privacy@harbour.example.org", "privacy@localhost"):
        assert comes(harbour, a_mail(sender=sender)) is Outcome.LISTED
    assert not Letter.objects.exists()


def test_the_eleventh_mail_of_an_hour_is_counted_and_no_more(harbour: Organisation) -> None:
    outcomes = [comes(harbour, a_mail(subject="Hello")) for _ in range(12)]
    assert outcomes == [Outcome.LISTED] * 10 + [Outcome.CAPPED] * 2
    assert last_row().content == {}
    InboundMail.objects.update(taken_at=clock.now() - timedelta(minutes=61))
    assert comes(harbour, a_mail()) is Outcome.OPENED


def test_a_forged_sender_floods_nobody(harbour: Organisation) -> None:
    for subject in list(SUBJECTS.values()) * 3:
        comes(harbour, a_mail(subject=subject))
    assert Case.objects.count() == 4
    assert Letter.objects.count() <= 6


def test_a_moment_in_the_future_is_now(harbour: Organisation) -> None:
    comes(harbour, a_mail(), at=clock.now() + timedelta(days=2))
    assert opened().received_at <= clock.now()


def test_what_was_set_aside_is_destroyed_after_thirty_days(harbour: Organisation) -> None:
    comes(harbour, a_mail(subject="Hello"))
    comes(harbour, a_mail(subject="Hello again"))
    old, waiting = InboundMail.objects.order_by("pk")
    long_ago = clock.now() - timedelta(days=31)
    InboundMail.objects.update(taken_at=long_ago)
    InboundMail.objects.filter(pk=old.pk).update(outcome=Outcome.SET_ASIDE, settled_at=long_ago)

    assert receiving.forget_old() == 1

    old.refresh_from_db()
    waiting.refresh_from_db()
    assert (bytes(old.key_sealed), bytes(old.content_sealed), old.sender_token) == (b"", b"", "")
    assert waiting.content["subject"] == "Hello again"


def test_the_sweep_does_not_take_a_mail_for_an_answer_on_the_page(harbour: Organisation) -> None:
    case = a_case(harbour, state=State.WAITING, state_before=State.OPEN)
    conversation.say(case, "By mail", via=Via.MAIL, is_proved=False)
    assert not triage.resume_answered(case)
    conversation.say(case, "On the page", is_proved=False)
    assert triage.resume_answered(case)
