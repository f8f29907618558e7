"""The two sides of a story: a person with a browser and a mailbox, and a member of staff at the desk."""

import email
import json
import re
import sqlite3
import subprocess
import zipfile
from dataclasses import dataclass
from datetime import date
from email.policy import default
from pathlib import Path
from typing import Any

import bagit
from frictionless import validate
from playwright.sync_api import Page

from tests.browsers import assert_accessible, follow
from tests.processes import Demo, eventually

PHONE = {"width": 390, "height": 844}
CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
LINK = re.compile(r"^http://localhost:\d+/o/\S+/confirm/\S+/", re.MULTILINE)
JUDGED: set[tuple[str, ...]] = set()
REFERENCE = re.compile(r"DR-[0-9A-Z]{4}-[0-9A-Z]{2}")


def letters_to(demo: Demo, address: str) -> list[str]:
    """The texts of the mail to an address, oldest first."""
    found = []
    for path in sorted((demo.folder / "outbox").glob("*.eml"), key=lambda p: p.stat().st_mtime_ns):
        message = email.message_from_bytes(path.read_bytes(), policy=default)
        body = message.get_body(("plain",))
        if address in [one.addr_spec for one in message["To"].addresses] and body is not None:
            found.append(body.get_content())
    return found


def letter(demo: Demo, address: str, *words: str, within: float = 120) -> str:
    """The letter to this address that holds all these words, once it is there."""

    def found() -> list[str]:
        return [text for text in letters_to(demo, address) if all(word in text for word in words)]

    assert eventually(lambda: bool(found()), within=within), f"No letter with {words} came. {_came(demo, address)}"
    return found()[-1]


def fresh_code(demo: Demo, address: str, known: int) -> str:
    """The code of the next mail to this address after `known` messages."""

    def codes() -> list[str]:
        return [CODE.findall(text)[0] for text in letters_to(demo, address)[known:] if CODE.search(text)]

    assert eventually(lambda: bool(codes()), within=60), f"No code came after {known} letters. {_came(demo, address)}"
    return codes()[-1]


def _came(demo: Demo, address: str) -> str:
    return "\n---\n".join([f"To {address} came:", *letters_to(demo, address)])


def judge(page: Page) -> None:
    """Each sort of page once: it is the same page for the next person."""
    sort = (REFERENCE.sub("", page.url), *page.locator("h1").all_inner_texts(), str(page.viewport_size))
    if sort not in JUDGED:
        assert_accessible(page)
        JUDGED.add(sort)


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
        follow(self.page.get_by_role("button", name=words, exact=True))

    def ask(self, right: str, *, thing: str = "", value: str = "") -> str:
        """From the start page to the date; the reference. A correction names a thing and what it should say."""
        known = len(letters_to(self.demo, self.address))
        self.choose(right)
        if right == "correction":
            self._correct(thing, value)
        if self.organisation not in ("mcpworks", "cpzai"):  # their policies name an age
            judge(self.page)
            self.page.locator("input[name=whom][value=self]").check()
            self.press("Continue")
        self.page.fill("#name", self.name)
        self.page.fill("#email", self.address)
        self.press("Continue")
        if right == "deletion":
            judge(self.page)
            self.press("Continue with deletion")
        judge(self.page)
        self.press("Send my request")
        self.page.fill("#code", fresh_code(self.demo, self.address, known))
        known = len(letters_to(self.demo, self.address))
        judge(self.page)
        self.press("Confirm my request")
        if right == "deletion":
            self.page.fill("#code", fresh_code(self.demo, self.address, known))
            self.press("Yes, delete my data")
        return self.has_asked()

    def choose(self, right: str) -> None:
        """The start page and the first question."""
        self.go("")
        judge(self.page)
        follow(self.page.get_by_role("link", name="Start", exact=True))
        self.page.locator(f"input[name=right][value={right}]").check()
        self.press("Continue")

    def confirm_by_link(self) -> str:
        """The link in the mail that answers a call or a mail, its button, and the code where one is asked; the reference."""
        invited = letter(self.demo, self.address, f"/o/{self.organisation}/confirm/")
        known = len(letters_to(self.demo, self.address))
        self.page.goto(LINK.findall(invited)[0])
        judge(self.page)
        follow(self.page.locator("main form button").first)
        if self.page.locator("#code").count():
            self.page.fill("#code", fresh_code(self.demo, self.address, known))
            judge(self.page)
            follow(self.page.locator("main form button").first)
        return self.has_asked()

    def _correct(self, thing: str, value: str) -> None:
        judge(self.page)
        self.page.locator(f"input[name=thing][value='{thing}']").check()
        self.press("Continue")
        self.page.get_by_label("What it should say").fill(value)
        judge(self.page)
        self.press("Continue")
        judge(self.page)
        self.press("That is all")

    def has_asked(self) -> str:
        """The date has come; the reference."""
        self.page.get_by_text("We have your request").first.wait_for()
        judge(self.page)
        return REFERENCE.findall(self.page.locator(".plate").inner_text())[0]

    def download(self, reference: str, folder: Path) -> Path:
        """Their copy, with a fresh code."""
        known = len(letters_to(self.demo, self.address))
        self.go(f"request/{reference}/download/")
        if self.page.locator("#code").count() == 0:
            follow(self.page.locator("main form button").first)
        self.page.fill("#code", fresh_code(self.demo, self.address, known))
        judge(self.page)
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
        judge(self.page)
        self.page.fill("input[name=login]", self.address)
        self.page.fill("input[name=password]", password)
        self.press("Sign in with password")
        self.page.get_by_role("heading", name="Open requests").wait_for()
        return self

    def open(self, reference: str, tail: str = "") -> None:
        self.page.goto(f"{self.demo.url}/desk/case/{reference}/{tail}")
        judge(self.page)

    def wait_for_button(self, reference: str, words: str, tail: str = "") -> None:
        """Until the next step is there: workers gather and rehearse meanwhile."""
        self.wait_for(reference, words, tail, role="button")

    def wait_for(self, reference: str, words: str, tail: str = "", *, role: Any = "link") -> None:
        def is_there() -> bool:
            self.open(reference, tail)
            return self.page.get_by_role(role, name=words).count() > 0

        assert eventually(is_there, within=120), f"no {role} “{words}” here:\n{self.page.locator('main').inner_text()}"

    def press(self, words: str) -> None:
        follow(self.page.get_by_role("button", name=words))

    def release(self, reference: str) -> None:
        self.wait_for_button(reference, "Release the archive")
        self.press("Release the archive")

    def approve(self, reference: str) -> str:
        """The plan of a deletion, read and approved as a lead does it; what the page said."""
        self.wait_for_button(reference, "Delete", "plan/")
        said = self.page.locator("main").inner_text()
        self.page.fill("#typed", reference)
        follow(self.page.locator(".button.danger"))
        return said

    def enter(self, right: str, address: str, name: str) -> str:
        """A request that came by phone; its reference."""
        self.page.goto(f"{self.demo.url}/desk/enter/")
        judge(self.page)
        self.page.locator(f"input[name=right][value={right}]").check()
        self.page.locator("input[name=channel][value=phone]").check()
        self.page.fill("#received_on", f"{date.today():%Y-%m-%d}")
        self.page.fill("#name", name)
        self.page.fill("#email", address)
        self.press("Open the request")
        return REFERENCE.findall(self.page.url)[0]

    def write_down(self, reference: str, thing: str, value: str) -> None:
        """What somebody said should be corrected."""
        self.open(reference, "correct/add/")
        self.page.locator(f"input[name=thing][value='{thing}']").check()
        self.page.get_by_label("What it should say").fill(value)
        judge(self.page)
        self.press("Keep the correction")

    def correct(self, reference: str) -> str:
        """Everything that was asked to be corrected is looked at and accepted; what the page said."""
        self.wait_for(reference, "Decide the correction")
        self.open(reference, "correct/")
        self.press("Show the corrections")
        judge(self.page)
        said = self.page.locator("main").inner_text()
        self.page.get_by_label("Correct it").check()
        self.press("Do as decided, and answer")
        return said


def store(demo: Demo, organisation: str, name: str) -> sqlite3.Connection:
    """A sample database, as its owner sees it."""
    return sqlite3.connect(f"file:{demo.folder}/samples/{organisation}/{name}.sqlite3?mode=ro", uri=True)


def rows(database: sqlite3.Connection, statement: str, *values: object) -> set[tuple[object, ...]]:
    """All rows of a question, as a set: sample tables have keys, so none is lost."""
    return set(database.execute(statement, values))


def state_of(demo: Demo, reference: str) -> str:
    ((state,),) = demo.rows("SELECT state FROM requests_app_case WHERE reference = ?", reference)
    return str(state)


def wait_for_end(demo: Demo, reference: str) -> None:
    """Until the person has been answered."""
    assert eventually(lambda: state_of(demo, reference) in {"answered", "closed"}, within=180), demo.manage(
        "case", reference, "show", "--json"
    )


def unpacked(archive: Path, folder: Path) -> Path:
    """The folder that the archive holds."""
    with zipfile.ZipFile(archive) as package:
        package.extractall(folder)
    (bag,) = folder.iterdir()
    return bag


def records(bag: Path) -> dict[str, list[dict[str, Any]]]:
    """What lies in an archive, by table."""
    return {path.stem.rpartition("-")[2]: json.loads(path.read_text()) for path in (bag / "data" / "records").glob("*.json")}


def addresses(bag: Path) -> set[str]:
    """Every address of a person that its records name."""
    text = "".join(path.read_text() for path in (bag / "data" / "records").glob("*.json"))
    return set(re.findall(r"[\w.+-]+@example\.(?:org|com|net|ca)", text))


def assert_sound(demo: Demo, bag: Path, archive: Path) -> None:
    """Three judges from outside and our own."""
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", manifest], cwd=bag, check=True)
    assert bagit.Bag(str(bag)).is_valid()
    assert validate(str(bag / "data" / "datapackage.json")).valid
    demo.manage("verify_archive", str(archive))
