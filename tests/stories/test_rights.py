"""The rights that are decided and not gathered, and those who ask for somebody else: from a phone over the desk to the last letter.

A copy, a correction, a deletion and what is taken elsewhere are told in test_main_job.py and test_four_organisations.py. All of it stands
on one demo that goes by a calendar of its own; everybody asks for one thing, so that the stories may be told in any order.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest

from tests.processes import Demo
from tests.stories.days import Days
from tests.stories.guests import Guest, due_of, on_paper, says, spoken, typed, verified_receipt, wait_for_state
from tests.stories.holdings import assert_only_theirs, changes, held, snapshot
from tests.stories.portal import (
    CODE,
    Desk,
    assert_sound,
    fresh_code,
    judge,
    letter,
    letters_to,
    records,
    state_of,
    unpacked,
    wait_for_end,
)

pytestmark = pytest.mark.story
DANIEL = ("daniel.macdonald@example.net", "Daniel Macdonald")
PAWEL = ("pawel.dabrowski@example.org", "Paweł Dąbrowski")
ZBIGNIEW = ("zbigniew.zak@example.com", "Zbigniew Żak")
AENNE = ("aenne.mueller@example.ca", "Änne Müller")
HANNA = ("hanna.melnyk@example.com", "Ганна Мельник")
MOSES = ("moses.smith@example.ca", "Moses Smith")
OMER = ("omer.sahin@example.ca", "Ömer Şahin")
LUKAS = ("lukas.weiss@example.net", "Lukas Weiß")
ANNA = ("anna.carer@example.org", "Anna Carer")
BEN = ("ben.advocate@example.org", "Ben Advocate")
Guests = Callable[..., Guest]
Staff = Callable[[str], Desk]


@pytest.fixture(scope="module")
def demo(quiet_demo: Demo) -> Demo:
    return quiet_demo


def answered(lead: Desk, person: Guest, reference: str, text: str, outcome: str = "done") -> str:
    """The lead decides and says what was done; the letter on paper."""
    typed(lead, f"{reference}/answer/", "Answer the person", outcome=outcome, text=text)
    letter(person.demo, person.address, reference, "The letter beside this message")
    assert "We have answered." in person.come_back(reference)
    said = on_paper(person.demo, person.address)
    assert text in said
    return said


def test_a_use_is_paused_and_goes_on_only_after_a_letter_and_its_day(demo: Demo, guest: Guests, staff: Staff, days: Days) -> None:
    before, person, lead = snapshot(demo, "mcpworks"), guest("mcpworks", DANIEL, country="DE", words="The numbers are wrong."), staff("ada")
    reference = person.wish("restriction")
    assert "Email address" in answered(lead, person, reference, "Your address is used for nothing but this request.")
    assert "Stripe, Inc." in says(lead, reference)  # who must be told
    on = days.today("America/Vancouver") + timedelta(days=8)
    typed(lead, f"{reference}/lift/", "Tell the person", on=on.isoformat(), text="The numbers are right since yesterday.")
    letter(demo, person.address, f"from {spoken(on)} we use the data again", "The numbers are right since yesterday.", "write to us before")
    lead.open(reference, "lift/")
    assert lead.page.get_by_role("button", name="Lift it now").count() == 0  # its day has not come

    assert snapshot(demo, "mcpworks") == before
    days.pass_by(8, demo)
    lead = staff("ada")
    typed(lead, f"{reference}/lift/", "Lift it now")
    assert "lifted the restriction" in says(lead, reference)


def test_an_objection_is_heeded_in_part_and_the_letter_says_what_stops(demo: Demo, guest: Guests, staff: Staff) -> None:
    person, lead = guest("mcpworks", PAWEL, country="DE", words="I do not want to be counted."), staff("ada")
    reference = person.wish("objection")
    lead.open(reference)
    lead.press("Show")
    assert "I do not want to be counted." in lead.page.locator("main").inner_text()
    said = answered(lead, person, reference, "We no longer count you.", outcome="partly")
    assert "We have done part of what you asked." in said
    assert "complain" in said


def test_consent_taken_back_ends_what_gives_access_and_nothing_else(demo: Demo, guest: Guests, staff: Staff, tmp_path: Path) -> None:
    before, theirs = snapshot(demo, "mcpworks"), held(demo, "mcpworks", ZBIGNIEW[0])
    person, lead = guest("mcpworks", ZBIGNIEW), staff("ada")
    reference = person.wish("withdrawal")
    wait_for_state(demo, reference, "review")
    lead.wait_for_button(reference, "Revoke", "plan/")
    assert "It gives access, so it goes at once." in lead.page.locator("main").inner_text()
    lead.page.fill("#typed", reference)
    lead.press("Revoke")
    wait_for_state(demo, reference, "review")
    lead.wait_for(reference, "Confirm what stops")
    answered(lead, person, reference, "We no longer use your address for alerts.")
    mine = {table: theirs[table] for table in ("api_keys", "refresh_tokens") if table in theirs}
    assert mine
    assert changes(before, snapshot(demo, "mcpworks"), mine) == {}
    assert verified_receipt(demo, reference, tmp_path)["outcome"] == "complete"


@pytest.mark.parametrize(("right", "who"), [("opt_out_sale", HANNA), ("limit_sensitive", OMER)], ids=["opt-out", "limit"])
def test_who_opts_out_is_never_asked_for_proof_and_heard_within_fifteen_business_days(
    guest: Guests, staff: Staff, days: Days, right: str, who: tuple[str, str]
) -> None:
    person, today = guest("mcpworks", who, country="US-CA"), days.today("America/Vancouver")
    demo = person.demo
    reference = person.wish(right)
    assert not [text for text in letters_to(demo, person.address) if CODE.search(text)]
    assert due_of(demo, reference) == business_days_after(today, 15)
    assert state_of(demo, reference) == "open"
    letter(demo, person.address, reference, "needs no proof", f"by {spoken(due_of(demo, reference))}")
    assert "We ask for no proof" in person.come_back(reference)
    answered(staff("ada"), person, reference, "It is noted for good: nothing of yours is sold or shared.")


def business_days_after(start: date, count: int) -> date:
    """Counted on the fingers: no weekend, no federal holiday."""
    day, off = start, holidays.country_holidays("US")
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5 and day not in off
    return day


def test_a_complaint_from_britain_is_confirmed_at_once_and_answered_with_the_regulator_named(
    demo: Demo, guest: Guests, staff: Staff
) -> None:
    person, lead = guest("mcpworks", AENNE, country="GB", words="I have waited three weeks for an answer."), staff("ada")
    reference = person.wish("complaint")
    letter(demo, person.address, reference, "We have your request")
    assert "No law and no promise of ours names a number of days" in person.come_back(reference)
    said = answered(lead, person, reference, "You were right: the answer went out today.")
    assert "Information Commissioner" in said


def test_an_agent_asks_the_person_says_yes_and_only_the_person_gets_the_copy(
    demo: Demo, guest: Guests, staff: Staff, tmp_path: Path
) -> None:
    agent, person = guest("mcpr", BEN, whom="agent", other=LUKAS), guest("mcpr", LUKAS)
    reference = agent.wish("access")
    assert not demo.rows("SELECT id FROM exports_job WHERE reference = ?", reference)
    asked = letter(demo, person.address, "/allow/")
    known = len(letters_to(demo, person.address))
    person.page.goto(re.findall(r"^http\S+/allow/\S+", asked, re.MULTILINE)[0])
    judge(person.page)
    assert agent.name in person.page.locator("main").inner_text()
    person.press("Send me the code")
    person.page.fill("#code", fresh_code(demo, person.address, known))
    judge(person.page)
    person.press("They may act for me")
    wait_for_state(demo, reference, "review")
    staff("ines").release(reference)
    letter(demo, person.address, reference, "You can download it until")
    archive = person.download(reference, tmp_path)
    bag = unpacked(archive, tmp_path / "bag")
    assert_sound(demo, bag, archive)
    assert_only_theirs(records(bag), held(demo, "mcpr", person.address))
    agent.go(f"request/{reference}/download/")
    assert "We cannot show you a request here yet" in agent.page.locator("main").inner_text()
    told = letter(demo, agent.address, reference, "Our answer went to them alone")
    assert person.name not in told
    assert len(letters_to(demo, agent.address)) == 2  # the code, when they asked, and that there is an answer


def test_a_guardian_shows_that_they_may_and_two_people_delete_what_is_the_childs(
    demo: Demo, guest: Guests, staff: Staff, tmp_path: Path
) -> None:
    before, theirs = snapshot(demo, "mcpr"), held(demo, "mcpr", MOSES[0])
    guardian, officer, lead = guest("mcpr", ANNA, whom="guardian", other=MOSES), staff("kofi"), staff("ines")
    reference = guardian.wish("deletion")
    assert "We must make sure that you may ask for them." in guardian.come_back(reference)
    assert not demo.rows("SELECT id FROM exports_job WHERE reference = ?", reference)
    typed(officer, f"{reference}/authority/", "They may ask", text="Birth certificate, shown in a call.", shows=("may", "theirs"))
    wait_for_state(demo, reference, "review")
    officer.wait_for_button(reference, "I agree with this plan", "plan/")
    officer.press("I agree with this plan")
    lead.approve(reference)
    wait_for_end(demo, reference)
    letter(demo, guardian.address, reference, "certificate", f"the data of {MOSES[1]}, for whom {ANNA[1]} asked")
    assert letters_to(demo, MOSES[0]) == []
    assert changes(before, snapshot(demo, "mcpr"), theirs) == {}
    assert verified_receipt(demo, reference, tmp_path)["outcome"] == "complete"
