"""Several laws and the policy's promise at once."""

import json
from datetime import date

import pytest

from requests_app.rules.counting import EVERY_DAY
from requests_app.rules.deadlines import CONFIRMED, POLICY, Clock, ClockEvent, Promise, clock
from requests_app.rules.errors import RuleError
from requests_app.rules.regimes import binding_regimes, calendars_for, regime_named
from requests_app.rules.rights import Right

MCPWORKS = ("CA_PIPEDA", "CA_BC_PIPA")
PROMISE = Promise(30, "verified", "Policy 1.0.0")


def daniels(*events: ClockEvent) -> Clock:
    """Daniel lives in California and asks MCPWorks, of British Columbia, for a copy on 12 November 2026."""
    return clock(binding_regimes(MCPWORKS, "US-CA"), Right.ACCESS, date(2026, 11, 12), events=events, promise=PROMISE)


CONFIRMED_NEXT_DAY = ClockEvent(CONFIRMED, date(2026, 11, 13))


def announced(on: date, reason: str = "", until: date | None = None) -> ClockEvent:
    return ClockEvent("extension_notified", on, reason=reason, until=until)


def test_daniels_four_dates_stand_in_order_and_pipeda_binds() -> None:
    found = daniels(CONFIRMED_NEXT_DAY)
    assert [(one.short, one.due, one.counts) for one in found.all] == [
        ("PIPEDA", date(2026, 12, 12), "30 days; Saturday stays"),
        ("Policy 1.0.0", date(2026, 12, 13), "30 days"),
        ("BC PIPA", date(2026, 12, 24), "30 working days"),
        ("CCPA", date(2026, 12, 27), "45 days"),
    ]
    assert (found.binding.regime, found.due) == ("CA_PIPEDA", date(2026, 12, 12))
    assert found.explanation[0] == "The earliest date counts: 12 December 2026. It comes from: PIPEDA."


def test_daniels_receipt_is_confirmed_by_californian_law_and_our_target_is_a_monday() -> None:
    found = daniels(CONFIRMED_NEXT_DAY)
    assert (found.ack_due, found.target_on) == (date(2026, 11, 27), date(2026, 12, 7))


def test_starts_are_received_by_law_and_confirmed_by_promise() -> None:
    starts = {one.regime: (one.starts_on, one.start_event) for one in daniels(CONFIRMED_NEXT_DAY).all}
    assert starts["CA_PIPEDA"] == (date(2026, 11, 12), "received")
    assert starts[POLICY] == (date(2026, 11, 13), "confirmed")


def test_before_confirmation_the_promise_has_no_date_and_the_laws_have() -> None:
    found = daniels()
    promised = next(one for one in found.all if one.regime == POLICY)
    assert (promised.due, promised.undated) == (None, "not_started")
    assert found.due == date(2026, 12, 12)
    assert found.all[-1] is promised


def test_rita_in_germany_hears_by_16_december() -> None:
    events = [ClockEvent(CONFIRMED, date(2026, 11, 16))]
    found = clock(binding_regimes(MCPWORKS, "DE"), Right.DELETION, date(2026, 11, 16), events=events, promise=PROMISE)
    assert found.due == date(2026, 12, 16)
    assert {one.regime for one in found.all if one.due == found.due} == {"CA_PIPEDA", "EU_GDPR", POLICY}


def test_a_promise_from_receipt_can_bind() -> None:
    found = clock([regime_named("EU_GDPR")], Right.ACCESS, date(2026, 11, 16), promise=Promise(10))
    assert (found.binding.regime, found.due) == (POLICY, date(2026, 11, 26))


def test_a_policy_without_a_number_promises_nothing() -> None:
    found = clock([regime_named("EU_GDPR")], Right.ACCESS, date(2026, 11, 16), promise=Promise(None))
    assert [one.regime for one in found.all] == ["EU_GDPR"]


def test_an_unknown_start_of_a_promise_is_refused() -> None:
    with pytest.raises(RuleError, match="“received” or “verified”"):
        Promise(30, "someday")


def test_where_nobody_speaks_of_a_right_our_own_rule_gives_the_date() -> None:
    found = clock(binding_regimes(MCPWORKS, None), Right.OPT_OUT_SALE, date(2026, 11, 16))
    assert (found.binding.regime, found.due) == ("THIRTY_DAYS", date(2026, 12, 16))
    assert clock([], Right.ACCESS, date(2026, 11, 16)).due == date(2026, 12, 16)


def test_a_law_that_gives_a_right_without_a_number_keeps_our_own_rule_out() -> None:
    found = clock([regime_named("JP_APPI")], Right.ACCESS, date(2026, 4, 1))
    assert (found.due, found.target_on) == (None, date(2026, 4, 15))
    assert [one.regime for one in found.all] == ["JP_APPI"]


def test_the_target_keeps_to_the_date_without_its_pause() -> None:
    talk = [ClockEvent("identity_requested", date(2026, 6, 2)), ClockEvent("identity_received", date(2026, 6, 22))]
    found = clock([regime_named("EU_GDPR")], Right.ACCESS, date(2026, 6, 1), events=talk)
    assert (found.due, found.target_on) == (date(2026, 7, 21), date(2026, 7, 1))


def test_the_target_never_lies_before_the_request() -> None:
    found = clock([regime_named("EU_GDPR")], Right.ACCESS, date(2026, 6, 1), promise=Promise(2))
    assert (found.due, found.target_on) == (date(2026, 6, 3), date(2026, 6, 1))


def test_an_extension_moves_the_date_to_what_every_law_allows() -> None:
    found = daniels(CONFIRMED_NEXT_DAY, announced(date(2026, 12, 10), "volume"))
    assert (found.due, found.extended_due, found.in_force) == (date(2026, 12, 12), date(2027, 1, 11), date(2027, 1, 11))
    assert found.target_on == date(2027, 1, 4)


def test_a_reason_that_one_law_does_not_accept_keeps_that_laws_date() -> None:
    assert daniels(announced(date(2026, 12, 10), "complexity")).in_force == date(2026, 12, 24)


def test_the_letters_own_earlier_date_holds() -> None:
    assert daniels(announced(date(2026, 12, 10), "volume", date(2026, 12, 20))).in_force == date(2026, 12, 20)
    assert daniels(announced(date(2026, 12, 10), "volume", date(2027, 6, 1))).in_force == date(2027, 1, 11)


def test_a_late_announcement_moves_nothing() -> None:
    found = daniels(announced(date(2026, 12, 13), "volume"))
    assert (found.extended, found.in_force) == (False, date(2026, 12, 12))


def test_a_law_without_a_longest_date_takes_the_one_named() -> None:
    laws = [regime_named("NZ_PRIVACY")]
    named = clock(laws, Right.ACCESS, date(2026, 6, 15), events=[announced(date(2026, 7, 1), "volume", date(2026, 8, 31))])
    assert (named.due, named.in_force) == (date(2026, 7, 14), date(2026, 8, 31))
    refused = clock(laws, Right.ACCESS, date(2026, 6, 15), events=[announced(date(2026, 7, 1), "consent", date(2026, 8, 31))])
    assert refused.in_force == date(2026, 7, 14)


def test_quebec_holds_every_other_law_to_its_date() -> None:
    found = clock(binding_regimes(["CA_PIPEDA"], "CA-QC"), Right.ACCESS, date(2026, 11, 12))
    assert found.extended_due is None


def test_a_calendar_can_be_given_for_all_or_by_law() -> None:
    laws = [regime_named("CA_PIPEDA")]
    assert clock(laws, Right.ACCESS, date(2026, 2, 6), calendar=EVERY_DAY).due == date(2026, 3, 8)
    assert clock(laws, Right.ACCESS, date(2026, 2, 6), calendar={"CA_PIPEDA": EVERY_DAY}).due == date(2026, 3, 8)
    assert clock(laws, Right.ACCESS, date(2026, 2, 6), calendar={"EU_GDPR": EVERY_DAY}).due == date(2026, 3, 9)


def test_the_controllers_zone_names_the_holidays_of_its_country() -> None:
    laws = binding_regimes(["EU_GDPR"], None)
    in_berlin = clock(laws, Right.ACCESS, date(2026, 4, 1), calendar=calendars_for(laws, "Europe/Berlin"))
    elsewhere = clock(laws, Right.ACCESS, date(2026, 4, 1), calendar=calendars_for(laws, "America/Vancouver"))
    assert (in_berlin.due, elsewhere.due) == (date(2026, 5, 4), date(2026, 5, 1))


def test_a_clock_is_stored_as_json_and_read_again() -> None:
    found = daniels(CONFIRMED_NEXT_DAY)
    stored = json.loads(json.dumps(found.to_json()))
    assert stored["due"] == "2026-12-12"
    assert Clock.from_json(stored) == found
    assert Clock.from_json({**stored, "added_later": 1}) == found
