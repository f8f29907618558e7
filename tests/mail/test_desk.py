"""The desk's page of mail that is not a request yet, and the form for what came another way."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertRedirects

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app.access import SHELL, actor_at
from requests_app.flows import closing, entering, receiving, sorting
from requests_app.flows.entering import EntryRefused
from requests_app.flows.intake import Application
from requests_app.flows.sorting import SortingRefused
from requests_app.models import Case, Event, InboundMail, Letter, Mailbox, Note
from requests_app.models.letter import Via
from requests_app.models.mail import Outcome
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from tests.mail.posting import a_mail, comes, last_row, opened
from tests.people import RITA, a_case, a_member, at_desk

LIST, ENTER = "/desk/mail/", "/desk/enter/"


@pytest.fixture
def mail(northwind: Organisation) -> InboundMail:
    """Rita's words, which no subject announces; they came nine days ago."""
    comes(northwind, a_mail("Please forget me.", subject="Hello there"), at=clock.now() - timedelta(days=9))
    return last_row()


def page_of(mail: InboundMail, act: str = "") -> str:
    return f"/desk/mail/{mail.pk}/{act}"


def test_what_waits_is_listed_and_read(mail: InboundMail, otto: User) -> None:
    desk = at_desk(otto)
    listed = desk.get(LIST).content.decode()
    assert "Hello there" in listed
    assert "r•••@example.org" in listed
    assert "Please forget me." in desk.get(page_of(mail)).content.decode()
    assert "1 email is not a request yet" in desk.get(reverse("desk:queue")).content.decode()


def test_an_officer_opens_a_request_from_it_with_its_true_date(mail: InboundMail, otto: User) -> None:
    answer = at_desk(otto).post(page_of(mail, "open/"), {"right": "deletion"})

    case = opened()
    assertRedirects(answer, f"/desk/case/{case.reference}/")
    assert (case.right, case.state, case.received_at, case.submission.channel) == ("deletion", State.ARRIVED, mail.received_at, "mail")
    assert case.identifiers.get().verified_at is None
    assert [case.unseal(one.body_sealed) for one in case.messages.all()] == ["Hello there\n\nPlease forget me."]
    assert [case.unseal(one.to_sealed) for one in case.letters.all()] == [RITA]
    mail.refresh_from_db()
    assert (mail.outcome, mail.case, bytes(mail.key_sealed), set(mail.content)) == (Outcome.OPENED, case, b"", {"message_id"})
    assert Event.objects.get(code="case.arrived").actor == str(otto.pk)
    assert "Otto took the request in" in at_desk(otto).get(f"/desk/case/{case.reference}/").content.decode()


def test_a_request_is_opened_once(mail: InboundMail, otto: User) -> None:
    desk = at_desk(otto)
    desk.post(page_of(mail, "open/"), {"right": "access"})
    assert desk.post(page_of(mail, "open/"), {"right": "access"}).status_code == 404
    with pytest.raises(SortingRefused, match="meanwhile"):
        sorting.open_request(mail, Right.ACCESS, by=SHELL)
    assert Case.objects.count() == 1


def test_why_it_is_no_request_is_written_down(mail: InboundMail, otto: User) -> None:
    assertRedirects(at_desk(otto).post(page_of(mail, "aside/"), {"reason": "advertising"}), LIST)
    event = Event.objects.get()
    assert (event.code, event.actor, event.facts["reason"], event.case_reference) == ("mail.set_aside", str(otto.pk), "advertising", "")
    page = at_desk(otto).get(LIST).content.decode()
    assert "Every email has been dealt with." in page
    assert "It is advertising, a list or a machine" in page


def test_what_was_set_aside_can_still_be_opened_until_it_is_destroyed(mail: InboundMail, otto: User) -> None:
    sorting.set_aside(mail, "advertising", by=SHELL)
    sorting.open_request(mail, Right.ACCESS, by=SHELL)
    assert opened().received_at == mail.received_at
    comes(mail.organisation, a_mail(subject="Another"))
    other = last_row()
    sorting.set_aside(other, "test", by=SHELL)
    InboundMail.objects.update(settled_at=clock.now() - timedelta(days=31))
    receiving.forget_old()
    with pytest.raises(SortingRefused, match="destroyed"):
        sorting.open_request(other, Right.ACCESS, by=SHELL)
    assert "destroyed 30 days after" in at_desk(otto).get(page_of(other)).content.decode()


@pytest.mark.parametrize(("act", "typed"), [("open/", {}), ("open/", {"right": "fly"}), ("aside/", {}), ("aside/", {"reason": "dull"})])
def test_without_a_choice_nothing_happens(mail: InboundMail, otto: User, act: str, typed: dict[str, str]) -> None:
    answer = at_desk(otto).post(page_of(mail, act), typed)
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    mail.refresh_from_db()
    assert mail.outcome == Outcome.LISTED


def test_an_auditor_looks_and_touches_nothing(mail: InboundMail, priya: User) -> None:
    desk = at_desk(priya)
    page = desk.get(page_of(mail)).content.decode()
    assert "Please forget me." in page
    assert "Open the request" not in page
    assert desk.post(page_of(mail, "open/"), {"right": "access"}).status_code == 404
    assert desk.post(page_of(mail, "aside/"), {"reason": "test"}).status_code == 404
    assert desk.get(ENTER).status_code == 404
    with pytest.raises(SortingRefused):
        sorting.open_request(mail, Right.ACCESS, by=actor_at(priya, mail.organisation_id))


def test_a_stranger_learns_nothing(mail: InboundMail, mallory: User) -> None:
    desk = at_desk(mallory)
    assert "Hello there" not in desk.get(LIST).content.decode()
    assert desk.get(page_of(mail)).status_code == desk.get("/desk/mail/999999/").status_code == 404
    assert desk.post(page_of(mail, "open/"), {"right": "access"}).status_code == 404
    assert Client().get(page_of(mail)).status_code == 302


def test_script_in_a_mail_is_only_text(northwind: Organisation, otto: User) -> None:
    comes(northwind, a_mail("<script>alert(1)</script>", subject="<img src=x onerror=alert(1)>"))
    for page in (LIST, page_of(last_row())):
        assert "<script>alert" not in at_desk(otto).get(page).content.decode()
        assert "<img" not in at_desk(otto).get(page).content.decode()


def test_a_mail_without_a_sender_leads_to_the_form(northwind: Organisation, otto: User) -> None:
    comes(northwind, a_mail(sender="undisclosed:;"))
    page = at_desk(otto).get(page_of(last_row())).content.decode()
    assert "It names no single sender" in page
    with pytest.raises(SortingRefused, match="by hand"):
        sorting.open_request(last_row(), Right.ACCESS, by=SHELL)


def test_a_mail_that_names_a_request_shows_which(northwind: Organisation, otto: User) -> None:
    case = a_case(northwind)
    comes(northwind, a_mail(subject=case.reference, sender="mallory@example.net"))
    assert "but does not come from its confirmed address" in at_desk(otto).get(page_of(last_row())).content.decode()


def test_a_mailbox_that_cannot_be_read_is_said(northwind: Organisation, otto: User, settings: Any) -> None:
    settings.MAILBOXES = {"northwind": object()}
    assert "Not read yet." in at_desk(otto).get(LIST).content.decode()
    Mailbox.objects.create(organisation=northwind, error="refused", error_since=clock.now(), stuck=2)
    assert "does not take the user and the password" in at_desk(otto).get(LIST).content.decode()
    Mailbox.objects.update(error="")
    assert "2 emails to Northwind could not be taken in" in at_desk(otto).get(LIST).content.decode()


def test_the_case_says_what_to_look_at_twice(northwind: Organisation, otto: User) -> None:
    said = "mx.northwind.example; spf=pass; dkim=none; dmarc=fail"
    comes(northwind, a_mail(subject="Hi", Reply_To="mallory@example.net", Authentication_Results=said))
    case = sorting.open_request(last_row(), Right.ACCESS, by=SHELL)
    Letter.objects.update(bounced_at=clock.now())
    page = at_desk(otto).get(f"/desk/case/{case.reference}/").content.decode()
    assert "asks for answers to another address" in page
    assert "DKIM none, DMARC fail, SPF pass" in page
    assert "A letter to it came back" in page


def test_a_message_by_mail_is_marked_in_the_thread(northwind: Organisation, otto: User) -> None:
    case = a_case(northwind)
    comes(northwind, a_mail(subject=case.reference))
    assert case.messages.get().via == Via.MAIL
    assert "by email, sender not proved" in at_desk(otto).get(f"/desk/case/{case.reference}/message/").content.decode()
    assert "Answer the message" in at_desk(otto).get(reverse("desk:queue")).content.decode()


def test_the_mail_that_asked_needs_no_answer_of_its_own(northwind: Organisation, otto: User, mail: InboundMail) -> None:
    sorting.open_request(mail, Right.ACCESS, by=SHELL)
    page = at_desk(otto).get(reverse("desk:queue")).content.decode()
    assert "Answer the message" not in page
    assert "Check the address" in page


ENTRY = {
    "right": "deletion",
    "channel": "phone",
    "received_on": "2026-01-05",
    "name": "Rita Lindqvist",
    "email": RITA,
    "note": "She called.",
}


def enter(user: User, **changes: str) -> HttpResponse:
    return at_desk(user).post(ENTER, {**ENTRY, **changes})


def test_a_call_becomes_a_request_from_its_day_on(northwind: Organisation, otto: User) -> None:
    assert "On which day did it arrive?" in at_desk(otto).get(ENTER).content.decode()
    assert enter(otto).status_code == 302
    case = opened()
    assert (case.right, case.name, case.submission.channel) == ("deletion", "Rita Lindqvist", "phone")
    assert clock.local_date(case.received_at, northwind.timezone).isoformat() == "2026-01-05"
    assert case.due_on.isoformat() == "2026-02-04"
    assert case.unseal(Note.objects.get().body_sealed) == "She called."
    assert [letter.kind for letter in case.letters.all()] == ["confirm"]
    assert Event.objects.get(code="case.arrived").actor == str(otto.pk)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"received_on": "2199-01-01"}, "This day is still to come"),
        ({"received_on": "yesterday"}, "Enter a day like"),
        ({"name": ""}, "Enter the name"),
        ({"email": "not one"}, "Enter an email address"),
        ({"right": "fly"}, "There is a problem"),
        ({"channel": "form"}, "There is a problem"),
    ],
)
def test_what_cannot_be_right_opens_nothing(northwind: Organisation, otto: User, wrong: dict[str, str], words: str) -> None:
    answer = enter(otto, **wrong)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Case.objects.exists()


@pytest.mark.parametrize("right", list(Right))
def test_any_right_can_be_asked_for_without_an_address(northwind: Organisation, otto: User, right: Right) -> None:
    assert enter(otto, email="", channel="post", right=right.value).status_code == 302
    assert at_desk(otto).get(f"/desk/case/{opened().reference}/").status_code == 200


def test_somebody_without_an_address_stands_on_the_desk_and_never_ends_by_itself(northwind: Organisation, otto: User) -> None:
    assert enter(otto, email="", channel="post").status_code == 302
    case = opened()
    assert not case.letters.exists()
    assert not case.identifiers.exists()
    assert not closing.expire(case)
    assert at_desk(otto).get(f"/desk/case/{case.reference}/").status_code == 200
    assert case.reference in at_desk(otto).get(reverse("desk:queue")).content.decode()


def test_who_belongs_to_two_organisations_says_whose_request_it_is(northwind: Organisation, southwind: Organisation) -> None:
    olga = a_member("Olga", "officer", northwind, southwind)
    assert enter(olga).status_code == 422
    assert enter(olga, organisation=str(southwind.pk)).status_code == 302
    assert opened().organisation == southwind


def test_nobody_enters_a_request_where_they_only_look(northwind: Organisation, southwind: Organisation, otto: User) -> None:
    assert enter(otto, organisation=str(southwind.pk)).status_code in (302, 422)
    assert not Case.objects.filter(organisation=southwind).exists()


def test_the_flow_itself_refuses_the_wrong_hands_and_days(northwind: Organisation, priya: User) -> None:
    facts: dict[str, Any] = {"organisation": northwind, "policy": northwind.current_policy, "right": Right.ACCESS, "name": "Rita"}
    asked = Application(**facts, identities={"email": RITA}, channel="phone")
    late = Application(**facts, identities={}, channel="phone", received_at=clock.now() + timedelta(days=1))
    for wrong, actor in ((asked, actor_at(priya, northwind.pk)), (late, SHELL), (Application(**facts, identities={}), SHELL)):
        with pytest.raises(EntryRefused):
            entering.enter(wrong, by=actor)
    assert not Case.objects.exists()


def test_a_mail_read_late_does_not_end_before_it_was_answered(northwind: Organisation) -> None:
    comes(northwind, a_mail(subject="Hi"), at=clock.now() - timedelta(days=20))
    case = sorting.open_request(last_row(), Right.ACCESS, by=SHELL)
    assert not closing.expire(case)
    case.challenges.update(created_at=clock.now() - timedelta(days=15))
    assert closing.expire(case)
