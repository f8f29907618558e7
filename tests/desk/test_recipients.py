"""Whoever has the data from us (GDPR Art. 19): written to with no more than they need, followed up, and named to the person who asks."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command

from portal.kit import clock
from portal.organisations.models import Organisation, User
from portal.organisations.promises import Recipient
from requests_app import letters
from requests_app.flows import recipients
from requests_app.flows.searching import NotYet
from requests_app.models import Case, Event, Letter
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.views.tracking import letters_of
from requests_app.wishes import Wanted, add_correction, keep_decisions
from tests.desk.acting import as_actor
from tests.people import RITA, a_case, a_policy, a_policy_document, at_desk

POST = Recipient(
    key="postbote", name="Postbote", contact="Data office, dsb@postbote.example", told_on=("deletion", "correction", "restriction")
)
BANK = Recipient(key="bank", name="Bank", contact="Call them", told_on=("deletion",))


@pytest.fixture
def house(northwind: Organisation) -> Organisation:
    a_policy(northwind, a_policy_document("northwind", version="1.1.0", recipients=(POST, BANK), recipient_days=14))
    return northwind


@pytest.fixture
def erased(house: Organisation) -> Case:
    return a_case(house, right=Right.DELETION, state=State.ANSWERED, outcome="erased", answered_at=clock.now())


def body(case: Case, kind: str = letters.TO_RECIPIENT) -> str:
    return case.unseal(case.letters.filter(kind=kind).last().body_sealed)  # type: ignore[union-attr]  # there is one


def test_a_recipient_is_mailed_what_to_do_for_whom_and_by_when(erased: Case, otto: User) -> None:
    browser = at_desk(otto)
    assert browser.post(f"/desk/case/{erased.reference}/tell/", {"recipient": "postbote", "write": "1"}).status_code == 302

    letter = erased.letters.get(kind=letters.TO_RECIPIENT)
    letters.post(letter.pk)
    [sent] = mail.outbox
    assert (sent.to, RITA in sent.subject, RITA in sent.body) == (["dsb@postbote.example"], False, True)
    assert "delete it too" in sent.body
    assert "Rita Lindqvist" not in sent.body
    day = clock.today("America/Vancouver") + timedelta(days=14)
    assert f"{day.day} {day:%B %Y}" in sent.body
    assert Event.objects.get(code="recipient.told").facts == {"recipient": "postbote", "name": "Postbote", "how": "letter"}
    page = browser.get(f"/desk/case/{erased.reference}/").content.decode()
    assert "by email, Otto" in page


def test_a_correction_names_only_what_was_corrected(house: Organisation, otto: User) -> None:
    case = a_case(house, right=Right.CORRECTION)
    for title, new in (("Street", "Elm Road 2"), ("Birthday", "1 May 1970")):
        add_correction(case, Wanted("other", title, new, old="old secret"))
    verdicts = {0: {"verdict": "by_hand", "rows": (), "reason": "", "words": "x"}, 1: {"verdict": "refuse", "rows": (), "reason": "right"}}
    keep_decisions(case, verdicts)
    case.state, case.outcome, case.answered_at = State.ANSWERED, "partly", clock.now()
    case.save()

    recipients.write(case, "postbote", by=as_actor(otto, case))

    assert "Street: Elm Road 2" in body(case)
    assert "Birthday" not in body(case)
    assert "old secret" not in body(case)


def test_the_person_never_sees_it_nor_is_flagged_when_it_comes_back(erased: Case, otto: User) -> None:
    recipients.write(erased, "postbote", by=as_actor(otto, erased))
    assert letters_of(erased) == []
    Letter.objects.filter(case=erased).update(bounced_at=clock.now())
    page = at_desk(otto).get(f"/desk/case/{erased.reference}/").content.decode()
    assert "Our letter did not reach them" in page
    assert "Look twice at the address" not in page


def test_without_an_address_somebody_tells_them_and_notes_it(erased: Case, otto: User) -> None:
    officer = as_actor(otto, erased)
    with pytest.raises(NotYet, match="no email address for Bank"):
        recipients.write(erased, "bank", by=officer)
    assert at_desk(otto).post(f"/desk/case/{erased.reference}/tell/", {"recipient": "bank"}).status_code == 302
    with pytest.raises(NotYet, match="must still be told"):
        recipients.note(erased, "bank", by=officer)
    assert [one.key for one in recipients.untold(erased)] == ["postbote"]
    assert not erased.letters.exists()


def test_what_is_not_confirmed_in_time_shows_and_the_confirmation_is_kept_with_its_name(
    erased: Case, otto: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipients.write(erased, "postbote", by=as_actor(otto, erased))
    later = clock.now() + timedelta(days=20)
    with monkeypatch.context() as patch:
        patch.setattr("portal.kit.clock.now", lambda: later)
        assert recipients.standing(erased, erased.tellings.get()) == "overdue"
        assert "Not confirmed in time" in at_desk(otto).get(f"/desk/case/{erased.reference}/").content.decode()
    browser = at_desk(otto)
    address = f"/desk/case/{erased.reference}/confirmed/postbote/"
    assert browser.post(address, {"text": ""}).status_code == 422
    assert browser.post(address, {"text": "Ms Kern, by mail of 3 December"}).status_code == 302

    telling = erased.tellings.get()
    assert (recipients.standing(erased, telling), erased.unseal(telling.answer_sealed)) == ("confirmed", "Ms Kern, by mail of 3 December")
    assert "Kern" not in str(list(Event.objects.values_list("facts", flat=True)))
    assert "Ms Kern" in browser.get(f"/desk/case/{erased.reference}/").content.decode()
    assert browser.post(address, {"text": "Again"}).status_code == 409


def test_the_person_is_told_who_was_told_when_they_ask(erased: Case, otto: User, northwind: Organisation) -> None:
    recipients.write(erased, "postbote", by=as_actor(otto, erased))
    recipients.confirm(erased, "postbote", "Ms Kern", by=as_actor(otto, erased))
    assert at_desk(otto).post(f"/desk/case/{erased.reference}/name-recipients/").status_code == 302
    words = body(erased, "recipients_named")
    assert "Postbote: told on" in words
    assert "confirmed it" in words
    assert "Bank: not told yet" in words
    assert "Kern" not in words
    fresh = a_case(northwind)
    with pytest.raises(NotYet, match="nobody to name"):
        recipients.name_to_person(fresh, by=as_actor(otto, fresh))


def test_it_all_works_at_the_shell(erased: Case) -> None:
    def shell(*words: str) -> object:
        out = StringIO()
        call_command("case", erased.reference, *words, "--json", stdout=out)
        return json.loads(out.getvalue()).get("recipients")

    shell("tell", "bank", "--by-hand")
    shell("tell", "postbote")
    shell("confirmed", "bank", "Mr Lund, by phone")
    shell("name_recipients")
    assert shell("recipients") == [
        {"recipient": "postbote", "standing": "queued"},
        {"recipient": "bank", "standing": "confirmed"},
    ]
