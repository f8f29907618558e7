"""Rows that are emptied and stay: what the file says of a field in another way counts, and what it does not say is told."""

from pathlib import Path

import pytest

from exports import api
from exports.connectors.base import SourceMismatch
from exports.flows.checking import check_sources
from tests.engine.erasing import Store
from tests.engine.test_erasure_rows import child, shop
from tests.people import RITA

pytestmark = pytest.mark.django_db

LETTERS = f"""
CREATE TABLE letters (id INTEGER PRIMARY KEY, sent_to TEXT, phone TEXT, iban TEXT, words TEXT);
INSERT INTO letters VALUES (1, '{RITA}', '123', 'DE1', 'Dear Rita'), (2, 'ann@example.org', '456', 'DE2', 'Dear Ann');
CREATE TABLE copies (id INTEGER PRIMARY KEY, letter_to TEXT, words TEXT); INSERT INTO copies VALUES (7, '{RITA}', 'Dear Rita');
"""
FIELDS = """
- name: letters
  habeas_meta: {category: orders, erase: mask}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: sent_to, fides_meta: {references: [{dataset: shop, field: people.email, direction: from}]}}
    - {name: phone}
    - {name: words, data_categories: [user.content]}
- name: copies
  habeas_meta: {category: orders, erase: mask}
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: letter_to, fides_meta: {references: [{dataset: shop, field: letters.sent_to, direction: from}]}}
    - {name: words, data_categories: [user.content]}
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return shop(tmp_path, LETTERS, FIELDS)


def test_a_field_that_refers_to_an_address_is_emptied_like_the_address(store: Store) -> None:
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT * FROM letters") == [(1, None, "123", "DE1", None), (2, "ann@example.org", "456", "DE2", "Dear Ann")]
    assert store.sql("SELECT * FROM copies") == [(7, None, None)]


def test_the_plan_and_the_check_name_the_fields_that_stay_because_nobody_said_what_they_hold(store: Store) -> None:
    notes = " ".join(line.note for line in api.plan(store.start()).lines)
    assert "“Letters”: no file says what these fields hold, so they stay as they are: iban, phone." in notes
    assert "“Copies”: no file says" not in notes
    (report,) = check_sources(store.organisation)["sources"]
    assert report["without"]["category"] == ["shop.letters.phone"]


def test_a_collection_that_is_personal_as_a_whole_loses_all_that_nothing_else_is_said_of(tmp_path: Path) -> None:
    script = (
        f"CREATE TABLE list (id INTEGER PRIMARY KEY, email TEXT, name TEXT, kind TEXT); INSERT INTO list VALUES (1, '{RITA}', 'Rita', 'x');"
    )
    fields = """
- name: list
  data_categories: [user.contact]
  fields:
    - {name: id, fides_meta: {primary_key: true}}
    - {name: email, fides_meta: {identity: email}}
    - {name: name}
    - {name: kind, data_categories: [system.operations]}
"""
    store = shop(tmp_path, script, fields)
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT * FROM list") == [(1, None, None, "x")]


def test_rows_with_an_empty_key_block_before_anything_is_tried(tmp_path: Path) -> None:
    script = "CREATE TABLE tags (id TEXT PRIMARY KEY, person_id INTEGER); INSERT INTO tags VALUES (NULL, 0), ('x', 0), (NULL, 1);"
    store = shop(tmp_path, script, child("tags"))
    (why,) = api.plan(store.start()).blocked
    assert why == "Rows of “Tags” have an empty key, so they cannot be told apart and proved."
    store.sql("DELETE FROM tags WHERE id IS NULL AND person_id = 0")
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT * FROM tags") == [(None, 1)]


def test_a_source_that_refuses_while_keys_are_put_aside_goes_back_to_a_person_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_words: object, **_more: object) -> None:
        raise SourceMismatch("A row has no key, so it cannot be told apart.")

    job_id = store.start()
    monkeypatch.setattr("exports.flows.spool._store", refuse)
    api.approve(job_id, api.plan(job_id).digest, by="ada")
    api.run(job_id)
    progress = api.progress(job_id)
    assert (progress.state, progress.error) == (
        "planned",
        "Stopped before anything was erased: A row has no key, so it cannot be told apart.",
    )


def test_a_deletion_that_meets_the_address_in_other_capital_letters_is_at_best_partial_and_says_so(tmp_path: Path) -> None:
    store = shop(tmp_path, f"INSERT INTO people VALUES (3, '{RITA.upper()}', 'Rita', NULL);")
    view = api.plan(store.start())
    assert view.blocked == ()
    assert view.gaps == ("“People” holds records that match only if capital letters do not matter. They stay; an officer decides.",)
    receipt = store.erase()
    assert (receipt["outcome"], receipt["gaps"]) == ("partial", list(view.gaps))
    assert sorted(store.sql("SELECT id FROM people")) == [(1,), (2,), (3,)]


def test_what_must_be_unique_in_small_letters_gets_a_word_of_its_own(tmp_path: Path) -> None:
    script = """CREATE TABLE logins (id INTEGER PRIMARY KEY, person_id INTEGER, name TEXT NOT NULL);
    CREATE UNIQUE INDEX one_name ON logins (lower(name));
    INSERT INTO logins VALUES (1, 0, 'Rita'), (2, 0, 'rl'), (3, 1, ''), (4, 2, 'erased');"""
    store = shop(tmp_path, script, child("logins", erase="mask", fields="    - {name: name, data_categories: [user.name]}"))
    assert store.erase()["outcome"] == "complete"
    names = dict(store.sql("SELECT id, name FROM logins"))
    assert (names[3], names[4]) == ("", "erased")
    assert len({names[1], names[2], "Rita", "rl", "", "erased"}) == 6
