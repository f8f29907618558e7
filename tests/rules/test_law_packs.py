"""The files of the laws: complete, strict, and the page written from them."""

import re
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from requests_app.rules.laws import Regime
from requests_app.rules.reading import RegimeFileError, read_regime
from requests_app.rules.regimes import load_regimes
from requests_app.rules.regimes_page import regimes_page

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    *("EU_GDPR", "UK_GDPR", "CH_FADP", "CA_PIPEDA", "CA_BC_PIPA", "CA_AB_PIPA", "CA_QC_P391", "US_CA_CCPA", "US_VA"),
    *("US_CO", "US_CT", "US_UT", "US_IA", "US_TX", "US_OR", "US_MT", "US_DE", "US_NJ"),
    *("US_NH", "US_NE", "US_TN", "US_MN", "US_MD", "US_IN", "US_KY", "US_RI", "US_FL"),
    *("US_OK", "BR_LGPD", "BR_LGPD_SMALL", "AU_APP_AGENCY", "AU_APP_ORG", "NZ_PRIVACY", "SG_PDPA", "JP_APPI", "JP_APPI_PUBLIC"),
    *("KR_PIPA", "IN_DPDP", "ZA_PAIA", "TH_PDPA", "TR_KVKK", "THIRTY_DAYS"),
)
ON = {"EU_GDPR", "UK_GDPR", "CA_PIPEDA", "CA_BC_PIPA", "CA_QC_P391", "US_CA_CCPA"}
each_law = pytest.mark.parametrize("regime", load_regimes().values(), ids=lambda regime: regime.id)


def a_file(name: str = "CA_PIPEDA.yaml") -> dict[str, Any]:
    text = (resources.files("requests_app.rules.regimes") / name).read_text()
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def test_every_law_of_the_vocabulary_has_its_file() -> None:
    assert set(load_regimes()) == set(NAMES)


def test_six_laws_are_on_in_a_new_installation() -> None:
    assert {regime.id for regime in load_regimes().values() if regime.enabled} == ON


@each_law
def test_a_law_says_when_it_was_checked_and_where_it_stands(regime: Regime) -> None:
    assert regime.last_checked == date(2026, 11, 20)
    assert regime.citation
    assert regime.sources or regime.fallback
    assert all(source.url.startswith("http") for source in regime.sources)
    for clock in regime.clocks:
        assert all(period.citation for period in (clock.answer, clock.acknowledge) if period)
        assert clock.answer or clock.acknowledge or clock.target_days


@each_law
def test_a_laws_sentences_are_whole(regime: Regime) -> None:
    said = [
        regime.refusal_says,
        regime.fee.sentence,
        regime.authority.complain,
        *regime.notes,
        *(g.sentence for g in regime.refusal_grounds),
    ]
    for clock in regime.clocks:
        said += [clock.rule, clock.note, *(wait.because for wait in clock.waits), *(pause.because for pause in clock.pauses)]
        said += [clock.extension.notice] if clock.extension else []
    assert [sentence for sentence in said if sentence and not re.search(r"[.\])]$", sentence)] == []


@each_law
def test_a_law_names_a_zone_and_gives_reasons_to_refuse_only_its_own_rights(regime: Regime) -> None:
    assert ZoneInfo(regime.timezone)
    assert all(ground.rights <= regime.rights for ground in regime.refusal_grounds)
    assert len({ground.code for ground in regime.refusal_grounds}) == len(regime.refusal_grounds)
    assert "not_verifiable" in {ground.code for ground in regime.refusal_grounds}


def test_no_rule_of_the_engine_names_a_law() -> None:
    for path in (ROOT / "requests_app" / "rules").glob("*.py"):
        assert not [name for name in NAMES if name in path.read_text()], path.name


def test_a_law_not_checked_for_a_year_is_stale() -> None:
    regime = load_regimes()["EU_GDPR"]
    assert not regime.is_stale(date(2027, 11, 20))
    assert regime.is_stale(date(2027, 11, 21))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": None}, r"CA_PIPEDA.yaml.title: expected str, found None"),
        ({"places": ["CA", 1]}, r"CA_PIPEDA.yaml.places: “1” is not one of words"),
        ({"calendar": "Mars"}, r"CA_PIPEDA.yaml.calendar: “Mars” is not one of none, weekends"),
        ({"status": "fine"}, r"status: “fine” is not one of in_force"),
        ({"enabled": "yes"}, r"enabled: expected bool, found 'yes'"),
        ({"last_checked": "soon"}, r"last_checked: expected date, found 'soon'"),
        ({"surprise": 1}, r"CA_PIPEDA.yaml: unknown key “surprise”"),
        ({"id": "OTHER"}, r"the id OTHER belongs in a file of the same name"),
        ({"fee": {"grounds": ["greed"]}}, r"CA_PIPEDA.yaml.fee.grounds: “greed” is not one of cost"),
        ({"calendars_by_zone": {"Europe/Berlin": "Mars"}}, r"calendars_by_zone.Europe/Berlin: “Mars”"),
        ({"clocks": ["often"]}, r"CA_PIPEDA.yaml.clocks.1: expected a mapping, found 'often'"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(RegimeFileError, match=said):
        read_regime({**a_file(), **change}, "CA_PIPEDA.yaml")


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (("answer", "count"), "thirty", r"clocks.1.answer.count: expected int"),
        (("answer", "count"), True, r"clocks.1.answer.count: expected int"),
        (("answer", "unit"), "week", r"clocks.1.answer.unit: “week” is not one of day"),
        (("answer", "check"), "X", r"clocks.1.answer.check: “X” is not one of S, T, R"),
        (("extension", "reasons"), ["whim"], r"clocks.1.extension.reasons: “whim” is not one of complexity"),
        (("answer", "hours"), 12, r"clocks.1.answer: unknown key “hours”"),
    ],
)
def test_a_wrong_clock_is_refused_with_its_place(where: tuple[str, str], value: Any, said: str) -> None:
    content = a_file()
    content["clocks"][0][where[0]][where[1]] = value
    with pytest.raises(RegimeFileError, match=said):
        read_regime(content, "CA_PIPEDA.yaml")


def test_a_missing_number_a_second_clock_and_a_paused_working_day_are_refused() -> None:
    missing = a_file()
    del missing["clocks"][0]["answer"]["citation"]
    with pytest.raises(RegimeFileError, match="“citation” is missing"):
        read_regime(missing, "CA_PIPEDA.yaml")
    twice = a_file()
    twice["clocks"].append(twice["clocks"][0])
    with pytest.raises(RegimeFileError, match="more than one clock for access"):
        read_regime(twice, "CA_PIPEDA.yaml")
    paused = a_file("CA_BC_PIPA.yaml")
    paused["clocks"][0]["pauses"] = a_file("EU_GDPR.yaml")["clocks"][0]["pauses"]
    with pytest.raises(RegimeFileError, match="cannot be added to a period of working days"):
        read_regime(paused, "CA_BC_PIPA.yaml")


def test_the_page_of_the_laws_is_up_to_date() -> None:
    assert (ROOT / "docs" / "regimes.md").read_text() == regimes_page(), "run: ./start manage regimes_page"
