"""A letter that did not arrive stays on the desk until somebody has dealt with it, also when the request is over."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.urls import reverse

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app import letters, tasks
from requests_app.flows import returning
from requests_app.flows.returning import LetterArrived
from requests_app.models import Case, Event, Letter, Notice, RegisterEntry
from requests_app.models.letter import LetterState
from tests.desk.acting import as_actor
from tests.people import RITA, a_case, at_desk


def a_letter(organisation: Organisation, kind: str = "message", **fields: object) -> Letter:
    return letters.queue(a_case(organisation, **fields), kind, to=RITA, facts={"link": "", "code": "", "minutes": 30})  # type: ignore[arg-type]


def gives_up(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight tries, none of which the mail server takes."""

    def refuses(message: object) -> None:
        raise SMTPRecipientsRefused({})

    with monkeypatch.context() as patch:
        patch.setattr("requests_app.letters.EmailMessage.send", refuses)
        for _ in range(letters.MAX_ATTEMPTS):
            Letter.objects.filter(pk=letter.pk).update(due_at=clock.now())
            tasks.post_letter(letter.pk)


def came_back(letter: Letter) -> None:
    tasks.post_letter(letter.pk)
    Letter.objects.filter(pk=letter.pk).update(bounced_at=clock.now())
    letter.refresh_from_db()
    returning.came_back(letter)


def events(case: Case) -> list[str]:
    return [line.code for line in Event.objects.filter(case_reference=case.reference, code__startswith="letter.")]


def test_a_letter_that_was_given_up_is_noted_once_and_told(
    northwind: Organisation, otto: User, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = a_letter(northwind, owner=otto)
    gives_up(letter, monkeypatch)
    tasks.post_letter(letter.pk)

    letter.refresh_from_db()
    assert (letter.state, letter.is_lost, events(letter.case)) == (LetterState.FAILED, True, ["letter.failed"])
    assert [(one.to.name, one.reminder.kind) for one in Notice.objects.all()] == [("Otto", "lost")]
    assert RegisterEntry.objects.get(reference=letter.case.reference).counts["undelivered"] == 1


def test_a_letter_that_came_back_shows_on_the_desk_even_when_the_request_is_closed(northwind: Organisation, otto: User) -> None:
    letter = a_letter(northwind, state="closed", answered_at=clock.now() - timedelta(days=40))
    came_back(letter)
    browser = at_desk(otto)

    assert "1 letter did not arrive" in browser.get(reverse("desk:queue")).content.decode()
    assert letter.case.reference in browser.get(reverse("desk:lost")).content.decode()
    page = browser.get(reverse("desk:case", args=[letter.case.reference])).content.decode()
    assert "A letter did not arrive" in page
    assert reverse("desk:letter_again", args=[letter.case.reference, letter.pk]) in page
    assert reverse("desk:letter_settle", args=[letter.case.reference, letter.pk]) in page


def test_strangers_and_auditors_cannot_touch_it(northwind: Organisation, otto: User, priya: User, mallory: User) -> None:
    letter = a_letter(northwind)
    came_back(letter)

    assert letter.case.reference not in at_desk(mallory).get(reverse("desk:lost")).content.decode()
    for stranger in (priya, mallory):
        for name in ("letter_again", "letter_settle"):
            response = at_desk(stranger).post(reverse(f"desk:{name}", args=[letter.case.reference, letter.pk]), {"text": "Called."})
            assert response.status_code == 404
    assert Letter.objects.get().is_lost


def test_it_is_sent_again_and_can_come_back_again(northwind: Organisation, otto: User) -> None:
    letter = a_letter(northwind)
    came_back(letter)

    at_desk(otto).post(reverse("desk:letter_again", args=[letter.case.reference, letter.pk]))
    letter.refresh_from_db()
    assert (letter.state, letter.is_lost, letter.bounced_at) == (LetterState.QUEUED, False, None)
    tasks.post_letter(letter.pk)
    assert len(mail.outbox) == 2

    came_back(letter)
    assert (Letter.objects.get().is_lost, events(letter.case)) == (True, ["letter.bounced", "letter.again", "letter.bounced"])


def test_a_letter_with_an_old_code_is_not_sent_again(northwind: Organisation, otto: User) -> None:
    letter = a_letter(northwind, "follow")
    came_back(letter)

    with pytest.raises(LetterArrived, match="no longer works"):
        returning.again(letter, by=as_actor(otto, letter.case))

    assert len(mail.outbox) == 1


def test_somebody_who_reached_the_person_another_way_says_how(northwind: Organisation, otto: User) -> None:
    letter = a_letter(northwind)
    came_back(letter)
    address = reverse("desk:letter_settle", args=[letter.case.reference, letter.pk])
    browser = at_desk(otto)

    assert browser.post(address, {"text": " "}).status_code == 422
    assert Letter.objects.get().is_lost
    assert browser.post(address, {"text": "She called; I read it to her."}).status_code == 302

    assert not Letter.objects.get().is_lost
    assert letter.case.unseal(letter.case.notes.get().body_sealed) == "She called; I read it to her."
    assert "did not arrive" not in browser.get(reverse("desk:queue")).content.decode()


def test_a_letter_that_arrived_needs_nobody(northwind: Organisation, otto: User) -> None:
    letter = a_letter(northwind)
    tasks.post_letter(letter.pk)

    for act in (lambda by: returning.again(letter, by=by), lambda by: returning.settle(letter, "Called.", by=by)):
        with pytest.raises(LetterArrived, match="Nothing is known to be wrong"):
            act(as_actor(otto, letter.case))
    assert (events(letter.case), letter.case.notes.count()) == ([], 0)
