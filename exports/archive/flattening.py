"""CSV out of JSON lines, many records at a time: for rows that a database has written, all alike and with nothing nested.

It leans on what JSON guarantees: inside a text neither a quote nor a line end stands bare, so `,"name":` is always the start of a cell,
and a text is a quoted CSV cell as it is, but for its escapes. UTF-8 never holds the bytes FE and FF: they stand for NULL and a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import orjson

WORD = b"null"
NULL = b"\xfe"  # in place of the mark for NULL, which is chosen once all records are known
BACKSLASH = b"\xff"
END = b"\r\n"
ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
ESCAPES = (
    (b"\\\\", BACKSLASH),
    (b'\\"', b'""'),
    (b"\\n", b"\n"),
    (b"\\r", b"\r"),
    (b"\\t", b"\t"),
    (b"\\b", b"\b"),
    (b"\\f", b"\f"),
    (b"\\/", b"/"),
)
CONTROL = re.compile(rb"\\u00([01][0-9a-f])")


class Flattened:
    """Makes CSV lines of JSON objects whose keys are `names`, in this order."""

    def __init__(self, names: Sequence[str]) -> None:
        first, *rest = (orjson.dumps(name) + b":" for name in names)
        self._first, self._seam = b"{" + first, _finding(b"}\n{" + first)
        self._rest = [_finding(b"," + key) for key in rest]

    def lines(self, records: bytes, count: int) -> bytes:
        """The CSV lines of this many records, which come one to a line; no line end stands after the last, as none did before.

        Raises ValueError when one of them is not such an object.
        """
        if not records.startswith(self._first) or not records.endswith(b"}"):
            raise ValueError("A record does not begin as it should.")
        rows = self._seam.split(records[len(self._first) : -1])  # twice as quick as replacing, and they are counted
        if len(rows) != count:
            raise ValueError("A record does not begin as it should.")
        has_null = b":null" in records
        body = END.join(_with_nulls(rows) if has_null else rows)
        for key in self._rest:
            cells = key.split(body)
            if len(cells) != count + 1:
                raise ValueError("A record has not the cells that it should have.")
            body = b",".join(_with_nulls(cells) if has_null else cells)
        return _unescaped(body)


def _finding(text: bytes) -> re.Pattern[bytes]:
    return re.compile(re.escape(text))


def _with_nulls(cells: Iterable[bytes]) -> list[bytes]:
    """Where a cell begins with NULL, for which JSON has a word that no quotes stand around, its sign."""
    return [NULL + cell[len(WORD) :] if cell.startswith(WORD) else cell for cell in cells]


def _unescaped(body: bytes) -> bytes:
    if b"\\" not in body:
        return body
    found = set(ESCAPED.findall(body))
    for written, meant in ESCAPES:
        if written[1:] in found:
            body = body.replace(written, meant)
    if b"u" in found:
        body = CONTROL.sub(lambda code: bytes.fromhex(code[1].decode()), body)
    if b"\\" in body:
        raise ValueError("A text is written in a way that is not known here.")
    return body.replace(BACKSLASH, b"\\")
