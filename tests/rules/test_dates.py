"""One law at a time: start, count, pauses, roll, extension."""

from datetime import date

import pytest

from requests_app.rules.counting import WEEKENDS, add_months, subtract_working_days
from requests_app.rules.deadlines import ClockEvent, Deadline, deadline
from requests_app.rules.errors import RuleError
from requests_app.rules.regimes import regime_named
from requests_app.rules.rights import Right


def worked(regime: str, received: date, *happened: tuple[str, date], right: Right = Right.ACCESS) -> Deadline:
    return deadline(regime_named(regime), right, received, events=[ClockEvent(kind, on) for kind, on in happened])


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2025, 1, 31), 3, date(2025, 4, 30)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
    ],
)
def test_a_month_ends_on_the_same_day_or_the_last_of_a_shorter_month(start: date, months: int, end: date) -> None:
    assert add_months(start, months) == end


def test_five_working_days_before_a_saturday_is_a_monday() -> None:
    assert subtract_working_days(date(2026, 12, 12), 5, WEEKENDS) == date(2026, 12, 7)


def test_a_saturday_stays_under_pipeda_and_says_so() -> None:
    found = worked("CA_PIPEDA", date(2026, 11, 12))
    assert found.due == date(2026, 12, 12)
    assert found.counts == "30 days; Saturday stays"
    assert "Saturday is not a day that moves this date, so it stays on 12 December 2026." in found.explanation


def test_a_sunday_moves_under_pipeda_and_says_from_where() -> None:
    found = worked("CA_PIPEDA", date(2026, 2, 6))
    assert found.due == date(2026, 3, 9)
    assert found.counts == "30 days; moved from Sunday 8 March 2026"
    assert "8 March 2026 is a Sunday, so the last day moves to the next working day: Monday 9 March 2026." in found.explanation


def test_a_holiday_that_moves_the_date_is_named() -> None:
    found = worked("CA_PIPEDA", date(2026, 6, 1))
    assert any("a holiday (Canada Day)" in sentence for sentence in found.explanation)


def test_working_days_name_the_holidays_they_leave_out() -> None:
    found = worked("CA_BC_PIPA", date(2026, 12, 1))
    assert found.counts == "30 working days"
    assert any("25 December 2026 (Christmas Day)" in sentence for sentence in found.explanation)


def test_a_law_without_a_number_gives_a_target_and_no_date() -> None:
    found = worked("JP_APPI", date(2026, 4, 1))
    assert (found.due, found.undated, found.target_by) == (None, "no_number", date(2026, 4, 15))


def test_a_right_that_a_law_does_not_know_gives_no_date() -> None:
    found = worked("CA_QC_P391", date(2026, 4, 1), right=Right.OPT_OUT_SALE)
    assert (found.due, found.ack_due, found.undated) == (None, None, "no_right")
    assert "opting out of sale" in found.explanation[0]


def test_the_british_month_waits_for_the_identity_we_asked_for() -> None:
    asked = ("identity_requested", date(2026, 3, 3))
    waiting = worked("UK_GDPR", date(2026, 3, 2), asked)
    assert (waiting.due, waiting.starts_on, waiting.undated) == (None, None, "not_started")
    begun = worked("UK_GDPR", date(2026, 3, 2), asked, ("identity_received", date(2026, 3, 20)))
    assert (begun.due, begun.starts_on, begun.start_event) == (date(2026, 4, 20), date(2026, 3, 20), "identity_received")


def test_identity_that_nobody_asked_for_moves_nothing() -> None:
    assert worked("UK_GDPR", date(2026, 3, 2), ("identity_received", date(2026, 3, 20))).due == date(2026, 4, 2)


def test_a_question_after_the_last_day_cannot_bring_it_back() -> None:
    late = worked("UK_GDPR", date(2026, 3, 2), ("identity_requested", date(2026, 4, 9)), ("identity_received", date(2026, 4, 20)))
    assert late.due == date(2026, 4, 2)
    assert any("the last day had passed by then" in sentence for sentence in late.explanation)
    paused = worked("EU_GDPR", date(2026, 3, 2), ("clarification_requested", date(2026, 5, 1)))
    assert paused.due == date(2026, 4, 2)


def test_a_british_pause_counts_both_ends_and_a_european_one_only_the_answer() -> None:
    talk = (("clarification_requested", date(2026, 6, 8)), ("clarification_received", date(2026, 6, 12)))
    british, european = worked("UK_GDPR", date(2026, 6, 1), *talk), worked("EU_GDPR", date(2026, 6, 1), *talk)
    assert (british.due, european.due) == (date(2026, 7, 6), date(2026, 7, 6))
    assert british.counts == "1 month; 5 days paused"
    assert european.counts == "1 month; 4 days paused; moved from Sunday 5 July 2026"
    assert european.unpaused_due == date(2026, 7, 1)


def test_two_questions_at_once_pause_each_day_only_once() -> None:
    found = worked(
        "EU_GDPR",
        date(2026, 6, 1),
        ("identity_requested", date(2026, 6, 2)),
        ("identity_received", date(2026, 6, 12)),
        ("clarification_requested", date(2026, 6, 5)),
        ("clarification_received", date(2026, 6, 15)),
    )
    assert "13 days paused" in found.counts
    assert found.due == date(2026, 7, 14)


def test_a_reminder_does_not_lengthen_a_pause() -> None:
    talk = [("identity_requested", date(2026, 6, 2)), ("identity_requested", date(2026, 6, 5)), ("identity_received", date(2026, 6, 12))]
    assert worked("EU_GDPR", date(2026, 6, 1), *talk).counts == worked("EU_GDPR", date(2026, 6, 1), talk[0], talk[2]).counts


def test_an_open_question_stops_the_european_clock_but_its_date_stays_known() -> None:
    found = worked("EU_GDPR", date(2026, 6, 1), ("identity_requested", date(2026, 6, 2)))
    assert (found.due, found.extended_due, found.undated) == (None, None, "paused")
    assert (found.unpaused_due, found.starts_on) == (date(2026, 7, 1), date(2026, 6, 1))
    assert found.counts == "1 month; clock stands still"


def test_checking_identity_never_stops_the_californian_clock() -> None:
    asked = worked("US_CA_CCPA", date(2026, 4, 6), ("identity_requested", date(2026, 4, 8)))
    assert (asked.due, asked.ack_due) == (date(2026, 5, 21), date(2026, 4, 20))


def test_a_swiss_cost_notice_moves_the_start_only_if_the_person_agrees() -> None:
    notice = ("cost_notice_sent", date(2026, 3, 5))
    assert worked("CH_FADP", date(2026, 3, 2), notice).due is None
    agreed = worked("CH_FADP", date(2026, 3, 2), notice, ("cost_confirmed", date(2026, 3, 8)))
    assert (agreed.starts_on, agreed.due) == (date(2026, 3, 15), date(2026, 4, 14))


def test_a_law_without_a_longest_date_says_so() -> None:
    found = worked("NZ_PRIVACY", date(2026, 6, 15))
    assert (found.extended_due, found.extension) == (None, "open")
    assert any("the law sets no longest date" in sentence for sentence in found.explanation)


@pytest.mark.parametrize(("on", "kind", "extended"), [(date(2026, 6, 11), "fixed", True), (date(2026, 6, 12), "late", False)])
def test_an_extension_is_announced_inside_the_first_period_or_not_at_all(on: date, kind: str, extended: bool) -> None:
    found = worked("UK_GDPR", date(2026, 5, 11), ("extension_notified", on))
    assert (found.due, found.extension, found.extended) == (date(2026, 6, 11), kind, extended)
    assert (found.extended_due == date(2026, 8, 11)) is extended


def test_a_moved_last_day_warns_to_announce_before_it() -> None:
    found = worked("UK_GDPR", date(2026, 1, 1))
    assert any("announce it by 1 February 2026" in sentence for sentence in found.explanation)


def test_colorado_may_extend_an_appeal_and_oregon_may_not() -> None:
    assert worked("US_CO", date(2026, 5, 20), right=Right.APPEAL).extended_due == date(2026, 9, 2)
    assert worked("US_OR", date(2026, 5, 20), right=Right.APPEAL).extended_due is None


@pytest.mark.parametrize("on", [date(1, 1, 1), date(1989, 12, 31), date(9999, 12, 31)])
def test_an_impossible_date_is_refused(on: date) -> None:
    with pytest.raises(RuleError, match="between 1990 and 2200"):
        worked("EU_GDPR", on)
    with pytest.raises(RuleError, match="between 1990 and 2200"):
        worked("EU_GDPR", date(2026, 1, 1), ("identity_requested", on))
