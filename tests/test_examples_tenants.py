"""The stores of three tenants of Pyplan: the same tables and numbers, the same people in part, and not one row in common."""

import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest

from examples.bakery import sample as bakery
from examples.garden import sample as garden
from examples.harbour import sample as harbour
from tests.stores import TODAY
from tests.test_examples_samples import asked, collections, said, tables

BUILDERS = {"bakery": bakery.build, "harbour": harbour.build, "garden": garden.build}
RITA = "rita.lindqvist@example.org"
each = pytest.mark.parametrize("key", BUILDERS)
Stores = dict[str, dict[str, Path]]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    return {key: {path.stem: path for path in build(tmp_path_factory.mktemp(key), today=TODAY)} for key, build in BUILDERS.items()}


def emails(stores: Stores, key: str) -> set[str]:
    return {email for (email,) in asked(stores[key]["workspace"], "SELECT email FROM users")}


@each
def test_the_same_day_builds_the_same_stores(key: str, stores: Stores, tmp_path: Path) -> None:
    again = {path.stem: path for path in BUILDERS[key](tmp_path, today=TODAY)}

    assert {name: said(path) for name, path in again.items()} == {name: said(path) for name, path in stores[key].items()}


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


def test_some_work_at_two_tenants_and_most_at_one(stores: Stores) -> None:
    first, second, third = (emails(stores, key) for key in BUILDERS)

    assert RITA in first & second & third
    assert len((first & second) - third) > 20
    assert len((second & third) - first) > 20
    assert len(first | second | third) >= 300


@each
def test_names_are_in_many_scripts_and_addresses_nearly_alike(key: str, stores: Stores) -> None:
    names = [name for (name,) in asked(stores[key]["workspace"], "SELECT username FROM users")]
    scripts = {unicodedata.name(sign).split()[0] for name in names for sign in name if sign.isalpha()}

    assert {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "CJK", "HANGUL", "ETHIOPIC"} <= scripts
    assert {"marta.kowalska@example.org", "Marta.Kowalska@example.org", "ann.lee@example.net", "annlee@example.net"} <= emails(stores, key)
    assert {RITA, "rita.lindqvist+lab@example.org", "rita.lindquist@example.org"} <= emails(stores, key)
    assert "nobody@example.org" not in emails(stores, key)


def test_the_same_number_is_somebody_else_at_another_tenant(stores: Stores) -> None:
    one, other = (dict(asked(stores[key]["workspace"], "SELECT id, email FROM users")) for key in ("bakery", "harbour"))

    assert one.keys() == other.keys()
    assert sum(one[number] != other[number] for number in one) > 100


def test_no_two_tenants_have_a_row_of_a_person_in_common(stores: Stores) -> None:
    """Whoever works at two tenants has rows at each that name it: company, application, result, network."""
    company = {"bakery": "Example Bakery", "harbour": "Example Harbour", "garden": "Example Garden"}
    for key in BUILDERS:
        lines = "\n".join(line for path in stores[key].values() for line in said(path))
        assert [name for name in company.values() if name in lines] == [company[key]]
    requests = [{ident for (ident,) in asked(stores[key]["connector_logs"], "SELECT id FROM requests")} for key in BUILDERS]
    tokens = [{sealed for (sealed,) in asked(stores[key]["workspace"], "SELECT token_sealed FROM tokens")} for key in BUILDERS]
    for found in (requests, tokens):
        assert len(set.union(*found)) == sum(map(len, found))


@each
@pytest.mark.parametrize("table", ["requests", "tool_calls", "diagnostics"])
def test_what_names_a_person_is_never_older_than_90_days(key: str, table: str, stores: Stores) -> None:
    mine = "WHERE user_id IS NOT NULL" if table == "requests" else ""
    ((first, last, rows),) = asked(stores[key]["connector_logs"], f"SELECT min(at), max(at), count(*) FROM {table} {mine}")

    assert rows > 20
    assert first >= str(TODAY - timedelta(days=90))
    assert last < str(TODAY + timedelta(days=1))


@each
def test_older_requests_are_nobodys(key: str, stores: Stores) -> None:
    path, limit = stores[key]["connector_logs"], str(TODAY - timedelta(days=90))

    assert asked(path, "SELECT count(*), count(user_id), count(ip) FROM requests WHERE at < ?", limit) == [(40, 0, 0)]
    assert asked(path, "SELECT count(*) FROM tool_calls c JOIN requests r ON r.id = c.request_id WHERE r.user_id IS NULL") == [(0,)]


@each
def test_tokens_are_those_of_sessions_that_run(key: str, stores: Stores) -> None:
    morning = f"{TODAY} 06:00:00"
    ((tokens, over),) = asked(stores[key]["workspace"], "SELECT count(*), sum(expires_at <= ?) FROM tokens", morning)

    assert tokens > 40
    assert over == 0


@each
def test_an_application_is_used_by_five_and_others_build_on_what_rita_saved(key: str, stores: Stores) -> None:
    path = stores[key]["workspace"]

    assert asked(path, "SELECT count(*) FROM application_access GROUP BY application_id HAVING count(*) > 1") == [(5,)]
    assert asked(
        path,
        "SELECT count(*) FROM node_results n JOIN versions v ON v.id = n.version_id WHERE v.author_user_id = 1 AND n.user_id <> 1",
    ) == [(4,)]


@each
def test_a_colleagues_answer_speaks_of_rita(key: str, stores: Stores) -> None:
    question = "SELECT r.user_id FROM tool_calls c JOIN requests r ON r.id = c.request_id WHERE c.response LIKE ? AND r.user_id <> 1"

    assert asked(stores[key]["connector_logs"], question, f'%"{RITA}"%') == [(2,)]
