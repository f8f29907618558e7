"""What of a record a person may see: each field is shown, withheld (secrets) or covered (other people), with the reason. Plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection as Several
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exports.datasets import Collection, Field
from exports.documents import covered
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
CARDS = ["ccn", "card_number", "credit_card_number"]
NUMBERS = ["cvv", "cvc", "ssn", "social_security_number", "passport_number", "national_id"]
SECRET_NAMES = frozenset([*PASSWORDS, *TOKENS, *CARDS, *NUMBERS])
BESIDE_A_CARD = frozenset(["code", "pin", "security_code", "verification_value"])  # harmless words, but for a card's
SECRET, THIRD_PARTY, STAFF, PASSAGES, STRANGER = "secret", "third_party", "staff", "passages", "stranger"
WITHHELD_MARK = "(not disclosed)"
MARKS = {THIRD_PARTY: "(another person)", STAFF: "(a member of staff)"}


@dataclass(frozen=True)
class Treatment:
    """One column of the collection: `why` is empty when it is shown as it is."""

    name: str
    title: str
    why: str = ""
    inside: tuple[tuple[tuple[str, ...], str], ...] = ()  # paths in its document, each with a reason of its own


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


def treatments(
    collection: Collection, fields: Iterable[Field], secret: frozenset[str], *, named: Several[str] = ()
) -> tuple[Treatment, ...]:
    """How each of these fields is treated; `secret` are the policy's categories that are never disclosed, `named` what `naming` gave."""
    return tuple(_treatment(collection, part, secret, named=bool(named)) for part in fields)


def _treatment(collection: Collection, part: Field, secret: frozenset[str], *, named: bool) -> Treatment:
    """One reason for the whole column where all of it has the same; else one for each part of its document."""
    title = part.title or part.name
    if not part.fields or part.third_party:
        return Treatment(part.name, title, _why(collection, part, secret, named=named))
    reasons = [(tuple(leaf.path.split(".")[1:]), _why(collection, leaf, secret, named=named)) for leaf in part.leaves()]
    whole = {why for _path, why in reasons}
    if len(whole) == 1:
        return Treatment(part.name, title, whole.pop())
    return Treatment(part.name, title, inside=tuple((path, why) for path, why in reasons if why))


def naming(collection: Collection, kinds: Several[str]) -> tuple[str, ...]:
    """Fields that tell by an identity of these kinds whose row it is, in a file that has no word of ours for other people.

    A file that speaks for itself gets none: what is about others is then what it says.
    """
    ours = collection.category or collection.erase or any(leaf.category or leaf.third_party for leaf in collection.leaves())
    return () if ours else tuple(part.name for part in collection.fields if part.identity in kinds)


def _why(collection: Collection, part: Field, secret: frozenset[str], *, named: bool) -> str:
    leaves = tuple(part.leaves())
    if any(_is_secret(collection, leaf, secret) for leaf in leaves):
        return SECRET
    covers = {leaf.third_party for leaf in (part, *leaves)}
    said = next((why for word, why in (("cover", THIRD_PARTY), ("passages", PASSAGES), ("staff", STAFF)) if word in covers), "")
    return STRANGER if named and not said and _is_about_somebody(collection, leaves) else said


def _is_about_somebody(collection: Collection, leaves: Iterable[Field]) -> bool:
    """An identity, or anything personal that is neither a key nor a pointer."""
    whole = any(matches(key, ["user"]) for key in collection.categories)
    return any(leaf.identity or (not _joins(leaf) and (whole or any(matches(key, ["user"]) for key in leaf.categories))) for leaf in leaves)


def _joins(leaf: Field) -> bool:
    return leaf.primary_key or bool(leaf.references)


def _is_secret(collection: Collection, leaf: Field, secret: frozenset[str]) -> bool:
    if leaf.never_disclose or collection.category_of(leaf) in secret:
        return True
    if any(matches(key, NEVER) for key in leaf.categories):
        return True
    return leaf.never_disclose is None and has_secret_name(collection, leaf)


def has_secret_name(collection: Collection, leaf: Field) -> bool:
    """Its name, or its place beside the number of a card, says that it holds a secret (CCPA regulations section 7024(d))."""
    name = leaf.name.lower()
    return name in SECRET_NAMES or (name in BESIDE_A_CARD and any(one.name.lower() in CARDS for one in collection.leaves()))


def disclose(
    row: Mapping[str, Any], treated: Iterable[Treatment], own: frozenset[str], tally: Tally, *, named: Several[str] = ()
) -> dict[str, Any] | None:
    """The record as the person may see it, or None when nothing of it may be shown. The person's own identifiers are never covered.

    A row in which the `named` fields name people and none of them is the person is about somebody else, as far as it is personal.
    """
    shown: dict[str, Any] = {}
    open_cells = 0
    strange = bool(named) and _is_of_somebody_else(row, named, own)
    for part in treated:
        value, why = row.get(part.name), part.why
        if part.inside and isinstance(value, dict | list):
            value = _covered_inside(value, part, own, tally, strange=strange)
        elif part.inside:  # it was to be a document and is none
            why = SECRET if any(told == SECRET for _path, told in part.inside) else THIRD_PARTY
        if why == STRANGER:
            why = THIRD_PARTY if strange else ""
        if why == PASSAGES:
            shown[part.name], passages = cover_passages(value, own, MARKS[THIRD_PARTY])
            if passages:
                tally.cells[part.title, THIRD_PARTY] += passages
            open_cells += value is not None
            continue
        if value is None or not why or (why != SECRET and isinstance(value, str) and value in own):
            shown[part.name] = value
            open_cells += value is not None and not why
            continue
        tally.cells[part.title, why] += 1
        shown[part.name] = WITHHELD_MARK if why == SECRET else MARKS[why]
    tally.found += 1
    if not open_cells and any(part.why == SECRET for part in treated):
        return None
    tally.disclosed += 1
    return shown


def _covered_inside(document: Any, part: Treatment, own: frozenset[str], tally: Tally, *, strange: bool) -> Any:
    """The document with each of its parts that may not be shown replaced."""
    for path, why in part.inside:
        told = THIRD_PARTY if why == STRANGER and strange else "" if why == STRANGER else THIRD_PARTY if why == PASSAGES else why
        if told:
            spared = frozenset() if told == SECRET else own
            document, count = covered(document, path, WITHHELD_MARK if told == SECRET else MARKS[told], own=spared)
            if count:
                tally.cells[part.title, told] += count
    return document


def _is_of_somebody_else(row: Mapping[str, Any], named: Iterable[str], own: frozenset[str]) -> bool:
    """A pilot of the person's flight, a customer whom the person served."""
    names = [one for name in named for one in _several(row.get(name)) if one is not None]
    return bool(names) and not any(isinstance(one, str) and one in own for one in names)


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
