"""From proof to answer: what the engine is told, when a case moves, and what the person hears."""

from dataclasses import replace
from uuid import UUID

import pytest

from exports.api import Cover, JobNotReady, StampMismatch
from portal.organisations.models import Organisation, User
from portal.organisations.promises import RightPromise
from requests_app import tasks
from requests_app.access import OnlyALead
from requests_app.flows import answering, closing, fulfilment, shortfalls
from requests_app.flows.searching import NO_CATEGORY, NotYet
from requests_app.models import Case
from requests_app.rules.rights import Right
from requests_app.rules.states import MoveRefused, State
from requests_app.undone import Why
from tests.desk.acting import as_actor, reviewed
from tests.desk.fake_engine import DOWN, SHOP, FakeEngine
from tests.people import CATEGORIES, RITA, a_case, a_policy, a_policy_document, an_organisation, identified_by


def test_a_proved_case_is_gathered_by_its_proved_address_only(northwind: Organisation, engine: FakeEngine) -> None:
    case = a_case(northwind)
    identified_by(case, email="claimed@example.org", verified=False)

    tasks.dispatch()

    case.refresh_from_db()
    kind, search = engine.searches[0]
    assert case.state == State.COLLECTING
    assert (kind, search.identities) == ("access", {"email": RITA})
    assert RITA not in search.subject + search.reference


def test_a_case_that_nobody_proved_is_not_searched(northwind: Organisation, engine: FakeEngine) -> None:
    case = a_case(northwind)
    case.identifiers.update(verified_at=None)

    tasks.dispatch()

    case.refresh_from_db()
    assert case.state == State.OPEN
    assert not engine.searches
    with pytest.raises(NotYet, match="not yet proved"):
        fulfilment.start(case)


def test_portability_gathers_portable_categories_only(northwind: Organisation, engine: FakeEngine) -> None:
    fulfilment.start(a_case(northwind, right=Right.PORTABILITY))

    assert engine.searches[0][1].categories == ("account", "orders")


def test_a_case_stays_gathering_until_its_job_rests(northwind: Organisation, engine: FakeEngine) -> None:
    case = a_case(northwind)
    fulfilment.start(case)
    engine.finished = False

    assert not fulfilment.settle(case)

    engine.finished = True
    assert fulfilment.settle(case)
    assert not fulfilment.settle(case)


def test_only_a_lead_releases_and_the_refusal_names_one(northwind: Organisation, otto: User, ada: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind))

    with pytest.raises(OnlyALead, match="Ada"):
        fulfilment.release(case, by=as_actor(otto, case))

    case.refresh_from_db()
    assert case.released_at is None


def test_a_released_archive_is_packed_then_answered_with_one_letter(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind))
    fulfilment.release(case, by=as_actor(ada, case))
    assert case.letters.count() == 0

    tasks.dispatch()
    tasks.dispatch()

    case.refresh_from_db()
    assert case.state == State.ANSWERED
    assert [letter.kind for letter in case.letters.all()] == ["answer_access"]
    assert len(engine.covers) == 1
    assert engine.covers[0].gaps == ()


def test_an_archive_that_would_not_be_true_goes_back_to_an_officer(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind))
    fulfilment.release(case, by=as_actor(ada, case))
    engine.refuses_to_pack = StampMismatch("A record belongs to somebody else.")

    tasks.dispatch()

    case.refresh_from_db()
    assert (case.state, case.released_at, case.letters.count()) == (State.REVIEW, None, 0)


def test_a_worker_that_comes_too_late_takes_no_release_back(
    northwind: Organisation, ada: User, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It saw no archive, was refused, and finds that another worker sealed one meanwhile: that one goes out."""
    case = reviewed(a_case(northwind))
    fulfilment.release(case, by=as_actor(ada, case))
    pack = engine.pack

    def packed_by_another(job_id: UUID, cover: Cover) -> None:
        pack(job_id, cover)
        raise JobNotReady("Only a search that is complete can be packed.")

    monkeypatch.setattr(fulfilment.api, "pack", packed_by_another)
    tasks.dispatch()
    tasks.dispatch()

    case.refresh_from_db()
    assert case.state == State.ANSWERED
    assert [letter.kind for letter in case.letters.all()] == ["answer_access"]


def test_a_gap_stands_in_the_answer_with_its_reason(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    engine.sources = (SHOP, DOWN)
    case = reviewed(a_case(northwind))
    shortfalls.close_source(case, "crm", Why("gone", "Your notes of 2014."), by=as_actor(ada, case))
    fulfilment.release(case, by=as_actor(ada, case))

    fulfilment.deliver(case)

    letter = case.letters.get()
    html = case.unseal(letter.html_sealed)
    assert "Old CRM" in html
    assert "It did not answer." in html
    assert "What you can do about it" in html
    assert "go to a court" in case.unseal(letter.body_sealed)
    gone = "This system does not run any more, and nobody can open it. Your notes of 2014."
    assert engine.covers[0].gaps == (("Old CRM", f"It did not answer. {gone}"),)
    case.refresh_from_db()
    assert case.outcome == "partly"


def test_a_copy_with_a_silent_source_waits_for_a_reason(northwind: Organisation, otto: User, ada: User, engine: FakeEngine) -> None:
    engine.sources = (SHOP, DOWN)
    case = reviewed(a_case(northwind))
    with pytest.raises(NotYet, match="Old CRM did not answer"):
        fulfilment.release(case, by=as_actor(ada, case))
    with pytest.raises(OnlyALead):
        shortfalls.close_source(case, "crm", Why("gone", "Your notes."), by=as_actor(otto, case))
    for why in (Why("bored", "Your notes."), Why("gone", "  ")):
        with pytest.raises(NotYet, match="Nothing was changed"):
            shortfalls.close_source(case, "crm", why, by=as_actor(ada, case))
    with pytest.raises(NotYet, match="did its part"):
        shortfalls.close_source(case, "shop", Why("gone", "Your orders."), by=as_actor(ada, case))
    assert not case.shortfalls.exists()


def test_asking_a_closed_source_again_takes_the_decision_back(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    engine.sources = (SHOP, DOWN)
    case = reviewed(a_case(northwind))
    shortfalls.close_source(case, "crm", Why("gone", "Your notes of 2014."), by=as_actor(ada, case))
    fulfilment.retry(case, "crm", by=as_actor(ada, case))
    fulfilment.settle(case)
    case.refresh_from_db()
    with pytest.raises(NotYet, match="Old CRM did not answer"):
        fulfilment.release(case, by=as_actor(ada, case))


def test_trying_a_failed_source_again_keeps_what_others_answered(northwind: Organisation, otto: User, engine: FakeEngine) -> None:
    engine.sources = (SHOP, DOWN)
    case = reviewed(a_case(northwind))

    fulfilment.retry(case, "crm", by=as_actor(otto, case))

    case.refresh_from_db()
    assert (case.state, engine.retried, engine.destroyed) == (State.COLLECTING, ["crm"], [])


def promising_release(key: str) -> Organisation:
    organisation = an_organisation(key)
    rights = {"access": RightPromise(right="access", days=30, automatic_release=True)}
    a_policy(organisation, a_policy_document(key, version="1.1.0", rights=rights))
    return organisation


@pytest.mark.django_db
def test_where_the_policy_says_so_a_plain_archive_releases_itself(engine: FakeEngine) -> None:
    engine.sources = (replace(SHOP, covered=0),)
    case = reviewed(a_case(promising_release("dash")))

    assert case.released_at


@pytest.mark.django_db
@pytest.mark.parametrize("sources", [(SHOP,), (replace(SHOP, covered=0), DOWN)], ids=["others are covered", "a source is missing"])
def test_nothing_releases_itself_that_needs_an_eye(engine: FakeEngine, sources: tuple) -> None:
    engine.sources = sources
    case = reviewed(a_case(promising_release("dash")))

    assert case.released_at is None


def test_nothing_held_is_an_answer_too(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    engine.sources = (replace(SHOP, state="nothing", found=0, disclosed=0, withheld=0, covered=0, collections=()),)
    case = reviewed(a_case(northwind))
    fulfilment.release(case, by=as_actor(ada, case))

    fulfilment.deliver(case)

    case.refresh_from_db()
    assert case.outcome == "nothing_held"
    assert "found nothing" in case.unseal(case.letters.get().body_sealed)


def test_a_decided_right_is_answered_in_a_letter(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = a_case(northwind, right=Right.OBJECTION)

    answering.answer(case, "We have stopped the newsletter.", by=as_actor(ada, case))

    case.refresh_from_db()
    assert case.state == State.ANSWERED
    assert "We have stopped the newsletter." in case.unseal(case.letters.get().html_sealed)


def test_an_access_request_is_not_answered_by_a_letter_of_our_own(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind))

    with pytest.raises(NotYet, match="archive"):
        answering.answer(case, "Trust us.", by=as_actor(ada, case))


def test_a_closed_case_stays_closed_unless_a_lead_says_why(northwind: Organisation, otto: User, ada: User, engine: FakeEngine) -> None:
    case = a_case(northwind, state=State.CLOSED)

    with pytest.raises(MoveRefused):
        fulfilment.start(case)
    with pytest.raises(OnlyALead):
        closing.reopen(case, "The person found more.", by=as_actor(otto, case))
    closing.reopen(case, "The person found more.", by=as_actor(ada, case))

    assert Case.objects.get(pk=case.pk).state == State.OPEN
    assert case.unseal(case.notes.get().body_sealed) == "The person found more."


def test_a_policy_that_calls_nothing_portable_gives_nothing_instead_of_everything(db: None, engine: FakeEngine) -> None:
    kept = [replace(category, portable=False) for category in CATEGORIES]
    organisation = an_organisation("paper", categories=tuple(kept))
    fulfilment.start(a_case(organisation, right=Right.PORTABILITY))
    assert engine.searches[0][1].categories == NO_CATEGORY


def test_a_portable_answer_names_what_is_left_out_and_why(northwind: Organisation, ada: User, engine: FakeEngine) -> None:
    case = reviewed(a_case(northwind, right=Right.PORTABILITY))
    fulfilment.release(case, by=as_actor(ada, case))
    fulfilment.deliver(case)
    cover = engine.covers[0]
    assert cover.right == "portability"
    assert [note.partition(":")[0] for note in cover.notes] == ["Your invoices"]
    letter = case.letters.get(kind="answer_access")
    assert "A copy of your data holds it." in case.unseal(letter.html_sealed)


@pytest.mark.django_db
def test_one_message_takes_a_case_that_releases_itself_from_the_search_to_the_answer(engine: FakeEngine) -> None:
    house = an_organisation("swift", rights={"access": RightPromise(right="access", days=30, automatic_release=True)})
    engine.sources = (replace(SHOP, covered=0),)
    case = a_case(house)

    tasks.settle_case(case.pk)

    case.refresh_from_db()
    assert (case.state, len(engine.covers)) == (State.ANSWERED, 1)
    assert [letter.kind for letter in case.letters.all()] == ["answer_access"]


def test_one_message_stops_where_a_person_must_decide(northwind: Organisation, engine: FakeEngine) -> None:
    case = a_case(northwind)

    tasks.settle_case(case.pk)

    case.refresh_from_db()
    assert (case.state, case.released_at, engine.covers) == (State.REVIEW, None, [])


def test_the_message_runs_the_job_itself(northwind: Organisation, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[UUID] = []
    monkeypatch.setattr(tasks.api, "run", ran.append)
    case = a_case(northwind)

    tasks.settle_case(case.pk)

    case.refresh_from_db()
    assert ran == [case.job_id]
