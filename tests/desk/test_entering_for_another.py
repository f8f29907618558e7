"""A guardian's or an agent's request by phone, by post or in person: the same proofs as at the public door, and the true day of receipt."""

from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import BrowserContext

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app import askers
from requests_app.flows import authority, fulfilment, searching
from requests_app.flows.searching import NotYet
from requests_app.models import Case, Letter
from requests_app.rules.states import State
from tests.browsers import assert_accessible
from tests.desk.acting import as_actor
from tests.desk.fake_engine import FakeEngine
from tests.people import a_member, an_organisation, at_desk
from tests.public.others import ANNA, MIA, allowed, opened
from tests.public.walking import mailed_link, post

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
ENTER = "/desk/enter/"
PAPER = "Signed permission of 3 November, came with the letter."


def typed(house: Organisation, **changes: Any) -> dict[str, Any]:
    """A letter that came ten days ago."""
    came = (clock.today(house.timezone) - timedelta(days=10)).isoformat()
    words = {"organisation": house.pk, "right": "access", "channel": "post", "received_on": came, "name": "Mia Mensah", "email": MIA}
    return {**words, "asks": "agent", "own_name": "Fair Data Ltd", "own_email": ANNA, **changes}


def seen(**changes: Any) -> dict[str, Any]:
    return {"evidence": PAPER, "seen_on": (date.today() - timedelta(days=1)).isoformat(), "shows": ["may", "theirs"], **changes}


def entered(member: User, **words: Any) -> Case:
    answered = at_desk(member).post(ENTER, words)
    assert answered.status_code == 302, answered.content.decode()
    return Case.objects.get(reference=answered["Location"].rstrip("/").rpartition("/")[2])


def asker_confirms(case: Case) -> Case:
    """Whoever asks presses the button behind their link."""
    browser = Client()
    path = mailed_link("confirm").removeprefix("http://testserver")
    browser.get(path)
    post(browser, f"/o/{case.organisation.key}/confirm/", yes="yes")
    case.refresh_from_db()
    return case


def written_to(case: Case) -> dict[str, str]:
    return {letter.kind: case.unseal(letter.to_sealed) for letter in case.letters.all()}


def test_an_agent_by_post_proves_their_mailbox_and_the_person_says_yes(northwind: Organisation, otto: User) -> None:
    case = entered(otto, **typed(northwind))
    assert (case.asked_by, case.submission.channel) == ("agent", "post")
    assert clock.local_date(case.received_at, northwind.timezone) == clock.today(northwind.timezone) - timedelta(days=10)
    assert case.due_on
    assert case.due_on <= clock.today(northwind.timezone) + timedelta(days=22)
    assert written_to(case) == {"confirm": ANNA, "authorise": MIA}

    case = asker_confirms(case)
    assert case.state == State.ARRIVED
    assert not fulfilment.may_start(case)

    case = allowed(Client(), case)
    assert (case.state, case.authorised_how) == (State.OPEN, "person")
    assert fulfilment.may_start(case)
    assert searching.search_of(case).identities == {"email": MIA}


def test_a_guardian_in_person_shows_the_paper_and_still_proves_their_mailbox(northwind: Organisation, otto: User) -> None:
    case = entered(otto, **typed(northwind, asks="parent", own_name="Anna Mensah", channel="in_person"), **seen())
    asker = askers.asker_of(case)
    assert asker
    assert (asker.name, asker.address, asker.capacity) == ("Anna Mensah", ANNA, "parent")
    assert (case.authorised_how, case.unseal(case.notes.get(kind="authority").body_sealed)) == ("evidence", PAPER)
    assert not case.identifiers.filter(kind=askers.ADDRESS, verified_at__isnull=False).exists()
    assert (case.state, written_to(case)) == (State.ARRIVED, {"confirm": ANNA})
    assert fulfilment.may_start(asker_confirms(case))


def test_without_evidence_it_waits_for_an_officer(northwind: Organisation, otto: User) -> None:
    case = asker_confirms(entered(otto, **typed(northwind, asks="guardian")))
    assert askers.lacks_authority(case)
    assert not fulfilment.may_start(case)
    assert "Check who may ask" in at_desk(otto).get(f"/desk/case/{case.reference}/").content.decode()


@pytest.mark.parametrize(("shows", "reader"), [(["may", "theirs"], MIA), (["may", "theirs", "to_agent"], ANNA)])
def test_only_the_paper_sends_the_answer_to_an_agent(northwind: Organisation, otto: User, shows: list[str], reader: str) -> None:
    case = entered(otto, **typed(northwind), **seen(shows=shows))
    assert askers.reader_address(case) == reader


def test_the_persons_no_stands_above_the_paper(northwind: Organisation, otto: User) -> None:
    case = asker_confirms(entered(otto, **typed(northwind), **seen()))
    assert case.state == State.OPEN
    mia = Client()
    opened(mia)
    post(mia, "/o/northwind/allow/", no="no")
    case.refresh_from_db()
    assert case.state == State.WITHDRAWN
    assert case.unseal(case.letters.get(kind="not_allowed").to_sealed) == ANNA


def test_a_no_while_data_is_gathered_keeps_it_from_going_out(northwind: Organisation, otto: User, ada: User, engine: FakeEngine) -> None:
    case = asker_confirms(entered(otto, **typed(northwind), **seen()))
    fulfilment.start(case)
    mia = Client()
    opened(mia)
    post(mia, "/o/northwind/allow/", no="no")
    case.refresh_from_db()
    assert case.state == State.COLLECTING
    fulfilment.settle(case)
    case.refresh_from_db()
    with pytest.raises(NotYet, match="Nothing was sent"):
        fulfilment.release(case, by=as_actor(ada, case))
    assert "Check who may ask" in at_desk(otto).get(f"/desk/case/{case.reference}/").content.decode()
    authority.record_seen(case, PAPER, seen_on=clock.today(northwind.timezone), by=as_actor(otto, case))
    case.refresh_from_db()
    fulfilment.release(case, by=as_actor(ada, case))


def test_a_child_who_calls_is_entered_as_one() -> None:
    house = an_organisation("youthful", minimum_age=16)
    case = entered(a_member("Olga", "officer", house), **typed(house, asks="child", own_name="", own_email=""))
    assert (case.asked_by, askers.asker_of(case)) == ("child", None)


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"own_name": ""}, "own_name", "Enter the name of whoever asks"),
    ({"asks": "neighbour"}, "asks", "Choose who asks"),
    ({"asks": "self"}, "asks", "Choose what they are to them"),
    ({"asks": "child"}, "asks", "The policy names no age"),
    ({"right": "opt_out_sale"}, "asks", "nobody has to prove anything"),
    (seen(seen_on=""), "seen_on", "Enter the day you saw it"),
    (seen(seen_on="2999-01-01"), "seen_on", "still to come"),
    (seen(shows=["may"]), "shows", "nothing may be searched"),
    (seen(evidence=""), "evidence", "Write what you saw"),
    (seen(shows=["may", "theirs", "to_agent"], asks="parent"), "shows", "A guardian gets the answer anyway"),
    (seen(email=""), "email", "nothing could be searched by"),
]


@pytest.mark.parametrize(("changes", "field", "said"), WRONG, ids=[said for _changes, _field, said in WRONG])
def test_what_does_not_fit_together_opens_nothing(
    northwind: Organisation, otto: User, changes: dict[str, Any], field: str, said: str
) -> None:
    answered = at_desk(otto).post(ENTER, {**typed(northwind), **changes})
    page = answered.content.decode()
    assert answered.status_code == 422
    assert said in page
    assert "<details open>" in page or field in ("asks", "email")
    assert not Case.objects.exists()
    assert not Letter.objects.exists()


def test_the_shell_takes_it_in_too(northwind: Organisation) -> None:
    words = ["--email", MIA, "--name", "Mia Mensah", "--channel", "phone", "--asker-name", "Anna Mensah", "--asker-email", ANNA]
    call_command("open_case", "northwind", "access", *words, "--capacity", "carer", stdout=StringIO())
    asker = askers.asker_of(Case.objects.get())
    assert asker
    assert (asker.name, asker.capacity) == ("Anna Mensah", "carer")
    assert written_to(Case.objects.get()) == {"confirm": ANNA}


@pytest.mark.story
@pytest.mark.django_db(transaction=True)
def test_the_form_can_be_seen_and_used_at_any_width(
    northwind: Organisation, otto: User, new_browser: Callable[..., BrowserContext], live: str
) -> None:
    context = new_browser()
    context.add_cookies([{"name": "habeas", "value": at_desk(otto).cookies["habeas"].value, "url": live}])
    page = context.new_page()
    page.goto(live + ENTER)
    page.get_by_label("Acts for them because they asked").check()
    page.get_by_role("button", name="Open the request").click()
    page.get_by_label("Name of whoever asks").wait_for()
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert_accessible(page)
