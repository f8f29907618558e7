"""Each way out of a request, from the form on a phone over the desk to the last letter: with real workers, against the stores by SQL.

All of it stands on one demo that goes by a calendar of its own. Everybody asks for one thing at one place, so that the stories may be
told in any order, however many weeks have passed.
"""

import re
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from dateutil.relativedelta import relativedelta
from playwright.sync_api import BrowserContext

from tests.browsers import follow
from tests.processes import Demo, eventually
from tests.stories.days import Days
from tests.stories.guests import Guest, can_be_read, due_of, on_paper, says, spoken, typed, verified_receipt, wait_for_state
from tests.stories.holdings import Held, Row, assert_only_theirs, changes, held, opened, snapshot
from tests.stories.portal import REFERENCE, Desk, assert_sound, judge, letter, records, state_of, unpacked, wait_for_end
from tests.stories.virginia import move_garden

pytestmark = pytest.mark.story
MOSES = ("moses.okonkwo@example.org", "Moses Okonkwo")
SIOBHAN = ("siobhan.smith@example.ca", "Siobhán Smith")
ANAIS = ("anais.lhopital@example.ca", "Anaïs L’Hôpital")
HELENE = ("helene.nunezroy@example.com", "Hélène Nuñez-Roy")
LUKAS = ("lukas.weiss@example.net", "Lukas Weiß")
BJORN = ("bjorn.lindstrom@example.org", "Björn Lindström")
OLENA = ("olena.kravets@example.net", "Олена Кравець")
ORJAN = ("orjan.sjogren@example.ca", "Örjan Sjögren")
LOIC = ("loic.lefevre@example.net", "Loïc Lefèvre")
WORDS = "a long enough password"
Guests = Callable[..., Guest]
Staff = Callable[[str], Desk]


@pytest.fixture(scope="module")
def demo(quiet_demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The garden has moved to Virginia."""
    move_garden(quiet_demo, tmp_path_factory.mktemp("virginia"))
    return quiet_demo


@pytest.fixture
def newcomer(demo: Demo, new_browser: Callable[..., BrowserContext]) -> Callable[[str, str], Desk]:
    """Somebody who became a lead of the garden a minute ago: the first sign-in, by a mailed link."""

    def one(address: str, name: str) -> Desk:
        demo.manage("staff", "garden", address, "lead", "--name", name)
        page = new_browser().new_page()
        page.goto(f"{demo.url}/desk/account/password/reset/")
        page.fill("input[name=email]", address)
        follow(page.get_by_role("button", name="Send me a link"))
        page.goto(re.findall(r"^http\S+", letter(demo, address, "Choose your password"), re.MULTILINE)[0])
        for field in ("password1", "password2"):
            page.fill(f"input[name={field}]", WORDS)
        follow(page.get_by_role("button", name="Keep this password"))
        follow(page.locator("main").get_by_role("link", name="Sign in"))
        page.fill("input[name=login]", address)
        page.fill("input[name=password]", WORDS)
        follow(page.get_by_role("button", name="Sign in with password"))
        return Desk(demo, page, address)

    return one


def test_a_refusal_takes_two_and_an_appeal_a_third_who_overturns_it(
    guest: Guests, staff: Staff, newcomer: Callable[[str, str], Desk], days: Days, tmp_path: Path
) -> None:
    person = guest("garden", MOSES)
    demo, before = person.demo, snapshot(person.demo, "garden")
    reference = person.wish("access")
    wait_for_state(demo, reference, "review")
    typed(staff("liam"), f"{reference}/refuse/", "Propose it to a lead", ground="excessive", text="Fourteen since May; the log shows each.")
    lead = staff("claire")
    assert "Liam Roy proposed to refuse this request: The request is excessive" in says(lead, reference)
    follow(lead.page.get_by_role("link", name="Decide about the refusal"))
    lead.press("Refuse and tell the person")  # the ground is chosen, and the reason stands there
    refusal = letter(demo, person.address, reference, "We cannot do what you asked", "go to a court", "Attorney General of Virginia")
    assert "What we had gathered for this request has been destroyed." in on_paper(demo, person.address)
    assert not can_be_read(demo, reference)

    appeal = appealed(person, reference, refusal)
    assert due_of(demo, appeal) == days.today("America/New_York") + timedelta(days=60)
    assert spoken(due_of(demo, appeal)) in person.come_back(appeal)
    lead.open(appeal, "decide-appeal/")
    assert "somebody else must decide" in lead.page.locator("main").inner_text()
    second = newcomer("nadia@example.org", "Nadia Haddad")
    typed(
        second, f"{appeal}/decide-appeal/", "Decide and tell the person", verdict="overturned", text="The others came from another mailbox."
    )
    letter(demo, person.address, appeal, "You are right, and we go on.", f"opened your request {reference} again")

    wait_for_state(demo, reference, "review")
    second.release(reference)
    letter(demo, person.address, reference, "You can download it until")
    person.come_back(reference)
    archive = person.download(reference, tmp_path)
    bag = unpacked(archive, tmp_path / "bag")
    assert_sound(demo, bag, archive)
    assert_only_theirs(records(bag), held(demo, "garden", person.address))
    assert snapshot(demo, "garden") == before


def appealed(person: Guest, reference: str, refusal: str) -> str:
    """By the link in the letter; the reference of the appeal."""
    person.come_back(reference)
    person.page.goto(next(line for line in refusal.splitlines() if line.endswith("/appeal/")))
    judge(person.page)
    person.page.fill("#message", "I asked once. The others were not mine.")
    person.press("Send my appeal")
    return REFERENCE.findall(person.page.url)[0]


def test_more_time_is_taken_once_and_the_new_date_is_kept(demo: Demo, guest: Guests, staff: Staff) -> None:
    person = guest("mcpworks", HELENE, country="DE")
    reference = person.wish("access")
    wait_for_state(demo, reference, "review")
    first = due_of(demo, reference)
    officer = staff("otto")
    typed(officer, f"{reference}/extend/", "Tell the person", reason="volume")
    later = due_of(demo, reference)
    assert later > first
    letter(demo, person.address, f"by {spoken(first)}", f"We now reply by {spoken(later)}", "Why:", "complain")
    page = person.come_back(reference)
    assert f"We must reply by {spoken(later)}" in page
    assert "the law allows that once" in page
    assert "Extended once" in says(officer, reference)
    assert officer.page.get_by_role("link", name="Extend", exact=True).count() == 0
    staff("ada").release(reference)
    letter(demo, person.address, reference, "You can download it until")


def test_while_a_question_waits_the_british_month_stands_still(demo: Demo, guest: Guests, staff: Staff, days: Days) -> None:
    person, today = guest("garden", SIOBHAN, country="GB"), days.today("America/New_York")
    reference = person.wish("access")
    wait_for_state(demo, reference, "review")
    first = due_of(demo, reference)
    typed(staff("liam"), f"{reference}/message/", "Send", kind="clarification", text="Do you mean your old department, too?")
    letter(demo, person.address, reference, "We have a question", "We need your answer by")
    page = person.come_back(reference)
    assert "We asked you a question" in page
    assert "Stands still until you answer" in page
    days.pass_by(5, demo)
    person.say(reference, "Only the new one.")
    wait_for_state(demo, reference, "review")
    unrolled = today + relativedelta(months=1) + timedelta(days=6)  # the day of the question and that of the answer included
    assert unrolled <= due_of(demo, reference) < unrolled + timedelta(days=5)
    assert due_of(demo, reference) > first
    assert spoken(due_of(demo, reference)) in person.come_back(reference)
    staff("claire").release(reference)
    letter(demo, person.address, reference, "You can download it until")


def test_a_deletion_that_is_taken_back_has_deleted_nothing(demo: Demo, guest: Guests, staff: Staff) -> None:
    before, person = snapshot(demo, "mcpworks"), guest("mcpworks", LUKAS)
    reference = person.wish("deletion")
    lead = staff("ada")
    wait_for_state(demo, reference, "review")
    lead.wait_for_button(reference, "Delete", "plan/")
    person.come_back(reference)
    follow(person.page.get_by_role("link", name="Take this request back"))
    judge(person.page)
    person.press("Take my request back")
    judge(person.page)
    letter(demo, person.address, reference, "We have stopped, and nothing of your data was changed")
    assert state_of(demo, reference) == "withdrawn"
    assert "took the request back" in says(lead, reference)
    lead.open(reference, "plan/")
    assert lead.page.locator(".button.danger").count() == 0
    assert not can_be_read(demo, reference)
    assert snapshot(demo, "mcpworks") == before


def test_the_same_request_twice_is_answered_once(demo: Demo, guest: Guests, staff: Staff) -> None:
    first, second = (guest("mcpworks", BJORN) for _time in range(2))
    kept, doubled = first.wish("access"), second.wish("access")
    assert kept in second.page.locator("main").inner_text()
    wait_for_state(demo, doubled, "review")
    officer = staff("otto")
    assert kept in says(officer, doubled)
    typed(officer, f"{doubled}/join/", "Mark as a duplicate", other=kept)
    letter(demo, first.address, f"We answer one of the two requests: {kept}. This one, {doubled}, ends here.", spoken(due_of(demo, kept)))
    assert kept in second.come_back(doubled)
    staff("ada").release(kept)
    letter(demo, first.address, kept, "You can download it until")
    assert state_of(demo, doubled) == "duplicate"


def test_a_fee_is_announced_objected_to_and_dropped_while_the_date_stands(demo: Demo, guest: Guests, staff: Staff) -> None:
    person, lead = guest("mcpworks", ORJAN), staff("ada")
    free = person.wish("access")
    assert "Announce a fee" not in says(lead, free)
    wait_for_state(demo, free, "review")
    lead.release(free)
    letter(demo, person.address, free, "You can download it until")
    reference = person.wish("access")
    wait_for_state(demo, reference, "review")
    due = due_of(demo, reference)
    typed(lead, f"{reference}/fee/", "Tell the person", amount="CAD 10.00", text="Reading the tapes of March.", how="By card.")
    letter(demo, person.address, reference, "CAD 10.00", "Reading the tapes of March.", spoken(due), "take the request back")
    assert "We would like to ask CAD 10.00 for this request." in person.come_back(reference)
    assert due_of(demo, reference) == due
    person.say(reference, "I cannot pay that.")
    lead.open(reference)
    lead.press("Do not ask for it")
    letter(demo, person.address, reference, "We no longer ask for it, and go on")
    lead.release(reference)
    letter(demo, person.address, reference, "You can download it until")


def test_a_large_deletion_is_agreed_to_by_one_and_approved_by_another(demo: Demo, guest: Guests, staff: Staff, tmp_path: Path) -> None:
    before, theirs = snapshot(demo, "garden"), held(demo, "garden", ANAIS[0])
    person = guest("garden", ANAIS)
    reference = person.wish("deletion")
    lead, officer = staff("claire"), staff("liam")
    wait_for_state(demo, reference, "review")
    lead.wait_for_button(reference, "I agree with this plan", "plan/")
    assert lead.page.locator(".button.danger").count() == 0
    officer.open(reference, "plan/")
    officer.press("I agree with this plan")
    lead.approve(reference)
    wait_for_end(demo, reference)
    letter(demo, person.address, reference, "certificate")
    found = changes(before, snapshot(demo, "garden"), theirs)
    assert {table for table, change in found.items() if change.left} == {"departments"}  # others are there
    assert not [table for table, change in found.items() if change.lost or change.new]
    assert verified_receipt(demo, reference, tmp_path)["outcome"] == "complete"


def test_what_is_on_hold_stays_until_it_is_let_go_before_the_answer_or_after_it(
    guest: Guests, staff: Staff, days: Days, tmp_path: Path
) -> None:
    person, lead = guest("mcpworks", OLENA), staff("ada")
    demo, theirs = person.demo, held(person.demo, "mcpworks", person.address)
    reference = person.wish("deletion")
    for title in ("Request log", "Error reports"):
        wait_for_state(demo, reference, "review")
        lead.wait_for(reference, f"Hold {title}", "plan/")
        link = lead.page.get_by_role("link", name=f"Hold {title}").get_attribute("href")
        line = parse_qs(urlsplit(str(link)).query)["line"][0]
        typed(lead, f"{reference}/hold/", "Hold it", line=line, ground="claims", text="Letter of their lawyer, 3 November.")
        assert f"On hold: {title}." in says(lead, reference)
    wait_for_state(demo, reference, "review")
    follow(lead.page.get_by_role("link", name="Let it go").last)
    lead.page.locator("main [name=text]").fill("The lawyer does not need the reports.")
    lead.press("Let it go")
    wait_for_state(demo, reference, "review")
    assert "We need it for a legal claim." in lead.approve(reference)
    wait_for_end(demo, reference)
    letter(demo, person.address, reference, "Some of it we must keep", "certificate")
    receipt = verified_receipt(demo, reference, tmp_path)
    assert [one["category"] for one in receipt["kept"] if one["basis"] == "legal_hold"] == ["request_log"]
    assert still_there(demo, "request_log", theirs) == theirs["request_log"]
    assert still_there(demo, "error_reports", theirs) == []

    lead.open(reference)
    follow(lead.page.get_by_role("link", name="Let it go"))
    lead.page.locator("main [name=text]").fill("The claim is settled.")
    lead.press("Let it go")
    days.pass_by(2, demo)
    assert eventually(lambda: still_there(demo, "request_log", theirs) == [], within=90)
    assert state_of(demo, reference) == "answered"


def still_there(demo: Demo, table: str, theirs: Held) -> list[Row]:
    """Which of these rows of the log stand as they did."""
    with opened(demo, "mcpworks") as database:
        database.row_factory = sqlite3.Row
        found = [dict(row) for row in database.execute(f"SELECT * FROM {table}")]
    return [row for row in theirs[table] if row in found]
