"""What sampled values look like. Only counts leave this file: a value is looked at and let go. Plain Python."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST = 2000
EMAIL = re.compile(r"[^\s@<>,;:\"']{1,64}@[^\s@<>,;:\"']{1,250}\.[^\W\d_]{2,24}")
HASH = re.compile(r"\$(?:2[abxy]|argon2\w*|scrypt|pbkdf2\w*|[156y])\$.+|(?:pbkdf2|bcrypt|argon2|scrypt|md5|sha1)\w*\$.+|\{\w*SHA\w*\}.+")
JWT = re.compile(r"ey[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
DIGEST = re.compile(r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})", re.IGNORECASE)
TOKEN = re.compile(r"(?=[^\d]*\d)(?=[^a-zA-Z]*[a-zA-Z])[\w-]{20,}={0,2}")
UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
PHONE = re.compile(r"(?:\+|00)[\d ()/.-]{8,22}|\(?\d{2,5}\)?[ /-][\d ()/-]{4,16}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d.*|\d\d?[./]\d\d?[./]\d{2,4}.*")
IBAN = re.compile(r"[A-Z]{2}\d\d[A-Z0-9]{11,30}")

WORDS = {
    "email": "addresses",
    "hash": "hashes of passwords",
    "token": "tokens",
    "card": "card numbers",
    "iban": "bank accounts",
    "ip": "IP addresses",
    "phone": "telephone numbers",
    "passage": "texts with addresses in them",
    "text": "sentences",
}


@dataclass(frozen=True)
class Shapes:
    """Of `seen` sampled values, how many look like what; a value looks like one thing at most."""

    seen: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    def mostly(self, kind: str) -> bool:
        """Nearly all of them, and not just one or two."""
        return self.seen >= 3 and self.counts.get(kind, 0) >= 0.8 * self.seen

    def said(self, kind: str) -> str:
        """The count in words."""
        return f"{self.counts.get(kind, 0)} of {self.seen} sampled values look like {WORDS[kind]}"


def shapes_of(values: Iterable[Any]) -> Shapes:
    """The shapes of these values; NULL and empty texts are not counted."""
    counts: Counter[str] = Counter()
    seen = 0
    for value in values:
        text = _text(value)
        if text:
            seen += 1
            counts[_shape(text)] += 1
    counts.pop("", None)
    return Shapes(seen, dict(counts))


def _text(value: Any) -> str:
    return str(value).strip()[:LONGEST] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _shape(text: str) -> str:
    return next((kind for kind, looks in LOOKS if looks(text)), "")


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return False
    return "." in text or ":" in text


def _is_card(text: str) -> bool:
    digits = re.sub(r"[ -]", "", text)
    if not (digits.isascii() and digits.isdigit() and 13 <= len(digits) <= 19 and digits[0] in "3456"):
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _is_iban(text: str) -> bool:
    bare = text.replace(" ", "").upper()
    return bool(IBAN.fullmatch(bare)) and int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1


def _is_phone(text: str) -> bool:
    return bool(PHONE.fullmatch(text)) and not MOMENT.fullmatch(text) and 7 <= sum(sign.isdigit() for sign in text) <= 15


def _is_token(text: str) -> bool:
    return bool(JWT.fullmatch(text) or ((DIGEST.fullmatch(text) or TOKEN.fullmatch(text)) and not UUID.fullmatch(text)))


LOOKS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("email", lambda text: bool(EMAIL.fullmatch(text))),
    ("hash", lambda text: bool(HASH.fullmatch(text))),
    ("ip", _is_ip),
    ("iban", _is_iban),
    ("card", _is_card),
    ("phone", _is_phone),
    ("token", _is_token),
    ("passage", lambda text: bool(EMAIL.search(text))),
    ("text", lambda text: len(text) > 60 and text.count(" ") >= 8),
)
