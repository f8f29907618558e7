"""Which right a subject asks for, in the organisation's own words; and which request it names. Plain Python."""

import re
import unicodedata

from portal.organisations.promises import PolicyDocument
from requests_app.rules.rights import Right

# Signs of references; see portal.kit.codes.
REFERENCE = re.compile(r"(?<![0-9A-Z])DR[- ]?([2346789A-HJKMNP-RTV-Z]{4})[- ]?([2346789A-HJKMNP-RTV-Z]{2})(?![0-9A-Z])")
WORD = re.compile(r"\w+")


def right_asked(subject: str, promises: PolicyDocument) -> Right | None:
    """The right whose subject stands in this one. `Re:`, `Fwd:`, case and further words do not matter; two rights are none."""
    said = _words(subject)
    asked = {Right(p.right) for p in promises.rights.values() if p.offered and p.mail_subject and _within(_words(p.mail_subject), said)}
    return asked.pop() if len(asked) == 1 else None


def reference_named(subject: str) -> str:
    """The first reference in it, as we write it; empty if there is none."""
    found = REFERENCE.search(unicodedata.normalize("NFKC", subject).upper())
    return f"DR-{found[1]}-{found[2]}" if found else ""


def _words(text: str) -> list[str]:
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _within(wanted: list[str], said: list[str]) -> bool:
    """Whether the wanted words stand in it one after the other."""
    return bool(wanted) and any(said[at : at + len(wanted)] == wanted for at in range(len(said) - len(wanted) + 1))
