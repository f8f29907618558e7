"""Asking for a child or for somebody one cares for, and a child who asks: who proves what, and what waits for it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from portal.kit import clock
from portal.organisations.models import Organisation, User
from portal.organisations.promises import RightPromise
from requests_app import askers
from requests_app.flows import appealing, authority, closing, following, fulfilment, searching
from requests_app.flows.authority import AuthorityRefused
from requests_app.flows.searching import NotYet
from requests_app.models import Case, Event, Letter
from requests_app.rules.states import State
from tests.desk.acting import as_actor
from tests.desk.fake_engine import FakeEngine
from tests.people import a_member, an_organisation, at_desk
from tests.public.others import ANNA, GUARDIAN, MIA, SEEN, ask_for, proved_by
from tests.public.walking import mailed, mailed_code, page_of, post, send


def test_where_the_policy_names_an_age_it_asks_calmly_whom_it_is_about(rita: Client, youthful: Organisation) -> None:
    answered = post(rita, "/o/youthful/ask/right/", right="access")
    assert answered["Location"] == "/o/youthful/ask/whom/"
    page = rita.get("/o/youthful/ask/whom/").content.decode()
    assert "Me, and I am under 16" in page
    assert "at any age" in page
    wrong = post(rita, "/o/youthful/ask/whom/", whom="nobody").content.decode()
    assert "<title>Error: " in wrong
    assert wrong.count("Choose whom this is about") == 2


def test_elsewhere_nobody_is_asked_and_a_link_leads_there(rita: Client, northwind: Organisation) -> None:
    answered = post(rita, "/o/northwind/ask/right/", right="access")
    assert answered["Location"] == "/o/northwind/ask/find-you/"
    assert "/o/northwind/ask/whom/" in rita.get("/o/northwind/ask/find-you/").content.decode()
    page = rita.get("/o/northwind/ask/whom/").content.decode()
    assert "under" not in page.split("<main")[1]


def test_a_child_is_heard_and_a_person_reads_it(rita: Client, engine: FakeEngine) -> None:
    house = an_organisation("youthful", minimum_age=16, rights={"access": RightPromise(right="access", automatic_release=True)})
    for whom, releases in (("child", False), ("self", True)):
        browser = Client()
        post(browser, "/o/youthful/ask/right/", right="access")
        post(browser, "/o/youthful/ask/whom/", whom=whom)
        post(browser, "/o/youthful/ask/find-you/", name="Mia", email=f"{whom}@example.org")
        send(browser, "youthful")
        case = proved_by(browser, Case.objects.order_by("-pk")[0])
        assert case.state == State.OPEN
        engine.sources = ()
        fulfilment.start(case)
        fulfilment.settle(case)
        case.refresh_from_db()
        assert (case.asked_by, bool(case.released_at)) == (whom, releases)
    assert house.cases.count() == 2


def test_the_desk_says_that_age_is_no_ground_to_refuse(youthful: Organisation, rita: Client) -> None:
    post(rita, "/o/youthful/ask/right/", right="access")
    post(rita, "/o/youthful/ask/whom/", whom="child")
    post(rita, "/o/youthful/ask/find-you/", name="Mia", email=MIA)
    send(rita, "youthful")
    case = proved_by(rita, Case.objects.get())
    user = User.objects.create_user("ada@example.org", "a long enough password", name="Ada")
    youthful.memberships.create(user=user, role="lead")
    page = at_desk(user).get(f"/desk/case/{case.reference}/").content.decode()
    assert "under 16" in page
    assert "no ground to refuse" in page


def test_a_guardian_proves_their_own_mailbox_and_nothing_of_the_childs(anna: Client, northwind: Organisation) -> None:
    case = ask_for(anna, "guardian")
    assert "Somebody asked Northwind" in mailed("confirm")
    assert Letter.objects.get(kind="confirm").case.unseal(Letter.objects.get(kind="confirm").to_sealed) == ANNA
    case = proved_by(anna, case)
    assert case.state == State.OPEN
    proved = {one.kind for one in case.identifiers.all() if one.verified_at}
    assert proved == {askers.ADDRESS}
    assert case.name == "Mia Mensah"
    page = anna.get("/o/northwind/done/").content.decode()
    assert "You ask for Mia Mensah." in page
    assert "a person here makes sure that you may" in page


def test_nothing_is_searched_before_an_officer_has_seen_what_shows_it(anna: Client, northwind: Organisation, engine: FakeEngine) -> None:
    case = proved_by(anna, ask_for(anna, "guardian"))
    assert not fulfilment.may_start(case)
    with pytest.raises(NotYet):
        fulfilment.start(case)
    with pytest.raises(NotYet):
        searching.search_of(case)
    assert engine.searches == []


def test_an_officer_notes_what_was_seen_and_then_it_goes_on_by_itself(
    anna: Client, northwind: Organisation, otto: User, engine: FakeEngine
) -> None:
    case = proved_by(anna, ask_for(anna, "guardian"))
    desk = at_desk(otto)
    page = desk.get(f"/desk/case/{case.reference}/").content.decode()
    assert "Somebody asks for this person." in page
    assert "Check who may ask" in page
    assert desk.post(f"/desk/case/{case.reference}/authority/", SEEN).status_code == 302
    case.refresh_from_db()
    assert case.authorised_how == "evidence"
    assert {one.kind for one in case.identifiers.all() if one.verified_at} == {askers.OWN, askers.ADDRESS}
    assert case.unseal(case.notes.get().body_sealed) == SEEN["text"]
    line = Event.objects.get(case_reference=case.reference, code="authority.seen")
    assert line.facts == {"on": "2026-11-20", "to_agent": False}
    assert fulfilment.may_start(case)
    fulfilment.start(case)
    assert engine.searches[0][1].identities == {"email": MIA}
    assert desk.get(f"/desk/case/{case.reference}/authority/").status_code == 409


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"text": ""}, "Write what you saw"),
        ({"seen_on": "2999-01-01"}, "still to come"),
        ({"seen_on": "soon"}, "Enter a day like"),
        ({"shows": ["may"]}, "nothing may be searched"),
        ({"shows": []}, "nothing may be searched"),
        ({"text": "a\x07b"}, "nobody can see"),
    ],
)
def test_what_does_not_show_it_settles_nothing(
    anna: Client, northwind: Organisation, otto: User, changed: dict[str, object], said: str
) -> None:
    case = proved_by(anna, ask_for(anna, "guardian"))
    answered = at_desk(otto).post(f"/desk/case/{case.reference}/authority/", {**SEEN, **changed})
    assert answered.status_code == 422
    assert said in answered.content.decode()
    case.refresh_from_db()
    assert case.authorised_at is None
    assert not case.notes.exists()


def test_auditors_and_strangers_settle_nothing(anna: Client, northwind: Organisation, priya: User, mallory: User) -> None:
    case = proved_by(anna, ask_for(anna, "guardian"))
    for user in (priya, mallory):
        assert at_desk(user).post(f"/desk/case/{case.reference}/authority/", SEEN).status_code == 404
    with pytest.raises(AuthorityRefused):
        authority.record_seen(case, "Seen.", seen_on=clock.today("UTC") - timedelta(days=1), by=as_actor(priya, case))
    case.refresh_from_db()
    assert case.authorised_at is None


def test_letters_go_to_the_guardian_and_say_whose_data_they_are_about(anna: Client, northwind: Organisation, ada: User) -> None:
    case = proved_by(anna, ask_for(anna, "guardian"))
    letter = Letter.objects.get(kind="received")
    assert case.unseal(letter.to_sealed) == ANNA
    assert "Mia Mensah, for whom Anna Mensah asked" in case.unseal(letter.body_sealed)
    closing.refuse(case, "not_verifiable", "They wrote that they are not the parent and hold no paper.", by=as_actor(ada, case))
    letter = Letter.objects.get(kind="refused")
    assert case.unseal(letter.to_sealed) == ANNA
    assert '<p class="to">Anna Mensah' in case.unseal(letter.html_sealed)


def test_the_child_s_claimed_address_opens_nothing_and_the_guardians_does(anna: Client, northwind: Organisation) -> None:
    case = proved_by(anna, ask_for(anna, "guardian"))
    for address, letters in ((MIA, 0), (ANNA, 1)):
        browser = Client()
        post(browser, "/o/northwind/track/", reference=case.reference, email=address)
        following.settle_due()
        assert Letter.objects.filter(kind="follow").count() == letters
    post(browser, "/o/northwind/track/code/", code=mailed_code("follow"))
    page = browser.get(page_of(case)).content.decode()
    assert "For Mia Mensah. Anna Mensah asked." in page
    assert "We must make sure that you may ask for them." in page


@pytest.mark.parametrize(
    ("field", "said"),
    [("own_name", "Enter your own name"), ("own_email", "Enter an email address"), ("capacity", "Choose what you are to them")],
)
def test_a_guardian_who_leaves_something_out_is_told_what(anna: Client, northwind: Organisation, field: str, said: str) -> None:
    post(anna, "/o/northwind/ask/right/", right="access")
    post(anna, "/o/northwind/ask/whom/", whom="guardian")
    page = post(anna, "/o/northwind/ask/about-you/", **{**GUARDIAN, field: ""}).content.decode()
    assert "<title>Error: " in page
    assert said in page
    assert f'href="#{field}"' in page


def test_where_no_proof_may_be_asked_for_nobody_asks_whom_it_is_about(rita: Client) -> None:
    an_organisation("seller", minimum_age=16, rights={"opt_out_sale": RightPromise(right="opt_out_sale")})
    post(rita, "/o/seller/ask/right/", right="opt_out_sale")
    post(rita, "/o/seller/ask/before-you-ask/")
    assert "whom" not in rita.get("/o/seller/ask/find-you/").content.decode().split("<main")[1]
    assert rita.get("/o/seller/ask/whom/").status_code == 302


def test_the_shell_settles_it_too_and_refuses_a_day_that_is_none(anna: Client, northwind: Organisation) -> None:
    case = proved_by(anna, ask_for(anna, "guardian"))
    with pytest.raises(CommandError, match="written like"):
        call_command("case", case.reference, "authority", "Birth certificate.", "--on", "soon")
    with pytest.raises(CommandError, match="still to come"):
        call_command("case", case.reference, "authority", "Birth certificate.", "--on", "2999-01-01")
    call_command("case", case.reference, "authority", "Birth certificate.", stdout=StringIO())
    case.refresh_from_db()
    assert case.authorised_how == "evidence"


def test_a_guardian_who_was_refused_appeals_for_the_child(anna: Client, db: None) -> None:
    house = an_organisation("fair", rights={"access": RightPromise(right="access"), "appeal": RightPromise(right="appeal")})
    ada = a_member("Ada", "lead", house)
    case = proved_by(anna, ask_for(anna, "guardian", org="fair"))
    at_desk(ada).post(f"/desk/case/{case.reference}/authority/", SEEN)
    closing.refuse(case, "not_verifiable", "They wrote that they are not the parent.", by=as_actor(ada, case))
    case.refresh_from_db()
    appeal = appealing.appeal(case, "I am.", by="person", is_proved=True)
    assert askers.reader_address(appeal) == ANNA
    assert askers.asker_of(appeal) == askers.asker_of(case)
    assert not askers.lacks_authority(appeal)
