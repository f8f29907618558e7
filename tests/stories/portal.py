"""The two sides of a story: a person with a browser and a mailbox, and a member of staff at the desk."""

import email
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from email.policy import default
from pathlib import Path

from playwright.sync_api import Page

from tests.browsers import assert_accessible
from tests.processes import Demo, eventually

CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
REFERENCE = re.compile(r"DR-[0-9A-Z]{4}-[0-9A-Z]{2}")


def letters_to(demo: Demo, address: str) -> list[str]:
    """The texts of the mail to an address, oldest first."""
    found = []
    for path in sorted((demo.folder / "outbox").glob("*.eml"), key=lambda p: p.stat().st_mtime_ns):
        message = email.message_from_bytes(path.read_bytes(), policy=default)
        body = message.get_body(("plain",))
        if address in str(message["To"]) and body is not None:
            found.append(body.get_content())
    return found


def fresh_code(demo: Demo, address: str, known: int) -> str:
    """The code of the next mail to this address after `known` messages."""
    assert eventually(lambda: any(CODE.search(text) for text in letters_to(demo, address)[known:])), f"no code came to {address}"
    return [CODE.findall(text)[0] for text in letters_to(demo, address)[known:] if CODE.search(text)][-1]


@dataclass
class Visitor:
    """Somebody who asks about their data."""

    demo: Demo
    page: Page
    organisation: str
    address: str
    name: str

    def go(self, path: str) -> None:
        self.page.goto(f"{self.demo.url}/o/{self.organisation}/{path}")

    def press(self, words: str) -> None:
        self.page.get_by_role("button", name=words, exact=True).click()

    def ask(self, right: str) -> str:
        """From the start page to the date; the reference."""
        known = len(letters_to(self.demo, self.address))
        self.go("")
        assert_accessible(self.page)
        self.page.get_by_role("link", name="Start", exact=True).click()
        self.page.locator(f"input[name=right][value={right}]").check()
        self.press("Continue")
        self.page.fill("#name", self.name)
        self.page.fill("#email", self.address)
        self.press("Continue")
        if right == "deletion":
            assert_accessible(self.page)
            self.press("Continue with deletion")
        assert_accessible(self.page)
        self.press("Send my request")
        self.page.fill("#code", fresh_code(self.demo, self.address, known))
        known = len(letters_to(self.demo, self.address))
        assert_accessible(self.page)
        self.press("Confirm my request")
        if right == "deletion":
            self.page.fill("#code", fresh_code(self.demo, self.address, known))
            self.press("Yes, delete my data")
        self.page.get_by_text("We have your request").first.wait_for()
        assert_accessible(self.page)
        return REFERENCE.findall(self.page.locator(".plate").inner_text())[0]

    def download(self, reference: str, folder: Path) -> Path:
        """Their copy, with a fresh code."""
        known = len(letters_to(self.demo, self.address))
        self.go(f"request/{reference}/download/")
        if self.page.locator("#code").count() == 0:
            self.page.locator("main form button").first.click()
        self.page.fill("#code", fresh_code(self.demo, self.address, known))
        assert_accessible(self.page)
        with self.page.expect_download() as started:
            self.page.get_by_role("button", name="Download my copy").click()
        target = folder / started.value.suggested_filename
        started.value.save_as(target)
        return target


@dataclass
class Desk:
    """A member of staff who is signed in."""

    demo: Demo
    page: Page
    address: str

    def sign_in(self) -> "Desk":
        password = re.findall(r"with the password (\S+)", self.demo.text)[0]
        self.page.goto(f"{self.demo.url}/desk/")
        assert_accessible(self.page)
        self.page.fill("input[name=login]", self.address)
        self.page.fill("input[name=password]", password)
        self.page.get_by_role("button", name="Sign in with password").click()
        self.page.get_by_role("heading", name="Open requests").wait_for()
        return self

    def open(self, reference: str, tail: str = "") -> None:
        self.page.goto(f"{self.demo.url}/desk/case/{reference}/{tail}")
        assert_accessible(self.page)

    def wait_for_button(self, reference: str, words: str, tail: str = "") -> None:
        """Until the next step is there: workers gather and rehearse meanwhile."""

        def is_there() -> bool:
            self.open(reference, tail)
            return self.page.get_by_role("button", name=words).count() > 0

        assert eventually(is_there, within=60), self.page.locator("main").inner_text()


def store(demo: Demo, organisation: str, name: str) -> sqlite3.Connection:
    """A sample database, as its owner sees it."""
    return sqlite3.connect(f"file:{demo.folder}/samples/{organisation}/{name}.sqlite3?mode=ro", uri=True)


def tables(database: sqlite3.Connection) -> Iterator[str]:
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"):
        yield name


def rows(database: sqlite3.Connection, statement: str, *values: object) -> set[tuple[object, ...]]:
    """All rows of a question, as a set: sample tables have keys, so none is lost."""
    return set(database.execute(statement, values))
