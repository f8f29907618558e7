"""What of a record a person may see: each field is shown, withheld (secrets) or covered (other people), with the reason. Plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exports.datasets import Collection, Field
from exports.passages import cover_passages
from exports.selection import matches

# CCPA regulations § 7024(d): never to be disclosed, whoever asks. Keys of the Fideslang taxonomy, with all that lies below.
NEVER = (
    "user.authorization",
    "user.biometric",
    "user.biometric_health",
    "user.credentials",
    "user.financial.account_number",
    "user.financial.bank_account",
    "user.financial.credit_card",
    "user.government_id",
    "user.payment",
)
# Names of columns that hold such things in plain sight, for files that forgot to say so. `never_disclose: false` overrules a name.
PASSWORDS = [
    "password",
    "password_hash",
    "passwd",
    "pwd",
    "secret",
    "client_secret",
    "secret_hash",
    "private_key",
    "otp_secret",
    "totp_secret",
]
TOKENS = ["api_key", "api_key_hash", "key_hash", "token_hash", "access_token", "refresh_token", "mfa_secret", "recovery_codes"]
NUMBERS = ["ccn", "card_number", "credit_card_number", "cvv", "cvc", "ssn", "social_security_number", "passport_number", "national_id"]
SECRET_NAMES = frozenset([*PASSWORDS, *TOKENS, *NUMBERS])
SECRET, THIRD_PARTY, STAFF, PASSAGES = "secret", "third_party", "staff", "passages"
WITHHELD_MARK = "(not disclosed)"
MARKS = {THIRD_PARTY: "(another person)", STAFF: "(a member of staff)"}


@dataclass(frozen=True)
class Treatment:
    """One column of the collection: `why` is empty when it is shown as it is."""

    name: str
    title: str
    why: str = ""


@dataclass
class Tally:
    """What was done to the records of one collection. Counts only."""

    found: int = 0
    disclosed: int = 0
    cells: Counter[tuple[str, str]] = field(default_factory=Counter)

    def told(self, *reasons: str) -> list[dict[str, Any]]:
        """Cells by column, for these reasons, as JSON."""
        return [{"what": what, "why": why, "count": n} for (what, why), n in sorted(self.cells.items()) if why in reasons]

    def count(self, *reasons: str) -> int:
        """How many cells, for these reasons."""
        return sum(n for (_, why), n in self.cells.items() if why in reasons)


def treatments(collection: Collection, fields: Iterable[Field], secret: frozenset[str]) -> tuple[Treatment, ...]:
    """How each of these fields is treated; `secret` are the policy's categories that are never disclosed."""
    return tuple(Treatment(part.name, part.title or part.name, _why(collection, part, secret)) for part in fields)


def _why(collection: Collection, part: Field, secret: frozenset[str]) -> str:
    leaves = tuple(part.leaves())
    if any(_is_secret(collection, leaf, secret) for leaf in leaves):
        return SECRET
    covers = {leaf.third_party for leaf in (part, *leaves)}
    return next((why for word, why in (("cover", THIRD_PARTY), ("passages", PASSAGES), ("staff", STAFF)) if word in covers), "")


def _is_secret(collection: Collection, leaf: Field, secret: frozenset[str]) -> bool:
    if leaf.never_disclose or collection.category_of(leaf) in secret:
        return True
    if any(matches(key, NEVER) for key in leaf.categories):
        return True
    return leaf.never_disclose is None and leaf.name.lower() in SECRET_NAMES


def disclose(row: Mapping[str, Any], treated: Iterable[Treatment], own: frozenset[str], tally: Tally) -> dict[str, Any] | None:
    """The record as the person may see it, or None when nothing of it may be shown. The person's own identifiers are never covered."""
    shown: dict[str, Any] = {}
    open_cells = 0
    for part in treated:
        value = row.get(part.name)
        if part.why == PASSAGES:
            shown[part.name], covered = cover_passages(value, own, MARKS[THIRD_PARTY])
            if covered:
                tally.cells[part.title, THIRD_PARTY] += covered
            open_cells += value is not None
            continue
        if value is None or not part.why or (part.why != SECRET and isinstance(value, str) and value in own):
            shown[part.name] = value
            open_cells += value is not None and not part.why
            continue
        tally.cells[part.title, part.why] += 1
        shown[part.name] = WITHHELD_MARK if part.why == SECRET else MARKS[part.why]
    tally.found += 1
    if not open_cells and any(part.why == SECRET for part in treated):
        return None
    tally.disclosed += 1
    return shown
