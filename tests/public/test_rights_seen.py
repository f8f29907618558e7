"""Corrections, packages to take elsewhere and withdrawals in a real browser, against MCPWorks’ sample store: seen, used, checked by SQL."""

import hashlib
import json
import sqlite3
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from exports import api
from exports.flows.registering import load_organisation
from portal.organisations.models import Organisation
from requests_app.models import Case
from tests.desk.test_correcting import letter, worked
from tests.people import PASSWORD, a_member
from tests.public.test_seen import seen, type_code

pytestmark = [pytest.mark.story, pytest.mark.django_db(transaction=True)]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RITA = "rita.lindqvist@example.org"


@pytest.fixture
def store(transactional_db: None, mcpworks_store: Path) -> Path:
    load_organisation(EXAMPLES / "mcpworks", stores=mcpworks_store)
    a_member("Ada", "lead", Organisation.objects.get(key="mcpworks"))
    return mcpworks_store


@pytest.fixture
def desk(new_browser: Callable[..., BrowserContext], live: str, store: Path) -> Page:
    """Ada, signed in."""
    page = new_browser().new_page()
    page.goto(f"{live}/desk/")
    page.fill("input[name=login]", "ada@example.org")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in with password").click()
    page.get_by_role("heading", name="Open requests").wait_for()
    return page


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def choose(page: Page, live: str, right: str) -> None:
    page.goto(f"{live}/o/mcpworks/")
    seen(page, "Your data is yours")
    page.get_by_role("link", name="Start").click()
    seen(page, "What would you like us to do?")
    page.locator(f"input[name=right][value={right}]").check()
    go_on(page)


def send(page: Page) -> Case:
    """Who it is, the check, the code, the date."""
    seen(page, "How can we find you?")
    page.get_by_label("Your name").fill("Rita Lindqvist")
    page.get_by_label("Email address").fill(RITA)
    go_on(page)
    seen(page, "Check your answers")
    page.get_by_role("button", name="Send my request").click()
    type_code(page, "confirm", "Confirm my request")
    seen(page, "We have your request.")
    page.get_by_role("link", name="Follow your request").click()
    case = Case.objects.order_by("-pk")[0]
    assert case.reference in page.content()
    seen(page, page.locator("h1").inner_text())
    return case


def at_desk(page: Page, live: str, case: Case, tail: str = "") -> None:
    page.goto(f"{live}/desk/case/{case.reference}/{tail}")
    seen(page, page.locator("h1").inner_text())


def rows(store: Path, statement: str, *values: object) -> list[tuple[object, ...]]:
    base = sqlite3.connect(store / "accounts.sqlite3")
    try:
        return base.execute(statement, values).fetchall()
    finally:
        base.close()


def everybody_else(store: Path, account: object) -> str:
    """A checksum of both databases without one account's own row and tokens."""
    parts = hashlib.sha256()
    for path in sorted(store.glob("*.sqlite3")):
        base = sqlite3.connect(path)
        for (table,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            if table in ("api_keys", "refresh_tokens"):
                held = base.execute(f"SELECT * FROM {table} WHERE account_id <> ? ORDER BY 1", [account]).fetchall()
            else:
                held = [row for row in base.execute(f"SELECT * FROM {table} ORDER BY 1") if table != "accounts" or row[0] != account]
            parts.update(repr((table, held)).encode())
        base.close()
    return parts.hexdigest()


def test_a_wrong_plan_is_corrected_and_everybody_else_is_as_before(page: Page, live: str, desk: Page, store: Path) -> None:
    ((account, plan),) = rows(store, "SELECT id, tier FROM accounts WHERE email = ?", RITA)
    others, wanted = everybody_else(store, account), "pro" if plan != "pro" else "builder"
    choose(page, live, "correction")
    seen(page, "What is wrong?")
    go_on(page)
    seen(page, "What is wrong?")
    page.get_by_label("Plan", exact=True).first.check()
    go_on(page)
    seen(page, "What should it say?")
    page.get_by_label("What it says now").fill(str(plan))
    page.get_by_label("What it should say").fill(wanted)
    page.get_by_label("How can we see that it is so?").fill("My last invoice says so.")
    go_on(page)
    seen(page, "Is there anything else to correct?")
    page.get_by_role("button", name="That is all").click()
    case = send(page)

    case = worked(case)
    at_desk(desk, live, case)
    desk.get_by_role("link", name="Decide the correction").first.click()
    seen(desk, "Decide the correction")
    desk.get_by_role("button", name="Show the corrections").click()
    seen(desk, "Decide the correction")
    desk.get_by_label("Correct it").check()
    desk.get_by_role("button", name="Do as decided, and answer").click()

    case = worked(case)
    assert case.outcome == "done"
    assert rows(store, "SELECT tier FROM accounts WHERE id = ?", account) == [(wanted,)]
    assert everybody_else(store, account) == others
    assert "Changed in 1 record, and read again." in letter(case, "answer_correction")
    at_desk(desk, live, case)
    page.reload()
    seen(page, "A correction of your data")
    assert "We have answered." in page.content()


def test_data_to_take_elsewhere_is_what_she_gave_and_the_letter_names_what_is_not(page: Page, live: str, desk: Page, store: Path) -> None:
    choose(page, live, "portability")
    case = worked(send(page))
    at_desk(desk, live, case)
    desk.get_by_role("button", name="Release the archive").click()
    case = worked(case)
    assert case.job_id
    with zipfile.ZipFile(BytesIO(b"".join(api.open_archive(case.job_id)))) as bag:
        held = {name.rsplit("/", 1)[1][:-5]: len(json.loads(bag.read(name))) for name in bag.namelist() if "/records/" in name}
    ((account,),) = rows(store, "SELECT id FROM accounts WHERE email = ?", RITA)
    for name, count in held.items():
        if name.removeprefix("accounts-") in ("executions", "api_keys"):
            assert rows(store, f"SELECT count(*) FROM {name.removeprefix('accounts-')} WHERE account_id = ?", account) == [(count,)]
    assert not {name for name in held if "audit" in name or "security" in name or "request" in name}
    said = letter(case, "answer_access")
    assert "Your data, to take with you" in said
    assert "Log of who did what in your account" in said
    assert "A copy of your data holds it." in said


def test_consent_taken_back_ends_keys_and_sessions_and_nothing_else(page: Page, live: str, desk: Page, store: Path) -> None:
    ((account,),) = rows(store, "SELECT id FROM accounts WHERE email = ?", RITA)
    whole, others = rows(store, "SELECT * FROM accounts ORDER BY id"), everybody_else(store, account)
    choose(page, live, "withdrawal")
    seen(page, "Which of these may we no longer use?")
    page.locator("input[name=uses]").first.check()
    go_on(page)
    case = worked(send(page))
    at_desk(desk, live, case)
    desk.get_by_role("link", name="Check what ends").click()
    seen(desk, "Check what ends")
    desk.fill("#typed", case.reference)
    desk.locator(".button.danger").click()
    case = worked(case)
    at_desk(desk, live, case)
    desk.get_by_role("link", name="Confirm what stops").first.click()
    seen(desk, "Confirm what stops")
    desk.locator("input[value=done]").check()
    desk.get_by_label("What we did").fill("We no longer use your address for alerts.")
    desk.get_by_role("button", name="Answer the person").click()
    case.refresh_from_db()
    assert case.outcome == "done"
    for table in ("api_keys", "refresh_tokens"):
        assert rows(store, f"SELECT count(*) FROM {table} WHERE account_id = ?", account) == [(0,)]
    assert rows(store, "SELECT * FROM accounts ORDER BY id") == whole
    assert everybody_else(store, account) == others
    assert "they are gone" in letter(case, "answer_done")


@pytest.mark.parametrize(
    ("right", "heading"),
    [
        ("objection", "Which use do you object to?"),
        ("restriction", "Which use should pause?"),
        ("complaint", "What would you like to complain about?"),
        ("opt_out_sale", "Do not sell or share my data"),
    ],
)
def test_every_other_question_can_be_seen_and_an_officer_sees_what_was_asked(
    page: Page, live: str, desk: Page, right: str, heading: str
) -> None:
    choose(page, live, right)
    seen(page, heading)
    if page.locator("input[name=uses]").count():
        page.locator("input[name=uses]").first.check()
        go_on(page)
        seen(page, "Would you like to say why?")
    if page.locator("#words").count():
        page.fill("#words", "I waited three weeks for an answer.")
    go_on(page)
    page.get_by_label("Your name").fill("Rita Lindqvist")
    page.get_by_label("Email address").fill(RITA)
    go_on(page)
    page.get_by_role("button", name="Send my request").click()
    if right != "opt_out_sale":
        type_code(page, "confirm", "Confirm my request")
    seen(page, "We have your request.")
    case = Case.objects.get()
    at_desk(desk, live, case)
    at_desk(desk, live, case, "answer/")
