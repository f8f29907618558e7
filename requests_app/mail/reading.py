"""Bytes from a mailbox become a few plain values. Nothing in them is believed, and no bytes can make this fail."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser

from requests_app.mail.natures import Nature, nature_of
from requests_app.mail.senders import sender_of
from requests_app.mail.wording import clean, clean_line, words_of_html

MOST_PARTS = 200
LONGEST_HEADER = 2000
MOST_REFERENCES = 50
MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=^_`{|}~-]{1,150}@[A-Za-z0-9.-]{1,150}>")
VERDICT = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*(pass|fail|softfail|neutral|none|temperror|permerror)\b", re.IGNORECASE)
ACTION = re.compile(rb"^Action:[ \t]*([a-z]{1,20})", re.IGNORECASE | re.MULTILINE)
CHARSETS = re.compile(
    r"utf-?8|us-ascii|ascii|latin-?1|iso-?8859-?\d{1,2}|(windows-|cp)\d{3,4}|koi8-[ru]|gb2312|gbk|gb18030|big5|euc-(jp|kr)|shift_jis|iso-2022-jp"
)


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What we make of a message. `message_id` and `refers` hold well-formed ids only; `original` is what makes the message itself."""

    sender: str
    subject: str
    text: str
    message_id: str
    refers: tuple[str, ...]
    nature: Nature
    original: str
    flags: tuple[str, ...] = ()
    attachments: int = 0
    authentication: dict[str, str] = field(default_factory=dict)
    ids: frozenset[str] = frozenset()  # every id anywhere in it: a bounce quotes the letter that came back


def read(raw: bytes, *, is_cut: bool = False) -> Mail:
    """The mail in these bytes. What cannot be read is left out and flagged."""
    flags = ["cut"] if is_cut else []
    try:
        message: Message = BytesParser(policy=policy.compat32).parsebytes(raw)
        plain, attachments = _text_of(message, flags)
    except (RecursionError, MessageError, ValueError, LookupError, AssertionError):  # nested thousands of times, or worse
        message = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
        plain, attachments = "", 0
        flags.append("unreadable")
    text, was_cut = clean(plain)
    sender, said = sender_of([_line(value) for value in _all(message, "From")], _line(_first(message, "Reply-To")), _decoded)
    return Mail(
        sender=sender,
        subject=clean_line(_decoded(_first(message, "Subject"))),
        text=text,
        message_id=_ids(_first(message, "Message-ID"))[0] if _ids(_first(message, "Message-ID")) else "",
        refers=tuple(_ids(f"{_first(message, 'In-Reply-To')} {' '.join(_all(message, 'References'))[-20_000:]}"))[-MOST_REFERENCES:],
        nature=_nature(message, sender, raw),
        original="\n".join(_line(_first(message, name)) for name in ("Message-ID", "From", "Date")),
        flags=tuple(dict.fromkeys([*flags, *(["cut"] if was_cut else []), *said])),
        attachments=attachments,
        authentication=_authentication(_first(message, "Authentication-Results")),
        ids=frozenset(_ids(raw.decode("ascii", "replace"))),
    )


def _nature(message: Message, sender: str, raw: bytes) -> Nature:
    """A report that a letter is only late is no bounce."""
    nature = nature_of(lambda name: _line(_first(message, name)), sender, is_null=_is_null(message))
    action = ACTION.search(raw)
    return Nature.AUTOMATIC if nature is Nature.BOUNCE and action and action[1].lower() != b"failed" else nature


def _all(message: Message, name: str) -> list[str]:
    """Every header of that name, as text; bytes that are no ASCII are taken for UTF-8."""
    found = [str(value) for key, value in message.raw_items() if key.lower() == name.lower()]
    return [value[:20_000].encode("utf-8", "surrogateescape").decode("utf-8", "replace") for value in found[:100]]


def _first(message: Message, name: str) -> str:
    return next(iter(_all(message, name)), "")


def _line(value: str) -> str:
    """Unfolded, and of bounded length."""
    return " ".join(value[:LONGEST_HEADER].split())


def _decoded(value: str) -> str:
    """With its encoded words written out; what cannot be decoded stays as it is."""
    try:
        parts = decode_header(_line(value))
    except (HeaderParseError, ValueError):
        return _line(value)
    return "".join(part if isinstance(part, str) else _in_charset(part, charset or "") for part, charset in parts)


def _in_charset(raw: bytes, charset: str) -> str:
    """Bytes in a character set that mail uses; every other name is taken for UTF-8."""
    name = charset.strip().lower()
    try:
        return raw.decode(name if CHARSETS.fullmatch(name) else "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _ids(value: str) -> list[str]:
    return MESSAGE_ID.findall(value)


def _is_null(message: Message) -> bool:
    """Whether the server noted that the envelope named no sender: nobody waits for an answer."""
    return any(_line(value) in ("<>", "") for value in _all(message, "Return-Path"))


def _authentication(value: str) -> dict[str, str]:
    """What the topmost header says about each way to check a sender; the first word on each counts."""
    said: dict[str, str] = {}
    for way, verdict in VERDICT.findall(_line(value)):
        said.setdefault(way.lower(), verdict.lower())
    return said


def _text_of(message: Message, flags: list[str]) -> tuple[str, int]:
    """The words of the first text, plain before HTML, and how many other parts there are."""
    plain, pages, attachments = "", "", 0
    for part in _parts(message):
        kind = part.get_content_type()
        is_attached = "attachment" in _line(str(part.get("Content-Disposition", ""))).lower() or part.get_filename() is not None
        if is_attached or kind not in ("text/plain", "text/html"):
            attachments += 1
        elif kind == "text/plain":
            plain = plain or _payload(part)
        else:
            pages = pages or _payload(part)
    if pages and not plain.strip():
        flags.append("html_only")
        return words_of_html(pages), attachments
    return plain, attachments


def _parts(message: Message) -> Iterator[Message]:
    """Every part that is not a folder of others, in order; letters inside the letter are one part each. A bounded number."""
    waiting, seen = [message], 0
    while waiting and seen < MOST_PARTS:
        part, seen = waiting.pop(), seen + 1
        inner = part.get_payload() if part.is_multipart() else None  # of one that is none it would be decoded by a stranger's codec
        if isinstance(inner, list) and part.get_content_maintype() == "multipart":
            waiting.extend(one for one in reversed(inner) if isinstance(one, Message))
        else:
            yield part


def _payload(part: Message) -> str:
    raw = part.get_payload(decode=True)
    return _in_charset(raw, str(part.get_param("charset", "") or "")) if isinstance(raw, bytes) else ""
