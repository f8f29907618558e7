"""CSV out of JSON lines: cell for cell what the records say, and nothing is guessed."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.archive.flattening import NULL, Flattened

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20) | st.sampled_from(
    ['a,"b":null', '}\n{"a":', "\\", "\\\\n", '\\"', "null", ",", '"', "\r\n", "\x00\x1f", "ü💐", ',"b":', "{}", "\x7f\u2028"]
)
CELLS = st.none() | st.integers() | TEXTS | st.booleans()
NAMES = ["a", "b", 'c"\\', "ü"]


def read(lines: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(lines.replace(NULL, b"<NULL>").decode(), newline="")))


def as_cell(value: Any) -> str:
    return "<NULL>" if value is None else json.dumps(value) if isinstance(value, bool) else str(value)


def written(names: list[str], rows: list[tuple[Any, ...]]) -> bytes:
    lines = (json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, separators=(",", ":")) for row in rows)
    return "\n".join(lines).encode()


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, st.integers()), min_size=1, max_size=5))
def test_every_cell_comes_out_as_it_was(rows: list[tuple[Any, ...]]) -> None:
    lines = Flattened(NAMES).lines(written(NAMES, rows), len(rows))
    assert read(lines) == [[as_cell(value) for value in row] for row in rows]


def test_a_single_column_is_enough() -> None:
    assert read(Flattened(["a"]).lines(b'{"a":1}\n{"a":"x"}', 2)) == [["1"], ["x"]]


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        (b'{"a":1}', 1),
        (b'{"a":1,"c":2}', 1),
        (b'{"b":1,"a":2}', 1),
        (b'{"a":1,"b":2}\n{"a":1}', 2),
        (b'{"a":1,"b":2}\n{"b":1,"a":2}', 2),
        (b'{"a":1,"b":2}', 2),
        (b'{"a":1,"b":2}\n', 1),
        (b'{"a":1,"b":"\\u2028"}', 1),
    ],
)
def test_records_that_are_not_as_expected_are_refused(lines: bytes, count: int) -> None:
    with pytest.raises(ValueError, match=r"A (record|text)"):
        Flattened(["a", "b"]).lines(lines, count)
