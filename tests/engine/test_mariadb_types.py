"""MariaDB's types: out exactly, described, and as keys."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from exports.archive.cells import json_line, read_line
from exports.query import EVERYTHING, ByKey, Equals, Query, Together
from tests.engine.products import ServedProduct, on_mariadb
from tests.servers import Server

pytestmark = pytest.mark.needs("mariadbd")


@pytest.fixture
def base(mariadb_server: Server) -> Iterator[ServedProduct]:
    """With the collation that people get when they do not think about it."""
    with on_mariadb(mariadb_server, collation="utf8mb4_general_ci") as made:
        yield made


def rows(product: ServedProduct, query: Query) -> list[dict[str, Any]]:
    with product.connector().reading() as reader:
        return [row for batch in reader.read(query) for row in batch]


KINDS = """CREATE TABLE kinds (id BIGINT UNSIGNED PRIMARY KEY, number DECIMAL(40, 10), is_on TINYINT(1), flag BIT(1), year_ YEAR, day DATE,
  at DATETIME(6), stamp TIMESTAMP(6) NULL, clock TIME, mood ENUM('calm', 'it''s wild') NOT NULL, tags SET('a', 'b', 'c'), doc JSON,
  raw BLOB, fixed BINARY(4), one UUID,
  words LONGTEXT CHARACTER SET latin1, doubled VARCHAR(20) AS (CONCAT('x', is_on)) STORED, approx DOUBLE)"""


def test_every_type_comes_out_exact_and_can_be_written_down(base: ServedProduct) -> None:
    base.execute(
        [
            "SET SESSION sql_mode = '', time_zone = '+02:00'",
            KINDS,
            """INSERT INTO kinds VALUES (18446744073709551615, 123456789012345678901234567890.0123456789, 2, b'1', 2026, '2026-02-28',
            '2026-02-28 23:30:00.000001', '2026-02-28 23:30:00.000001', '23:59:59', 'calm', 'a,c', '{"n": 1.10}', x'00ff', x'0001',
            'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'Élan', DEFAULT, 0.1)""",
            "INSERT INTO kinds (id, mood, day, at, clock) VALUES (1, 'calm', '0000-00-00', '2026-02-31 00:00:00', '-100:00:01')",
        ]
    )
    second, first = rows(base, Query("kinds", EVERYTHING))
    assert first == {
        "id": 18446744073709551615,
        "number": Decimal("123456789012345678901234567890.0123456789"),
        "is_on": 2,
        "flag": 1,
        "year_": 2026,
        "day": date(2026, 2, 28),
        "at": datetime(2026, 2, 28, 23, 30, 0, 1),
        "stamp": datetime(2026, 2, 28, 21, 30, 0, 1, tzinfo=UTC),
        "clock": time(23, 59, 59),
        "mood": "calm",
        "tags": "a,c",
        "doc": '{"n": 1.10}',
        "raw": b"\x00\xff",
        "fixed": b"\x00\x01\x00\x00",
        "one": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "words": "Élan",
        "doubled": "x2",
        "approx": 0.1,
    }
    assert (second["day"], second["at"], second["clock"]) == ("0000-00-00", "0000-00-00 00:00:00.000000", "-100:00:01")
    assert read_line(json_line(first))["id"] == 18446744073709551615


def test_every_type_is_described(base: ServedProduct) -> None:
    base.execute([KINDS])
    with base.connector().reading() as reader:
        table = reader.describe().tables["kinds"]
    kinds = {name: column.type for name, column in table.columns.items()}
    assert (kinds["id"], kinds["is_on"], kinds["flag"], kinds["year_"]) == ("integer",) * 4
    assert (kinds["at"], kinds["stamp"], kinds["day"], kinds["clock"]) == ("datetime", "datetime", "date", "time")
    assert (kinds["mood"], kinds["tags"], kinds["one"], kinds["words"]) == ("string",) * 4
    assert (kinds["doc"], kinds["raw"], kinds["fixed"], kinds["number"], kinds["approx"]) == (
        "json",
        "binary",
        "binary",
        "number",
        "number",
    )
    assert [name for name, column in table.columns.items() if column.generated] == ["doubled"]
    assert "`mood` IN ('calm','it''s wild')" in table.checks


@pytest.mark.parametrize(
    ("native", "held", "other", "strange"),
    [
        ("BIGINT UNSIGNED", 2**64 - 1, 2**64 - 2, 2**64),
        ("DECIMAL(20, 4)", Decimal("1234567890123456.0001"), Decimal("1234567890123456.0002"), "x"),
        ("DATETIME(6)", datetime(2026, 1, 1, 0, 0, 0, 1), datetime(2026, 1, 1), "soon"),
        ("TIMESTAMP(6) NOT NULL DEFAULT 0", datetime(2026, 1, 1, 0, 0, 0, 1), datetime(2026, 1, 1), "soon"),
        ("DATE", date(2026, 1, 1), date(2026, 1, 2), "0000-00-00"),
        ("BINARY(16)", bytes(range(16)), bytes(range(1, 17)), "x"),
        ("UUID", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "nonsense"),
        ("ENUM('calm', 'wild')", "calm", "wild", "neither"),
        ("VARCHAR(20)", "ab", "abc", "AB"),
        ("VARCHAR(20) CHARACTER SET latin1", "é", "f", "€😀"),
        ("CHAR(20) COLLATE utf8mb4_bin", "é", "e", "É"),
    ],
)
def test_a_key_of_any_type_addresses_its_row_and_no_other(base: ServedProduct, native: str, held: Any, other: Any, strange: Any) -> None:
    base.execute([f"CREATE TABLE t (k {native} PRIMARY KEY, word VARCHAR(9))"])
    base.insert("t", [(held, "held"), (other, "other")])
    (key,) = (row["k"] for row in rows(base, Query("t", Equals("word", ("held",)))))
    many = tuple((key,) for _ in range(300))
    with base.connector().writing() as writer:
        assert list(writer.targets(Query("t", Equals("k", (str(key), strange))))) == [(key,)] or isinstance(key, bytes)
        assert list(writer.targets(Query("t", ByKey(((key,), (strange,)))))) == [(key,)]
        assert list(writer.targets(Query("t", Together(("k",), many)))) == [(key,)]
        assert writer.rewrite("t", [((key,), {"word": "new"})]) == 1
        assert list(writer.read_back("t", [(key,)], fields=("word",))) == [((key,), {"word": "new"})]
        assert writer.erase("t", [(key,), (strange,)] if native[:4] in ("VARC", "UUID") and "latin1" not in native else [(key,)]) == 1
        assert [row["word"] for batch in writer.read(Query("t", EVERYTHING)) for row in batch] == ["other"]
