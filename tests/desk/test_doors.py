"""Who may go through which door of the desk. Mallory must not even learn that there is one."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from portal.organisations.models import Organisation, User
from requests_app import letters
from requests_app.flows import timing, triage
from requests_app.models import Case, Event, Letter, Message, Note
from requests_app.rules.states import State
from tests.desk.acting import as_actor, reviewed
from tests.desk.fake_engine import BILLING, DOWN, SHOP, FakeEngine
from tests.people import RITA, a_case, at_desk

READING = (
    "case",
    "plan",
    "message",
    "assign",
    "note",
    "gather",
    "extend",
    "refuse",
    "answer",
    "attest",
    "reopen",
    "receipt",
    "receipt_json",
    "correct",
    "correct_add",
    "join",
)
POSTING = ("start", "retry", "show", "tell", "resume", "release", "settle", "approve", "correct_decide")
BOTH = ("assign", "note", "message", "gather", "extend", "refuse", "answer", "attest", "reopen", "correct_add", "join")
TOUCHES = tuple(name for name in (*POSTING, *BOTH) if name != "show")


@pytest.fixture
def case(northwind: Organisation, engine: FakeEngine) -> Case:
    engine.sources = (SHOP, BILLING, DOWN)
    case = reviewed(a_case(northwind))
    timing.set_clock(case)
    case.save()
    return case


def at(name: str, case: Case, *more: object) -> str:
    return reverse(f"desk:{name}", args=[case.reference, *more])


def without_token(response: HttpResponse) -> bytes:
    """The page but for the one-time token of its search form."""
    return re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", response.content)


def state_of_everything() -> tuple[object, ...]:
    """Whatever a page could change. That somebody looked is written down, and is all that looking does."""
    rows = [list(model.objects.order_by("pk").values()) for model in (Case, Letter, Message, Note)]
    rows.append(list(Event.objects.exclude(code="case.viewed").order_by("pk").values("code", "facts", "case_reference", "actor")))
    return tuple(str(row) for row in rows)


@pytest.mark.parametrize("name", READING)
def test_a_stranger_reads_nothing(case: Case, mallory: User, name: str) -> None:
    response = at_desk(mallory).get(at(name, case))
    missing = at_desk(mallory).get(reverse(f"desk:{name}", args=["DR-2222-22"]))

    assert response.status_code == missing.status_code == 404
    assert case.reference.encode() not in response.content
    assert without_token(response) == without_token(missing)


@pytest.mark.parametrize("name", [*POSTING, *BOTH])
def test_a_stranger_changes_nothing(case: Case, mallory: User, name: str) -> None:
    before = state_of_everything()

    response = at_desk(mallory).post(at(name, case), {"text": "x", "reason": "volume", "ground": "not_verifiable", "kind": "message"})

    assert response.status_code == 404
    assert state_of_everything() == before


@pytest.mark.parametrize("name", TOUCHES)
def test_an_auditor_looks_and_does_not_touch(case: Case, priya: User, name: str) -> None:
    before = state_of_everything()

    response = at_desk(priya).post(at(name, case), {"text": "x", "reason": "volume", "ground": "not_verifiable", "kind": "message"})

    assert response.status_code == 404
    assert state_of_everything() == before
    assert at_desk(priya).get(at("case", case)).status_code == 200


def test_an_auditor_is_offered_nothing_to_press(case: Case, priya: User) -> None:
    page = at_desk(priya).get(at("case", case)).content.decode()

    assert "Release the archive" not in page
    assert at("retry", case) not in page
    assert "You may look at this request, not change it." in page


@pytest.mark.parametrize("name", READING)
def test_reading_changes_nothing(case: Case, ada: User, name: str) -> None:
    before = state_of_everything()
    browser = at_desk(ada)

    browser.get(at(name, case))
    browser.head(at(name, case))

    assert state_of_everything() == before


@pytest.mark.parametrize("name", POSTING)
def test_acts_are_not_links(case: Case, ada: User, name: str) -> None:
    assert at_desk(ada).get(at(name, case)).status_code == 405


@pytest.mark.parametrize("name", ["queue", "sources", "reports", "help", "processed"])
def test_the_desk_asks_for_a_sign_in(client: Client, northwind: Organisation, name: str) -> None:
    response = client.get(reverse(f"desk:{name}"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_a_forged_form_changes_nothing(case: Case, ada: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada)

    response = browser.post(at("release", case))

    case.refresh_from_db()
    assert response.status_code == 403
    assert case.released_at is None


def test_an_officer_reads_why_only_a_lead_releases(case: Case, otto: User, ada: User) -> None:
    response = at_desk(otto).post(at("release", case))

    assert response.status_code == 409
    assert b"Only a lead can release an archive." in response.content
    assert b"Ada" in response.content


def test_a_lead_releases_by_one_button(case: Case, ada: User) -> None:
    browser = at_desk(ada)
    assert browser.post(at("close_source", case, "crm"), {"reason": "gone", "text": "Old notes."}).status_code == 302
    response = browser.post(at("release", case))

    case.refresh_from_db()
    assert (response.status_code, case.released_by) == (302, "Ada")


def test_the_case_page_says_what_each_source_found_and_what_is_missing(case: Case, otto: User) -> None:
    page = at_desk(otto).get(at("case", case)).content.decode()

    assert "2 of 3 sources have answered." in page
    assert "Of 12 records, 10 are in the archive and 2 are held back." in page
    assert "A gap: Old CRM" in page
    assert "Nothing held" in page
    assert "PIPEDA" in page


def test_personal_details_are_masked_until_somebody_asks_and_that_is_recorded(case: Case, otto: User) -> None:
    browser = at_desk(otto)
    assert RITA not in browser.get(at("case", case)).content.decode()

    browser.post(at("show", case))

    assert RITA in browser.get(at("case", case)).content.decode()
    assert RITA not in at_desk(otto).get(at("case", case)).content.decode()
    line = Event.objects.filter(case_reference=case.reference, code="details.shown").get()
    assert line.actor == str(otto.pk)
    assert RITA not in str(list(Session.objects.values()))


def test_a_failed_source_is_asked_again_by_its_button(case: Case, otto: User, engine: FakeEngine) -> None:
    at_desk(otto).post(at("retry", case), {"source": "crm"})

    assert engine.retried == ["crm"]


def send(otto: User, case: Case, name: str, **typed: str) -> HttpResponse:
    response: HttpResponse = at_desk(otto).post(at(name, case), typed)
    return response


def test_words_reach_the_person_only_as_messages(case: Case, otto: User) -> None:
    send(otto, case, "note", text="Called twice.")
    send(otto, case, "message", text="We are on it.", kind="message")

    assert [case.unseal(one.body_sealed) for one in case.messages.all()] == ["We are on it."]
    assert [case.unseal(one.body_sealed) for one in case.notes.all()] == ["Called twice."]


@pytest.mark.parametrize("name", ["note", "message", "extend", "refuse", "answer"])
def test_an_empty_form_comes_back_with_what_is_missing(case: Case, ada: User, name: str) -> None:
    before = state_of_everything()

    response = send(ada, case, name)

    assert b"There is a problem" in response.content
    assert b"<title>Error:" in response.content
    assert state_of_everything() == before


def test_a_question_makes_the_case_wait(case: Case, otto: User) -> None:
    send(otto, case, "message", text="Which year?", kind="clarification")

    case.refresh_from_db()
    assert case.state == State.WAITING


def test_an_owner_is_chosen_among_those_who_handle(case: Case, otto: User, priya: User) -> None:
    browser = at_desk(otto)
    page = browser.get(at("assign", case)).content.decode()
    assert "Otto" in page
    assert "Priya" not in page.partition("<form class=")[2]

    assert browser.post(at("assign", case), {"owner": str(otto.pk)}).status_code == 302
    assert browser.post(at("assign", case), {"owner": str(priya.pk)}).status_code == 422

    case.refresh_from_db()
    assert case.owner == otto


def test_nobody_but_the_person_reads_a_code(case: Case, ada: User) -> None:
    secret = letters.queue(case, "download", to=RITA, facts={"code": "K7MX-9QTF", "minutes": 30})
    plain = letters.queue(case, "received", to=RITA)
    browser = at_desk(ada)

    assert b"K7MX" not in browser.get(at("letter", case, secret.pk)).content
    assert b"Your reference is" in browser.get(at("letter", case, plain.pk)).content


def test_a_letter_of_another_case_is_not_found(case: Case, ada: User, northwind: Organisation) -> None:
    other = letters.queue(a_case(northwind), "received", to=RITA)

    assert at_desk(ada).get(at("letter", case, other.pk)).status_code == 404


def test_what_a_person_writes_stays_text(northwind: Organisation, otto: User, engine: FakeEngine) -> None:
    case = a_case(northwind, name="<script>alert(1)</script>")
    triage.note(case, "<img src=x onerror=alert(1)>", by=as_actor(otto, case))

    page = at_desk(otto).get(at("case", case)).content.decode()

    assert "<script>alert" not in page
    assert "<img" not in page


def test_pages_are_kept_by_no_cache_and_run_no_foreign_script(case: Case, otto: User) -> None:
    response = at_desk(otto).get(at("case", case))

    assert "no-store" in response["Cache-Control"]
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]


def test_a_processor_sees_that_requests_move_and_nobody_in_them(northwind: Organisation, southwind: Organisation, mallory: User) -> None:
    northwind.processor = southwind
    northwind.save()
    case = a_case(northwind, name="Rita Lindqvist")
    browser = at_desk(mallory)

    page = browser.get(reverse("desk:processed")).content.decode()

    assert case.reference in page
    assert "Rita" not in page
    assert browser.get(at("case", case)).status_code == 404
    assert case.reference not in browser.get(reverse("desk:queue")).content.decode()
