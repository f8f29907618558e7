"""When money may be asked for: only where every law that binds allows it, announced first, and the clock runs on."""

from collections.abc import Sequence
from dataclasses import dataclass

from requests_app.rules.errors import RuleError
from requests_app.rules.laws import Regime
from requests_app.rules.rights import Right
from requests_app.rules.verification import needs_no_proof
from requests_app.rules.wording import listing

FEE_GROUNDS = {
    "cost": "The law lets us pass on what the answer costs.",
    "excessive": "The request is clearly unfounded or excessive.",
    "further_copy": "The person asks for a further copy of data already given.",
    "repeat": "The person has used up the free requests of twelve months.",
}


class FeeRefused(RuleError):
    """No fee may be asked for."""


@dataclass(frozen=True)
class Circumstance:
    """What matters for a fee: requests already answered in twelve months, and what an officer found."""

    earlier_requests: int = 0
    is_excessive: bool = False
    is_further_copy: bool = False


@dataclass(frozen=True)
class FeeRule:
    """Whether a fee may be asked for, who forbids it, and what each law says."""

    is_allowed: bool
    grounds: tuple[str, ...]
    forbidden_by: tuple[str, ...]
    sentences: tuple[tuple[str, str], ...]  # the law as people call it, and what it says
    must_be_announced: bool = True
    stops_the_clock: bool = False


def fee_rule(regimes: Sequence[Regime], right: Right, found: Circumstance | None = None) -> FeeRule:
    """What the laws that bind say together about a fee for this request. Each must give a ground of its own."""
    found = found or Circumstance()
    by_law = {regime.short: _grounds(regime, found) for regime in regimes}
    forbidden = tuple(short for short, grounds in by_law.items() if not grounds)
    is_allowed = bool(regimes) and not forbidden and not needs_no_proof(right)
    grounds = sorted(set().union(*by_law.values())) if is_allowed else []
    return FeeRule(
        is_allowed, tuple(grounds), forbidden, sentences=tuple((regime.plain or regime.title, regime.fee.sentence) for regime in regimes)
    )


def check_fee(regimes: Sequence[Regime], right: Right, *, found: Circumstance, is_announced: bool) -> None:
    """Refuse a fee that a binding law forbids, or one that was not announced before the work."""
    rule = fee_rule(regimes, right, found)
    if not rule.is_allowed:
        why = f"it is not allowed by {listing(rule.forbidden_by)}" if rule.forbidden_by else "this right is free"
        raise FeeRefused(f"No fee can be asked for: {why}. The request goes on, free of charge.")
    if not is_announced:
        raise FeeRefused("Tell the person the amount first, and wait for the answer. The date stays the same meanwhile.")


def _grounds(regime: Regime, found: Circumstance) -> set[str]:
    """The grounds of this law that the facts bear out."""
    free = regime.fee.free_in_a_year
    facts = {
        "cost": free is None or found.earlier_requests >= free,
        "excessive": found.is_excessive,
        "further_copy": found.is_further_copy,
        "repeat": free is not None and found.earlier_requests >= free,
    }
    return {ground for ground in regime.fee.grounds if facts[ground]}
