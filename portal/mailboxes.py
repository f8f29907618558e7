"""Where an organisation's mail is read: `org=imaps://user:password@host/INBOX`, several of them separated by blanks."""

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

KEY = re.compile(r"[a-z0-9][a-z0-9-]*")
PORTS = {"imaps": 993, "imap": 143}
SIGNS = re.compile(r"[\x20-\x7e]+")  # folder names beyond ASCII have an encoding of their own
UNSAFE = set('"\\\r\n{}%*')
TAKEN = "Habeas"
OPTIONS = {"taken"}


class MailboxesRefused(Exception):
    """The setting cannot be used. The sentence names the organisation and the reason, never the account."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One mailbox. `imaps` speaks TLS from the first byte, `imap` asks for it before anything else; neither goes without."""

    organisation: str
    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    taken: str = TAKEN


def mailboxes(text: str) -> dict[str, Place]:
    """The mailbox of each organisation, by its key. Raises `MailboxesRefused` with the reason."""
    places: dict[str, Place] = {}
    for word in text.split():
        key, equals, address = word.partition("=")
        if not equals or not KEY.fullmatch(key):
            raise MailboxesRefused("HABEAS_MAILBOXES: every entry looks like org=imaps://user:password@host/INBOX. Nothing was started.")
        if key in places:
            raise _refusal(key, "it has two mailboxes; it may have one")
        places[key] = _place(key, address)
    return places


def _place(key: str, address: str) -> Place:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise _refusal(key, "its address cannot be read") from None
    if parts.scheme not in PORTS:
        raise _refusal(key, "its address must begin with imaps:// or imap://")
    if not (parts.hostname and parts.username and parts.password):
        raise _refusal(key, "its address must hold user, password and host; write signs like @ and : in them as %40 and %3A")
    folder = unquote(parts.path.strip("/")) or "INBOX"
    taken = _option(key, parts)
    if any(not SIGNS.fullmatch(name) or UNSAFE & set(name) for name in (folder, taken)):
        raise _refusal(key, "its folders must be named in plain letters")
    return Place(
        organisation=key,
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username),
        password=unquote(parts.password),
        folder=folder,
        taken=taken,
    )


def _option(key: str, parts: SplitResult) -> str:
    asked = parse_qs(parts.query, keep_blank_values=True)
    if set(asked) - OPTIONS or parts.fragment:
        raise _refusal(key, "after the folder only ?taken=FOLDER may follow")
    return asked.get("taken", [TAKEN])[0]


def _refusal(key: str, reason: str) -> MailboxesRefused:
    return MailboxesRefused(f"HABEAS_MAILBOXES, {key}: {reason}. Nothing was started.")
