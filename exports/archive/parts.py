"""The parts of one archive while it is being written: safe names, files with their size and hash, collections."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from exports.archive.cover import Table, Volume
from exports.archive.tables import Learned

PAGE_ROWS = 250
PAGES = 20  # more than 5,000 records are not read page by page; the pages say where the others are


@dataclass(frozen=True)
class Member:
    """One written file: its path inside the bag, its bytes and their SHA-256 (hex)."""

    path: str
    size: int
    sha256: str


@dataclass
class Part:
    """One collection in the archive. `learned` and the members are there once its files have been written."""

    name: str
    table: Table
    learned: Learned | None = None
    json: Member | None = None
    csv: Member | None = None
    pages: list[Member] = field(default_factory=list)
    files: list[Member] = field(default_factory=list)
    volume: int = 1  # which of the ZIP files it lies in

    @property
    def page_count(self) -> int:
        """How many pages show these records in ordinary words. Of a collection in parts, the first is shown."""
        is_further = self.table.slice is not None and self.table.slice.number > 1
        return 0 if is_further else min(PAGES, -(-self.table.disclosed // PAGE_ROWS))

    @property
    def json_path(self) -> str:
        """Where its records stand, below data/."""
        return f"records/{self.name}.{'jsonl' if self.table.slice else 'json'}"

    def page_path(self, number: int) -> str:
        """Where a page stands, below data/. A dot cannot occur in a name, so numbers never clash with other collections."""
        return f"read/{self.name}.html" if number == 1 else f"read/{self.name}.{number}.html"


def slug(text: str) -> str:
    """Lower-case ASCII letters, figures, hyphen and underscore only: safe in every file system and in a URL."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:80]


def file_path(source: str, name: str) -> str:
    """Where a file in its native form stands, below data/."""
    return f"files/{slug(source) or 'source'}/{name}"


def root_name(reference: str, volume: Volume) -> str:
    """The folder that holds the bag, named by the reference. Each of several files has its own: all can be unpacked in one place."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", reference).strip("-_")[:80] or "archive"
    return name if volume.is_alone else f"{name}-part-{volume.number}"


def named(tables: Sequence[Table]) -> Iterator[Part]:
    """A part for every table, each with a name of its own; the parts of one collection share theirs but for a number."""
    taken: set[str] = set()
    name = ""
    for table in tables:
        if table.slice and table.slice.number > 1:
            yield Part(f"{name}.{table.slice.number}", table)
            continue
        stem = "-".join(filter(None, (slug(table.source), slug(table.collection)))) or "records"
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        yield Part(f"{name}.1" if table.slice else name, table)


def shared_out(parts: Sequence[Part], most: int) -> list[list[Part]]:
    """The parts, in their order, in as many heaps as it takes so that none weighs more, unless a single one does."""
    heaps: list[list[Part]] = [[]]
    weight = 0
    for part in parts:
        if heaps[-1] and weight + part.table.weight > most:
            heaps.append([])
            weight = 0
        part.volume = len(heaps)
        heaps[-1].append(part)
        weight += part.table.weight
    return heaps
