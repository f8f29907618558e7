"""What staff open is written down: once for each person and thing in ten minutes, and worded in the history."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app import letters
from requests_app.chronicle import chronicle
from requests_app.flows import conversation
from requests_app.models import Case, Event, Letter
from requests_app.rules.states import State
from tests.mail.posting import a_mail, comes, last_row
from tests.people import RITA, a_case, at_desk


@pytest.fixture
def case(northwind: Organisation) -> Case:
    found = a_case(northwind, state=State.OPEN)
    conversation.say(found, "Is it done?")
    return found


def a_letter(case: Case, kind: str = "received") -> Letter:
    letters.queue(case, kind, to=RITA, facts={"code": "ABCD-EFGH", "minutes": 30, "link": ""} if kind == "confirm" else {})
    return case.letters.get(kind=kind)


def looks(user: User, name: str, case: Case, *more: object) -> None:
    assert at_desk(user).get(reverse(f"desk:{name}", args=[case.reference, *more])).status_code == 200


def lines(code: str = "case.viewed") -> list[tuple[str, object]]:
    return [(line.actor, line.facts) for line in Event.objects.filter(code=code)]


def test_whoever_opens_the_messages_is_written_down(case: Case, priya: User) -> None:
    looks(priya, "message", case)

    assert lines() == [(str(priya.pk), {"what": "thread"})]
    assert f"{priya.name} read the messages" in [line.words for line in chronicle(case)]


def test_each_letter_is_a_thing_of_its_own(case: Case, otto: User, ada: User) -> None:
    letter = a_letter(case)
    looks(otto, "letter", case, letter.pk)
    looks(ada, "letter", case, letter.pk)

    facts = {"what": "letter", "letter": letter.pk, "kind": "received"}
    assert lines() == [(str(otto.pk), facts), (str(ada.pk), facts)]
    assert f"{otto.name} read “{letter.subject}”" in [line.words for line in chronicle(case)]
    assert RITA not in str(lines())


def test_a_letter_that_is_shown_to_nobody_was_read_by_nobody(case: Case, otto: User) -> None:
    looks(otto, "letter", case, a_letter(case, "confirm").pk)

    assert lines() == []


def test_looking_again_is_written_down_after_ten_minutes(case: Case, otto: User) -> None:
    for after, written in ((0, 1), (9, 1), (11, 2)):
        with time_machine.travel(clock.now() + timedelta(minutes=after), tick=False):
            looks(otto, "message", case)
        assert len(lines()) == written


def test_the_thread_beside_a_form_counts_as_well(northwind: Organisation, ada: User) -> None:
    objection = a_case(northwind, right="objection", state=State.OPEN)
    looks(ada, "answer", objection)

    assert lines() == [(str(ada.pk), {"what": "thread"})]


def test_whoever_opens_a_mail_is_written_down(northwind: Organisation, otto: User) -> None:
    comes(northwind, a_mail("Please forget me.", subject="Hello there"), at=clock.now())
    mail = last_row()
    for _ in range(2):
        assert at_desk(otto).get(f"/desk/mail/{mail.pk}/").status_code == 200

    assert lines("mail.viewed") == [(str(otto.pk), {"mail": mail.pk})]


def test_who_may_not_look_leaves_no_line(case: Case, mallory: User) -> None:
    assert at_desk(mallory).get(reverse("desk:message", args=[case.reference])).status_code == 404
    assert Client().get(reverse("desk:message", args=[case.reference])).status_code == 302
    assert lines() == []
