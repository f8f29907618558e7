"""PostgreSQL's types: out exactly, described, and as keys."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from exports.archive.cells import json_line, read_line
from exports.query import EVERYTHING, ByKey, Equals, Query, Together
from tests.engine.products import ServedProduct, on_postgresql
from tests.servers import Server

pytestmark = pytest.mark.needs("postgresql")


@pytest.fixture
def base(postgresql_server: Server) -> Iterator[ServedProduct]:
    with on_postgresql(postgresql_server) as made:
        yield made


def rows(product: ServedProduct, query: Query) -> list[dict[str, Any]]:
    with product.connector().reading() as reader:
        return [row for batch in reader.read(query) for row in batch]


KINDS = """CREATE TABLE kinds (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number numeric(30, 10), small smallint, exact numeric, approx double precision,
  is_on boolean, day date, at timestamptz, at_local timestamp, clock time, clock_there timetz, span interval, one uuid, raw bytea,
  doc json, docb jsonb, tags text[], grid int[][], net inet, between int4range, mood mood, name citext, padded char(5), doubled text
  GENERATED ALWAYS AS ('x' || small::text) STORED, worth money, bits bit(3), age ripe)"""


WHOLE = {
    "id": 1,
    "number": Decimal("12345678901234567890.0123456789"),
    "small": -5,
    "approx": 0.1,
    "is_on": True,
    "day": date(2026, 2, 28),
    "at": datetime(2026, 2, 28, 21, 30, 0, 1, tzinfo=UTC),
    "at_local": datetime(2026, 2, 28, 23, 30),
    "clock": "24:00:00",
    "clock_there": time.fromisoformat("10:00+02:00"),
    "span": "P1M2DT3H",
    "one": UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    "raw": b"\x00\xff",
    "doc": '{"n": 1.10, "n": 2}',
    "docb": '{"big": 12345678901234567890.5}',
    "tags": ["a", None, "b,c"],
    "grid": [[1, 2], [3, 4]],
    "net": "10.1.0.0/16",
    "between": "[1,5)",
    "mood": "calm",
    "name": "Rita",
    "padded": "ab   ",
    "doubled": "x-5",
    "worth": "$12.50",
    "bits": "101",
    "age": 18,
}


def test_every_type_comes_out_exact_and_can_be_written_down(base: ServedProduct) -> None:
    mood = "CREATE TYPE mood AS ENUM ('calm', 'it''s wild')"
    base.execute([mood, "CREATE DOMAIN ripe AS integer NOT NULL CHECK (VALUE > 17)", "CREATE EXTENSION citext", KINDS])
    base.execute(
        [
            """INSERT INTO kinds (number, small, exact, approx, is_on, day, at, at_local, clock, clock_there, span, one, raw, doc, docb,
            tags, grid, net, between, mood, name, padded, worth, bits, age) VALUES (12345678901234567890.0123456789, -5, 'NaN', 0.1, true,
            '2026-02-28', '2026-02-28 23:30:00.000001+02', '2026-02-28 23:30', '24:00', '10:00+02', '1 mon 2 days 03:00',
            'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '\\x00ff', '{"n": 1.10, "n": 2}', '{"big": 12345678901234567890.5}', '{a,NULL,"b,c"}',
            '{{1,2},{3,4}}', '10.1.0.0/16', '[1,5)', 'calm', 'Rita', 'ab', '12.50', B'101', 18)""",
            "INSERT INTO kinds (at, day, age) VALUES ('infinity', '0044-03-15 BC', 99)",
        ]
    )
    first, second = rows(base, Query("kinds", EVERYTHING))
    assert first.pop("exact").is_nan()
    assert first == WHOLE
    assert (second["at"], second["day"]) == ("infinity", "0044-03-15 BC")
    written = read_line(json_line(first))
    assert (written["number"], written["docb"]) == ("12345678901234567890.0123456789", '{"big": 12345678901234567890.5}')


def test_every_type_is_described(base: ServedProduct) -> None:
    mood = "CREATE TYPE mood AS ENUM ('calm', 'it''s wild')"
    base.execute([mood, "CREATE DOMAIN ripe AS integer NOT NULL CHECK (VALUE > 17)", "CREATE EXTENSION citext", KINDS])
    with base.connector().reading() as reader:
        table = reader.describe().tables["kinds"]
    kinds = {name: column.type for name, column in table.columns.items()}
    assert kinds["number"] == kinds["approx"] == "number"
    assert (kinds["at"], kinds["at_local"], kinds["day"], kinds["clock"]) == ("datetime", "datetime", "date", "time")
    assert (kinds["one"], kinds["name"], kinds["mood"], kinds["padded"]) == ("string",) * 4
    assert (kinds["doc"], kinds["raw"], kinds["is_on"], kinds["age"], kinds["tags"]) == ("json", "binary", "boolean", "integer", "any")
    assert [name for name, column in table.columns.items() if column.generated] == ["id", "doubled"]
    assert not table.columns["age"].nullable
    assert table.columns["padded"].length == 5
    assert table.checks == ("\"mood\" IN ('calm', 'it''s wild')",)


@pytest.mark.parametrize(
    ("native", "held", "other", "strange"),
    [
        ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "nonsense"),
        ("numeric(20, 4)", Decimal("1234567890123456.0001"), Decimal("1234567890123456.0002"), "x"),
        ("bigint", 2**62, 2**62 + 1, 2**70),
        ("timestamptz", datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), "soon"),
        ("date", date(2026, 1, 1), date(2026, 1, 2), "0000-00-00"),
        ("bytea", b"\x00\x01", b"\x00", "x"),
        ("mood", "calm", "wild", "neither"),
        ("char(4)", "ab  ", "abc ", "abcde"),
        ("varchar(4)", "ab", "ab ", "abcde"),
        ("inet", "10.0.0.1/32", "10.0.0.2/32", "x"),
        ("boolean", True, False, "perhaps"),
        ("text", "a", "A", "a\x00"),
    ],
)
def test_a_key_of_any_type_addresses_its_row_and_no_other(base: ServedProduct, native: str, held: Any, other: Any, strange: Any) -> None:
    base.execute(["CREATE TYPE mood AS ENUM ('calm', 'wild')", f"CREATE TABLE t (k {native} PRIMARY KEY, word text)"])
    base.insert("t", [(held, "held"), (other, "other")])
    (key,) = (row["k"] for row in rows(base, Query("t", Equals("word", ("held",)))))
    many = tuple((key,) for _ in range(300))
    with base.connector().writing() as writer:
        assert list(writer.targets(Query("t", Equals("k", (str(key), strange))))) == [(key,)] or isinstance(key, bytes)
        assert list(writer.targets(Query("t", ByKey(((key,), (strange,)))))) == [(key,)]
        assert list(writer.targets(Query("t", Together(("k",), many)))) == [(key,)]
        assert writer.rewrite("t", [((key,), {"word": "new"})]) == 1
        assert list(writer.read_back("t", [(key,)], fields=("word",))) == [((key,), {"word": "new"})]
        assert writer.erase("t", [(key,)]) == 1
        assert [row["word"] for batch in writer.read(Query("t", EVERYTHING)) for row in batch] == ["other"]


def test_values_of_any_type_are_masked_and_rewritten(base: ServedProduct) -> None:
    base.execute(
        [
            "CREATE TYPE mood AS ENUM ('calm', 'wild')",
            "CREATE TABLE t (id int PRIMARY KEY, one uuid, doc jsonb, raw bytea, mood mood, at timestamptz, tags text[], small smallint)",
            "INSERT INTO t (id, tags) VALUES (1, '{a}'), (2, '{b}')",
        ]
    )
    one = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    new = {"one": one, "doc": "{}", "raw": b"", "mood": "wild", "at": datetime(1970, 1, 1), "tags": None, "small": 0}
    with base.connector().writing() as writer:
        assert writer.mask("t", [(1,)], new) == 1
        assert writer.rewrite("t", [((2,), new)]) == 1
    assert base.ask("SELECT count(*) FROM t WHERE one IS NOT NULL AND doc = '{}' AND mood = 'wild' AND tags IS NULL AND small = 0") == [
        (2,)
    ]
