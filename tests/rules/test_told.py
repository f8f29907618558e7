"""What people are told about a date, sentence by sentence, in an order in which it can be added up again, without the law's own words."""

from datetime import date

import pytest

from requests_app.rules.deadlines import ClockEvent, deadline
from requests_app.rules.errors import RuleError
from requests_app.rules.laws import ClockRule
from requests_app.rules.regimes import regime_named
from requests_app.rules.rights import Right

EUROPE = (
    "The request arrived on 30 January 2026, and the clock starts on that day.",
    "1 month after 30 January 2026: that is Saturday 28 February 2026.",
    "That month has no day 30, so its last day counts.",
    "28 February 2026 is a Saturday, so the last day moves to the next working day: Monday 2 March 2026.",
)
LONGER = "Announced by 2 March 2026, it ends at the latest 3 months after 30 January 2026, counted alike: Thursday 30 April 2026."
SAFER = "To be safe, announce it by 28 February 2026: the day before it was moved."
JANUARY, CLARIFY = date(2026, 1, 30), ("clarification_requested", "clarification_received")


def told(law: str, received: date, *happened: tuple[str, date]) -> tuple[str, ...]:
    """Our own sentences about an access request."""
    regime = regime_named(law)
    found = deadline(regime, Right.ACCESS, received, events=[ClockEvent(kind, on) for kind, on in happened])
    rule = regime.clock_for(Right.ACCESS)
    assert rule
    own = _words_of(rule)
    assert rule.rule in found.explanation
    notice = f"{rule.extension.notice} " if rule.extension else ""
    return tuple(sentence.removeprefix(notice) for sentence in found.explanation if sentence not in own)


def _words_of(rule: ClockRule) -> set[str]:
    return {rule.rule, rule.note, *(one.because for one in (*rule.waits, *rule.pauses))}


def test_a_month_that_is_clamped_and_moved() -> None:
    assert told("EU_GDPR", JANUARY) == (*EUROPE, LONGER, SAFER)


def test_a_day_that_stays_on_a_sunday_and_a_receipt_to_confirm() -> None:
    assert told("US_CA_CCPA", date(2026, 11, 12)) == (
        "The request arrived on 12 November 2026, and the clock starts on that day.",
        "45 days after 12 November 2026: that is Sunday 27 December 2026.",
        "This rule does not move a last day that falls on a Sunday, so it stays on 27 December 2026.",
        "Announced by 27 December 2026, it ends at the latest 90 days after 12 November 2026, counted alike: Wednesday 10 February 2027.",
        "We must confirm that the request arrived within 10 working days, by Friday 27 November 2026.",
    )


def test_a_law_without_a_number_names_our_own_target() -> None:
    assert told("JP_APPI", date(2026, 4, 1)) == (
        "The request arrived on 1 April 2026, and the clock starts on that day.",
        "The law gives no number of days for this. Our own target is 14 days: 15 April 2026.",
    )


def test_working_days_and_the_holidays_between_them() -> None:
    assert told("CA_BC_PIPA", date(2026, 3, 2)) == (
        "The request arrived on 2 March 2026, and the clock starts on that day.",
        "30 working days after 2 March 2026: that is Wednesday 15 April 2026.",
        "Saturdays and Sundays do not count, and neither do these holidays: 3 April 2026 (Good Friday) and 6 April 2026 (Easter Monday).",
        "Announced by 15 April 2026, it ends at the latest 60 working days after 2 March 2026, counted alike: Thursday 28 May 2026.",
    )


def test_working_days_without_a_holiday_and_no_longest_date() -> None:
    assert told("NZ_PRIVACY", date(2026, 3, 2)) == (
        "The request arrived on 2 March 2026, and the clock starts on that day.",
        "20 working days after 2 March 2026: that is Monday 30 March 2026.",
        "Saturdays and Sundays do not count, and no holiday falls in between.",
        "It must be announced by 30 March 2026; the law sets no longest date.",
    )


def test_a_clock_that_waits_for_the_identity_and_one_that_began_with_it() -> None:
    asked = ("identity_requested", date(2026, 3, 3))
    assert told("UK_GDPR", date(2026, 3, 2), asked) == (
        "On 3 March 2026 we asked for proof of identity and the answer is still missing, "
        "so the clock has not started and there is no date yet.",
    )
    assert told("UK_GDPR", date(2026, 3, 2), asked, ("identity_received", date(2026, 3, 20))) == (
        "The request arrived on 2 March 2026. The clock starts later, on 20 March 2026: the proof of identity arrived.",
        "1 month after 20 March 2026: that is Monday 20 April 2026.",
        "Announced by 20 April 2026, it ends at the latest 3 months after 20 March 2026, counted alike: Monday 22 June 2026.",
    )


def test_a_pause_that_counts_both_days_moves_past_easter() -> None:
    assert told("UK_GDPR", date(2026, 3, 2), (CLARIFY[0], date(2026, 3, 3)), (CLARIFY[1], date(2026, 3, 5))) == (
        "The request arrived on 2 March 2026, and the clock starts on that day.",
        "We asked on 3 March 2026 and the answer came on 5 March 2026: both days included, 3 days more do not count.",
        "1 month after 2 March 2026: that is Thursday 2 April 2026.",
        "Adding 3 days that did not count: Sunday 5 April 2026.",
        "5 April 2026 is a Sunday, so the last day moves to the next working day: Tuesday 7 April 2026.",
        "Without the pause the last day would be 2 April 2026. We aim for that day.",
        "Announced by 7 April 2026, it ends at the latest 3 months after 2 March 2026, counted alike: Friday 5 June 2026.",
        "To be safe, announce it by 5 April 2026: the day before it was moved.",
    )


def test_a_pause_without_the_day_of_asking() -> None:
    assert told("EU_GDPR", JANUARY, (CLARIFY[0], date(2026, 2, 3)), (CLARIFY[1], date(2026, 2, 5))) == (
        EUROPE[0],
        "We asked on 3 February 2026 and the answer came on 5 February 2026: without the day of asking, 2 days more do not count.",
        *EUROPE[1:3],
        "Adding 2 days that did not count: Monday 2 March 2026.",
        "Without the pause the last day would be 2 March 2026. We aim for that day.",
        "Announced by 2 March 2026, it ends at the latest 3 months after 30 January 2026, counted alike: Monday 4 May 2026.",
    )


def test_a_question_that_was_answered_on_its_own_day_changes_nothing() -> None:
    assert told("EU_GDPR", JANUARY, (CLARIFY[0], date(2026, 2, 3)), (CLARIFY[1], date(2026, 2, 3))) == (
        EUROPE[0],
        "We asked on 3 February 2026 and the answer came on 3 February 2026: this adds no day to the count.",
        *EUROPE[1:],
        LONGER,
        SAFER,
    )


def test_an_open_question_stops_the_clock() -> None:
    assert told("EU_GDPR", JANUARY, (CLARIFY[0], date(2026, 2, 3))) == (
        EUROPE[0],
        "On 3 February 2026 we asked what exactly is meant and the answer is still missing, "
        "so the clock stands still and there is no date yet.",
    )


def test_two_questions_are_told_in_the_order_in_which_they_were_asked_each_day_once() -> None:
    both = [("identity_requested", date(2026, 2, 2)), ("identity_received", date(2026, 2, 10))]
    both += [(CLARIFY[0], date(2026, 2, 4)), (CLARIFY[1], date(2026, 2, 6))]
    assert told("EU_GDPR", JANUARY, *both)[1:3] == (
        "We asked on 2 February 2026 and the answer came on 10 February 2026: without the day of asking, 8 days more do not count.",
        "We asked on 4 February 2026 and the answer came on 6 February 2026: this adds no day to the count.",
    )


def test_a_question_after_the_last_day_brings_nothing_back() -> None:
    assert told("EU_GDPR", JANUARY, (CLARIFY[0], date(2026, 4, 3))) == (
        EUROPE[0],
        "On 3 April 2026 we asked what exactly is meant, but the last day had passed by then, so this changes nothing.",
        *EUROPE[1:],
        LONGER,
        SAFER,
    )


def test_an_extension_in_time_and_one_that_came_too_late() -> None:
    assert told("EU_GDPR", JANUARY, ("extension_notified", date(2026, 3, 2))) == (
        *EUROPE,
        LONGER,
        SAFER,
        "The extension was announced in time, on 2 March 2026, so the last day is now 30 April 2026.",
    )
    assert told("EU_GDPR", JANUARY, ("extension_notified", date(2026, 3, 20))) == (
        *EUROPE,
        "The extension was announced on 20 March 2026, after the last day 2 March 2026. It came too late and changes nothing.",
    )


@pytest.mark.parametrize("day", [date(1990, 1, 1), date(2200, 1, 1)])
def test_dates_of_a_request_lie_between_1990_and_2200(day: date) -> None:
    assert deadline(regime_named("US_VA"), Right.ACCESS, day).due


@pytest.mark.parametrize("day", [date(1989, 12, 31), date(2200, 1, 2)])
def test_a_date_beyond_that_was_mistyped(day: date) -> None:
    with pytest.raises(RuleError, match="between 1990 and 2200"):
        deadline(regime_named("US_VA"), Right.ACCESS, day)
    with pytest.raises(RuleError, match="between 1990 and 2200"):
        deadline(regime_named("US_VA"), Right.ACCESS, JANUARY, events=[ClockEvent("fee_paid", day)])
