"""What the source held is what the files say: no value rounded, trimmed, guessed or lost."""

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from frictionless import Package, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.archive.cells import duration, json_line, read_line
from exports.archive.cover import Column
from tests.archive.samples import a_cover, a_table, accounts, opened, orders, sealed, visits


def read(archive: bytes, path: str) -> str:
    with zipfile.ZipFile(io.BytesIO(archive)) as package:
        return package.read(f"DR-3X9P-7W/data/{path}").decode()


def csv_of(archive: bytes, name: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(read(archive, f"tables/{name}.csv"), newline="")))


def schema_of(archive: bytes, name: str) -> dict[str, Any]:
    package = json.loads(read(archive, "datapackage.json"))
    return next(resource["schema"] for resource in package["resources"] if resource["name"] == name)


def test_every_type_is_written_exactly_in_json() -> None:
    archive, _ = sealed(a_cover(), [accounts()])
    [row] = json.loads(read(archive, "records/shop-accounts.json"))
    assert row == {
        "id": 7,
        "name": "Daniel Okafor",
        "note": "",
        "phone": None,
        "balance": "12.50",
        "points": 123456789012345678901234567890,
        "ratio": 0.1,
        "active": True,
        "born": "1990-02-28",
        "created_at": "2024-03-01T10:30:00+00:00",
        "opens": "09:30:00",
        "spent": "P0DT3600.5S",
        "key": "6f1c1d2e-0000-4000-8000-000000000001",
        "photo": "iVBORwA=",
    }


def test_the_schema_tells_every_type_and_how_it_is_written() -> None:
    archive, _ = sealed(a_cover(), [accounts()])
    fields = {field["name"]: field for field in schema_of(archive, "shop-accounts")["fields"]}
    assert (fields["photo"]["type"], fields["photo"]["format"], fields["photo"]["habeas:written"]) == ("string", "binary", "base64")
    assert (fields["balance"]["type"], fields["balance"]["habeas:written"]) == ("number", "text, to keep every digit")
    assert (fields["points"]["type"], fields["born"]["type"], fields["spent"]["type"]) == ("integer", "date", "duration")
    assert fields["name"]["fides:data_category"] == "user.name"


def test_csv_says_the_same_as_json_and_keeps_null_apart_from_empty_text() -> None:
    archive, _ = sealed(a_cover(), [accounts()])
    names, cells = csv_of(archive, "shop-accounts")
    row = dict(zip(names, cells, strict=True))
    [mark] = schema_of(archive, "shop-accounts-csv")["missingValues"]

    assert (row["note"], row["phone"]) == ("", mark)
    assert mark != ""
    assert (row["balance"], row["points"], row["active"]) == ("12.50", "123456789012345678901234567890", "true")
    assert (row["created_at"], row["photo"], row["spent"]) == ("2024-03-01T10:30:00+00:00", "iVBORwA=", "P0DT3600.5S")


def test_an_outside_reader_gets_null_and_empty_text_back(tmp_path: Path) -> None:
    bag = opened(sealed(a_cover(), [accounts()])[0], tmp_path)
    resource = Package(str(bag / "data" / "datapackage.json")).get_resource("shop-accounts-csv")
    [row] = resource.read_rows()
    assert (row["note"], row["phone"], row["balance"]) == ("", None, Decimal("12.50"))


def test_without_empty_text_null_is_simply_an_empty_cell() -> None:
    archive, _ = sealed(a_cover(), [a_table([{"a": 1, "b": None}])])
    assert csv_of(archive, "shop-orders") == [["a", "b"], ["1", ""]]
    assert schema_of(archive, "shop-orders-csv")["missingValues"] == [""]


def test_the_mark_for_null_is_never_a_text_that_the_records_hold() -> None:
    taken = ["", "\\N", "NULL", "\\NULL", "<NULL>"]
    archive, _ = sealed(a_cover(), [a_table([{"id": 1, "a": text, "b": None} for text in taken])])
    [mark] = schema_of(archive, "shop-orders-csv")["missingValues"]
    assert mark not in taken
    assert [cells[2] for cells in csv_of(archive, "shop-orders")[1:]] == [mark] * len(taken)


@pytest.mark.parametrize("blank", [{"a": None, "b": None}, {"a": "", "b": None}, {}])
def test_a_record_of_nothing_is_kept_in_json_and_no_csv_is_made_that_readers_would_shorten(blank: dict[str, Any], tmp_path: Path) -> None:
    rows = [blank, {"a": "x", "b": 1}]
    archive, _ = sealed(a_cover(), [a_table(rows)])
    assert json.loads(read(archive, "records/shop-orders.json")) == rows
    with pytest.raises(KeyError):
        read(archive, "tables/shop-orders.csv")
    assert validate(str(opened(archive, tmp_path) / "data" / "datapackage.json")).valid


def test_cells_like_formulas_stay_exact_and_the_first_page_warns() -> None:
    archive, _ = sealed(a_cover(), [orders()])
    assert csv_of(archive, "shop-orders")[1:] == [
        ["1", "2025-04-01", '=HYPERLINK("http://x")'],
        ["2", "2026-11-30", '+49 30 1234, or\r\n"later"'],
    ]
    assert "can act as a formula" in read(archive, "index.html")


def test_a_nested_collection_has_json_and_no_csv() -> None:
    archive, _ = sealed(a_cover(), [visits()])
    assert json.loads(read(archive, "records/shop-visits.json"))[0]["device"] == {"kind": "phone", "tags": ["a", "b"]}
    with pytest.raises(KeyError):
        read(archive, "tables/shop-visits.csv")
    assert "CSV" not in read(archive, "index.html")


@pytest.mark.parametrize(
    ("declared", "values", "told"),
    [
        ("datetime", ["2026-01-01T10:00:00Z", None], "datetime"),
        ("datetime", ["2026-01-01T10:00:00Z", "yesterday"], "any"),
        ("datetime", ["2026-01-01 10:00:00", "2026-01-02 11:00:00"], "datetime"),
        ("datetime", ["2026-01-01 10:00:00.5", None], "datetime"),
        ("datetime", ["2026-01-01 10:00:00", "2026-01-02T11:00:00"], "any"),
        ("datetime", ["2026-01-01 10:00:00", datetime(2026, 1, 1, tzinfo=UTC)], "any"),
        ("datetime", [datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T10:00:00Z"], "datetime"),
        ("date", ["2026-01-01", date(2026, 1, 2)], "date"),
        ("integer", ["12", 13], "integer"),
        ("integer", [1, "twelve"], "any"),
        ("integer", [True], "any"),
        ("number", ["12.50", Decimal("1")], "number"),
        ("boolean", [0, 1, True], "boolean"),
        ("boolean", [2], "any"),
        ("string", ["a", 5], "any"),
        ("number", ["NaN", "-INF", "1E+3"], "number"),
        ("number", ["1.5", "a lot"], "any"),
        ("duration", ["P1DT30S", timedelta(1)], "duration"),
        ("duration", ["P"], "any"),
        ("any", [1, 2], "integer"),
        ("odd", [datetime(2026, 1, 1, tzinfo=UTC)], "datetime"),
        ("string", [None], "string"),
    ],
)
def test_the_schema_never_says_more_than_every_value_bears_out(declared: str, values: list[object], told: str, tmp_path: Path) -> None:
    table = a_table([{"id": place, "a": value} for place, value in enumerate(values)], columns=(Column("id"), Column("a", declared)))
    archive, _ = sealed(a_cover(), [table])
    assert schema_of(archive, "shop-orders")["fields"][1]["type"] == told
    assert validate(str(opened(archive, tmp_path) / "data" / "datapackage.json")).valid


def test_a_field_that_only_some_records_have_is_not_lost() -> None:
    archive, _ = sealed(a_cover(), [a_table([{"a": 1}, {"a": 2, "late": "x"}], columns=(Column("a", "integer"),))])
    assert csv_of(archive, "shop-orders") == [["a", "late"], ["1", ""], ["2", "x"]]
    assert [field["name"] for field in schema_of(archive, "shop-orders")["fields"]] == ["a", "late"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (float("nan"), '"NaN"'),
        (float("-inf"), '"-INF"'),
        ({"deep": [float("inf"), None]}, '{"deep":["INF",null]}'),
        (2**63, str(2**63)),
        (2**64, str(2**64)),
        (1e22, "1e+22"),
        ("half \ud83d", '"half \\ud83d"'),
        ({1: "x"}, '{"1":"x"}'),
        ({"b", "a"}, '["a","b"]'),
        (memoryview(b"ab"), '"YWI="'),
    ],
)
def test_odd_values_are_written_and_not_turned_into_null(value: object, written: str) -> None:
    assert json_line({"a": value}).decode() == f'{{"a":{written}}}'


@pytest.mark.parametrize(
    "row", [{"n": 2**64}, {"n": -(2**63) - 1}, {"n": {"deep": [10**40]}}, {"n": 1e300}, {"n": "half \ud83d"}, {"n": [1.5, None]}]
)
def test_a_written_line_reads_back_with_every_digit(row: dict[str, Any]) -> None:
    assert read_line(json_line(row)) == row
    assert type(read_line(json_line(row))["n"]) is type(row["n"])


def test_bytes_that_arrive_as_base64_are_still_declared_as_bytes() -> None:
    archive, _ = sealed(a_cover(), [a_table([{"id": 1, "a": "iVBORwA="}], columns=(Column("id"), Column("a", "binary")))])
    field = schema_of(archive, "shop-orders")["fields"][1]
    assert (field["type"], field["format"], field["habeas:written"]) == ("string", "binary", "base64")
    assert "Not text, 5" in read(archive, "read/shop-orders.html")
    odd, _ = sealed(a_cover(), [a_table([{"id": 1, "a": "no bytes"}], columns=(Column("id"), Column("a", "binary")))])
    assert schema_of(odd, "shop-orders")["fields"][1]["type"] == "any"


def test_a_negative_duration_keeps_its_sign() -> None:
    assert duration(timedelta(seconds=-90)) == "-P0DT90S"


plain_values = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.fixed_dictionaries({"a": plain_values, "b": st.text(), "c": st.lists(plain_values)}), min_size=1))
def test_json_equals_the_rows_of_the_source(rows: list[dict[str, Any]]) -> None:
    lines = b"[" + b",".join(json_line(row) for row in rows) + b"]"
    assert json.loads(lines) == rows


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.text(min_size=1), st.none() | st.text()), min_size=1))
def test_csv_gives_every_text_back_whatever_it_holds(pairs: list[tuple[str, str | None]]) -> None:
    archive, _ = sealed(a_cover(), [a_table([{"a": first, "b": second} for first, second in pairs])])
    [mark] = schema_of(archive, "shop-orders-csv")["missingValues"]
    read_back = [(first, None if second == mark else second) for first, second in csv_of(archive, "shop-orders")[1:]]
    assert read_back == pairs
