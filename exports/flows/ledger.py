"""The ledger of erasures: which rows were erased, kept apart from the main store, so that a restored backup does not bring them back.

A folder of its own (`HABEAS_LEDGER`), best on another disk than the database. Each erasure has an entry of two files: its *rows*, written
before the first write at any source, and its *head*, written before the receipt is signed. Only an entry with a head counts. The head
holds the entry's own key, sealed under the purpose `ledger`: removing the head destroys the entry. Nothing in a file's name or outside
the seal is personal. This module knows files only; it asks neither sources nor the database.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from exports import tagged
from exports.blocks import Block, loads
from portal.kit import crypto
from portal.kit.sealing import SealedReader, SealedWriter

HEAD, ROWS, DRAFT = ".head", ".rows", ".draft"


@dataclass(frozen=True)
class Entry:
    """One erasure, or what of it was due on a later day. `until`: the day on which the oldest backup has rolled over."""

    name: str
    organisation: str
    until: date
    key: bytes
    sealed: bytes

    @property
    def job(self) -> str:
        """The id of the erasure."""
        return self.name.partition(".")[0]

    @property
    def box(self) -> crypto.Box:
        """Opens the entry."""
        return _box(self.key, self.name)

    def facts(self) -> dict[str, Any]:
        """What was done: moves, sources, moments. Raises `Sealed` when it was changed or is not of this installation."""
        found: dict[str, Any] = tagged.loads(self.box.unseal(self.sealed, context=self.name))
        return found

    def rows(self) -> Iterator[tuple[int, list[Any]]]:
        """A move's number and some of its rows, again and again in the order of the moves."""
        yield from _rows(self.name, self.box)


def names() -> list[str]:
    """The names of all entries."""
    try:
        return sorted(path.removesuffix(HEAD) for path in os.listdir(_folder()) if path.endswith(HEAD))
    except FileNotFoundError:
        return []


def entries(organisation: str = "") -> list[Entry]:
    """All entries, or those of one organisation."""
    found = []
    for name in names():
        head = json.loads((_folder() / f"{name}{HEAD}").read_text())
        entry = Entry(name, head["organisation"], date.fromisoformat(head["until"]), *map(bytes.fromhex, (head["key"], head["sealed"])))
        if organisation in ("", entry.organisation):
            found.append(entry)
    return found


@contextmanager
def drafting(name: str) -> Iterator[SealedWriter]:
    """The rows of an entry that does not count yet. They are on the disk when the block ends, or not at all."""
    _folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    key = crypto.installation_box("ledger").seal(os.urandom(32), context=name)
    with SealedWriter(_folder() / f"{name}{ROWS}", _box(key, name)) as out:
        yield out
    _write(_folder() / f"{name}{DRAFT}", key.hex())


def put(out: SealedWriter, number: int, rows: list[Any]) -> None:
    """Add rows of a move."""
    out.write(tagged.dumps([number, rows]).encode() + b"\n")


def drafted_rows(name: str) -> Iterator[tuple[int, list[Any]]]:
    """The same of an entry that need not count yet."""
    yield from _rows(name, _box(_key_of(name), name))


def put_block(out: SealedWriter, number: int, keys: Block, marks: Block) -> None:
    """Add rows of a move, each with its key and its marks."""
    whole = Block(keys.rows, (*keys.parts, *marks.parts))
    out.write(f"{tagged.dumps([number, len(keys.parts), len(marks.parts)])}\n{whole.dumps()}\n".encode())


def is_drafted(name: str) -> bool:
    """Its rows are there."""
    return (_folder() / f"{name}{ROWS}").exists() and any((_folder() / f"{name}{end}").exists() for end in (DRAFT, HEAD))


def seal(name: str, *, organisation: str, until: date, facts: dict[str, Any]) -> None:
    """From now on the entry counts. It may be sealed again with later facts."""
    draft, head, key = _folder() / f"{name}{DRAFT}", _folder() / f"{name}{HEAD}", _key_of(name)
    sealed = _box(key, name).seal(tagged.dumps(facts), context=name)
    _write(head, json.dumps({"organisation": organisation, "until": until.isoformat(), "key": key.hex(), "sealed": sealed.hex()}))
    draft.unlink(missing_ok=True)


def forget(name: str) -> None:
    """Destroy what was drafted and never counted; an entry that counts is left alone."""
    if not (_folder() / f"{name}{HEAD}").exists():
        for end in (DRAFT, ROWS):
            (_folder() / f"{name}{end}").unlink(missing_ok=True)


def destroy_rolled_over(today: date) -> int:
    """Destroy the key, then the rows, of every entry whose backups are all gone; says how many."""
    over = [entry for entry in entries() if entry.until < today]
    for entry in over:
        (_folder() / f"{entry.name}{HEAD}").unlink(missing_ok=True)
        _sync_folder()
        (_folder() / f"{entry.name}{ROWS}").unlink(missing_ok=True)
    return len(over)


def _key_of(name: str) -> bytes:
    draft, head = _folder() / f"{name}{DRAFT}", _folder() / f"{name}{HEAD}"
    return bytes.fromhex(draft.read_text() if draft.exists() else json.loads(head.read_text())["key"])


def _rows(name: str, box: crypto.Box) -> Iterator[tuple[int, list[Any]]]:
    lines = (line.decode() for line in SealedReader(_folder() / f"{name}{ROWS}", box).lines())
    for line in lines:
        number, *rest = tagged.loads(line)
        if len(rest) == 1:
            yield number, rest[0]
        else:
            yield number, [[row[: rest[0]], {}, list(row[rest[0] :])] for row in loads(lines)]


def _folder() -> Path:
    return Path(settings.LEDGER_FOLDER)


def _box(key: bytes, name: str) -> crypto.Box:
    return crypto.Box(crypto.installation_box("ledger").open_bytes(key, context=name))


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and on the disk when this returns."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    _sync_folder()


def _sync_folder() -> None:
    descriptor = os.open(_folder(), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
