"""Mail as it lies in a mailbox: bytes, a number and the moment when the server received it."""

from datetime import datetime
from itertools import count
from typing import Any

from portal.kit import clock
from portal.organisations.models import Organisation
from requests_app.flows import receiving
from requests_app.mail.imap import READ, Arrived
from requests_app.models import Case, InboundMail
from requests_app.models.mail import Outcome
from tests.people import RITA

NUMBERS = count(1)
ASKS = "Please send me everything you hold about me.\r\n\r\nRita"


def a_mail(text: str = ASKS, *, sender: str = f"Rita Lindqvist <{RITA}>", subject: str = "Data Access Request", **headers: str) -> bytes:
    """The bytes of a mail. A header given as an empty text is left out; names are written with _ for -."""
    number = next(NUMBERS)
    known = {
        "Return_Path": f"<{RITA}>",
        "From": sender,
        "To": "privacy@northwind.example.org",
        "Subject": subject,
        "Date": "Mon, 16 Nov 2026 10:00:00 +0100",
        "Message_ID": f"<{number}.rita@example.org>",
        "MIME_Version": "1.0",
        "Content_Type": "text/plain; charset=utf-8",
    }
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in {**known, **headers}.items() if value]
    return "\r\n".join([*lines, "", text]).encode("utf-8", "surrogateescape")


def in_parts(*parts: tuple[str, str], kind: str = "mixed", boundary: str = "edge") -> tuple[str, str]:
    """Text and Content-Type of a mail in parts; each is its headers and its body."""
    pieces = [f"--{boundary}\r\n{head}\r\n\r\n{body}\r\n" for head, body in parts]
    return "".join([*pieces, f"--{boundary}--\r\n"]), f'multipart/{kind}; boundary="{boundary}"'


def lying(raw: bytes, **changes: Any) -> Arrived:
    facts: dict[str, Any] = {"place": "here", "uid_validity": 1, "uid": next(NUMBERS), "received_at": clock.now()}
    return Arrived(**{**facts, "raw": raw[:READ], "is_cut": len(raw) > READ, **changes})


def comes(organisation: Organisation, raw: bytes, *, at: datetime | None = None) -> Outcome:
    """A mail arrives and is taken in."""
    return receiving.take(organisation, lying(raw, **({"received_at": at} if at else {})))


def opened() -> Case:
    """The newest case."""
    return Case.objects.order_by("-pk")[0]


def last_row() -> InboundMail:
    return InboundMail.objects.order_by("-pk")[0]
