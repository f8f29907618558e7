"""Documents in a copy: every number means what it meant, whatever a floating-point number can hold."""

import json
from pathlib import Path

import pytest

from exports.archive.cells import json_line
from exports.documents import read_exactly
from tests.engine.test_erasure_rows import child, shop
from tests.engine.test_sharing import records


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('{"a": 2.50, "b": [0.1, 1e3]}', b'{"a":2.5,"b":[0.1,1000.0]}'),
        ('{"a": 123456789012345678901}', b'{"a":123456789012345678901}'),
        ('{"a": [{"b": 12345678901234567890.123}]}', b'{"a":[{"b":"12345678901234567890.123"}]}'),
        ('{"a": 1.0000000000000000001}', b'{"a":"1.0000000000000000001"}'),
        ("[1, null, true]", b"[1,null,true]"),
    ],
)
def test_a_number_that_no_float_can_hold_keeps_its_digits(text: str, written: bytes) -> None:
    assert json_line(read_exactly(text)) == written


@pytest.mark.parametrize("text", ["{", "", "NaN"])
def test_what_is_no_json_is_said_so(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_exactly(text)


@pytest.mark.django_db
def test_a_copy_holds_the_digits_of_a_document(tmp_path: Path) -> None:
    script = """CREATE TABLE bids (id INTEGER PRIMARY KEY, person_id INTEGER, bid JSON);
    INSERT INTO bids VALUES (1, 0, '{"sum": 12345678901234567890.123, "of": 2.5}');"""
    store = shop(tmp_path, script, child("bids", fields="    - {name: bid}"))
    (record,) = records(store, "bids")[0]
    assert json.dumps(record["bid"]) == '{"sum": "12345678901234567890.123", "of": 2.5}'


@pytest.mark.django_db
def test_a_text_that_is_no_text_does_not_keep_the_rest_from_the_copy(tmp_path: Path) -> None:
    script = """CREATE TABLE notes (id INTEGER PRIMARY KEY, person_id INTEGER, words TEXT);
    INSERT INTO notes VALUES (1, 0, 'plain'), (2, 0, CAST(x'ff80' AS TEXT)), (3, 1, CAST(x'ff81' AS TEXT));"""
    store = shop(tmp_path, script, child("notes", fields="    - {name: words, data_categories: [user.content]}"))
    found, step = records(store, "notes")
    assert [(record["id"], record["words"]) for record in found] == [(1, "plain"), (2, "/4A=")]
    assert (step.state, step.note) == ("done", "")
    assert store.erase()["outcome"] == "complete"
    assert store.sql("SELECT id FROM notes") == [(3,)]
