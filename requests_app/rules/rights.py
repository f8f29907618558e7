"""The rights a person can use, and the other words that laws have for them."""

from enum import StrEnum

from requests_app.rules.errors import RuleError


class Right(StrEnum):
    ACCESS = "access"
    PORTABILITY = "portability"
    CORRECTION = "correction"
    DELETION = "deletion"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    WITHDRAWAL = "withdrawal"
    OPT_OUT_SALE = "opt_out_sale"
    LIMIT_SENSITIVE = "limit_sensitive"
    COMPLAINT = "complaint"
    GRIEVANCE = "grievance"
    APPEAL = "appeal"


# Answered by an archive: what was found is gathered, packed and handed over.
GATHERED = frozenset({Right.ACCESS, Right.PORTABILITY})
ALIASES = {
    "know": Right.ACCESS,
    "erasure": Right.DELETION,
    "erase": Right.DELETION,
    "delete": Right.DELETION,
    "rectification": Right.CORRECTION,
    "rectify": Right.CORRECTION,
    "correct": Right.CORRECTION,
    "export": Right.PORTABILITY,
    "restrict": Right.RESTRICTION,
    "object": Right.OBJECTION,
    "withdraw": Right.WITHDRAWAL,
    "opt_out": Right.OPT_OUT_SALE,
    "limit": Right.LIMIT_SENSITIVE,
}


class UnknownRight(RuleError):
    """A word that names no right."""


def right_named(word: str) -> Right:
    """The right that a word names, in our vocabulary or in a law's own."""
    plain = word.strip().lower().replace("-", "_")
    if plain in ALIASES:
        return ALIASES[plain]
    try:
        return Right(plain)
    except ValueError:
        choices = ", ".join(sorted([*Right, *ALIASES]))
        raise UnknownRight(f"“{word}” is not a right we know. Choose one of: {choices}.") from None
