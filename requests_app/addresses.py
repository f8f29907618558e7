"""Email addresses as people type them: what can be one, and what an officer should look at twice. Plain Python."""

import re
import unicodedata

LONGEST = 254
NAME = re.compile(r"[^\s\"(),:;<>@\[\\\]]{1,64}")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def is_address(text: str) -> bool:
    """Whether a letter could be sent there. Any script is allowed; nothing is folded or corrected."""
    name, at, domain = text.rpartition("@")
    if not at or len(text.encode()) > LONGEST or not NAME.fullmatch(name) or any(unicodedata.category(sign)[0] == "C" for sign in text):
        return False
    return not (name.startswith(".") or name.endswith(".") or ".." in name) and _is_domain(domain)


def _is_domain(domain: str) -> bool:
    try:
        labels = domain.lower().encode("idna").decode().split(".")
    except UnicodeError:
        return False
    return len(labels) > 1 and all(LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit() and len(labels[-1]) > 1


def flags(address: str) -> list[str]:
    """Codes for what may be a look-alike of another address: an officer decides, nothing is refused for it."""
    found = []
    if any(len(_scripts(part)) > 1 for part in re.split(r"[@.]", address)):
        found.append("mixed_scripts")
    if not address.isascii():
        found.append("beyond_ascii")
    if unicodedata.normalize("NFKC", address) != address:
        found.append("changes_under_nfkc")
    return found


def _scripts(part: str) -> set[str]:
    """LATIN, CYRILLIC, GREEK…: the first word of each letter's Unicode name."""
    return {unicodedata.name(sign, "UNNAMED").split()[0] for sign in part if sign.isalpha()}
