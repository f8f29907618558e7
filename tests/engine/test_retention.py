"""Periods as calendar arithmetic, and a policy's word about deletion as a day."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.retention import ENDLESS, LATER, NOW, Due, PeriodError, add_period, due_of, period_before, settle
from portal.organisations.promises import Category, Fate

TODAY = date(2026, 12, 8)
GOES = Fate("now", because="It ends with the account")
GRACE = Fate("after", period="P30D", because="30 days of grace")
TAX = Fate("kept", period="P7Y", basis="legal_obligation", because="Tax law")
WISH = Fate("kept", period="P1Y", basis="legitimate_interest", because="We would like to")


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        (TODAY, "P30D", date(2027, 1, 7)),
        (TODAY, "P90D", date(2027, 3, 8)),
        (TODAY, "P2Y", date(2028, 12, 8)),
        (TODAY, "P7Y", date(2033, 12, 8)),
        (TODAY, "P2W", date(2026, 12, 22)),
        (TODAY, "P1Y2M3D", date(2028, 2, 11)),
        (date(2024, 2, 29), "P1Y", date(2025, 2, 28)),
        (date(2024, 2, 29), "P4Y", date(2028, 2, 29)),
        (date(2026, 1, 31), "P1M", date(2026, 2, 28)),
        (date(2026, 8, 31), "P1M", date(2026, 9, 30)),
        (date(2026, 1, 31), "P1M1D", date(2026, 3, 1)),
        (date(2026, 12, 31), "P2M", date(2027, 2, 28)),
        (TODAY, "PT24H", date(2026, 12, 9)),
        (TODAY, "PT1S", date(2026, 12, 9)),
        (TODAY, "P1DT1H", date(2026, 12, 10)),
        (TODAY, "P9000Y", ENDLESS),
        (TODAY, "P99999999D", ENDLESS),
    ],
)
def test_a_period_ends_on_the_calendar_day(start: date, period: str, end: date) -> None:
    assert add_period(start, period) == end


@pytest.mark.parametrize("period", ["", "P", "PT", "7Y", "P7", "P-1D", "P1.5Y", "P1D1Y", "p7y", "P7Y ", "P1DT"])
def test_what_is_not_a_period_is_refused_by_name(period: str) -> None:
    with pytest.raises(PeriodError, match="is not a period such as P30D"):
        add_period(TODAY, period)


@settings(deadline=None, max_examples=60)
@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)), st.integers(0, 200), st.integers(0, 40))
def test_a_longer_period_never_ends_earlier(start: date, months: int, days: int) -> None:
    end = add_period(start, f"P{months}M{days}D")
    assert start <= end <= add_period(start, f"P{months}M{days + 1}D")
    assert end <= add_period(start, f"P{months + 1}M{days}D")


def test_a_fate_becomes_a_day_with_its_reason() -> None:
    assert due_of(GOES, TODAY) == Due("now", TODAY, because="It ends with the account")
    assert due_of(GRACE, TODAY).on == date(2027, 1, 7)
    assert due_of(TAX, TODAY) == Due("kept", date(2033, 12, 8), "P7Y", "legal_obligation", "Tax law")
    assert due_of(Fate("kept", basis="legal_claims", because="A dispute"), TODAY).on == ENDLESS


def fated(on_deletion: Fate, alternative: Fate | None = None) -> Category:
    return Category(key="k", title="K", topic="t", on_deletion=on_deletion, alternative=alternative)


def test_a_policy_that_says_one_thing_leaves_nothing_to_choose() -> None:
    settled = settle(fated(TAX), TODAY)
    assert settled.due.on == date(2033, 12, 8)
    assert not settled.choices
    assert settle(fated(GOES), TODAY, LATER).due.when == "now"


@pytest.mark.parametrize(("first", "second"), [(GOES, GRACE), (GRACE, GOES)])
def test_of_two_things_the_earlier_counts_whichever_is_written_first(first: Fate, second: Fate) -> None:
    settled = settle(fated(first, second), TODAY)
    assert (settled.chosen, settled.due.when, settled.by_default) == (NOW, "now", True)
    assert settled.choices[LATER].on == date(2027, 1, 7)


def test_an_officer_may_choose_the_later() -> None:
    settled = settle(fated(GOES, GRACE), TODAY, LATER)
    assert (settled.chosen, settled.due.on, settled.by_default) == (LATER, date(2027, 1, 7), False)
    assert settle(fated(GOES, GRACE), TODAY, "tomorrow").by_default


def test_what_a_law_keeps_is_kept_unless_somebody_chooses() -> None:
    assert settle(fated(GOES, TAX), TODAY).chosen == LATER
    assert settle(fated(GOES, TAX), TODAY, NOW).due.when == "now"
    assert settle(fated(GOES, WISH), TODAY).chosen == NOW


@pytest.mark.parametrize(
    ("period", "cutoff"),
    [
        ("P30D", "2026-11-08 14:30"),
        ("PT24H", "2026-12-07 14:30"),
        ("P1Y", "2025-12-08 14:30"),
        ("P2Y", "2024-12-08 14:30"),
        ("P1M", "2026-11-08 14:30"),
        ("P1W", "2026-12-01 14:30"),
        ("P1Y2M3DT4H", "2025-10-05 10:30"),
        ("PT0S", "2026-12-08 14:30"),
    ],
)
def test_what_is_older_than_a_period_happened_before_its_cutoff(period: str, cutoff: str) -> None:
    moment = datetime(2026, 12, 8, 14, 30, tzinfo=UTC)
    assert period_before(moment, period) == datetime.fromisoformat(f"{cutoff}+00:00")


def test_a_cutoff_at_the_end_of_a_short_month_is_never_too_late() -> None:
    leap = datetime(2028, 2, 29, 9, tzinfo=UTC)
    assert period_before(leap, "P1Y") == datetime(2027, 2, 28, 9, tzinfo=UTC)
    assert period_before(datetime(2027, 3, 31, 9, tzinfo=UTC), "P1M") == datetime(2027, 2, 28, 9, tzinfo=UTC)
    assert period_before(leap, "P9999Y").year == 1
    with pytest.raises(PeriodError):
        period_before(leap, "a month")
