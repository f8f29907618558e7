"""Asking for somebody who asked one to: both confirm, and nobody but the person says who gets the answer."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app import askers
from requests_app.flows import closing, following, fulfilment, searching
from requests_app.models import Challenge, Event, Letter
from requests_app.rules.states import State
from tests.desk.acting import as_actor
from tests.people import at_desk
from tests.public.others import ANNA, MIA, SEEN, allowed, ask_for, opened, proved_by
from tests.public.walking import mailed_code, page_of, post, shapes

pytestmark = pytest.mark.thorough


def test_both_people_are_written_to_and_no_typed_name_travels_by_mail(anna: Client, northwind: Organisation) -> None:
    case = ask_for(anna, "agent")
    sent = {letter.kind: (case.unseal(letter.to_sealed), case.unseal(letter.body_sealed)) for letter in case.letters.all()}
    assert {kind: to for kind, (to, _body) in sent.items()} == {"confirm": ANNA, "authorise": MIA}
    assert not any("Fair Data" in body or "Mensah" in body for _to, body in sent.values())


@pytest.mark.parametrize("first", ["agent", "person"])
def test_it_opens_once_both_have_confirmed_in_either_order(anna: Client, mia: Client, northwind: Organisation, first: str) -> None:
    case = ask_for(anna, "agent")
    case = proved_by(anna, case) if first == "agent" else allowed(mia, case)
    assert case.state == State.ARRIVED
    assert not fulfilment.may_start(case)
    case = allowed(mia, case) if first == "agent" else proved_by(anna, case)
    assert case.state == State.OPEN
    assert case.authorised_how == "person"
    assert fulfilment.may_start(case)
    assert searching.search_of(case).identities == {"email": MIA}


def test_the_person_gets_the_answer_unless_they_say_otherwise(anna: Client, mia: Client, northwind: Organisation) -> None:
    for answer, reader in (("person", MIA), ("agent", ANNA)):
        case = proved_by(anna, ask_for(anna, "agent"))
        Letter.objects.filter(kind="authorise").exclude(case=case).delete()
        case = allowed(mia, case, answer=answer)
        assert askers.reader_address(case) == reader
        assert case.unseal(Letter.objects.filter(kind="received").order_by("-pk")[0].to_sealed) == reader
        anna, mia = Client(), Client()


def test_an_agent_sees_nothing_of_the_request_before_the_person_says_so(anna: Client, mia: Client, northwind: Organisation) -> None:
    case = proved_by(anna, ask_for(anna, "agent"))
    page = anna.get("/o/northwind/done/").content.decode()
    assert "They say that you may act for them" in page
    assert anna.get(page_of(case)).status_code == 404
    before = page
    case = allowed(mia, case)
    assert anna.get(page_of(case)).status_code == 404
    assert anna.get("/o/northwind/done/").content.decode() == before
    browser = Client()
    post(browser, "/o/northwind/track/", reference=case.reference, email=ANNA)
    following.settle_due()
    assert not Letter.objects.filter(kind="follow").exists()
    assert mia.get(page_of(case)).status_code == 200


def test_looking_at_the_link_changes_nothing(anna: Client, mia: Client, northwind: Organisation) -> None:
    case = ask_for(anna, "agent")
    letters, lines = Letter.objects.count(), Event.objects.count()
    page = opened(mia).content.decode()
    assert "Fair Data Ltd" in page
    assert "We have not checked the name." in page
    assert (Letter.objects.count(), Event.objects.count()) == (letters, lines)
    assert not Challenge.objects.filter(case=case, used_at__isnull=False).exists()


def test_a_link_without_the_code_is_no_consent(anna: Client, mia: Client, northwind: Organisation) -> None:
    case = proved_by(anna, ask_for(anna, "agent"))
    opened(mia)
    post(mia, "/o/northwind/allow/", yes="yes")
    page = post(mia, "/o/northwind/allow/", code="AAAA-BBBB", answer="agent").content.decode()
    assert "That is not the code we sent." in page
    other = Client()
    opened(other)
    post(other, "/o/northwind/allow/", code=mailed_code("authorise"), answer="agent")
    case.refresh_from_db()
    assert case.authorised_at is None


@pytest.mark.parametrize("typed", [{"code": ""}, {"code": "12"}, {"answer": "everybody"}])
def test_bad_answers_to_it_are_errors_and_nothing_else(anna: Client, mia: Client, northwind: Organisation, typed: dict[str, str]) -> None:
    case = proved_by(anna, ask_for(anna, "agent"))
    opened(mia)
    post(mia, "/o/northwind/allow/", yes="yes")
    page = post(mia, "/o/northwind/allow/", **{"code": mailed_code("authorise"), "answer": "person", **typed}).content.decode()
    assert "<title>Error: " in page
    case.refresh_from_db()
    assert case.authorised_at is None


def test_no_ends_the_request_and_the_link(anna: Client, mia: Client, northwind: Organisation) -> None:
    case = proved_by(anna, ask_for(anna, "agent"))
    opened(mia)
    assert "Nobody acts for you" in post(mia, "/o/northwind/allow/", no="yes").content.decode()
    case.refresh_from_db()
    assert case.state == State.WITHDRAWN
    assert case.unseal(Letter.objects.get(kind="not_allowed").to_sealed) == ANNA
    assert mia.get("/o/northwind/allow/").status_code == 410


def test_a_signed_permission_that_an_officer_saw_stands_for_the_yes(anna: Client, northwind: Organisation, otto: User) -> None:
    case = proved_by(anna, ask_for(anna, "agent"))
    at_desk(otto).post(f"/desk/case/{case.reference}/authority/", SEEN)
    case.refresh_from_db()
    assert (case.state, case.authorised_how, case.answers_asker) == (State.OPEN, "evidence", False)
    assert askers.reader_address(case) == MIA


def test_a_power_of_attorney_may_say_that_the_agent_gets_the_answer(anna: Client, northwind: Organisation, otto: User) -> None:
    case = proved_by(anna, ask_for(anna, "agent"))
    at_desk(otto).post(f"/desk/case/{case.reference}/authority/", {**SEEN, "shows": ["may", "theirs", "to_agent"]})
    case.refresh_from_db()
    assert askers.reader_address(case) == ANNA


def test_a_deletion_for_somebody_takes_the_persons_second_code(anna: Client, mia: Client, careful: Organisation) -> None:
    case = proved_by(anna, ask_for(anna, "agent", right="deletion", org="careful"))
    opened(mia, "careful")
    post(mia, "/o/careful/allow/", yes="yes")
    post(mia, "/o/careful/allow/", code=mailed_code("authorise"), answer="person")
    letter = Letter.objects.get(kind="confirm_again")
    case.refresh_from_db()
    assert case.unseal(letter.to_sealed) == MIA
    assert not fulfilment.may_start(case)
    post(mia, "/o/careful/code/", code=mailed_code("confirm_again"))
    assert fulfilment.may_start(case)


def test_a_mailbox_is_not_flooded_by_made_up_agents(northwind: Organisation) -> None:
    for _number in range(10):
        ask_for(Client(), "agent")
    assert Letter.objects.filter(kind="authorise").count() <= 6


def test_the_same_work_is_done_whether_the_person_is_known_or_not(northwind: Organisation) -> None:
    asked = []
    for _round in range(3):
        browser = Client()
        with CaptureQueriesContext(connection) as queries:
            ask_for(browser, "agent")
        asked.append(shapes(queries))
    assert asked[1] == asked[2]


def test_nobody_said_yes_in_time_and_only_the_agent_is_told(anna: Client, northwind: Organisation) -> None:
    case = proved_by(anna, ask_for(anna, "agent"))
    Challenge.objects.update(created_at=clock.now() - timedelta(days=30))
    assert closing.expire(case)
    letter = Letter.objects.get(kind="expired")
    assert case.unseal(letter.to_sealed) == ANNA
    assert "for somebody else" in case.unseal(letter.body_sealed)


def test_the_person_cannot_use_up_or_replace_the_agents_code(anna: Client, mia: Client, northwind: Organisation) -> None:
    case = allowed(mia, ask_for(anna, "agent"))
    code, codes = mailed_code("confirm"), Challenge.objects.count()
    assert "We wait for Fair Data Ltd" in mia.get(page_of(case)).content.decode()
    for path in ("/o/northwind/code/", page_of(case, "confirm/")):
        for field in ("again", "different", "code"):
            assert post(mia, path, **{field: code})["Location"] == page_of(case)
    assert Challenge.objects.count() == codes
    post(anna, "/o/northwind/code/", code=code)
    case.refresh_from_db()
    assert case.state == State.OPEN


def test_an_agent_is_told_that_there_is_an_answer_and_nothing_of_it(anna: Client, mia: Client, northwind: Organisation, ada: User) -> None:
    case = allowed(mia, proved_by(anna, ask_for(anna, "agent")))
    closing.refuse(case, "not_verifiable", "Nothing that was shown leads to an account.", by=as_actor(ada, case))
    answer, told = (case.letters.get(kind=kind) for kind in ("refused", "agent_told"))
    assert (case.unseal(answer.to_sealed), case.unseal(told.to_sealed)) == (MIA, ANNA)
    said = told.subject + case.unseal(told.body_sealed)
    assert case.reference in said
    assert not [word for word in ("Mensah", MIA, "refuse", "copy", "account", "/request/") if word in said]
    page = mia.get(page_of(case)).content.decode()
    assert answer.subject in page
    assert told.subject not in page


@pytest.mark.parametrize("answer", ["agent", "nobody yet"])
def test_an_agent_who_gets_the_answer_or_may_not_ask_yet_is_told_nothing_apart(
    anna: Client, mia: Client, northwind: Organisation, ada: User, answer: str
) -> None:
    case = proved_by(anna, ask_for(anna, "agent"))
    if answer == "agent":
        case = allowed(mia, case, answer="agent")
    closing.refuse(case, "not_verifiable", "Nothing that was shown leads to an account.", by=as_actor(ada, case))
    assert case.letters.filter(kind="refused").exists()
    assert not case.letters.filter(kind="agent_told").exists()


def test_an_agent_who_never_proved_their_mailbox_is_not_written_to(anna: Client, northwind: Organisation, otto: User, ada: User) -> None:
    case = ask_for(anna, "agent")
    at_desk(otto).post(f"/desk/case/{case.reference}/authority/", SEEN)
    case.refresh_from_db()
    closing.refuse(case, "not_verifiable", "Nothing that was shown leads to an account.", by=as_actor(ada, case))
    assert not case.letters.filter(kind="agent_told").exists()
