"""Records as files: one JSON array per collection, and for flat collections a CSV beside it, streamed row by row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from exports.archive.cells import CSV_READY, csv_cell, json_line
from exports.archive.cover import ArchiveRefused, Column, Row, Table
from exports.archive.kinds import Kinds

CHUNK = 256 * 1024
# How NULL is written in a CSV that also holds empty text. The first mark that occurs nowhere in the records is used.
NULL_MARKS = ("", "\\N", "NULL", "\\NULL", "<NULL>")
WORD = re.compile(rb"NULL")  # twice as quick as to look for bytes
LINE = b"\n"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Learned:
    """What reading all records of a collection has taught: true column types, how NULL is marked, first and last day."""

    columns: tuple[Column, ...]
    kinds: Kinds
    count: int
    is_flat: bool
    null_mark: str


@dataclass(frozen=True)
class Ready:
    """The files of a collection as its source wrote them: pieces, each with the number of its records.

    `json` gives one record to a line, `csv` lines as RFC 4180 has them. No piece ends with a line end.
    """

    learned: Learned
    json: Callable[[], Iterator[tuple[bytes, int]]]
    csv: Callable[[], Iterator[tuple[bytes, int]]]

    def json_lines(self, table: Table) -> Iterator[bytes]:
        """JSON, one record to a line, in pieces. Raises ArchiveRefused when the count is not what was disclosed."""
        return _all_of(table, self.json())

    def csv_lines(self, table: Table) -> Iterator[bytes]:
        """The CSV with its head line. Raises ArchiveRefused when the count is not what was disclosed."""
        head = io.StringIO(newline="")
        csv.writer(head).writerow([column.name for column in self.learned.columns])
        yield head.getvalue().encode()
        for piece in _all_of(table, self.csv()):
            yield piece + b"\r\n"


def _all_of(table: Table, pieces: Iterator[tuple[bytes, int]]) -> Iterator[bytes]:
    count = 0
    for piece, records in pieces:
        count += records
        yield piece
    if count != table.disclosed:
        raise ArchiveRefused(_miscounted(table, count))


class Reading:
    """One pass over a table that writes its JSON and learns on the way. `learned` is there when the pass is over."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.learned: Learned | None = None

    def json_lines(self) -> Iterator[bytes]:
        """JSON, one record to a line, in pieces. Raises ArchiveRefused when the count is not what was disclosed."""
        kinds, marks, count = Kinds(self.table.columns), Marks(), 0
        for lines in _bunches(_lines(self.table.rows(), kinds)):
            chunk = LINE.join(lines)
            count += len(lines)
            marks.look(chunk)
            yield chunk
        if count != self.table.disclosed:
            raise ArchiveRefused(_miscounted(self.table, count))
        columns = kinds.true_columns()
        self.learned = Learned(columns, kinds, count, kinds.is_flat, marks.choose())


def json_array(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces as one JSON array; no line end stands inside a record."""
    start = b"[\n"
    for piece in pieces:
        yield start
        yield piece.replace(LINE, b",\n")
        start = b",\n"
    yield b"\n]\n"


def ended(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces as JSON Lines."""
    for piece in pieces:
        yield piece
        yield LINE


def csv_lines(table: Table, learned: Learned) -> Iterator[bytes]:
    """The CSV of a flat collection: exact cells, RFC 4180 quoting and line ends, UTF-8."""
    names = [column.name for column in learned.columns]
    count = 0
    for bunch, rows in _csv_bunches(names, _cells(table.rows(), learned)):
        count += rows
        yield bunch
    if count != learned.count:
        raise ArchiveRefused(_miscounted(table, count))


def _cells(rows: Iterable[Row], learned: Learned) -> Iterator[list[Any]]:
    """The cells of each row. Only columns whose types need it are converted cell by cell."""
    names = [column.name for column in learned.columns]
    converted = [place for place, name in enumerate(names) if learned.kinds.types_of(name) - CSV_READY]
    mark = learned.null_mark
    for row in rows:
        cells = list(map(row.get, names))
        for place in converted:
            cells[place] = None if cells[place] is None else csv_cell(cells[place])
        yield [mark if cell is None else cell for cell in cells] if mark else cells


def _csv_bunches(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[tuple[bytes, int]]:
    paper = io.StringIO(newline="")
    writer = csv.writer(paper)
    writer.writerow(names)
    count = 0
    for row in rows:
        count += 1
        writer.writerow(row)
        if paper.tell() > CHUNK:
            yield _take(paper), count
            count = 0
    yield _take(paper), count


def _take(paper: io.StringIO) -> bytes:
    text = paper.getvalue()
    paper.seek(0)
    paper.truncate()
    return text.encode(errors="backslashreplace")


def _lines(rows: Iterable[Row], kinds: Kinds) -> Iterator[bytes]:
    for row in rows:
        kinds.see(row)
        yield json_line(row)


def _bunches(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Lines gathered to about CHUNK bytes, so that hashing and packing see large pieces."""
    bunch: list[bytes] = []
    size = 0
    for line in lines:
        bunch.append(line)
        size += len(line)
        if size > CHUNK:
            yield bunch
            bunch, size = [], 0
    if bunch:
        yield bunch


class Marks:
    """Which NULL marks are still free: a mark that is found in the written records as a text of its own is taken."""

    def __init__(self) -> None:
        self._free = {mark: re.compile(re.escape(json_line({"": mark})[3:-1])) for mark in NULL_MARKS}  # a colon, and the text
        self._digest = sha256()

    def look(self, chunk: bytes) -> None:
        """Take some of the written records into account."""
        self._digest.update(chunk[:4096])
        worded, slashed = WORD.search(chunk), b"\\" in chunk  # what most marks have, and few records
        for mark, written in list(self._free.items()):
            if (worded or "NULL" not in mark) and (slashed or "\\" not in mark) and written.search(chunk):
                del self._free[mark]

    def choose(self) -> str:
        """The first mark that is free."""
        return next(iter(self._free), f"NULL-{self._digest.hexdigest()[:16]}")


def _miscounted(table: Table, count: int) -> str:
    return f"{table.source}.{table.collection}: {table.disclosed} records were to be disclosed, {count} were read. No archive was made."
