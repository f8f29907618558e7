"""Words: rights and their aliases, laws, events, places, dates in English."""

from datetime import date

import pytest

from requests_app.rules.events import ClockEvent, UnknownEvent, exchanges
from requests_app.rules.regimes import UnknownRegime, binding_regimes, fallback_regime, regime_named
from requests_app.rules.rights import Right, UnknownRight, right_named
from requests_app.rules.wording import day, length, listing, long_day


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("know", Right.ACCESS),
        ("access", Right.ACCESS),
        ("erasure", Right.DELETION),
        ("erase", Right.DELETION),
        ("Delete", Right.DELETION),
        ("rectification", Right.CORRECTION),
        ("correct", Right.CORRECTION),
        (" opt-out-sale ", Right.OPT_OUT_SALE),
        ("limit_sensitive", Right.LIMIT_SENSITIVE),
    ],
)
def test_a_laws_own_word_names_the_right(word: str, right: Right) -> None:
    assert right_named(word) is right


@pytest.mark.parametrize("word", ["", "acces", "right", "löschen"])
def test_an_unknown_right_lists_the_choices(word: str) -> None:
    with pytest.raises(UnknownRight, match="Choose one of: access, appeal"):
        right_named(word)


def test_an_unknown_law_lists_the_choices() -> None:
    with pytest.raises(UnknownRegime, match="Choose one of: AU_APP_AGENCY"):
        regime_named("GDPR")


def test_an_unknown_event_lists_the_choices() -> None:
    with pytest.raises(UnknownEvent, match="identity_requested"):
        ClockEvent("party", date(2026, 1, 1))


def laws(establishment: list[str], country: str | None) -> list[str]:
    return [regime.id for regime in binding_regimes(establishment, country)]


@pytest.mark.parametrize(
    ("country", "binding"),
    [
        ("DE", ["EU_GDPR"]),
        ("NO", ["EU_GDPR"]),
        ("EU", ["EU_GDPR"]),
        ("GB", ["UK_GDPR"]),
        ("UK", ["UK_GDPR"]),
        ("gb-sct", ["UK_GDPR"]),
        ("US-CA", ["US_CA_CCPA"]),
        ("us_ca", ["US_CA_CCPA"]),
        ("CA", ["CA_PIPEDA"]),
        ("CA-BC", ["CA_BC_PIPA", "CA_PIPEDA"]),
        ("CA-QC", ["CA_PIPEDA", "CA_QC_P391"]),
        ("US-TX", ["THIRTY_DAYS"]),
        ("US", ["THIRTY_DAYS"]),
        ("AQ", ["THIRTY_DAYS"]),
        ("", ["THIRTY_DAYS"]),
        (None, ["THIRTY_DAYS"]),
    ],
)
def test_where_a_person_lives_says_which_law_binds(country: str | None, binding: list[str]) -> None:
    assert laws([], country) == binding


def test_establishment_and_residence_bind_together_and_once() -> None:
    assert laws(["CA_PIPEDA", "CA_BC_PIPA"], "US-CA") == ["CA_PIPEDA", "CA_BC_PIPA", "US_CA_CCPA"]
    assert laws(["CA_PIPEDA", "ca_pipeda"], "CA") == ["CA_PIPEDA"]


def test_a_law_that_is_off_binds_only_where_the_organisation_names_it_or_an_admin_switches_it_on() -> None:
    assert laws(["US_TX"], None) == ["US_TX"]
    assert [law.id for law in binding_regimes([], "US-TX", enabled=["US_TX"])] == ["US_TX"]
    assert [law.id for law in binding_regimes([], "DE", enabled=["US_TX"])] == ["THIRTY_DAYS"]


@pytest.mark.parametrize(
    ("residence", "country", "binding"),
    [
        ({"US-TX": "US_TX"}, "US-TX", ["CA_PIPEDA", "US_TX"]),
        ({"US-TX": "US_TX"}, "us_tx", ["CA_PIPEDA", "US_TX"]),
        ({"CH": "CH_FADP"}, "CH", ["CA_PIPEDA", "CH_FADP"]),
        ({"EU": "EU_GDPR"}, "DE", ["CA_PIPEDA", "EU_GDPR"]),
        ({"JP": "EU_GDPR"}, "JP", ["CA_PIPEDA", "EU_GDPR"]),
        ({"US-TX": "US_TX"}, "US-CA", ["CA_PIPEDA", "US_CA_CCPA"]),
        ({"US-TX": "US_TX"}, None, ["CA_PIPEDA"]),
    ],
)
def test_a_law_that_the_policy_names_for_a_place_binds_those_who_live_there(
    residence: dict[str, str], country: str | None, binding: list[str]
) -> None:
    assert [law.id for law in binding_regimes(["CA_PIPEDA"], country, residence=residence)] == binding


def test_there_is_one_house_rule() -> None:
    assert fallback_regime().id == "THIRTY_DAYS"


def test_a_question_is_matched_with_the_first_answer_after_it() -> None:
    happened = [
        ClockEvent("fee_paid", date(2026, 1, 1)),
        ClockEvent("fee_requested", date(2026, 1, 2)),
        ClockEvent("fee_paid", date(2026, 1, 5)),
        ClockEvent("fee_requested", date(2026, 1, 7)),
    ]
    assert exchanges(happened, "fee_requested", "fee_paid") == [(date(2026, 1, 2), date(2026, 1, 5)), (date(2026, 1, 7), None)]


def test_dates_and_lengths_read_as_english() -> None:
    assert day(date(2026, 10, 14)) == "14 October 2026"
    assert long_day(date(2026, 12, 12)) == "Saturday 12 December 2026"
    assert (length(1, "month"), length(30, "working_day")) == ("1 month", "30 working days")
    assert (listing([]), listing(["a"]), listing(["a", "b", "c"])) == ("", "a", "a, b and c")
