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


def stamp_of(job: Job) -> str:
    """The subject's key for one job, from whom was searched for. The release gate computes it again and compares every record."""
    return crypto.keyed_digest("stamp", json.dumps([str(job.pk), job.subject, sorted(job.identities.items())]))[:32]


class Spool(SealedWriter):
    """Writes stamped records of one step, sealed under the job's key."""

    def __init__(self, job: Job, step: Step) -> None:
        self.name = f"{job.pk}/{step.pk}.spool"
        self._start = f'{{"s":"{stamp_of(job)}","r":'.encode()
        super().__init__(Path(settings.SPOOL_FOLDER) / self.name, job.box)

    def add(self, records: list[dict[str, Any]]) -> None:
        """Append these records."""
        self.write(b"".join(self._start + json_line(record) + b"}\n" for record in records))


def records_of(job: Job, step: Step) -> Iterator[dict[str, Any]]:
    """The records of a step's spool. Raises StampMismatch at the first that is not this subject's."""
    stamp = stamp_of(job)
    for line in SealedReader(Path(settings.SPOOL_FOLDER) / step.spool, job.box).lines():
        stamped = read_line(line)
        if stamped["s"] != stamp:
            raise StampMismatch(_("A record belongs to another person's search. Nothing was released."))
        yield stamped["r"]
