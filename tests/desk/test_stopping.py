"""What stops: consent taken back, tokens revoked, uses objected to; and the same request sent twice."""

from pathlib import Path

import pytest

from exports import api
from exports.models import Job
from portal.organisations.models import Organisation, User
from portal.organisations.promises import Category, RightPromise
from requests_app.access import OnlyALead
from requests_app.flows import answering, duplicates, erasing, fulfilment
from requests_app.flows.searching import NotYet
from requests_app.models import Case, Event, Letter
from requests_app.rules.rights import Right
from requests_app.rules.states import MoveRefused, State
from requests_app.wishes import Wish, sealed_details
from tests.desk.acting import as_actor
from tests.desk.fake_engine import FakeEngine
from tests.desk.test_correcting import letter, shell, worked
from tests.engine.erasing import Store, a_store
from tests.people import CATEGORIES, a_case, a_member, an_organisation, at_desk

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
TABLES = """
CREATE TABLE person (id INTEGER PRIMARY KEY, email TEXT);
CREATE TABLE token (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES person (id), word TEXT);
CREATE TABLE purchase (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES person (id),
  token_id INTEGER REFERENCES token (id) ON DELETE SET NULL);
INSERT INTO person VALUES (0, 'rita@example.org'), (2, 'oskar@example.org');
INSERT INTO token VALUES (1, 0, 'a'), (2, 0, 'b'), (3, 2, 'c');
INSERT INTO purchase VALUES (1, 0, 1), (2, 2, 3);
"""
DATASET = """
- name: person
  habeas_meta: {category: account, title: Account}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}}
- name: token
  habeas_meta: {category: account, title: Sign-in tokens, revoke: true}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: person_id, fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}}
    - {name: word, habeas_meta: {never_disclose: true}}
- name: purchase
  habeas_meta: {category: orders, title: Purchases}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: person_id, fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}}
    - {name: token_id}
"""
NEWS = Category(key="news", title="Your newsletter", topic="News", purposes=("to send you news",), basis=("consent",))


@pytest.fixture
def shop(db: None, tmp_path: Path) -> Store:
    return a_store(tmp_path, categories=(*CATEGORIES, NEWS)).add("shop", TABLES, DATASET)


@pytest.fixture
def lead(shop: Store) -> User:
    return a_member("Ada", "lead", shop.organisation)


def wished(organisation: Organisation, right: Right, wish: Wish) -> Case:
    case = a_case(organisation, right=right)
    case.details_sealed = sealed_details(case, wish, [])
    case.save()
    return case


def test_a_withdrawal_revokes_what_gives_access_and_then_says_what_else_stops(shop: Store, lead: User) -> None:
    case = worked(wished(shop.organisation, Right.WITHDRAWAL, Wish(uses=("news",))))
    assert case.state == State.REVIEW
    browser = at_desk(lead)
    assert "Check what ends" in browser.get(f"/desk/case/{case.reference}/").content.decode()
    assert "2 rows still give access." in browser.get(f"/desk/case/{case.reference}/answer/").content.decode()
    with pytest.raises(NotYet, match="still gives access"):
        answering.answer(case, "All stopped.", by=as_actor(lead, case))
    assert case.job_id
    erasing.approve(case, digest=api.plan(case.job_id).digest, typed=case.reference, by=as_actor(lead, case))
    case = worked(case)
    assert case.state == State.REVIEW
    assert shop.sql("SELECT id FROM token") == [(3,)]
    assert shop.sql("SELECT * FROM purchase") == [(1, 0, None), (2, 2, 3)]
    assert shop.sql("SELECT * FROM person") == [(0, "rita@example.org"), (2, "oskar@example.org")]
    answering.answer(case, "We took you off the list.", by=as_actor(lead, case), stops=["news"])
    case.refresh_from_db()
    assert (case.state, case.outcome) == (State.ANSWERED, "done")
    said = letter(case, "answer_done")
    assert "Your newsletter" in said
    assert "We revoked 2 keys and tokens. We looked again afterwards: they are gone." in said
    assert Event.objects.get(case_reference=case.reference, code="uses.stopped").facts == {"uses": ["news"], "count": 1}


def test_what_could_not_be_worked_out_is_never_called_done(shop: Store, lead: User) -> None:
    case = wished(shop.organisation, Right.WITHDRAWAL, Wish(uses=("news",)))
    fulfilment.start(case)
    Job.objects.update(state="failed", error="The dataset is refused.", due_at=None)
    case = worked(case)
    assert case.state == State.REVIEW
    assert at_desk(lead).get(f"/desk/case/{case.reference}/").status_code == 200
    assert "It could not be worked out" in at_desk(lead).get(f"/desk/case/{case.reference}/answer/").content.decode()
    with pytest.raises(NotYet, match="still gives access"):
        answering.answer(case, "All stopped.", by=as_actor(lead, case))


def test_a_part_may_be_answered_while_something_still_gives_access(shop: Store, lead: User) -> None:
    case = worked(wished(shop.organisation, Right.WITHDRAWAL, Wish(uses=("news",))))
    answering.answer(case, "The rest follows.", by=as_actor(lead, case), outcome="partly")
    case.refresh_from_db()
    assert case.state == State.ANSWERED
    assert "revoked" not in letter(case, "answer_done")


def test_where_nothing_gives_access_the_officer_answers_at_once(northwind: Organisation, ada: User) -> None:
    case = worked(a_case(northwind, right=Right.WITHDRAWAL))
    assert case.state == State.OPEN
    answering.answer(case, "Stopped.", by=as_actor(ada, case))
    case.refresh_from_db()
    assert case.state == State.ANSWERED


def test_an_objection_ends_the_uses_that_were_named_and_the_letter_names_them(northwind: Organisation, ada: User) -> None:
    case = wished(northwind, Right.OBJECTION, Wish(uses=("orders",), words="It makes me uneasy"))
    browser = at_desk(ada)
    page = browser.get(f"/desk/case/{case.reference}/answer/").content.decode()
    assert "It makes me uneasy" in page
    assert 'value="orders" checked' in page
    form = {"outcome": "done", "text": "We no longer use them.", "stops": ["orders"]}
    assert browser.post(f"/desk/case/{case.reference}/answer/", form).status_code == 302
    assert "Your orders" in letter(case, "answer_done")


def test_a_use_that_the_policy_does_not_have_cannot_end(northwind: Organisation, ada: User) -> None:
    case = a_case(northwind, right=Right.OBJECTION)
    with pytest.raises(NotYet, match="is not a use"):
        answering.answer(case, "Done.", by=as_actor(ada, case), stops=["nonsense"])
    assert at_desk(ada).post(f"/desk/case/{case.reference}/answer/", {"outcome": "done", "text": "x", "stops": ["no"]}).status_code == 422


def test_the_words_of_the_person_are_hidden_until_somebody_asks(northwind: Organisation, otto: User) -> None:
    case = wished(northwind, Right.OBJECTION, Wish(uses=("orders",), words="It makes me uneasy"))
    browser = at_desk(otto)
    assert "uneasy" not in browser.get(f"/desk/case/{case.reference}/").content.decode()
    browser.post(f"/desk/case/{case.reference}/show/")
    assert "uneasy" in browser.get(f"/desk/case/{case.reference}/").content.decode()


def test_an_opt_out_is_answered_in_the_words_of_the_policy(db: None) -> None:
    rights = {"opt_out_sale": RightPromise(right="opt_out_sale", self_service="There is nothing to opt out of.")}
    organisation = an_organisation("wide", rights=rights)
    lead = a_member("Ada", "lead", organisation)
    case = a_case(organisation, right=Right.OPT_OUT_SALE)
    case.identifiers.update(verified_at=None, verified_how="")
    page = at_desk(lead).get(f"/desk/case/{case.reference}/answer/").content.decode()
    assert "There is nothing to opt out of." in page
    assert 'value="nothing_to_do" checked' in page
    form = {"outcome": "nothing_to_do", "text": "There is nothing to opt out of."}
    assert at_desk(lead).post(f"/desk/case/{case.reference}/answer/", form).status_code == 302
    assert "There is nothing to opt out of." in letter(case, "answer_done")
    assert "No proof may be asked for" in at_desk(lead).get(f"/desk/case/{case.reference}/").content.decode()


def twice(organisation: Organisation, **fields: object) -> tuple[Case, Case]:
    return a_case(organisation, **fields), a_case(organisation, **fields)  # type: ignore[arg-type]  # passed on as they are


def test_the_same_wish_twice_is_shown_and_joined_with_a_letter_that_names_the_other(
    northwind: Organisation, otto: User, engine: FakeEngine
) -> None:
    first, second = twice(northwind, right=Right.OBJECTION)
    browser = at_desk(otto)
    assert second.reference in browser.get(f"/desk/case/{first.reference}/").content.decode()
    address = f"/desk/case/{second.reference}/join/"
    assert first.reference in browser.get(address).content.decode()
    assert browser.post(address, {"other": first.reference}).status_code == 302
    second.refresh_from_db()
    assert second.state == State.DUPLICATE
    assert first.reference in letter(second, "duplicate")
    assert first.reference in browser.get(f"/desk/case/{second.reference}/").content.decode()
    first.refresh_from_db()
    assert first.state == State.OPEN
    assert duplicates.twins_of(first) == []


def test_what_was_gathered_for_a_duplicate_is_destroyed(northwind: Organisation, otto: User, engine: FakeEngine) -> None:
    first, second = twice(northwind, state=State.REVIEW, job_id="8200e7c8-c33c-43bc-a756-d87b66073145")
    duplicates.join(second, first.reference, by=as_actor(otto, second))
    assert len(engine.destroyed) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"right": Right.COMPLAINT},
        {"right": Right.OBJECTION, "email": "oskar@example.org"},
        {"right": Right.OBJECTION, "state": State.ARRIVED},
        {"right": Right.OBJECTION, "state": State.ANSWERED},
    ],
)
def test_other_requests_are_no_twins(northwind: Organisation, otto: User, other: dict[str, object]) -> None:
    case, elsewhere = a_case(northwind, right=Right.OBJECTION), a_case(northwind, **other)  # type: ignore[arg-type]  # passed on
    assert duplicates.twins_of(case) == []
    with pytest.raises(NotYet):
        duplicates.join(case, elsewhere.reference, by=as_actor(otto, case))


def test_a_twin_of_another_organisation_is_none(northwind: Organisation, southwind: Organisation) -> None:
    case = a_case(northwind)
    a_case(southwind)
    assert duplicates.twins_of(case) == []


def test_a_request_that_nobody_confirmed_has_no_twins(northwind: Organisation) -> None:
    a_case(northwind)
    assert duplicates.twins_of(a_case(northwind, state=State.ARRIVED)) == []


def test_a_copy_that_a_deletion_waits_for_is_not_joined(northwind: Organisation, otto: User) -> None:
    first, second = twice(northwind)
    a_case(northwind, right=Right.DELETION, copy_first=second)
    with pytest.raises(NotYet, match="sent together"):
        duplicates.join(second, first.reference, by=as_actor(otto, second))


def test_what_is_being_carried_out_is_not_joined(northwind: Organisation, otto: User) -> None:
    first, second = twice(northwind, right=Right.DELETION)
    Case.objects.filter(pk=second.pk).update(state=State.EXECUTING)
    with pytest.raises((NotYet, MoveRefused)):
        duplicates.join(second, first.reference, by=as_actor(otto, second))


def test_strangers_and_auditors_join_nothing(northwind: Organisation, priya: User, mallory: User) -> None:
    first, second = twice(northwind)
    for user in (priya, mallory):
        assert at_desk(user).post(f"/desk/case/{second.reference}/join/", {"other": first.reference}).status_code == 404
    second.refresh_from_db()
    assert second.state == State.OPEN
    assert not Letter.objects.exists()


def test_the_shell_joins_and_says_what_stops(northwind: Organisation, ada: User) -> None:
    first, second = twice(northwind, right=Right.OBJECTION)
    assert shell(second, "join", first.reference)["state"] == "duplicate"
    shell(first, "answer", "We no longer use them.", "--stop", "orders")
    assert "Your orders" in letter(first, "answer_done")
    with pytest.raises(OnlyALead):
        answering.answer(first, "x", by=as_actor(a_member("Otto", "officer", northwind), first))
