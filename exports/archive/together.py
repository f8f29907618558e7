"""Whether the ZIP files of one archive belong together: none is missing, and none is another's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from exports.archive.checking import CHUNK, Report, check_archive
from exports.archive.signatures import KeySet
from exports.archive.unlocking import opened


def check_together(paths: Sequence[Path], keys: KeySet | None = None, password: str | None = None) -> list[Report]:
    """Check each file by itself, and the parts of each archive against each other. A report for every file, in the same order.

    One password opens all that are locked.
    """
    reports = [check_archive(path, keys, password) for path in paths]
    for group in dict.fromkeys(report.group for report in reports if report.parts > 1):
        _check_group([(path, report) for path, report in zip(paths, reports, strict=True) if report.group == group], password)
    return reports


def _check_group(members: Sequence[tuple[Path, Report]], password: str | None) -> None:
    by_number: dict[int, tuple[Path, Report]] = {}
    for path, report in members:
        if report.part in by_number:
            report.say("extra", path.name, f"There is another part {report.part} of this archive.")
        by_number.setdefault(report.part, (path, report))
    first = by_number[min(by_number)][1]
    for number in range(1, max(report.parts for _path, report in members) + 1):
        if number not in by_number:
            first.say(
                "missing", f"part {number} of {first.parts}", "It was not given. Name all parts of an archive to check them together."
            )
    if 1 in by_number:
        _check_others(by_number[1][1], (pair for number, pair in by_number.items() if number != 1), password)


def _check_others(first: Report, others: Iterable[tuple[Path, Report]], password: str | None) -> None:
    for path, report in others:
        if first.others.get(report.part) != _hash(path, password):
            report.say("altered", path.name, f"Part 1 names another file as part {report.part}.")


def _hash(path: Path, password: str | None) -> str:
    digest = hashlib.sha256()
    with opened(path, password) as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()
