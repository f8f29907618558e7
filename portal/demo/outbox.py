"""Mail that a demo sends lies in a folder instead of leaving the machine."""

import email
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage as Parsed
from email.policy import default
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from portal.kit import clock

NAME = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}")


class OutboxBackend(BaseEmailBackend):
    """Files each message as an .eml file. A production never uses it: people would wait for a code that nobody posts."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if settings.MODE == "production":
            raise ImproperlyConfigured("Mail has nowhere to go: set HABEAS_SMTP_URL. Nothing was sent.")
        folder = Path(settings.OUTBOX_FOLDER)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            name = f"{clock.now():%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
            part = folder / f".{name}.part"
            part.write_bytes(message.message().as_bytes())
            part.rename(folder / f"{name}.eml")
        return len(email_messages)


@dataclass(frozen=True)
class Mail:
    """One message as it was sent."""

    name: str
    parsed: Parsed

    @property
    def to(self) -> str:
        return str(self.parsed["To"] or "")

    @property
    def sender(self) -> str:
        return str(self.parsed["From"] or "")

    @property
    def subject(self) -> str:
        return str(self.parsed["Subject"] or "")

    @property
    def at(self) -> datetime:
        """When it was filed. The header knows only the real day, and sample mail was sent on others."""
        return datetime.strptime(self.name.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)

    @property
    def text(self) -> str:
        body = self.parsed.get_body(preferencelist=("plain", "html"))
        return str(body.get_content()) if body is not None else ""

    @property
    def attachments(self) -> list[Parsed]:
        return [part for part in self.parsed.iter_attachments() if isinstance(part, Parsed)]


def sent_mail(limit: int = 200) -> list[Mail]:
    """The newest messages, newest first."""
    names = sorted((path.stem for path in Path(settings.OUTBOX_FOLDER).glob("*.eml")), reverse=True)
    return [mail for name in names[:limit] if (mail := read_mail(name)) is not None]


def read_mail(name: str) -> Mail | None:
    """One message, or None when there is none of that name."""
    path = Path(settings.OUTBOX_FOLDER) / f"{name}.eml"
    if not NAME.fullmatch(name) or not path.is_file():
        return None
    parsed = email.message_from_bytes(path.read_bytes(), policy=default)
    return Mail(name, parsed) if isinstance(parsed, Parsed) else None
