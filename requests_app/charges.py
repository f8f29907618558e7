"""What a request may cost: a policy that speaks of free requests, and only where every law that binds allows a fee."""

from dataclasses import dataclass

from portal.organisations.promises import PolicyDocument
from requests_app.rules.fees import Circumstance, FeeRule, fee_rule
from requests_app.rules.regimes import binding_regimes
from requests_app.rules.rights import Right


@dataclass(frozen=True)
class Price:
    """Free once in so many months; `rule` is what the laws say of another request within them.

    `only_if_excessive`: a law forbids a fee for that alone, and allows one for a request that is excessive.
    """

    months: int
    rule: FeeRule
    only_if_excessive: bool = False


def price_of(promises: PolicyDocument, right: Right, country: str, found: Circumstance | None = None) -> Price | None:
    """The rule for a further request; None where the policy names no free requests: then nothing is ever asked for.

    The same for everybody who lives there: whether somebody has asked before is not looked up.
    """
    promise = promises.rights.get(right.value)
    if promise is None or promise.free_months is None:
        return None
    laws = binding_regimes(promises.regimes, country or None, residence=promises.residence_regimes)
    rule = fee_rule(laws, right, found or Circumstance(earlier_requests=1))
    at_worst = fee_rule(laws, right, Circumstance(1, is_excessive=True, is_further_copy=True))
    return Price(promise.free_months, rule, only_if_excessive=at_worst.is_allowed and not rule.is_allowed)
