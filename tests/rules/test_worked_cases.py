"""The 78 worked cases: with the calendars they bring, and with ours."""

import json
from pathlib import Path
from typing import Any

import pytest

from requests_app.rules.calendars import CALENDARS, calendar_named
from requests_app.rules.worked import UnreadableCase, compare, read_calendars, totals

CONTENT: dict[str, Any] = json.loads((Path(__file__).parent / "deadline_vectors.json").read_text())
OWN = {name: calendar_named(name) for name in CONTENT["calendars"]}


def one_case(**changes: Any) -> dict[str, Any]:
    case = next(case for case in CONTENT["cases"] if case["id"] == "UK-001")
    return {"calendars": CONTENT["calendars"], "cases": [{**case, **changes}]}


@pytest.mark.parametrize("found", compare(CONTENT), ids=lambda one: one.id)
def test_a_worked_case_comes_out(found: Any) -> None:
    assert found.error == ""
    assert dict(found.got) == dict(found.expected)


def test_every_case_of_the_file_was_worked() -> None:
    assert totals(compare(CONTENT)) == {"cases": 78, "agree": 78, "differ": 0, "failed": 0}


@pytest.mark.parametrize("name", CONTENT["calendars"])
def test_our_own_calendars_know_the_same_days(name: str) -> None:
    """Day by day over every year that the file's calendar covers."""
    theirs = read_calendars(CONTENT["calendars"])[name]
    assert OWN[name].non_working_weekdays == theirs.non_working_weekdays
    years = {when.year for when in theirs.dates if when.year >= 2023}
    listed = {when for when in theirs.dates if when.year in years}
    ours = {when for year in years for when in OWN[name].dates._of_year(year)} if years else set()
    assert listed == ours


def test_every_calendar_can_be_loaded() -> None:
    assert all(calendar_named(name).title for name in CALENDARS)


def test_a_wrong_expectation_is_reported_as_a_difference() -> None:
    found = compare(one_case(expect={"ack_due": None, "due": "2025-10-04", "extended_due": "2025-12-03"}))
    assert totals(found) == {"cases": 1, "agree": 0, "differ": 1, "failed": 0}
    assert found[0].got["due"] == "2025-10-03"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"regime": "MARS"}, "not a regime"),
        ({"right": "flight"}, "not a right"),
        ({"timezone": "Mars/Olympus"}, "not a time zone"),
        ({"timezone": "../etc"}, "not a time zone"),
        ({"holidays_calendar": "Mars"}, "not a calendar"),
        ({"received_at": "yesterday"}, "not a date"),
        ({"received_at": "0001-01-01T00:00:00+14:00"}, "not a date"),
        ({"events": [{"type": "party", "at": "2025-09-05"}]}, "not an event"),
        ({"events": [{"type": "fee_paid"}]}, "cannot be read"),
    ],
)
def test_a_case_that_cannot_be_read_fails_alone(change: dict[str, Any], said: str) -> None:
    content = one_case(**change)
    content["cases"] += one_case()["cases"]
    broken, sound = compare(content)
    assert said in broken.error
    assert not broken.agrees
    assert sound.agrees


@pytest.mark.parametrize("content", [[], {}, {"cases": []}, {"cases": {}, "calendars": {}}, "text", None])
def test_a_file_of_another_kind_is_refused(content: Any) -> None:
    with pytest.raises(UnreadableCase, match="must hold"):
        compare(content)


def test_a_calendar_that_cannot_be_read_is_named() -> None:
    with pytest.raises(UnreadableCase, match=r"calendars\.X cannot be read"):
        read_calendars({"X": {"non_working_weekdays": ["Funday"], "dates": {}}})
