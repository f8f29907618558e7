"""The rules at their very edges: the last day that counts, the first that does not, and what stands for nothing."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from requests_app.rules.calendars import calendar_named
from requests_app.rules.counting import holidays_between
from requests_app.rules.deadlines import POLICY, ClockEvent, Deadline, Promise, clock, deadline
from requests_app.rules.events import exchanges
from requests_app.rules.extensions import LONGEST, ExtensionRefused, check_extension, check_new_date, extension_reasons
from requests_app.rules.fees import Circumstance, fee_rule
from requests_app.rules.outcomes import Denial, Result, denial_of, result_of
from requests_app.rules.refusals import EVIDENCE_LETTERS, RefusalRefused, check_refusal, ground_named
from requests_app.rules.regimes import normal_place, regime_named
from requests_app.rules.rights import Right
from requests_app.rules.verification import (
    CHALLENGES_A_DAY,
    CODE_MINUTES,
    LINK_DAYS,
    MAX_ATTEMPTS,
    RESEND_SECONDS,
    RESENDS,
    CodeRefused,
    check_resend,
)
from tests.rules.test_refusals_and_extensions import EUROPE, a_clock

NOON = datetime(2026, 11, 20, 12)
ENDINGS: list[tuple[str, str, dict[str, Any], Result]] = [
    ("withdrawn", "", {}, Result.WITHDRAWN),
    ("withdrawn", "refused", {"kept": 1}, Result.WITHDRAWN),
    ("duplicate", "", {}, Result.DUPLICATE),
    ("", "", {}, Result.OPEN),
    ("", "given", {"kept": 1}, Result.OPEN),
    ("refused", "refused", {}, Result.DENIED),
    ("expired", "not_verifiable", {"kept": 3}, Result.DENIED),
    ("expired", "unanswered", {}, Result.DENIED),
    ("answered", "upheld", {}, Result.DENIED),
    ("answered", "given", {}, Result.WHOLE),
    ("answered", "given", {"withheld": 0, "kept": 0, "gaps": 0, "refused": 0, "found": 9}, Result.WHOLE),
    ("answered", "partly", {}, Result.PART),
    *(("answered", "erased", {name: 1}, Result.PART) for name in ("withheld", "kept", "gaps", "refused")),
]


@pytest.mark.parametrize(("ending", "outcome", "counts", "result"), ENDINGS)
def test_each_way_to_end_counts_as_one_thing(ending: str, outcome: str, counts: dict[str, Any], result: Result) -> None:
    assert result_of(ending, outcome, counts) is result


@pytest.mark.parametrize(
    ("outcome", "grounds", "denial"),
    [
        ("not_verifiable", [], Denial.NOT_VERIFIABLE),
        ("refused", ["not_verifiable"], Denial.NOT_VERIFIABLE),
        ("not_verifiable", ["not_covered"], Denial.NOT_VERIFIABLE),
        ("refused", ["not_covered"], Denial.NOT_A_CONSUMER),
        ("refused", ["trade_secret", "not_covered"], Denial.EXEMPT),
        ("refused", ["excessive", "trade_secret"], Denial.OTHER),
        ("refused", [], Denial.OTHER),
        ("unanswered", [], Denial.OTHER),
    ],
)
def test_the_first_ground_says_why_it_was_denied(outcome: str, grounds: list[str], denial: Denial) -> None:
    assert denial_of(outcome, grounds) is denial


def test_holidays_have_no_end_so_nobody_can_list_them() -> None:
    with pytest.raises(TypeError, match="one day at a time"):
        list(calendar_named("DE").dates)
    with pytest.raises(TypeError, match="one day at a time"):
        len(calendar_named("DE").dates)


def test_holidays_are_named_after_the_first_day_up_to_the_last() -> None:
    german = calendar_named("DE")
    names = [when for when, _name in holidays_between(date(2026, 12, 24), date(2026, 12, 25), german)]
    assert names == [date(2026, 12, 25)]
    assert holidays_between(date(2026, 12, 23), date(2026, 12, 24), german) == ()
    assert holidays_between(date(2026, 12, 25), date(2026, 12, 25), german) == ()


def asked_and_answered(*days: tuple[str, int]) -> list[tuple[date, date | None]]:
    kinds = {"asked": "clarification_requested", "answered": "clarification_received"}
    events = [ClockEvent(kinds[kind], date(2026, 3, day)) for kind, day in days]
    return exchanges(events, *kinds.values())


def test_an_answer_on_the_same_day_is_one_and_asking_again_on_it_is_a_reminder() -> None:
    third, fifth, sixth = date(2026, 3, 3), date(2026, 3, 5), date(2026, 3, 6)
    assert asked_and_answered(("asked", 3), ("answered", 3)) == [(third, third)]
    assert asked_and_answered(("asked", 3), ("answered", 5), ("asked", 5)) == [(third, fifth)]
    assert asked_and_answered(("asked", 3), ("answered", 5), ("asked", 6)) == [(third, fifth), (sixth, None)]


def test_a_letter_that_names_the_old_date_gives_the_laws_one() -> None:
    named = ClockEvent("extension_notified", date(2026, 12, 1), reason="complexity", until=date(2026, 12, 14))
    assert a_clock("EU_GDPR", events=(named,)).in_force == date(2027, 2, 12)


def test_a_promise_of_no_days_is_due_the_same_day() -> None:
    promised = next(one for one in a_clock("EU_GDPR", promise=Promise(0)).all if one.regime == POLICY)
    assert (promised.due, promised.counts) == (date(2026, 11, 12), "0 days")


def test_the_house_rule_stands_in_only_where_neither_law_nor_promise_speaks() -> None:
    def asked(promise: Promise | None) -> set[str]:
        found = clock([regime_named("CA_QC_P391")], Right.OPT_OUT_SALE, date(2026, 11, 12), promise=promise)
        return {one.regime for one in found.all}

    assert "THIRTY_DAYS" not in asked(Promise(10))
    assert "THIRTY_DAYS" in asked(Promise(None))
    assert "THIRTY_DAYS" in asked(None)


def test_which_date_is_the_earliest_is_said_only_where_there_are_several() -> None:
    assert not a_clock("EU_GDPR").explanation[0].startswith("The earliest date counts")
    assert a_clock("EU_GDPR", "US_VA").explanation[0].startswith("The earliest date counts")


def test_a_new_date_reaches_the_laws_last_day_and_no_further_than_a_year() -> None:
    european, open_ended = a_clock("EU_GDPR"), a_clock("NZ_PRIVACY")
    check_new_date(date(2027, 2, 12), clock=european, latest=date(2027, 2, 12))
    assert open_ended.due
    check_new_date(open_ended.due + timedelta(days=LONGEST), clock=open_ended, latest=None)
    for days in (LONGEST + 1, LONGEST + 2):
        with pytest.raises(ExtensionRefused, match="more than a year later"):
            check_new_date(open_ended.due + timedelta(days=days), clock=open_ended, latest=None)
    assert LONGEST == 366


def test_where_no_law_sets_a_longest_date_it_must_be_named() -> None:
    check_new_date(None, clock=a_clock("EU_GDPR"), latest=date(2027, 2, 12))
    with pytest.raises(ExtensionRefused, match="name the new one"):
        check_new_date(None, clock=a_clock("NZ_PRIVACY"), latest=None)


def test_a_reason_does_not_help_where_nothing_can_be_extended() -> None:
    with pytest.raises(ExtensionRefused, match="extended once"):
        check_extension(a_clock("EU_GDPR"), today=date(2026, 12, 1), already=True, reason="complexity")


def test_reasons_name_the_laws_by_their_short_names_and_only_those_that_set_the_date() -> None:
    assert {reason.accepted_by for reason in extension_reasons(a_clock("EU_GDPR"))} == {("GDPR",)}
    with pytest.raises(ExtensionRefused, match=r"not accepted by PIPEDA\. "):
        check_extension(a_clock("CA_PIPEDA", "CA_BC_PIPA"), today=date(2026, 12, 1), already=False, reason="remote_records")


def test_the_first_request_that_is_not_free_may_cost() -> None:
    law = regime_named("US_VA")
    costly = replace(law, fee=replace(law.fee, grounds=("cost",), free_in_a_year=2))
    assert fee_rule([costly], Right.ACCESS, Circumstance(earlier_requests=1)).grounds == ()
    assert fee_rule([costly], Right.ACCESS, Circumstance(earlier_requests=2)).grounds == ("cost",)


def test_a_date_waits_only_under_a_law_that_says_so() -> None:
    assert regime_named("UK_GDPR").lets_wait(Right.ACCESS, "identity_requested")
    assert not regime_named("US_VA").lets_wait(Right.ACCESS, "identity_requested")
    assert not regime_named("UK_GDPR").lets_wait(Right.OPT_OUT_SALE, "identity_requested")


def test_evidence_of_just_enough_letters_is_enough() -> None:
    ground = ground_named(EUROPE, Right.ACCESS, "not_verifiable")
    check_refusal(ground, evidence="x" * EVIDENCE_LETTERS, decided_by="ada")
    with pytest.raises(RefusalRefused, match="burden of proof"):
        check_refusal(ground, evidence="x" * (EVIDENCE_LETTERS - 1), decided_by="ada")


def test_a_part_of_the_kingdom_keeps_its_name() -> None:
    assert (normal_place("uk_sct"), normal_place("UK"), normal_place(None)) == ("GB-SCT", "GB", "")


def test_the_numbers_about_codes_are_those_that_people_are_told() -> None:
    assert (CODE_MINUTES, LINK_DAYS, MAX_ATTEMPTS, RESENDS, RESEND_SECONDS, CHALLENGES_A_DAY) == (30, 7, 5, 3, 60, 10)


def test_a_code_sent_half_an_hour_ago_no_longer_counts() -> None:
    sent = [NOON + timedelta(minutes=minutes) for minutes in range(RESENDS + 1)]
    check_resend(sent, NOON + timedelta(minutes=CODE_MINUTES))
    with pytest.raises(CodeRefused, match="We have sent 4 codes"):
        check_resend(sent, NOON + timedelta(minutes=CODE_MINUTES) - timedelta(seconds=1))


def test_a_code_sent_a_day_ago_no_longer_counts() -> None:
    sent = [NOON + timedelta(hours=2 * number) for number in range(CHALLENGES_A_DAY)]
    check_resend(sent, NOON + timedelta(days=1))
    with pytest.raises(CodeRefused, match="10 codes today"):
        check_resend(sent, NOON + timedelta(days=1) - timedelta(seconds=1))


def test_proof_on_the_day_of_receipt_moves_no_start() -> None:
    second = date(2026, 3, 2)
    found = deadline(
        regime_named("UK_GDPR"), Right.ACCESS, second, events=[ClockEvent(f"identity_{end}", second) for end in ("requested", "received")]
    )
    assert (found.starts_on, found.start_event) == (second, "received")
    assert "The clock starts later" not in " ".join(found.explanation)


def test_a_later_start_is_given_the_laws_own_reason() -> None:
    events = [ClockEvent("identity_requested", date(2026, 3, 3)), ClockEvent("identity_received", date(2026, 3, 20))]
    found = deadline(regime_named("UK_GDPR"), Right.ACCESS, date(2026, 3, 2), events=events)
    assert "The month starts only once we have the proof of identity that we reasonably asked for." in found.explanation


def clarified(law: str, received: date, asked: date, answered: date) -> Deadline:
    events = [ClockEvent("clarification_requested", asked), ClockEvent("clarification_received", answered)]
    return deadline(regime_named(law), Right.ACCESS, received, events=events)


def test_a_pause_that_begins_on_the_day_of_receipt_counts_that_day_where_both_days_are_included() -> None:
    # The month of the British Act begins with the day of receipt, so that day is one of those that do not count.
    found = clarified("UK_GDPR", date(2026, 3, 4), date(2026, 3, 4), date(2026, 3, 6))
    assert (found.due, found.counts) == (date(2026, 4, 7), "1 month; 3 days paused")


def test_a_question_on_the_very_last_day_is_in_time_and_the_day_after_is_not() -> None:
    last = date(2026, 3, 2)
    in_time = clarified("EU_GDPR", date(2026, 1, 30), last, date(2026, 3, 6))
    assert (in_time.due, in_time.counts) == (date(2026, 3, 4), "1 month; 4 days paused")
    late = clarified("EU_GDPR", date(2026, 1, 30), last + timedelta(days=1), date(2026, 3, 6))
    assert late.due == last


def test_an_extension_may_be_announced_on_the_last_day_by_all_laws_together() -> None:
    on_time = a_clock("EU_GDPR", events=(ClockEvent("extension_notified", date(2026, 12, 14), reason="complexity"),))
    assert (on_time.extended, on_time.in_force) == (True, date(2027, 2, 12))
    too_late = a_clock("EU_GDPR", events=(ClockEvent("extension_notified", date(2026, 12, 15), reason="complexity"),))
    assert (too_late.extended, too_late.in_force) == (False, date(2026, 12, 14))


def test_our_own_promise_does_not_close_what_the_law_leaves_open() -> None:
    found = a_clock("NZ_PRIVACY", promise=Promise(10))
    assert check_extension(found, today=date(2026, 11, 20), already=False, reason="volume") is None


def test_evidence_is_at_least_twenty_letters() -> None:
    assert EVIDENCE_LETTERS == 20


def test_a_law_is_called_what_people_call_it_or_by_its_title() -> None:
    law = regime_named("EU_GDPR")
    assert law.plain
    assert [name for name, _words in fee_rule([law], Right.ACCESS).sentences] == [law.plain]
    assert [name for name, _words in fee_rule([replace(law, plain="")], Right.ACCESS).sentences] == [law.title]
