"""How a request counts: complied with in whole, in part, denied, or without a decision (11 CCR 7101(b), 7102(a))."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Result(StrEnum):
    WHOLE = "whole"
    PART = "part"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    OPEN = "open"


class Denial(StrEnum):
    """The split of denials that 11 CCR 7102(b) allows to publish."""

    NOT_VERIFIABLE = "not_verifiable"
    NOT_A_CONSUMER = "not_a_consumer"
    EXEMPT = "exempt"
    OTHER = "other"


COMPLIED = frozenset({Result.WHOLE, Result.PART})
# Something was held back, kept, not reached or refused: an answer to a part.
SHORT_OF = ("withheld", "kept", "gaps", "refused")
DENYING = frozenset({"refused", "not_verifiable", "unanswered", "upheld"})
EXEMPT = frozenset(
    {
        "rights_of_others",
        "legal_obligation",
        "trade_secret",
        "legal_claims",
        "contract_or_service",
        "security",
        "privileged",
        "safety",
        "investigation",
        "free_expression",
        "public_interest",
        "formal_dispute",
        "compelling_grounds",
    }
)


def result_of(ending: str, outcome: str, counts: Mapping[str, Any]) -> Result:
    """The result of a request that ended as `ending` (a state) with this outcome. `counts` are the numbers of its answer."""
    if ending == "withdrawn":
        return Result.WITHDRAWN
    if ending == "duplicate":
        return Result.DUPLICATE
    if not ending:
        return Result.OPEN
    if outcome in DENYING:
        return Result.DENIED
    is_short = outcome == "partly" or any(counts.get(name) for name in SHORT_OF)
    return Result.PART if is_short else Result.WHOLE


def denial_of(outcome: str, grounds: list[str]) -> Denial:
    """Why a denied request was denied, in the four words of 11 CCR 7102(b); the first ground decides."""
    first = grounds[0] if grounds else ""
    if outcome == "not_verifiable" or first == "not_verifiable":
        return Denial.NOT_VERIFIABLE
    if first == "not_covered":
        return Denial.NOT_A_CONSUMER
    return Denial.EXEMPT if first in EXEMPT else Denial.OTHER
