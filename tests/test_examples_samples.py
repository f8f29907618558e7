"""The sample stores: always the same, whole, inside the promised windows, and full of traps for a careless search."""

import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from examples.cpzai import sample as cpzai
from examples.mcpr import sample as mcpr
from examples.mcpworks import sample as mcpworks
from exports.datasets import Collection, read_dataset
from portal.organisations.folder import read_folder

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
TODAY = date(2026, 12, 8)
BUILDERS = {"mcpworks": mcpworks.build, "cpzai": cpzai.build, "mcpr": mcpr.build}
ACCOUNTS = {"mcpworks": "accounts", "cpzai": "platform", "mcpr": "cloud"}
NAMED = {"mcpworks": ("title", "workspaces"), "cpzai": ("full_name", "accounts"), "mcpr": ("name", "projects")}
each = pytest.mark.parametrize("key", BUILDERS)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Path]]:
    built = {key: build(tmp_path_factory.mktemp(key), today=TODAY) for key, build in BUILDERS.items()}
    return {key: {path.stem: path for path in paths} for key, paths in built.items()}


Stores = dict[str, dict[str, Path]]


def asked(path: Path, question: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as store:
        return store.execute(question, values).fetchall()


def said(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as store:
        return list(store.iterdump())


def tables(path: Path) -> list[str]:
    return [name for (name,) in asked(path, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]


def collections(key: str) -> Iterator[tuple[str, Collection]]:
    for source in read_folder(EXAMPLES / key, stores=Path("/s")).sources:
        for reading in map(read_dataset, source.datasets):
            yield from ((Path(source.url).stem, collection) for dataset in reading.datasets for collection in dataset.collections)


@each
def test_the_same_day_builds_the_same_stores(key: str, stores: Stores, tmp_path: Path) -> None:
    again = {path.stem: path for path in BUILDERS[key](tmp_path, today=TODAY)}

    assert {name: said(path) for name, path in again.items()} == {name: said(path) for name, path in stores[key].items()}


@each
def test_another_number_of_people_is_built_when_asked_for(key: str, tmp_path: Path) -> None:
    path = BUILDERS[key](tmp_path, people=40, today=TODAY)[0]

    assert asked(path, "SELECT count(*) FROM accounts") == [(40,)]


@each
def test_every_key_leads_somewhere(key: str, stores: Stores) -> None:
    for path in stores[key].values():
        assert asked(path, "PRAGMA foreign_key_check") == []
        assert asked(path, "PRAGMA integrity_check") == [("ok",)]


@each
def test_the_datasets_name_every_table_and_every_column(key: str, stores: Stores) -> None:
    for name, collection in collections(key):
        columns = asked(stores[key][name], "SELECT name, pk FROM pragma_table_info(?)", collection.name)
        assert {field.name for field in collection.leaves()} == {column for column, _ in columns}, collection.address
        assert set(collection.primary_key) == {column for column, place in columns if place}, collection.address
    named = {name: sorted(c.name for n, c in collections(key) if n == name) for name in stores[key]}
    assert named == {name: tables(path) for name, path in stores[key].items()}


WINDOWS = [
    ("mcpworks", "accounts", "executions", "started_at", 90),
    ("mcpworks", "accounts", "security_events", "at", 365),
    ("mcpworks", "accounts", "refresh_tokens", "issued_at", 7),
    ("mcpworks", "accounts", "rate_limit_hits", "window_start", 1),
    ("mcpworks", "accounts", "audit_log", "at", 730),
    ("mcpworks", "telemetry", "request_log", "at", 30),
    ("mcpworks", "telemetry", "error_reports", "at", 90),
    ("mcpr", "cloud", "events", "at", 90),
    ("mcpr", "edge", "tunnels", "opened_at", 7),
    ("mcpr", "edge", "tunnel_connections", "connected_at", 7),
    ("cpzai", "server_logs", "connections", "opened_at", 30),
    ("cpzai", "server_logs", "requests", "at", 30),
]


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: f"{window[0]} {window[2]}")
def test_nothing_is_older_than_its_window_and_nothing_comes_from_tomorrow(stores: Stores, window: tuple[str, str, str, str, int]) -> None:
    key, store, table, column, days = window
    ((first, last, rows),) = asked(stores[key][store], f"SELECT min({column}), max({column}), count(*) FROM {table}")

    assert rows > 50
    assert first >= str(TODAY - timedelta(days=days))
    assert last < str(TODAY + timedelta(days=1))


@each
def test_several_hundred_people_write_their_names_in_many_scripts(key: str, stores: Stores) -> None:
    column, table = NAMED[key]
    path = stores[key][ACCOUNTS[key]]
    names = [name for (name,) in asked(path, f"SELECT {column} FROM {table}")]

    scripts = {unicodedata.name(sign).split()[0] for name in names for sign in name if sign.isalpha()}

    assert len(names) >= 390
    assert {
        "LATIN",
        "CYRILLIC",
        "GREEK",
        "ARABIC",
        "HEBREW",
        "DEVANAGARI",
        "THAI",
        "CJK",
        "HIRAGANA",
        "KATAKANA",
        "HANGUL",
        "ETHIOPIC",
    } <= scripts


@each
def test_addresses_are_different_and_lie_in_domains_that_nobody_owns(key: str, stores: Stores) -> None:
    path = stores[key][ACCOUNTS[key]]
    emails = [email for (email,) in asked(path, "SELECT email FROM accounts")]

    assert len(set(emails)) == len(emails)
    assert {email.rpartition("@")[2] for email in emails} == {"example.org", "example.com", "example.net", "example.ca"}
    assert {"marta.kowalska@example.org", "Marta.Kowalska@example.org", "ann.lee@example.net", "annlee@example.net"} <= set(emails)
    assert {"rita.lindqvist@example.org", "rita.lindqvist+lab@example.org", "rita.lindquist@example.org"} <= set(emails)
    assert "nobody@example.org" not in emails
    assert asked(path, "SELECT id FROM accounts WHERE email = 'nil@example.net'") == [(0,)]


COUNTS = {
    "rita.lindqvist@example.org": {"api_keys": 4, "executions": 1508, "execution_counts": 9, "audit_log": 96},
    "daniel.okafor@example.com": {"api_keys": 4, "executions": 2906, "security_events": 58, "audit_log": 143},
}


@pytest.mark.parametrize("email", COUNTS)
def test_the_people_of_the_stories_hold_what_the_stories_say(stores: Stores, email: str) -> None:
    path, telemetry = stores["mcpworks"]["accounts"], stores["mcpworks"]["telemetry"]
    ((number,),) = asked(path, "SELECT id FROM accounts WHERE email = ?", email)

    for table, rows in COUNTS[email].items():
        assert asked(path, f"SELECT count(*) FROM {table} WHERE account_id = ?", number) == [(rows,)], table
    code = asked(
        path,
        """
        SELECT count(DISTINCT f.id) + count(v.id) FROM functions f JOIN function_versions v ON v.function_id = f.id
        WHERE author_account_id = ?
        """,
        number,
    )
    requests = asked(telemetry, "SELECT count(*) FROM request_log WHERE account_id = ?", number)
    assert (code, requests) == (([(37,)], [(412,)]) if email.startswith("rita") else ([(114,)], [(1127,)]))


def test_somebody_else_is_spoken_of_in_daniels_runs(stores: Stores) -> None:
    question = """
        SELECT count(*) FROM execution_payloads p JOIN executions e ON e.id = p.execution_id JOIN accounts a ON a.id = e.account_id
        WHERE a.email = 'daniel.okafor@example.com' AND p.output LIKE ?
    """
    path = stores["mcpworks"]["accounts"]

    assert asked(path, question, "%rita.lindqvist@example.org%") == [(1,)]
    assert asked(path, question, "%ann.lee@example.net%") == [(1,)]


def test_the_lab_is_used_by_several_and_others_run_what_rita_wrote_there(stores: Stores) -> None:
    path = stores["mcpworks"]["accounts"]
    members = asked(path, "SELECT count(*) FROM memberships m JOIN workspaces w ON w.id = m.workspace_id WHERE namespace = 'lindqvist-lab'")
    runs = asked(
        path,
        "SELECT count(*) FROM executions e JOIN functions f ON f.id = e.function_id WHERE f.author_account_id = 1 AND e.account_id <> 1",
    )

    assert members == [(5,)]
    assert runs == [(3,)]


def test_one_address_belongs_to_two_accounts_and_one_desk_to_five(stores: Stores) -> None:
    path = stores["cpzai"]["platform"]

    assert asked(
        path,
        "SELECT count(*) FROM accounts WHERE address_id = (SELECT address_id FROM accounts WHERE email = 'rita.lindqvist@example.org')",
    ) == [(2,)]
    assert asked(path, "SELECT count(*) FROM desk_members WHERE desk_id = 1") == [(5,)]
    assert asked(path, "SELECT count(*) FROM accounts WHERE referred_by = 0") == [(1,)]


@each
def test_one_person_has_an_account_and_nothing_else(key: str, stores: Stores) -> None:
    path = stores[key][ACCOUNTS[key]]
    ((number,),) = asked(path, "SELECT id FROM accounts WHERE email = 'bare.account@example.org'")

    pointing = [
        (table, column)
        for table in tables(path)
        for _, _, target, column, *_ in asked(path, "SELECT * FROM pragma_foreign_key_list(?)", table)
        if target == "accounts"
    ]
    assert pointing
    assert [table for table, column in pointing if asked(path, f"SELECT 1 FROM {table} WHERE {column} = ?", number)] == []
