"""CSV out of JSON lines, many records at a time: for rows that a database has written, all alike and with nothing nested.

It leans on what JSON guarantees: inside a text neither a quote nor a line end stands bare, so `,"name":` is always the start of a cell,
and a text is a quoted CSV cell as it is, but for its escapes. UTF-8 never holds the bytes FE and FF: they stand for NULL and a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import orjson

NULL = b"\xfe"  # in place of the mark for NULL, which is chosen once all records are known
BACKSLASH = b"\xff"
END = b"\r\n"
ESCAPES = ((b'\\"', b'""'), (b"\\n", b"\n"), (b"\\r", b"\r"), (b"\\t", b"\t"), (b"\\b", b"\b"), (b"\\f", b"\f"), (b"\\/", b"/"))
CONTROL = re.compile(rb"\\u00([01][0-9a-f])")


class Flattened:
    """Makes CSV lines of JSON objects whose keys are `names`, in this order."""

    def __init__(self, names: Sequence[str]) -> None:
        first, *rest = (orjson.dumps(name) + b":" for name in names)
        self._first, self._rest = b"{" + first, [b"," + key for key in rest]

    def lines(self, records: bytes, count: int) -> bytes:
        """The CSV lines of this many records, which come one to a line; no line end stands after the last, as none did before.

        Raises ValueError when one of them is not such an object.
        """
        seam = b"}\n" + self._first
        if not records.startswith(self._first) or not records.endswith(b"}") or records.count(seam) + 1 != count:
            raise ValueError("A record does not begin as it should.")
        body = END + records[len(self._first) : -1].replace(seam, END)
        has_null = b":null" in records
        if has_null:
            body = body.replace(END + b"null,", END + NULL + b",")
        for key in self._rest:
            shorter = body.replace(key + b"null", b"," + NULL) if has_null else body
            found = (len(body) - len(shorter)) // (len(key) + 2)
            body = shorter.replace(key, b",")
            if found + (len(shorter) - len(body)) // (len(key) - 1) != count:
                raise ValueError("A record has not the cells that it should have.")
        return _unescaped(body[len(END) :])


def _unescaped(body: bytes) -> bytes:
    if b"\\" not in body:
        return body
    body = body.replace(b"\\\\", BACKSLASH)
    for written, meant in ESCAPES:
        body = body.replace(written, meant)
    if b"\\" in body:
        body = CONTROL.sub(lambda found: bytes.fromhex(found[1].decode()), body)
    if b"\\" in body:
        raise ValueError("A text is written in a way that is not known here.")
    return body.replace(BACKSLASH, b"\\")
