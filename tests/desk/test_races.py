"""Two officers at once on one request, by two doors: the form of the desk and the command. No move outside the table, none made twice."""

import threading
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from portal.organisations.models import Organisation, User
from requests_app.flows import closing, seconding
from requests_app.flows.history import check_history
from requests_app.models import Case, Event
from requests_app.rules.rights import Right
from requests_app.rules.states import NEXT, State
from tests.desk.acting import as_actor, reviewed
from tests.desk.fake_engine import FakeEngine
from tests.desk.test_triage_and_closing import WHY
from tests.people import a_case, a_member, a_policy, a_policy_document, at_desk

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(transaction=True)]
ROUNDS = 3
Door = Callable[[], None]


def at_once(*doors: Door) -> None:
    """Both begin at the same moment, each in a thread with a connection of its own."""
    gate, faults = threading.Barrier(len(doors)), list[BaseException]()

    def go(door: Door) -> None:
        try:
            gate.wait()
            door()
        except BaseException as fault:  # told to the test below, which must see it
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=[door]) for door in doors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def form(browser: Client, case: Case, page: str, **said: str) -> Door:
    def press() -> None:
        assert browser.post(f"/desk/case/{case.reference}/{page}/", said).status_code in (302, 409)

    return press


def command(case: Case, *words: str) -> Door:
    def run() -> None:
        with suppress(CommandError):
            call_command("case", case.reference, *words, stdout=StringIO())

    return run


def road_of(case: Case) -> list[str]:
    """The states that history says the case went through; each step must stand in the table."""
    lines = Event.objects.filter(case_reference=case.reference, code__startswith="case.").order_by("position")
    steps = [(line.facts["was"], line.code.removeprefix("case.")) for line in lines if "was" in line.facts]
    for was, now in steps:
        assert State(now) in NEXT[State(was)], steps
    for (_was, now), (was, _now) in pairwise(steps):
        assert now == was, steps
    return [now for _was, now in steps]


REFUSE = {"ground": "not_verifiable", "text": WHY}
PAIRS: dict[str, tuple[tuple[str, dict[str, str]], tuple[str, ...]]] = {
    "refused and released": (("refuse", REFUSE), ("release",)),
    "refused twice": (("refuse", REFUSE), ("refuse", "not_verifiable", "--evidence", WHY)),
    "asked and refused": (("message", {"kind": "clarification", "text": "Which?"}), ("refuse", "not_verifiable", "--evidence", WHY)),
    "taken back and asked": (("withdraw", {"text": "She called."}), ("ask", "Which?")),
    "taken back twice": (("withdraw", {"text": "She called."}), ("withdraw", "She wrote.")),
    "gathered again and refused": (("gather", {}), ("refuse", "not_verifiable", "--evidence", WHY)),
}


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_two_acts_at_once_leave_one_road_and_one_ending(northwind: Organisation, ada: User, engine: FakeEngine, pair: str) -> None:
    (page, said), words = PAIRS[pair]
    for _round in range(ROUNDS):
        case = reviewed(a_case(northwind))
        at_once(form(at_desk(ada), case, page, **said), command(case, *words))

        road = road_of(case)
        case.refresh_from_db()
        assert road[-1] == case.state
        assert len({State.REFUSED, State.WITHDRAWN} & set(road)) <= 1
        assert sum(state in (State.REFUSED, State.WITHDRAWN) for state in road) <= 1
        endings = case.letters.filter(kind__in=["refused", "withdrawn"]).count()
        assert endings == int(case.state in (State.REFUSED, State.WITHDRAWN))
    assert check_history().broken_at is None


def test_a_deletion_is_approved_or_taken_back_never_both(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    for _round in range(ROUNDS):
        engine.approved.clear()
        case = reviewed(a_case(northwind, right=Right.DELETION))
        at_once(form(at_desk(ada), case, "withdraw", text="She called."), command(case, "approve", engine.digest, "--by", ada.email))
        case.refresh_from_db()
        assert road_of(case)[-1] == case.state
        assert (case.state, len(engine.approved)) in ((State.WITHDRAWN, 0), (State.EXECUTING, 1))
        engine.finished = True


def test_one_person_at_two_doors_is_still_one_person(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    a_policy(northwind, a_policy_document("northwind", version="1.1.0", second_person_rows=0))
    for _round in range(ROUNDS):
        case = reviewed(a_case(northwind, right=Right.DELETION))
        agree = form(at_desk(ada), case, "agree", digest=engine.digest)
        at_once(agree, command(case, "approve", engine.digest, "--by", ada.email))
        case.refresh_from_db()
        assert (case.state, engine.approved) == (State.REVIEW, [])


def test_two_people_who_agree_at_once_are_counted_once_each(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    a_policy(northwind, a_policy_document("northwind", version="1.1.0", second_person_rows=0))
    bea = a_member("Bea", "lead", northwind)
    case = reviewed(a_case(northwind, right=Right.DELETION))
    doors = [form(at_desk(ada), case, "agree", digest=engine.digest) for _press in range(3)]
    at_once(*doors, command(case, "agree", engine.digest, "--by", bea.email))
    assert Event.objects.filter(code="plan.agreed").count() == 2
    assert len(seconding.waited_for(case)) == 2


def test_a_request_is_opened_again_once(northwind: Organisation, ada: User) -> None:
    case = a_case(northwind, state=State.CLOSED, outcome="refused")
    at_once(form(at_desk(ada), case, "reopen", text="She was right."), command(case, "reopen", "She was right."))
    case.refresh_from_db()
    assert (case.state, case.letters.filter(kind="reopened").count(), road_of(case)) == (State.OPEN, 1, [State.OPEN])


def test_a_weighty_refusal_by_one_person_at_two_doors_is_not_made(northwind: Organisation, ada: User) -> None:
    case = a_case(northwind)
    proposing = form(at_desk(ada), case, "refuse", ground="privileged", text=WHY, propose="1")
    at_once(proposing, command(case, "refuse", "privileged", "--evidence", WHY, "--by", ada.email))
    case.refresh_from_db()
    assert case.state == State.OPEN
    closing.refuse(case, "privileged", WHY, by=as_actor(a_member("Bea", "lead", northwind), case))
