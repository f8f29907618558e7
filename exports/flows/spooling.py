"""Sealed spools: a step's records in blocks, each bound to its subject by a stamp. A spool is there whole or not at all.

A block is its stamp (32 bytes); the numbers of its records, of their bytes and of the bytes that follow (4 each); and its records, one to
a line, deflated. The stamp is a digest of them and their number under the subject's key: no record can be exchanged, added or left out
without being noticed.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from isal import isal_zlib

from exports.archive.cells import json_line, read_line
from exports.models import Job, Step
from exports.refusals import StampMismatch
from portal.kit import crypto
from portal.kit.sealing import SealedReader, SealedWriter

FASTEST = 1
LINE = b"\n"
HEAD = Struct(">32sIII")
Span = tuple[int, int]  # blocks, from and to


def key_of(job: Job) -> bytes:
    """The subject's key for one job, from whom was searched for. The release gate computes it again and compares every block's stamp."""
    return crypto.keyed_digest("stamp", json.dumps([str(job.pk), job.subject, sorted(job.identities.items())])).encode()


class Spool(SealedWriter):
    """Writes stamped records of one step, sealed under the job's key."""

    def __init__(self, job: Job, step: Step, *, kind: str = "") -> None:
        self.name = f"{job.pk}/{step.pk}{kind}.spool"
        self._key = key_of(job)
        super().__init__(Path(settings.SPOOL_FOLDER) / self.name, job.box)

    def add(self, records: list[dict[str, Any]]) -> None:
        """Append these records."""
        if records:
            self.add_block(LINE.join(map(json_line, records)), len(records))

    def add_block(self, lines: bytes, count: int) -> None:
        """Append this many records, written, with line ends between them."""
        block = isal_zlib.compress(lines, FASTEST)
        self.write(HEAD.pack(_stamp(self._key, block, count), count, len(lines), len(block)) + block)


def records_of(job: Job, step: Step, span: Span | None = None) -> Iterator[dict[str, Any]]:
    """The records of a step's spool. Raises StampMismatch at the first that is not this subject's."""
    for lines, _count in lines_of(job, step.spool, span):
        for line in lines.split(LINE):
            record: dict[str, Any] = read_line(line)
            yield record


def lines_of(job: Job, name: str, span: Span | None = None) -> Iterator[tuple[bytes, int]]:
    """The blocks of a spool of JSON lines, and how many records each holds. Raises StampMismatch."""
    for lines, count in blocks_of(job, name, span):
        if lines.count(LINE) + 1 != count:
            raise mismatch()
        yield lines, count


def blocks_of(job: Job, name: str, span: Span | None = None) -> Iterator[tuple[bytes, int]]:
    """The blocks of a spool, and how many records each holds. Raises StampMismatch at the first that is not this subject's as it was."""
    key = key_of(job)
    for number, (stamp, count, _size, block) in enumerate(_sealed_blocks(job, name)):
        if span is None or span[0] <= number < span[1]:
            if not hmac.compare_digest(stamp, _stamp(key, block, count)):
                raise mismatch()
            yield isal_zlib.decompress(block), count


def sizes_of(job: Job, name: str) -> list[tuple[int, int]]:
    """Of each block of a spool, the number of records and of their bytes, as it says itself."""
    return [(count, size) for _stamp, count, size, _block in _sealed_blocks(job, name)]


def _sealed_blocks(job: Job, name: str) -> Iterator[tuple[bytes, int, int, bytes]]:
    held = bytearray()
    for piece in SealedReader(Path(settings.SPOOL_FOLDER) / name, job.box):
        held += piece
        while len(held) >= HEAD.size:
            stamp, count, size, length = HEAD.unpack_from(held)
            end = HEAD.size + length
            if len(held) < end:
                break
            yield stamp, count, size, bytes(held[HEAD.size : end])
            del held[:end]
    if held:
        raise mismatch()


def _stamp(key: bytes, block: bytes, count: int) -> bytes:
    return hmac.digest(key, count.to_bytes(4, "big") + block, "sha256")


def mismatch() -> StampMismatch:
    """The release gate's refusal."""
    return StampMismatch(_("A record belongs to another person's search. Nothing was released."))
