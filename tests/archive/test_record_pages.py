"""The pages that show records in ordinary words: whole, or saying where the rest is."""

import json

from exports.archive.cover import Column
from tests.archive.reading import Outline, files_of
from tests.archive.samples import a_cover, a_table, accounts, visits


def test_a_record_page_shows_values_in_ordinary_words() -> None:
    text = Outline(files_of(a_cover(), accounts())["data/read/shop-accounts.html"]).text
    for words in ("Daniel Okafor", "28 February 1990", "1 March 2024, 10:30 UTC", "12.50", "Yes", "(empty text)", "–", "Not text, 5"):
        assert words in text, words


def test_values_that_arrive_in_their_written_form_read_the_same() -> None:
    row = {"born": "1990-02-28", "at": "2024-03-01T10:30:05+00:00", "active": 1, "odd": "yesterday"}
    kinds = {"born": "date", "at": "datetime", "active": "boolean", "odd": "date"}
    table = a_table([row], columns=tuple(Column(name, kind) for name, kind in kinds.items()))
    text = Outline(files_of(a_cover(), table)["data/read/shop-orders.html"]).text
    for words in ("28 February 1990", "1 March 2024, 10:30:05 UTC", "Yes", "yesterday"):
        assert words in text, words


def test_nested_values_read_as_lines_and_code_keeps_its_indents() -> None:
    rows = [{"device": {"kind": "phone", "tags": ["a", "b"], "owner": [{"name": "x"}]}, "code": "def f():\n    return 1"}]
    page = files_of(a_cover(), a_table(rows))["data/read/shop-orders.html"]
    assert "kind: phone<br>tags: a, b<br>owner › 1 › name: x" in page
    assert '<pre class="scroll" tabindex="0"><code>def f():\n    return 1</code></pre>' in page


def test_a_very_long_text_is_cut_on_the_page_which_says_so_and_whole_in_json() -> None:
    files = files_of(a_cover(), a_table([{"text": "x" * 5000}]))
    assert "1,000 more characters are in the JSON file." in files["data/read/shop-orders.html"]
    assert json.loads(files["data/records/shop-orders.json"]) == [{"text": "x" * 5000}]


def test_many_records_stand_on_several_pages_that_link_to_each_other() -> None:
    files = files_of(a_cover(), visits(600))
    pages = [name for name in files if name.startswith("data/read/")]
    assert pages == ["data/read/shop-visits.html", "data/read/shop-visits.2.html", "data/read/shop-visits.3.html"]
    assert "This page shows 501 to 600 of 600." in Outline(files[pages[2]]).text
    assert sum(files[page].count("<dl") for page in pages) == 600


def test_pages_that_stop_before_the_last_record_say_where_the_others_are() -> None:
    files = files_of(a_cover(), a_table([{"id": number} for number in range(5001)]))
    assert "These pages show the first 5,000 records. All of them are in the JSON file" in Outline(files["data/read/shop-orders.html"]).text
    assert len(json.loads(files["data/records/shop-orders.json"])) == 5001
