"""The officer's acts from the shell: same flows, same refusals, exit codes as documented."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app.models import Case, Event
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from tests.desk.acting import reviewed
from tests.desk.fake_engine import FakeEngine
from tests.people import RITA, a_case, at_desk


def run(*words: str) -> Any:
    out = io.StringIO()
    call_command(*words, "--json", stdout=out)
    return json.loads(out.getvalue())


def refused(*words: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        call_command(*words, stdout=io.StringIO())
    return caught.value


def test_a_request_by_phone_is_opened_with_its_own_date(northwind: Organisation) -> None:
    words = ("--email", RITA, "--name", "Rita", "--channel", "phone", "--received-at", "2026-11-02T09:00")

    [facts] = run("open_case", "northwind", "erasure", *words)

    case = Case.objects.get(reference=facts["reference"])
    assert (facts["right"], facts["state"], facts["due_on"]) == ("deletion", "arrived", "2026-12-02")
    assert (case.submission.channel, case.name) == ("phone", "Rita")
    assert [letter.kind for letter in case.letters.all()] == ["confirm"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("nowhere", "access", "--email", RITA, "--name", "R"), 1),
        (("northwind", "fly", "--email", RITA, "--name", "R"), 1),
        (("northwind", "access", "--email", "not an address", "--name", "R"), 2),
        (("northwind", "access", "--email", RITA, "--name", " "), 2),
        (("northwind", "access", "--email", RITA, "--name", "R", "--country", "Atlantis"), 2),
        (("northwind", "access", "--email", RITA, "--name", "R", "--received-at", "yesterday"), 2),
        (("northwind", "access", "--email", RITA, "--name", "R", "--received-at", "2099-01-01"), 1),
    ],
)
def test_what_cannot_be_opened_says_why_and_opens_nothing(northwind: Organisation, words: tuple[str, ...], code: int) -> None:
    refusal = refused("open_case", *words)

    assert refusal.returncode == code
    assert "Nothing was opened." in str(refusal)
    assert not Case.objects.exists()


def test_a_copy_travels_from_start_to_answer_at_the_shell(
    northwind: Organisation, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exports.api.run", lambda job_id: None)
    case = a_case(northwind)

    assert run("case", case.reference, "start")["state"] == "collecting"
    assert run("case", case.reference, "work")["state"] == "review"
    assert run("case", case.reference, "show")["found"] == 12
    assert run("case", case.reference, "release")["released_at"]
    assert run("case", case.reference, "work")["state"] == "answered"
    assert {line.actor for line in Event.objects.filter(code="archive.released")} == {"shell"}


def test_a_deletion_is_approved_by_its_digest_only(northwind: Organisation, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind, right=Right.DELETION))
    digest = run("case", case.reference, "plan")["plan"]["digest"]

    refusal = refused("case", case.reference, "approve", "0" * 64)
    assert (refusal.returncode, "nothing was erased" in str(refusal)) == (1, True)

    assert run("case", case.reference, "approve", digest)["state"] == "executing"


def test_somebody_named_may_do_what_their_role_allows(northwind: Organisation, otto: User, ada: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind))

    assert "Only a lead" in str(refused("case", case.reference, "release", "--by", otto.email))
    assert run("case", case.reference, "release", "--by", ada.email)["released_at"]


def test_auditors_and_strangers_act_for_nobody(northwind: Organisation, priya: User, mallory: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind))

    assert "may look" in str(refused("case", case.reference, "note", "x", "--by", priya.email))
    assert "Nobody with this address" in str(refused("case", case.reference, "show", "--by", mallory.email))


def test_a_reference_that_does_not_exist_is_a_named_refusal(db: None) -> None:
    assert refused("case", "DR-2222-22", "show").returncode == 1


def test_the_shell_says_nothing_personal(northwind: Organisation, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind, name="Rita Lindqvist"))

    said = json.dumps(run("case", case.reference, "show"))

    assert "Rita" not in said
    assert "@" not in said


def test_officers_words_and_waits_work_at_the_shell(northwind: Organisation, otto: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind))

    run("case", case.reference, "assign", otto.email)
    run("case", case.reference, "note", "Called.")
    assert run("case", case.reference, "ask", "Which year?")["state"] == State.WAITING
    assert run("case", case.reference, "resume")["state"] == State.REVIEW
    assert run("case", case.reference, "withdraw", "She called.")["state"] == State.WITHDRAWN
    assert run("case", case.reference, "close")["state"] == State.CLOSED
    assert run("case", case.reference, "reopen", "She called again.")["state"] == State.OPEN


@pytest.mark.parametrize("name", ["A\nBcc: x", "Ri\u200bta", "Rita\u202eatir", "x" * 201])
def test_a_name_that_cannot_be_read_is_refused_at_every_door(northwind: Organisation, otto: User, name: str) -> None:
    refusal = str(refused("open_case", "northwind", "access", "--email", RITA, "--name", name))
    assert name not in refusal
    assert refusal.count("Nothing was opened.") == 1

    typed = {"right": "access", "channel": "phone", "received_on": str(clock.today("UTC")), "name": name, "email": "", "note": ""}
    assert at_desk(otto).post("/desk/enter/", typed).status_code == 422
    assert not Case.objects.exists()


def test_a_note_that_turns_its_text_is_refused(northwind: Organisation, otto: User) -> None:
    case = a_case(northwind)
    answer = at_desk(otto).post(f"/desk/case/{case.reference}/note/", {"text": "Paid\u202eton"})

    assert (answer.status_code, case.notes.count()) == (422, 0)
    assert at_desk(otto).post(f"/desk/case/{case.reference}/note/", {"text": "One\r\ntwo"}).status_code == 302
