"""A correction from the wish to the letter, against a real store: decided per field, done only when it was read again."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command

from exports import api
from exports.api import StalePlan
from exports.models import DataSource
from portal.kit import clock
from portal.organisations.models import User
from requests_app.access import OnlyALead
from requests_app.flows import contacts, correcting, fulfilment, recipients
from requests_app.flows.correcting import ACCEPT, BY_HAND, REFUSE, Decision
from requests_app.flows.searching import NotYet
from requests_app.models import Case, Event, Letter
from requests_app.rules.rights import Right
from requests_app.rules.states import State
from requests_app.tasks import settle_case
from requests_app.wishes import OTHER, Wanted, add_correction
from tests.desk.acting import as_actor
from tests.engine.erasing import Store, a_store
from tests.engine.test_correcting import DATASET, TABLES
from tests.people import CATEGORIES, RITA, a_case, a_member, at_desk

pytestmark = pytest.mark.django_db
NAME = Wanted("shop.person.name", "Name (Account)", "Rita-Li", "Rita")
BORN = Wanted("shop.person.born", "Born on (Account)", "1991-06-02")
EMAIL = Wanted("shop.person.email", "Email address (Account)", "rita.li@example.org")
CAT = Wanted(OTHER, "My cat's name", "Mitzi")


@pytest.fixture
def shop(db: None, tmp_path: Path) -> Store:
    return a_store(tmp_path, categories=CATEGORIES).add("shop", TABLES, DATASET)


@pytest.fixture
def lead(shop: Store) -> User:
    return a_member("Ada", "lead", shop.organisation)


@pytest.fixture
def officer(shop: Store) -> User:
    return a_member("Otto", "officer", shop.organisation)


def asked(shop: Store, *wanted: Wanted) -> Case:
    """Rita's correction, confirmed in the browser that asked."""
    case = a_case(shop.organisation, right=Right.CORRECTION)
    for one in wanted:
        add_correction(case, one)
    case.save()
    return case


def worked(case: Case) -> Case:
    """What workers do until a person is needed."""
    for _round in range(3):
        settle_case(case.pk)
        case.refresh_from_db()
        if case.job_id:
            api.run(case.job_id)
    settle_case(case.pk)
    case.refresh_from_db()
    return case


def in_review(shop: Store, *wanted: Wanted) -> Case:
    case = worked(asked(shop, *wanted))
    assert case.state == State.REVIEW
    return case


def decided(case: Case, lead: User, decisions: dict[int, Decision]) -> Case:
    digest = api.correction(case.job_id).digest if case.job_id else ""
    correcting.decide(case, decisions, digest=digest, by=as_actor(lead, case))
    return worked(case)


def letter(case: Case, kind: str) -> str:
    found = Letter.objects.get(case=case, kind=kind)
    return case.unseal(found.body_sealed) + (case.unseal(found.html_sealed) if found.is_formal else "")


def test_what_is_accepted_is_changed_and_the_letter_says_of_each_what_became_of_it(shop: Store, lead: User) -> None:
    case = in_review(shop, NAME, BORN)
    case = decided(case, lead, {0: Decision(ACCEPT, (0,)), 1: Decision(REFUSE, reason="unproved", words="Send us a date.")})
    assert (case.state, case.outcome) == (State.ANSWERED, "partly")
    assert shop.sql("SELECT name, born FROM person") == [("Rita-Li", "1990-05-01"), ("Oskar", "1980-01-01")]
    said = letter(case, "answer_correction")
    assert "Changed in 1 record, and read again." in said
    assert "We could not see that what you wrote is right. Send us a date." in said
    assert "Postbote" in said
    assert "Rita-Li" not in said
    assert [one.key for one in recipients.untold(case)] == ["postbote"]


def test_what_stood_there_is_forgotten_with_the_answer_and_the_receipt_stays(shop: Store, lead: User) -> None:
    case = decided(in_review(shop, NAME), lead, {0: Decision(ACCEPT, (0,))})
    assert case.job_id
    assert api.correction(case.job_id).lines == ()
    receipt = at_desk(lead).get(f"/desk/case/{case.reference}/receipt.json").json()["receipt"]
    assert (receipt["kind"], receipt["totals"]["changed"]) == ("correction", 1)
    assert at_desk(lead).get(f"/desk/case/{case.reference}/correct/").status_code == 200


def test_a_look_that_failed_is_said_and_can_be_repeated(shop: Store, lead: User) -> None:
    DataSource.objects.update(datasets=[{"fides_key": "shop"}])
    case = worked(asked(shop, NAME))
    assert case.state == State.REVIEW
    assert "It could not be looked up." in at_desk(lead).get(f"/desk/case/{case.reference}/correct/").content.decode()


def test_a_refusal_of_everything_is_a_formal_letter_and_nobody_is_told(shop: Store, lead: User) -> None:
    case = decided(in_review(shop, NAME), lead, {0: Decision(REFUSE, reason="right")})
    assert (case.state, case.outcome) == (State.ANSWERED, "refused")
    assert "What we hold is right." in letter(case, "answer_correction")
    assert Letter.objects.get(case=case, kind="answer_correction").is_formal
    assert recipients.untold(case) == []
    assert shop.sql("SELECT name FROM person WHERE id = 0") == [("Rita",)]


def test_what_no_list_names_is_corrected_by_hand_and_said_so(shop: Store, lead: User) -> None:
    case = worked(asked(shop, CAT))
    assert case.state == State.OPEN
    case = decided(case, lead, {0: Decision(BY_HAND, words="Written into the card file.")})
    assert case.outcome == "done"
    assert "Changed by hand. Written into the card file." in " ".join(letter(case, "answer_correction").split())


def test_what_was_changed_meanwhile_comes_back_and_the_person_hears_nothing(shop: Store, lead: User) -> None:
    case = in_review(shop, NAME)
    shop.sql("UPDATE person SET name = 'Margarita' WHERE id = 0")
    case = decided(case, lead, {0: Decision(ACCEPT, (0,))})
    assert case.state == State.REVIEW
    assert not Letter.objects.filter(case=case).exists()
    page = at_desk(lead).get(f"/desk/case/{case.reference}/correct/").content.decode()
    assert "Not everything that was accepted was done." in page
    fulfilment.gather_again(case, by=as_actor(lead, case))
    case = worked(case)
    assert api.correction(case.job_id).lines[0].spots[0].shown == "Margarita"  # type: ignore[arg-type]  # a job was started


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (None, "Decide on “Name"),
        (Decision(ACCEPT), "Choose in which record"),
        (Decision(REFUSE), "Choose why"),
        (Decision(REFUSE, reason="because"), "Choose why"),
        (Decision(BY_HAND), "Say what was done by hand"),
        (Decision("perhaps"), "Decide on “Name"),
    ],
)
def test_half_a_decision_changes_nothing(shop: Store, lead: User, decision: Decision | None, said: str) -> None:
    case = in_review(shop, NAME)
    with pytest.raises(NotYet, match=said):
        decided(case, lead, {0: decision} if decision else {})
    case.refresh_from_db()
    assert case.state == State.REVIEW


def test_only_a_lead_decides_and_only_on_what_was_shown(shop: Store, lead: User, officer: User) -> None:
    case = in_review(shop, NAME)
    with pytest.raises(OnlyALead):
        decided(case, officer, {0: Decision(ACCEPT, (0,))})
    with pytest.raises(StalePlan):
        correcting.decide(case, {0: Decision(ACCEPT, (0,))}, digest="0" * 64, by=as_actor(lead, case))
    case.refresh_from_db()
    assert case.state == State.REVIEW


def test_a_new_contact_address_is_told_to_the_old_one_and_flags_what_comes_next(shop: Store, lead: User) -> None:
    case = decided(in_review(shop, EMAIL), lead, {0: Decision(ACCEPT, (0,))})
    assert shop.sql("SELECT email FROM person WHERE id = 0") == [("rita.li@example.org",)]
    notice = Letter.objects.get(case=case, kind="contact_changed")
    assert case.unseal(notice.to_sealed) == RITA
    assert "rita.li" not in case.unseal(notice.body_sealed)
    assert "rita.li" not in repr(list(Event.objects.values_list("facts", flat=True)))
    for address in (RITA, "rita.li@example.org"):
        later = a_case(shop.organisation, right=Right.DELETION, email=address)
        assert contacts.changed_at(later)
        assert "was changed by a correction" in at_desk(lead).get(f"/desk/case/{later.reference}/").content.decode()
    assert contacts.changed_at(a_case(shop.organisation, email="oskar@example.org")) is None
    with time_machine.travel(clock.now() + timedelta(days=contacts.DAYS, minutes=1)):
        assert contacts.changed_at(a_case(shop.organisation)) is None


def test_the_page_shows_values_only_to_somebody_who_asked_and_that_is_recorded(shop: Store, lead: User) -> None:
    case, browser = in_review(shop, NAME), at_desk(lead)
    address = f"/desk/case/{case.reference}/correct/"
    assert "Rita-Li" not in browser.get(address).content.decode()
    assert browser.post(f"/desk/case/{case.reference}/show/", {"then": "correct"}).headers["Location"] == address
    assert Event.objects.filter(case_reference=case.reference, code="details.shown").count() == 1
    page = browser.get(address).content.decode()
    assert "Rita-Li" in page
    assert 'id="row-0-0" value="0" checked' in page


def test_a_decision_by_the_page_is_carried_out(shop: Store, lead: User) -> None:
    case = in_review(shop, NAME)
    form = {"digest": api.correction(case.job_id).digest, "verdict:0": "accept", "row:0": "0"}  # type: ignore[arg-type]  # a job was started
    answered = at_desk(lead).post(f"/desk/case/{case.reference}/correct/decide/", form)
    assert answered.status_code == 302
    assert worked(case).outcome == "done"


@pytest.mark.parametrize("form", [{}, {"verdict:0": "accept", "row:0": "x"}, {"verdict:0": "accept", "row:0": "9"}])
def test_a_broken_form_is_refused_and_nothing_is_changed(shop: Store, lead: User, form: dict[str, str]) -> None:
    case = in_review(shop, NAME)
    form = {"digest": api.correction(case.job_id).digest, **form}  # type: ignore[arg-type]  # a job was started
    answered = at_desk(lead).post(f"/desk/case/{case.reference}/correct/decide/", form)
    assert answered.status_code == 409
    assert shop.sql("SELECT name FROM person WHERE id = 0") == [("Rita",)]


def test_strangers_find_nothing(shop: Store, mallory: User) -> None:
    case = in_review(shop, NAME)
    for tail in ("correct/", "correct/add/"):
        assert at_desk(mallory).get(f"/desk/case/{case.reference}/{tail}").status_code == 404
    assert at_desk(mallory).post(f"/desk/case/{case.reference}/correct/decide/", {}).status_code == 404


def test_a_correction_that_came_by_mail_is_written_down_by_an_officer(shop: Store, officer: User) -> None:
    case, browser = asked(shop), at_desk(officer)
    assert worked(case).state == State.OPEN
    address = f"/desk/case/{case.reference}/correct/add/"
    assert "Height (Account)" in browser.get(address).content.decode()
    assert browser.post(address, {"thing": "shop.person.id", "new": "7"}).status_code == 422
    assert browser.post(address, {"thing": "shop.person.height", "new": "171", "old": "170"}).status_code == 302
    case = worked(case)
    assert case.state == State.REVIEW
    with pytest.raises(NotYet, match="looked up already"):
        correcting.add(case, BORN, by=as_actor(officer, case))


def shell(case: Case, *words: str) -> dict[str, object]:
    out = StringIO()
    call_command("case", case.reference, *words, "--json", stdout=out)
    read: dict[str, object] = json.loads(out.getvalue())
    return read


def test_the_shell_can_do_all_of_it(shop: Store, lead: User) -> None:
    case = worked(asked(shop))
    shell(case, "add_correction", "shop.person.name", "Rita-Li", "--old", "Rita")
    shell(case, "work")
    shown = shell(case, "corrections")
    assert shown["corrections"][0]["rows"][0]["says"] == "Rita"  # type: ignore[index]  # JSON
    with pytest.raises(CommandError, match="A decision has the form"):
        shell(case, "correct", str(shown["digest"]), "0=perhaps")
    with pytest.raises(CommandError, match="Choose why"):
        shell(case, "correct", str(shown["digest"]), "0=refuse:no")
    shell(case, "correct", str(shown["digest"]), "0=accept")
    assert shell(case, "work")["outcome"] == "done"
    assert shell(case, "receipt")["receipt"]["receipt"]["totals"] == {"changed": 1, "failed": 0}  # type: ignore[index]  # JSON
    assert shop.sql("SELECT name FROM person WHERE id = 0") == [("Rita-Li",)]
