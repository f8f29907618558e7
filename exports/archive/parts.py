"""The parts of one archive while it is being written: safe names, files with their size and hash, collections."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from exports.archive.cover import Table
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

    @property
    def page_count(self) -> int:
        """How many pages show these records in ordinary words."""
        return min(PAGES, -(-self.table.disclosed // PAGE_ROWS))

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


def root_name(reference: str) -> str:
    """The folder that holds the bag, named by the reference."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", reference).strip("-_")[:80] or "archive"


def named(tables: Sequence[Table]) -> Iterator[Part]:
    """A part for every table, each with a name of its own."""
    taken: set[str] = set()
    for table in tables:
        stem = "-".join(filter(None, (slug(table.source), slug(table.collection)))) or "records"
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        yield Part(name, table)
