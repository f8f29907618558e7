"""Machines that write to us: bounces, absences, lists, and our own letters. None of them is answered."""

import pytest

from portal.organisations.models import Organisation, User
from requests_app import letters
from requests_app.models import Case, Event, InboundMail, Letter
from requests_app.models.mail import Outcome
from tests.mail.posting import a_mail, comes, in_parts, last_row
from tests.people import RITA, a_case, at_desk

DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example.org>"


@pytest.fixture
def letter(harbour: Organisation) -> Letter:
    return letters.queue(a_case(harbour), "message", to=RITA)


def a_bounce(letter: Letter, *, action: str = "failed", quoted: str = "message/rfc822") -> bytes:
    status = f"Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; {RITA}\r\nAction: {action}\r\nStatus: 5.1.1"
    original = f"From: Harbour <privacy@localhost>\r\nMessage-ID: {letters._message_id(letter)}\r\nSubject: About\r\n\r\nwords"
    text, kind = in_parts(
        ("Content-Type: text/plain", "I could not deliver it."),
        ("Content-Type: message/delivery-status", status),
        (f"Content-Type: {quoted}", original),
        kind="report; report-type=delivery-status",
    )
    return a_mail(text, sender=DAEMON, subject="Undelivered Mail", Content_Type=kind, Return_Path="<>")


@pytest.mark.parametrize("quoted", ["message/rfc822", "text/rfc822-headers"])
def test_a_letter_that_came_back_shows_on_its_case(harbour: Organisation, letter: Letter, otto: User, quoted: str) -> None:
    otto.memberships.create(organisation=harbour, role="officer")
    assert comes(harbour, a_bounce(letter, quoted=quoted)) is Outcome.BOUNCED
    letter.refresh_from_db()
    assert letter.bounced_at is not None
    page = at_desk(otto).get(f"/desk/case/{letter.case.reference}/").content.decode()
    assert "A letter came back" in page
    assert "A letter to it came back: its mail server did not take it." in page


def test_a_bounce_in_the_old_style_is_understood(harbour: Organisation, letter: Letter) -> None:
    text = f"Hi. This is the qmail-send program.\n\n--- Below this line is a copy\n\nMessage-ID: {letters._message_id(letter)}\n"
    assert (
        comes(harbour, a_mail(text, sender="MAILER-DAEMON@mx.example.org", subject="failure notice", Return_Path="<>")) is Outcome.BOUNCED
    )


def test_a_letter_that_is_only_late_has_not_come_back(harbour: Organisation, letter: Letter) -> None:
    assert comes(harbour, a_bounce(letter, action="delayed")) is Outcome.AUTOMATIC
    letter.refresh_from_db()
    assert letter.bounced_at is None


def test_a_bounce_in_another_organisations_mailbox_is_understood_too(harbour: Organisation, southwind: Organisation) -> None:
    theirs = letters.queue(a_case(southwind), "message", to=RITA)
    assert comes(harbour, a_bounce(theirs)) is Outcome.BOUNCED
    assert Event.objects.get(code="letter.bounced").case_reference == theirs.case.reference


def test_nobody_can_make_a_letter_bounce_without_its_number(harbour: Organisation, letter: Letter) -> None:
    guessed = a_bounce(letter).replace(letter.message_id.encode(), b"0" * 32)
    assert comes(harbour, guessed) is Outcome.AUTOMATIC
    letter.refresh_from_db()
    assert letter.bounced_at is None


@pytest.mark.parametrize("headers", [{"Auto_Submitted": "auto-replied"}, {"X_Autoreply": "yes"}, {"Precedence": "auto_reply"}])
def test_an_absence_is_counted_and_not_kept(harbour: Organisation, letter: Letter, headers: dict[str, str]) -> None:
    before = Letter.objects.count()
    answer = a_mail("I am away.", subject="Data Access Request", In_Reply_To=letters._message_id(letter), **headers)
    assert comes(harbour, answer) is Outcome.AUTOMATIC
    assert last_row().content == {}
    assert (Letter.objects.count(), Case.objects.count(), letter.case.messages.count()) == (before, 1, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {"Precedence": "bulk"},
        {"Precedence": "list"},
        {"List_Id": "<x.example.org>"},
        {"Auto_Submitted": "auto-generated"},
        {"Return_Path": "<>"},
        {"sender": "no-reply@example.org"},
    ],
)
def test_what_a_machine_passes_on_may_be_a_persons_wish(harbour: Organisation, headers: dict[str, str]) -> None:
    assert comes(harbour, a_mail(**headers)) is Outcome.LISTED
    assert last_row().content["text"]
    assert set(last_row().flags) & {"many", "nobody"}
    assert not Letter.objects.exists()


def test_our_own_letter_in_our_own_mailbox_is_no_request(harbour: Organisation, letter: Letter) -> None:
    raw = a_mail(sender="Harbour <elsewhere@example.org>", Message_ID=letters._message_id(letter))
    assert comes(harbour, raw) is Outcome.OURS
    assert Case.objects.count() == 1


def test_two_portals_do_not_write_to_each_other_for_ever(harbour: Organisation, mailoutbox: list[object]) -> None:
    comes(harbour, a_mail())
    letters.post(Letter.objects.get().pk)
    ours = mailoutbox[0].message()
    ours.replace_header("Message-ID", "<another.portal@example.net>")
    assert comes(harbour, ours.as_bytes()) is Outcome.LISTED
    assert Letter.objects.count() == 1
    assert InboundMail.objects.count() == 2
