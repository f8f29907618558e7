"""Addresses, fates, dates: small rules without a database."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from portal.organisations.promises import Category, Fate
from requests_app import addresses, fates
from requests_app.templatetags import habeas
from tests.people import a_policy_document

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    "address",
    [
        "rita@example.org",
        "r.i+t_a@sub.example.co.uk",
        "用户@例え.jp",
        "o'hara@example.ie",
        "RITA@EXAMPLE.ORG",
        "a@b.co",
        "x" * 64 + "@example.org",
    ],
)
def test_an_address_that_exists_somewhere_is_taken(address: str) -> None:
    assert addresses.is_address(address)


@pytest.mark.parametrize(
    "address",
    ["", "rita", "@example.org", "rita@", "rita@example", "rita@@example.org", "ri ta@example.org", "rita@-example.org",
     "rita@exa mple.org",
     ".rita@example.org", "rita.@example.org", "ri..ta@example.org", "rita@example..org", "rita@example.7", "<rita@example.org>",
     "rita@example.org\n", "ri\u200bta@example.org", "x" * 65 + "@example.org", "rita@" + "x" * 64 + ".org"],
)  # fmt: skip
def test_what_no_letter_could_reach_is_not_an_address(address: str) -> None:
    assert not addresses.is_address(address)


@pytest.mark.parametrize(
    ("address", "flags"),
    [
        ("rita@example.org", []),
        ("r1ta+shop@example.org", []),
        ("rіta@example.org", ["mixed_scripts", "beyond_ascii"]),
        ("rita@exаmple.org", ["mixed_scripts", "beyond_ascii"]),
        ("рита@пример.рф", ["beyond_ascii"]),
        ("rita＠example.org", ["beyond_ascii", "changes_under_nfkc"]),
    ],
)
def test_look_alikes_are_flagged_and_only_they(address: str, flags: list[str]) -> None:
    assert addresses.flags(address) == flags


@pytest.mark.parametrize(
    ("period", "ends"),
    [
        ("P30D", date(2026, 12, 30)),
        ("P7Y", date(2033, 11, 30)),
        ("P3M", date(2027, 2, 28)),
        ("P2W", date(2026, 12, 14)),
        ("P1Y2M3D", date(2028, 2, 2)),
        ("PT24H", date(2026, 12, 1)),
    ],
)
def test_a_period_ends_on_its_day(period: str, ends: date) -> None:
    assert fates.after(TODAY, period) == ends


def test_everything_that_is_held_goes_or_stays_and_nothing_else_is_named() -> None:
    kinds = (
        Category(key="a", title="A", topic="T", goes_line="Your keys. They stop working"),
        Category(key="b", title="B", topic="T", on_deletion=Fate("kept", "P2Y", "legal_obligation", "The law says so."), sweep="P2Y"),
        Category(key="c", title="C", topic="T", on_deletion=Fate("kept", None, "legal_claims", "A court case runs.")),
        Category(key="d", title="D", topic="T", held=False),
        Category(key="e", title="E", topic="T", on_deletion=Fate("after", "P10D", None, "Ten days of grace.")),
    )
    ledger = fates.ledger(a_policy_document(categories=kinds), TODAY)
    assert [(line.words, line.note) for line in ledger.goes] == [("Your keys", "They stop working")]
    assert [(line.words, line.note) for line in ledger.stays] == [
        ("B", "Until November 2028 at the latest. The law says so."),
        ("C", "A court case runs."),
        ("E", "Until 10 December 2026. Ten days of grace."),
    ]
    assert ledger.backups_clear == date(2027, 1, 29)
    assert ledger.told == ("Postbote",)


def test_dates_read_as_people_say_them() -> None:
    assert habeas.day(TODAY) == "30 November 2026"
    assert habeas.day("2026-11-30") == "30 November 2026"
    assert habeas.day_short(TODAY) == "30 November"
    assert habeas.month(TODAY) == "November 2026"
    assert habeas.weekday(TODAY) == "Monday"
    assert habeas.day("soon") == habeas.day(None) == ""


def test_the_local_day_counts() -> None:
    late = datetime(2026, 12, 1, 3, tzinfo=ZoneInfo("UTC"))
    assert habeas.day(habeas.local(late, ZoneInfo("America/Vancouver"))) == "30 November 2026"


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 byte"), (999, "999 bytes"), (4_200, "4 kB"), (4_200_000, "4.2 MB"), (1_500_000_000, "1.5 GB")]
)
def test_sizes_read_as_file_lists_say_them(count: int, said: str) -> None:
    assert habeas.size(count) == said


def test_masks_show_the_first_sign_only() -> None:
    assert habeas.masked("rita@example.org") == "r•••@example.org"
    assert habeas.masked("lindqvist") == "l•••"
