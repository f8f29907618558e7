"""What must be proved, how codes behave, and when money may be asked for."""

from datetime import UTC, datetime, timedelta

import pytest

from requests_app.rules.fees import Circumstance, FeeRefused, check_fee, fee_rule
from requests_app.rules.regimes import binding_regimes
from requests_app.rules.rights import Right
from requests_app.rules.verification import (
    CHALLENGES_A_DAY,
    MAX_ATTEMPTS,
    RESENDS,
    CodeLife,
    CodeRefused,
    UnknownProof,
    check_code_usable,
    check_resend,
    is_high_risk,
    required_proofs,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CANADA = binding_regimes(["CA_PIPEDA", "CA_BC_PIPA"], None)
WITH_CALIFORNIA = binding_regimes(["CA_PIPEDA", "CA_BC_PIPA"], "US-CA")
EUROPE = binding_regimes([], "DE")


@pytest.mark.parametrize("right", [Right.OPT_OUT_SALE, Right.LIMIT_SENSITIVE])
def test_opting_out_is_never_verified_whatever_the_policy_says(right: Right) -> None:
    assert required_proofs(right, ["email_code", "second_code"]) == ()


def test_a_copy_needs_the_email_code_even_if_the_policy_is_silent() -> None:
    assert required_proofs(Right.ACCESS, []) == ("email_code",)
    assert required_proofs(Right.ACCESS, ["second_code", "email_code"]) == ("email_code", "second_code")


def test_a_deletion_needs_the_browser_that_asked() -> None:
    assert is_high_risk(Right.DELETION)
    assert not is_high_risk(Right.ACCESS)
    assert required_proofs(Right.DELETION, ["email_code", "second_code"]) == ("email_code", "same_browser", "second_code")


def test_a_proof_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownProof, match=r"“passport”.*email_code, second_code"):
        required_proofs(Right.ACCESS, ["passport"])


def test_a_code_works_for_thirty_minutes() -> None:
    check_code_usable(CodeLife(NOON), NOON + 29 * MINUTE)
    with pytest.raises(CodeRefused, match="expired: it works for 30 minutes"):
        check_code_usable(CodeLife(NOON), NOON + 30 * MINUTE)


def test_a_code_works_once_and_survives_four_wrong_tries() -> None:
    check_code_usable(CodeLife(NOON, attempts=MAX_ATTEMPTS - 1), NOON)
    with pytest.raises(CodeRefused, match="typed wrongly 5 times"):
        check_code_usable(CodeLife(NOON, attempts=MAX_ATTEMPTS), NOON)
    with pytest.raises(CodeRefused, match="used already"):
        check_code_usable(CodeLife(NOON, is_used=True), NOON)


def test_codes_are_sent_again_a_few_times_and_not_at_once() -> None:
    check_resend([], NOON)
    check_resend([NOON], NOON + MINUTE)
    with pytest.raises(CodeRefused, match="just sent"):
        check_resend([NOON], NOON + MINUTE / 2)
    burst = [NOON + n * MINUTE for n in range(RESENDS + 1)]
    check_resend(burst[:-1], NOON + 10 * MINUTE)
    with pytest.raises(CodeRefused, match="Wait 30 minutes"):
        check_resend(burst, NOON + 10 * MINUTE)
    check_resend(burst, NOON + 45 * MINUTE)


def test_nobodys_mailbox_is_filled_in_a_day() -> None:
    sent = [NOON + n * 40 * MINUTE for n in range(CHALLENGES_A_DAY)]
    with pytest.raises(CodeRefused, match="today"):
        check_resend(sent, sent[-1] + 40 * MINUTE)
    check_resend(sent, NOON + timedelta(days=2))


def test_canadian_laws_together_allow_an_announced_cost() -> None:
    rule = fee_rule(CANADA, Right.ACCESS, Circumstance(earlier_requests=1))
    assert (rule.is_allowed, rule.grounds, rule.forbidden_by) == (True, ("cost",), ())
    assert rule.must_be_announced
    assert not rule.stops_the_clock


def test_one_law_that_forbids_it_makes_the_request_free() -> None:
    rule = fee_rule(WITH_CALIFORNIA, Right.ACCESS, Circumstance(earlier_requests=1))
    assert (rule.is_allowed, rule.forbidden_by) == (False, ("CCPA",))
    with pytest.raises(FeeRefused, match="not allowed by CCPA"):
        check_fee(WITH_CALIFORNIA, Right.ACCESS, found=Circumstance(earlier_requests=1), is_announced=True)


def test_europe_allows_a_fee_for_a_further_copy_or_an_excessive_request_only() -> None:
    assert not fee_rule(EUROPE, Right.ACCESS, Circumstance(earlier_requests=5)).is_allowed
    assert fee_rule(EUROPE, Right.ACCESS, Circumstance(is_further_copy=True)).grounds == ("further_copy",)
    assert fee_rule(EUROPE, Right.ACCESS, Circumstance(is_excessive=True)).grounds == ("excessive",)


def test_a_virginian_pays_from_the_third_request_on() -> None:
    virginia = binding_regimes(["US_VA"], None)
    assert not fee_rule(virginia, Right.ACCESS, Circumstance(earlier_requests=1)).is_allowed
    assert fee_rule(virginia, Right.ACCESS, Circumstance(earlier_requests=2)).grounds == ("repeat",)


def test_a_fee_is_announced_first_and_never_on_an_opt_out() -> None:
    with pytest.raises(FeeRefused, match="Tell the person the amount first"):
        check_fee(CANADA, Right.ACCESS, found=Circumstance(1), is_announced=False)
    check_fee(CANADA, Right.ACCESS, found=Circumstance(1), is_announced=True)
    with pytest.raises(FeeRefused, match="this right is free"):
        check_fee(CANADA, Right.OPT_OUT_SALE, found=Circumstance(1), is_announced=True)
    assert not fee_rule([], Right.ACCESS).is_allowed
