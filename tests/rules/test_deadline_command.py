"""`deadline` and `regimes_page` as somebody types them: output, exit codes, one-line refusals."""

import json
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from requests_app.management.commands.deadline import Command

VECTORS = Path(__file__).parent / "deadline_vectors.json"


class Typed:
    """Types the command and keeps what it said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = 0
        try:
            Command().run_from_argv(["manage.py", "deadline", *words])
        except SystemExit as left:
            code = int(left.code or 0)
        said = self.capsys.readouterr()
        return code, said.out, said.err


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(capsys)


def test_dates_are_printed_as_json(typed: Typed) -> None:
    code, out, err = typed("US_CA_CCPA", "know", "2026-11-20T10:00:00-08:00", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["ack_due"], found["due"], found["extended_due"]) == ("2026-12-07", "2027-01-04", "2027-02-18")
    assert "45 days after 20 November 2026: that is Monday 4 January 2027." in found["explanation"]


def test_dates_are_told_in_words(typed: Typed) -> None:
    code, out, _ = typed("CA_PIPEDA", "access", "2026-11-12")
    assert code == 0
    assert "Reply by: Saturday 12 December 2026\nIf extended, reply by: Monday 11 January 2027\n" in out
    assert "No date follows from this law." in typed("JP_APPI", "access", "2026-11-12")[1]


def test_the_zone_decides_the_day(typed: Typed) -> None:
    words = ("UK_GDPR", "access", "2026-06-30T23:30:00Z", "--json", "--timezone")
    assert json.loads(typed(*words, "Europe/London")[1])["due"] == "2026-08-03"
    assert json.loads(typed(*words, "America/New_York")[1])["due"] == "2026-07-30"


def test_holidays_come_from_the_zone_or_from_the_name(typed: Typed) -> None:
    words = ("EU_GDPR", "access", "2026-04-01T10:00:00+02:00", "--json")
    assert json.loads(typed(*words)[1])["due"] == "2026-05-01"
    assert json.loads(typed(*words, "--timezone", "Europe/Berlin")[1])["due"] == "2026-05-04"
    assert json.loads(typed(*words, "--holidays", "DE")[1])["due"] == "2026-05-04"


def test_events_move_the_clock(typed: Typed) -> None:
    asked, got = "identity_requested@2026-03-03T09:00:00Z", "identity_received@2026-03-20T17:00:00Z"
    words = ("UK_GDPR", "access", "2026-03-02T09:00:00Z", "--json", "--event", asked)
    assert json.loads(typed(*words)[1])["due"] is None
    assert json.loads(typed(*words, "--event", got)[1])["due"] == "2026-04-20"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["GDPR", "access", "2026-01-01"], "“GDPR” is not a regime"),
        (["EU_GDPR", "fly", "2026-01-01"], "“fly” is not a right"),
        (["EU_GDPR", "access", "soon"], "“soon” is not a date"),
        (["EU_GDPR", "access", "1066-10-14"], "1066-10-14 cannot be a date"),
        (["EU_GDPR", "access", "2026-01-01", "--timezone", "Mars/Base"], "“Mars/Base” is not a time zone"),
        (["EU_GDPR", "access", "2026-01-01", "--holidays", "Mars"], "“Mars” is not a calendar"),
        (["EU_GDPR", "access", "2026-01-01", "--event", "identity_requested"], "write TYPE@AT"),
        (["EU_GDPR", "access", "2026-01-01", "--event", "party@2026-01-02"], "“party” is not an event"),
        (["EU_GDPR", "access", "2026-01-01", "--event", "fee_paid@never"], "“never” is not a date"),
    ],
)
def test_a_refusal_is_one_line_and_leaves_with_1(typed: Typed, words: list[str], said: str) -> None:
    code, out, err = typed(*words, "--json")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert said in err


@pytest.mark.parametrize(
    "words",
    [[], ["EU_GDPR"], ["EU_GDPR", "access"], ["--vectors", "f", "EU_GDPR"], ["--vectors", "f", "--holidays", "DE"], ["--frobnicate"]],
)
def test_wrong_usage_leaves_with_2(typed: Typed, words: list[str]) -> None:
    code, out, err = typed(*words)
    assert (code, out) == (2, "")
    assert err


def test_a_file_of_worked_cases_is_compared(typed: Typed) -> None:
    code, out, err = typed("--vectors", str(VECTORS), "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["totals"] == {"cases": 78, "agree": 78, "differ": 0, "failed": 0}
    assert found["cases"][0]["id"] == "UK-001"
    assert found["cases"][0]["expected"] == found["cases"][0]["got"] == {"ack_due": None, "due": "2025-10-03", "extended_due": "2025-12-03"}


def test_a_difference_is_told_and_leaves_with_1(typed: Typed, tmp_path: Path) -> None:
    content: dict[str, Any] = json.loads(VECTORS.read_text())
    content["cases"][0]["expect"]["due"] = "2025-10-04"
    content["cases"][1]["regime"] = "MARS"
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(content))
    code, out, err = typed("--vectors", str(path))
    assert code == 1
    assert "UK-001: due is 2025-10-03, expected 2025-10-04\n" in out
    assert "UK-002: “MARS” is not a regime" in out
    assert "2 of 78 worked cases do not agree" in err


def test_a_file_that_cannot_be_read_is_refused(typed: Typed, tmp_path: Path) -> None:
    assert typed("--vectors", str(tmp_path / "none.json"))[0] == 1
    path = tmp_path / "cases.json"
    for text, said in (("{", "is not JSON"), ("[]", "must hold")):
        path.write_text(text)
        code, _, err = typed("--vectors", str(path))
        assert (code, said in err) == (1, True)


def test_a_law_not_checked_for_a_year_warns_and_answers(typed: Typed) -> None:
    with time_machine.travel("2028-01-01", tick=False):
        code, out, err = typed("EU_GDPR", "access", "2028-01-01", "--json")
    assert (code, json.loads(out)["due"]) == (0, "2028-02-01")
    assert "EU_GDPR was last checked on 2026-11-20" in err


def test_the_page_of_the_laws_can_be_checked(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("regimes_page", "--check")
    assert "up to date" in capsys.readouterr().out
