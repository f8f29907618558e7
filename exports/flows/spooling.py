"""Sealed spools: one line per record, each stamped with its subject. A spool is there whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from exports.archive.cells import json_line, read_line
from exports.models import Job, Step
from exports.refusals import StampMismatch
from portal.kit import crypto
from portal.kit.sealing import SealedReader, SealedWriter

PIECE = 512 * 1024
NEXT = b" "  # between a record's stamp and the record


def stamp_of(job: Job) -> str:
    """The subject's key for one job, from whom was searched for. The release gate computes it again and compares every record."""
    return crypto.keyed_digest("stamp", json.dumps([str(job.pk), job.subject, sorted(job.identities.items())]))[:32]


def start_of(job: Job) -> bytes:
    """How every line of a spool of this job begins."""
    return stamp_of(job).encode() + NEXT


class Spool(SealedWriter):
    """Writes stamped records of one step, sealed under the job's key. Each ends with `ending`, which no record may hold before a stamp."""

    def __init__(self, job: Job, step: Step, *, kind: str = "", ending: bytes = b"\n") -> None:
        self.name = f"{job.pk}/{step.pk}{kind}.spool"
        self._start, self._ending = start_of(job), ending
        super().__init__(Path(settings.SPOOL_FOLDER) / self.name, job.box)

    def add(self, records: list[dict[str, Any]]) -> None:
        """Append these records."""
        self.add_lines([json_line(record) for record in records])

    def add_lines(self, lines: list[bytes]) -> None:
        """Append these records, written and without their ends."""
        if lines:
            self.write(self._start + (self._ending + self._start).join(lines) + self._ending)


def records_of(job: Job, step: Step) -> Iterator[dict[str, Any]]:
    """The records of a step's spool. Raises StampMismatch at the first that is not this subject's."""
    start = start_of(job)
    for line in SealedReader(Path(settings.SPOOL_FOLDER) / step.spool, job.box).lines():
        if not line.startswith(start):
            raise mismatch()
        record: dict[str, Any] = read_line(line[len(start) :])
        yield record


def pieces_of(job: Job, name: str, *, ending: bytes, between: bytes) -> Iterator[tuple[bytes, int]]:
    """A spool in large pieces of whole records without their stamps, with `between` between them, and how many each piece holds.

    Every single record's stamp is compared on the way; raises StampMismatch for a piece that holds one that is not this subject's.
    """
    start = start_of(job)
    seam, rest = ending + start, b""
    for piece in _large(SealedReader(Path(settings.SPOOL_FOLDER) / name, job.box)):
        whole, ended, rest = (rest + piece).rpartition(seam)
        if ended:
            yield _opened(whole + ending, start, ending=ending, between=between)
            rest = start + rest
    if rest:
        yield _opened(rest, start, ending=ending, between=between)


def _opened(piece: bytes, start: bytes, *, ending: bytes, between: bytes) -> tuple[bytes, int]:
    seam, body = ending + start, piece.removesuffix(ending)
    count = body.count(seam) + 1
    if not piece.startswith(start) or not piece.endswith(ending) or (ending == b"\n" and body.count(ending) + 1 != count):
        raise mismatch()
    return body[len(start) :].replace(seam, between), count


def _large(reader: SealedReader) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for piece in reader:
        held.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def mismatch() -> StampMismatch:
    """The release gate's refusal."""
    return StampMismatch(_("A record belongs to another person's search. Nothing was released."))
