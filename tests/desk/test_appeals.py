"""An appeal: linked, with its own date, decided by somebody else, told in a letter; overturned, it opens the right work again."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from portal.kit import clock
from portal.organisations.models import Organisation, User
from requests_app.flows import answering, appealing, closing, triage
from requests_app.flows.searching import NotYet
from requests_app.flows.triage import TriageRefused
from requests_app.models import Case, Event
from requests_app.models.register import RegisterEntry
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.views import visits
from tests.desk.acting import as_actor
from tests.desk.test_triage_and_closing import WHY, clocked
from tests.people import RITA, a_case, a_member, an_organisation, at_desk

pytestmark = pytest.mark.django_db
NO = "I am a customer since 2019, and you know my number."


@pytest.fixture
def house() -> Organisation:
    return an_organisation("commonwealth", regimes=("US_VA",), timezone="America/New_York", rights={}, establishment="US-VA")


@pytest.fixture
def ada(house: Organisation) -> User:
    return a_member("Ada", "lead", house)


@pytest.fixture
def bea(house: Organisation) -> User:
    return a_member("Bea", "lead", house)


@pytest.fixture
def refused(house: Organisation, ada: User) -> Case:
    case = clocked(a_case(house))
    closing.refuse(case, "accurate" if case.right == "correction" else "not_verifiable", WHY, by=as_actor(ada, case))
    return Case.objects.get(pk=case.pk)


@pytest.fixture
def appealed(refused: Case) -> Case:
    return appealing.appeal(refused, NO, by="person", is_proved=True)


def let_in(case: Case) -> Client:
    """A browser that has typed a code for this case."""
    browser = Client()
    browser.get(f"/o/{case.organisation.key}/")
    session = browser.session
    session[visits.ENTERED] = {str(case.pk): int(clock.now().timestamp()) + 600}
    session.save()
    browser.cookies["sessionid"] = session.session_key
    return browser


def test_the_refusal_leads_to_an_appeal_and_the_appeal_has_its_own_date(refused: Case) -> None:
    letter = refused.unseal(refused.letters.get(kind="refused").body_sealed)
    address = f"/o/commonwealth/request/{refused.reference}/appeal/"
    assert address in letter
    browser = let_in(refused)
    assert "Appeal against our decision" in browser.get(f"/o/commonwealth/request/{refused.reference}/").content.decode()
    assert "60 days" in browser.get(address).content.decode()
    assert browser.post(address, {"message": "  "}).status_code == 200
    assert not refused.appeals.exists()

    answer = browser.post(address, {"message": NO})

    opened = refused.appeals.get()
    assert answer["Location"] == f"/o/commonwealth/request/{opened.reference}/"
    assert refused.reference in browser.get(answer["Location"]).content.decode()
    assert (opened.right, opened.state, opened.confirmed_at is not None) == (Right.APPEAL, State.OPEN, True)
    assert opened.due_on
    assert (opened.due_on - clock.today("America/New_York")).days == 60
    assert [letter.kind for letter in opened.letters.all()] == ["received"]
    assert NO not in str(list(Event.objects.values_list("facts", flat=True)))
    assert RegisterEntry.objects.get(reference=opened.reference).appeal_of == refused.reference


def test_it_is_made_once_and_only_by_whoever_was_let_in(refused: Case, appealed: Case) -> None:
    with pytest.raises(NotYet, match="made already"):
        appealing.appeal(refused, NO, by="person")
    assert Client().post(f"/o/commonwealth/request/{refused.reference}/appeal/", {"message": NO}).status_code == 404
    assert refused.appeals.count() == 1


@pytest.mark.parametrize("outcome", ["given", "erased", "done"])
def test_there_is_no_appeal_where_all_was_done(house: Organisation, outcome: str) -> None:
    assert not appealing.may_appeal(a_case(house, state=State.ANSWERED, outcome=outcome))


def test_there_is_none_where_no_law_gives_one(northwind: Organisation) -> None:
    case = a_case(northwind, state=State.REFUSED, outcome="refused")
    assert not appealing.may_appeal(case)
    assert "Open an appeal" not in at_desk(a_member("Olga", "lead", northwind)).get(f"/desk/case/{case.reference}/").content.decode()


def test_whoever_decided_first_does_not_decide_again_nor_look_after_it(appealed: Case, ada: User, bea: User) -> None:
    with pytest.raises(NotYet, match="somebody else must decide"):
        appealing.decide(appealed, "upheld", "It stands.", by=as_actor(ada, appealed))
    with pytest.raises(TriageRefused, match="Ada had a part"):
        triage.assign(appealed, ada, by=as_actor(bea, appealed))
    page = at_desk(ada).get(f"/desk/case/{appealed.reference}/decide-appeal/").content.decode()
    assert "somebody else must decide" in page
    assert "Decide and tell the person" not in page
    assert "These can: Bea." in page
    assert "<textarea" not in page.partition("<main")[2]
    appealed.refresh_from_db()
    assert (appealed.state, appealed.owner) == (State.OPEN, None)


def test_an_officer_who_proposed_the_refusal_had_a_part_too(house: Organisation, ada: User, bea: User) -> None:
    case = clocked(a_case(house))
    closing.propose_refusal(case, "unfounded", WHY, by=as_actor(bea, case))
    closing.refuse(case, "unfounded", WHY, by=as_actor(ada, case))
    opened = appealing.appeal(Case.objects.get(pk=case.pk), NO, by="person", is_proved=True)
    for lead in (ada, bea):
        with pytest.raises(NotYet, match="Nobody else here is a lead"):
            appealing.decide(opened, "overturned", "So be it.", by=as_actor(lead, opened))


def test_upheld_is_told_with_the_authority_and_the_court(appealed: Case, refused: Case, bea: User) -> None:
    browser = at_desk(bea)
    address = f"/desk/case/{appealed.reference}/decide-appeal/"
    page = browser.get(address).content.decode()
    assert NO in page
    assert "Refused: We cannot confirm who is asking." in page
    assert WHY in page
    assert browser.post(address, {"verdict": "upheld", "text": "The number is another person’s."}).status_code == 302

    appealed.refresh_from_db()
    letter = appealed.letters.get(kind="appeal_decided")
    words = appealed.unseal(letter.body_sealed) + appealed.unseal(letter.html_sealed)
    assert (appealed.state, appealed.outcome, letter.is_formal) == (State.ANSWERED, "upheld", True)
    assert "Our decision stands" in words
    assert "Attorney General of Virginia" in words
    assert "go to a court" in words
    assert "Bea, who had no part in the first decision" in words
    refused.refresh_from_db()
    assert refused.state == State.REFUSED
    assert not appealing.may_appeal(appealed)


def test_overturned_opens_the_request_again(appealed: Case, refused: Case, bea: User) -> None:
    appealing.decide(appealed, "overturned", "She is right.", by=as_actor(bea, appealed))

    refused.refresh_from_db()
    appealed.refresh_from_db()
    assert (refused.state, refused.outcome, refused.refusal_ground, refused.answered_at) == (State.OPEN, "", "", None)
    assert (appealed.state, appealed.outcome) == (State.ANSWERED, "overturned")
    assert "opened your request" in appealed.unseal(appealed.letters.get(kind="appeal_decided").html_sealed)


def test_a_second_refusal_after_an_overturned_one_can_be_appealed_again(appealed: Case, refused: Case, ada: User, bea: User) -> None:
    appealing.decide(appealed, "overturned", "She is right.", by=as_actor(bea, appealed))
    refused.refresh_from_db()
    closing.refuse(refused, "not_verifiable", WHY, by=as_actor(ada, refused))
    refused.refresh_from_db()
    assert appealing.may_appeal(refused)
    again = appealing.appeal(refused, NO, by="person", is_proved=True)
    assert not appealing.may_appeal(refused)
    assert again.appeal_of == refused


def test_an_appeal_is_not_answered_like_other_rights(appealed: Case, bea: User) -> None:
    with pytest.raises(NotYet, match="stands, or it is overturned"):
        answering.answer(appealed, "Done.", by=as_actor(bea, appealed))


def test_one_that_came_by_post_is_opened_and_decided_at_the_shell(refused: Case, bea: User) -> None:
    out = StringIO()
    call_command("case", refused.reference, "appeal", NO, "--json", stdout=out)
    opened = Case.objects.get(reference=json.loads(out.getvalue())["appeal"])
    assert opened.submission.channel == "post"
    call_command("case", opened.reference, "decide_appeal", "upheld", "It stands.", "--by", bea.email, stdout=StringIO())
    with pytest.raises(CommandError):
        call_command("case", opened.reference, "decide_appeal", "overturned", "No.", "--by", bea.email, stdout=StringIO())
    opened.refresh_from_db()
    assert opened.outcome == "upheld"


def test_one_that_came_by_itself_is_first_tied_to_a_request_of_the_same_person(house: Organisation, refused: Case, bea: User) -> None:
    loose, stranger = a_case(house, right=Right.APPEAL), a_case(house, state=State.REFUSED, outcome="refused", email="else@example.org")
    assert [one.reference for one in appealing.appealable(loose)] == [refused.reference]
    with pytest.raises(NotYet, match="which request"):
        appealing.decide(loose, "upheld", "It stands.", by=as_actor(bea, loose))
    with pytest.raises(NotYet, match="same confirmed address"):
        appealing.link(loose, stranger.reference, by=as_actor(bea, loose))

    assert at_desk(bea).post(f"/desk/case/{loose.reference}/decide-appeal/", {"about": refused.reference}).status_code == 302

    loose.refresh_from_db()
    assert loose.appeal_of == refused


def test_whoever_never_proved_an_address_proves_it_first(house: Organisation, ada: User) -> None:
    case = clocked(a_case(house, state=State.ARRIVED))
    closing.refuse(case, "not_verifiable", WHY, by=as_actor(ada, case))
    opened = appealing.appeal(Case.objects.get(pk=case.pk), NO, by="shell")
    assert (opened.state, [letter.kind for letter in opened.letters.all()]) == (State.ARRIVED, ["confirm"])
    assert opened.identifiers.get().value == RITA
