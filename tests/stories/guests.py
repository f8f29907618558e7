"""People who ask for anything, page by page as the pages come; what staff type into a form of the desk; where a request stands."""

import email
import json
from dataclasses import dataclass
from datetime import date
from email.policy import default
from io import BytesIO
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from tests.browsers import follow
from tests.processes import Demo, eventually
from tests.stories.portal import Desk, Visitor, fresh_code, judge, letters_to, state_of


@dataclass
class Guest(Visitor):
    """Somebody with a phone who asks for themselves, or for a person whose address and name are given."""

    country: str = ""
    words: str = ""
    whom: str = "self"
    other: tuple[str, str] = ("", "")

    def wish(self, right: str) -> str:
        """From the start page to the date, whatever is asked on the way; the reference."""
        known = len(letters_to(self.demo, self.address))
        self.choose(right)
        while not self.page.get_by_role("button", name="Send my request").count():
            judge(self.page)
            self._answer()
            follow(self.page.locator("main form .actions .button").first)
        judge(self.page)
        self.press("Send my request")
        return self._prove(known)

    def _answer(self) -> None:
        """Whatever this page asks."""
        address, name = (self.address, self.name) if self.whom == "self" else self.other
        typed = {"name": name, "email": address, "own_name": self.name, "own_email": self.address, "words": self.words}
        for field, value in typed.items():
            if self.page.locator(f"#{field}").count():
                self.page.fill(f"#{field}", value)
        if self.page.locator("#country").count():
            self.page.select_option("#country", self.country)
        for ticked in (f"input[name=whom][value={self.whom}]", "input[name=uses]", "input[name=capacity]"):
            if self.page.locator(ticked).count():
                self.page.locator(ticked).first.check()

    def _prove(self, known: int) -> str:
        """The codes, where any are asked."""
        while self.page.locator("#code").count():
            judge(self.page)
            self.page.fill("#code", fresh_code(self.demo, self.address, known))
            known = len(letters_to(self.demo, self.address))
            follow(self.page.locator("main form .actions .button").first)
        return self.has_asked()

    def come_back(self, reference: str) -> str:
        """On another day: the page of the request, by its reference and a code; what it says."""
        known = len(letters_to(self.demo, self.address))
        self.go(f"request/{reference}/")
        if self.page.locator("#email").count():
            judge(self.page)
            self.page.fill("#email", self.address)
            follow(self.page.locator("main form .button").first)
            self.page.fill("#code", fresh_code(self.demo, self.address, known))
            judge(self.page)
            follow(self.page.locator("main form .button").first)
        judge(self.page)
        return self.page.locator("main").inner_text()

    def say(self, reference: str, words: str) -> None:
        """A message on the page of the request."""
        self.come_back(reference)
        self.page.fill("#message", words)
        self.press("Send my message")


def typed(desk: Desk, page: str, button: str, **said: str | tuple[str, ...]) -> None:
    """A form of the desk: what is typed or ticked, and the button. `page` is a reference and what follows it in the address."""
    reference, _, tail = page.partition("/")
    desk.open(reference, tail)
    for name, values in said.items():
        for value in [values] if isinstance(values, str) else values:
            ticked = desk.page.locator(f"main input[name='{name}'][value='{value}']")
            if ticked.count():
                ticked.check()
            else:
                desk.page.locator(f"main [name='{name}']").fill(value)
    desk.press(button)


def says(desk: Desk, reference: str) -> str:
    """What the desk's page of a request says."""
    desk.open(reference)
    return desk.page.locator("main").inner_text()


def wait_for_state(demo: Demo, reference: str, state: str) -> None:
    assert eventually(lambda: state_of(demo, reference) == state, within=90), state_of(demo, reference)


def due_of(demo: Demo, reference: str) -> date:
    ((due,),) = demo.rows("SELECT due_on FROM requests_app_case WHERE reference = ?", reference)
    return date.fromisoformat(str(due))


def spoken(day: date) -> str:
    """As pages and letters say it: 4 January 2027."""
    return f"{day.day} {day:%B %Y}"


def can_be_read(demo: Demo, reference: str) -> bool:
    """Whether anything that was gathered or noted for a request still has its key."""
    return bool(demo.rows("SELECT id FROM exports_job WHERE reference = ? AND length(key_sealed) > 0", reference))


def verified_receipt(demo: Demo, reference: str, folder: Path) -> dict[str, Any]:
    """The signed receipt, once it has proved itself."""
    signed = json.loads(demo.manage("case", reference, "receipt", "--json"))["receipt"]
    (folder / "receipt.json").write_text(json.dumps(signed))
    demo.manage("verify_receipt", str(folder / "receipt.json"))
    return dict(signed["receipt"])


def on_paper(demo: Demo, address: str) -> str:
    """What the last letter on paper says that came to an address."""
    for path in sorted((demo.folder / "outbox").glob("*.eml"), reverse=True):
        message = email.message_from_bytes(path.read_bytes(), policy=default)
        for part in message.iter_attachments():
            if address in [one.addr_spec for one in message["To"].addresses]:
                pages = PdfReader(BytesIO(part.get_content())).pages
                return " ".join(" ".join(page.extract_text() for page in pages).split())
    raise AssertionError(f"no letter on paper came to {address}")
