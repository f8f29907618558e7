"""Refusing with a coded ground, and taking longer for a coded reason."""

from datetime import date

import pytest

from requests_app.rules.deadlines import Clock, ClockEvent, Promise, clock
from requests_app.rules.extensions import ExtensionRefused, check_extension, check_new_date, extension_reasons, may_extend
from requests_app.rules.refusals import RefusalRefused, check_refusal, ground_named, refusal_grounds, refusal_letter
from requests_app.rules.regimes import binding_regimes, load_regimes, regime_named
from requests_app.rules.rights import Right

EUROPE = binding_regimes([], "DE")
MIXED = binding_regimes(["CA_PIPEDA", "CA_BC_PIPA"], "DE")
EVIDENCE = "Twelve equal requests since October, see the register."


def a_clock(*laws: str, promise: Promise | None = None, events: tuple[ClockEvent, ...] = ()) -> Clock:
    return clock([regime_named(law) for law in laws], Right.ACCESS, date(2026, 11, 12), promise=promise, events=events)


def test_an_excessive_request_needs_evidence_and_a_second_person() -> None:
    ground = ground_named(EUROPE, Right.ACCESS, "excessive")
    assert (ground.needs_evidence, ground.needs_second_person) == (True, True)
    with pytest.raises(RefusalRefused, match="burden of proof is ours"):
        check_refusal(ground, evidence="  too many  ", decided_by="ada", agreed_by="otto")
    with pytest.raises(RefusalRefused, match="A second person must agree"):
        check_refusal(ground, evidence=EVIDENCE, decided_by="ada")
    with pytest.raises(RefusalRefused, match="somebody else"):
        check_refusal(ground, evidence=EVIDENCE, decided_by="ada", agreed_by="ada")
    check_refusal(ground, evidence=EVIDENCE, decided_by="ada", agreed_by="otto")


def test_an_unproved_identity_needs_no_second_person() -> None:
    check_refusal(ground_named(EUROPE, Right.ACCESS, "not_verifiable"), evidence=EVIDENCE, decided_by="ada")


def test_a_ground_that_one_law_does_not_know_says_so_and_takes_two() -> None:
    ground = ground_named(MIXED, Right.ACCESS, "excessive")
    assert (ground.accepted_by, ground.not_accepted_by) == (("GDPR",), ("PIPEDA", "BC PIPA"))
    assert ground.needs_second_person
    shared = ground_named(MIXED, Right.ACCESS, "not_verifiable")
    assert shared.not_accepted_by == ()
    assert shared.citation == "PIPEDA Sch. 1, 4.9.2; BC PIPA s 27; GDPR Art. 12(2), 12(6)"
    assert refusal_grounds(MIXED, Right.ACCESS)[0].not_accepted_by == ()


def test_a_contested_ground_names_the_law_that_is_silent() -> None:
    ground = ground_named(MIXED, Right.ACCESS, "excessive")
    with pytest.raises(RefusalRefused, match="not named by PIPEDA and BC PIPA"):
        check_refusal(ground, evidence=EVIDENCE, decided_by="ada")


def test_only_laws_that_give_the_right_are_asked() -> None:
    ground = ground_named(MIXED, Right.PORTABILITY, "excessive")
    assert (ground.accepted_by, ground.not_accepted_by) == (("GDPR",), ())


def test_an_unknown_ground_lists_the_choices() -> None:
    with pytest.raises(RefusalRefused, match="Choose one of: not_verifiable"):
        ground_named(EUROPE, Right.ACCESS, "mood")
    with pytest.raises(RefusalRefused, match="not a ground"):
        ground_named(EUROPE, Right.ACCESS, "legal_obligation")


def test_opting_out_cannot_be_refused_for_want_of_proof() -> None:
    for law in load_regimes().values():
        if Right.OPT_OUT_SALE in law.rights and not law.fallback:
            assert "not_verifiable" not in {ground.code for ground in refusal_grounds([law], Right.OPT_OUT_SALE)}


def test_every_law_can_refuse_what_it_does_not_cover() -> None:
    for law in load_regimes().values():
        for right in law.rights:
            assert "not_covered" in {ground.code for ground in refusal_grounds([law], right)}, (law.id, right)


def test_a_letter_of_refusal_names_every_way_to_complain_and_the_appeal() -> None:
    laws = binding_regimes(["US_VA", "EU_GDPR"], None)
    letter = refusal_letter(laws, ground_named(laws, Right.ACCESS, "not_verifiable"))
    assert letter[0].startswith("We could not confirm")
    assert any("We decide within 60 days" in sentence for sentence in letter)
    assert any("Attorney General of Virginia" in sentence for sentence in letter)
    assert any("data protection authority" in sentence for sentence in letter)


def test_an_extension_is_possible_until_the_last_day_and_not_after() -> None:
    may_extend(a_clock("CA_PIPEDA"), date(2026, 12, 12), False)
    with pytest.raises(ExtensionRefused, match="had to be announced by 12 December 2026"):
        may_extend(a_clock("CA_PIPEDA"), date(2026, 12, 13), False)


def test_nothing_is_extended_twice() -> None:
    with pytest.raises(ExtensionRefused, match="extended once"):
        may_extend(a_clock("CA_PIPEDA"), date(2026, 12, 1), True)
    extended = a_clock("CA_PIPEDA", events=(ClockEvent("extension_notified", date(2026, 12, 1)),))
    with pytest.raises(ExtensionRefused, match="extended once"):
        may_extend(extended, date(2026, 12, 2), False)


def test_quebec_knows_no_extension_and_is_named() -> None:
    with pytest.raises(ExtensionRefused, match="Quebec Law 25"):
        may_extend(a_clock("CA_QC_P391", "EU_GDPR"), date(2026, 12, 1), False)


def test_a_request_without_a_date_has_nothing_to_put_off() -> None:
    with pytest.raises(ExtensionRefused, match="no date now"):
        may_extend(a_clock("JP_APPI"), date(2026, 12, 1), False)


def test_the_promise_gives_way_to_a_laws_extension() -> None:
    found = a_clock("EU_GDPR", promise=Promise(20))
    assert found.due == date(2026, 12, 2)
    assert check_extension(found, today=date(2026, 12, 1), already=False, reason="complexity") == date(2027, 2, 12)


def test_each_reason_reaches_as_far_as_every_law_accepts_it() -> None:
    reach = {reason.code: reason.until for reason in extension_reasons(a_clock("CA_PIPEDA", "CA_BC_PIPA"))}
    assert reach["volume"] == date(2027, 1, 11)
    assert reach["complexity"] == date(2026, 12, 24)
    assert "remote_records" not in reach


def test_a_reason_is_coded_and_accepted_by_the_law_that_binds() -> None:
    with pytest.raises(ExtensionRefused, match="“holiday” is not a reason"):
        check_extension(a_clock("EU_GDPR"), today=date(2026, 12, 1), already=False, reason="holiday")
    with pytest.raises(ExtensionRefused, match=r"not accepted by GDPR\. Possible here: complexity, volume"):
        check_extension(a_clock("EU_GDPR"), today=date(2026, 12, 1), already=False, reason="workload")


def test_a_new_date_lies_between_the_old_one_and_the_laws() -> None:
    found = a_clock("EU_GDPR")
    check_new_date(date(2027, 1, 15), clock=found, latest=date(2027, 2, 12))
    with pytest.raises(ExtensionRefused, match="later than 14 December 2026"):
        check_new_date(date(2026, 12, 14), clock=found, latest=date(2027, 2, 12))
    with pytest.raises(ExtensionRefused, match="12 February 2027 at the latest"):
        check_new_date(date(2027, 2, 13), clock=found, latest=date(2027, 2, 12))


def test_a_law_without_a_longest_date_lets_us_name_one() -> None:
    assert check_extension(a_clock("NZ_PRIVACY"), today=date(2026, 12, 1), already=False, reason="volume") is None


@pytest.mark.parametrize("code", ["unfounded", "excessive"])
def test_no_law_lets_one_person_call_a_request_unfounded_or_excessive(code: str) -> None:
    grounds = [ground for regime in load_regimes().values() for ground in regime.refusal_grounds if ground.code == code]
    assert grounds
    assert all(ground.needs_evidence and ground.needs_second_person for ground in grounds)
