"""Runs the erasures of the ledger again after a backup was restored: by key only, and only where a row is still the one that was erased.

Everything here may be done again: what is gone stays gone, what is emptied is written the same. The receipt counts what was read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import rfc8785
from django.db import transaction
from django.utils.translation import gettext as _

from exports.connectors.base import Link, Reader, SourceBusy, SourceError, SourceUnreachable, Writer
from exports.flows import ledger, packages
from exports.flows.belonging import Belonging, emptied_by_the_base
from exports.flows.leasing import Held
from exports.flows.receipts import COMPLETE, PARTIAL
from exports.models import Archive, Job, JobKind, JobState
from exports.moves import Move
from exports.query import ByKey, Key, Query
from exports.sources import Source, sources_of
from exports.values import same
from portal.kit import clock, crypto
from portal.organisations.models import Organisation

ENDED = (JobState.FINISHED, JobState.FAILED, JobState.CANCELLED)
COUNTS = ("rows", "found_again", "as_erased", "others", "left")


@dataclass(frozen=True)
class Part:
    """One move of an entry, with the columns that tell whose a row is."""

    move: Move
    links: tuple[str, ...]

    @property
    def written(self) -> tuple[str, ...]:
        """The columns that the move empties."""
        return () if self.move.removes else tuple(sorted(self.move.masks))


@dataclass
class Seen:
    """What was read: rows that are there as before the erasure, rows as after it, and rows that are somebody else's by now."""

    again: list[tuple[Key, Mapping[str, Any]]] = field(default_factory=list)
    erased: int = 0
    others: int = 0


def start(organisation: Organisation, *, leave_out: Iterable[str] = ()) -> UUID:
    """A replay of everything that the ledger holds of this organisation; the one that waits already, if there is one."""
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        waiting = Job.objects.filter(organisation=organisation, kind=JobKind.REPLAY).exclude(state__in=ENDED).first()
        if waiting is not None:
            return waiting.pk
        job = Job(organisation=organisation, policy=organisation.current_policy, kind=JobKind.REPLAY, reference="replay")
        job.plan, job.due_at, job.key_sealed = {"leave_out": sorted(leave_out), "done": {}}, clock.now(), crypto.new_key()
        job.identities = {}
        job.save(force_insert=True)
    return job.pk


def execute(held: Held) -> None:
    """Entry by entry in the order of the erasures, source by source; then the receipt. A silent source is tried again later."""
    job = held.job()
    sources = {source.key: source for source in sources_of(job.organisation)}
    found = sorted(((entry.facts(), entry) for entry in ledger.entries(job.organisation.key)), key=lambda one: one[0]["sealed_at"])
    for facts, entry in found:
        parts = [Part(Move.from_json({k: v for k, v in one.items() if k != "links"}), tuple(one["links"])) for one in facts["moves"]]
        for key in dict.fromkeys(part.move.source for part in parts):
            mine = [part for part in parts if part.move.source == key]
            _at_source(held, sources.get(key), entry, mine, gap=_gap(held.job(), sources, key))
        _close_archives(job, facts)
    _finish(held, found)


def _gap(job: Job, sources: Mapping[str, Source], key: str) -> str:
    if key not in sources:
        return _("The source '%(source)s' is no longer known.") % {"source": key}
    if key in (job.plan or {}).get("leave_out", ()):
        return _("The source '%(source)s' was left out by whoever ran the command.") % {"source": key}
    return ""


def _at_source(held: Held, source: Source | None, entry: ledger.Entry, parts: list[Part], *, gap: str) -> None:
    if gap or source is None:
        _note(held, entry, parts[0].move.source, {"gap": gap, **dict.fromkeys(COUNTS, 0), "left": sum(part.move.rows for part in parts)})
        return
    connector = source.connector()
    try:
        with connector.reading() as reader:
            before = _count(held, reader, entry, parts)
        _note(held, entry, source.key, {**before, "left": before["found_again"]})
        if before["found_again"]:
            with connector.writing() as writer:
                _write_again(held, writer, entry, parts)
        with connector.reading() as reader:
            after = _count(held, reader, entry, parts)
    except SourceError as problem:
        if isinstance(problem, SourceBusy | SourceUnreachable):
            raise
        _note(held, entry, source.key, {"gap": f"{source.title}: {problem}", **dict.fromkeys(COUNTS, 0), "left": 1})
        return
    _note(held, entry, source.key, {**after, "found_again": before["found_again"], "left": after["left"]})


def _note(held: Held, entry: ledger.Entry, source: str, counts: dict[str, Any]) -> None:
    """A try that was killed after its commit must not make the receipt say that nothing was found again."""
    with held.writing():
        plan = dict(held.job().plan or {})
        known = plan["done"].get(entry.name, {}).get(source, {})
        counts["found_again"] = max(counts["found_again"], known.get("found_again", 0))
        plan["done"] = {**plan["done"], entry.name: {**plan["done"].get(entry.name, {}), source: counts}}
        Job.objects.filter(pk=held.job_id).update(plan=plan)


def _batches(entry: ledger.Entry, parts: list[Part]) -> Iterator[tuple[Part, list[Any]]]:
    by_number = {part.move.number: part for part in parts}
    for number, rows in entry.rows():
        if number in by_number:
            yield by_number[number], [(tuple(key), own, marks) for key, own, marks in rows]


def _count(held: Held, reader: Reader, entry: ledger.Entry, parts: list[Part]) -> dict[str, int]:
    """The rows of an entry as they stand. A masked row counts as found again while its cells are not what was written."""
    counts = dict.fromkeys(COUNTS, 0)
    for part, rows in _batches(entry, parts):
        held.renew()
        seen = _look(reader, part, rows)
        counts["rows"] += len(rows)
        counts["found_again"] += len(seen.again)
        counts["left"] += len(seen.again)
        counts["as_erased"] += seen.erased
        counts["others"] += seen.others
    return counts


def _look(reader: Reader, part: Part, rows: list[Any]) -> Seen:
    """Which of these rows are back. Keys can belong to other people's rows by now: those are told by what made a row the person's."""
    seen, known = Seen(), {key: (own, marks) for key, own, marks in rows}
    table = reader.describe().tables[part.move.table]
    columns = tuple(dict.fromkeys([*part.links, *part.written])) or table.key
    belonging = Belonging(part.links, emptied=emptied_by_the_base(table) if part.move.goes_later else ())
    for key, row in reader.read_back(part.move.table, list(known), fields=columns):
        own, marks = known[key]
        new = {**part.move.constants, **own}
        if row is None or (not part.move.removes and all(same(row[name], value) for name, value in new.items())):
            seen.erased += 1
        elif marks is not None and not belonging.holds(row, dict(zip(part.links, marks, strict=True))):
            seen.others += 1
        else:
            seen.again.append((key, new))
    return seen


def _write_again(held: Held, writer: Writer, entry: ledger.Entry, parts: list[Part]) -> None:
    """One transaction. Pointers between rows that go are emptied first; a row at which unknown rows point stays and is counted as left."""
    found: list[tuple[Part, list[tuple[Key, Mapping[str, Any]]]]] = []
    for part, rows in _batches(entry, parts):
        held.renew()
        found.append((part, _look(writer, part, rows).again))
        columns = _pointers(writer, part, parts)
        if columns and found[-1][1]:
            writer.mask(part.move.table, [key for key, _new in found[-1][1]], dict.fromkeys(columns))
    for number, several in groupby(found, key=lambda one: one[0].move.number):
        rows = [row for _part, some in several for row in some]
        part = next(part for part in parts if part.move.number == number)
        held.renew()
        if not part.move.removes:
            writer.rewrite(part.move.table, rows) if rows else None
            continue
        keys = [key for key, _new in rows]
        held_by_others = set(_pointed_at(writer, part, keys))
        writer.erase(part.move.table, [key for key in keys if key not in held_by_others])


def _pointers(writer: Writer, part: Part, parts: list[Part]) -> list[str]:
    """Fields of rows that go, or are emptied in these fields anyway, that point at rows of this entry."""
    table, mine = writer.describe().tables[part.move.table], {other.move.table for other in parts if other.move.removes}
    found = []
    for key in table.foreign_keys if part.move.removes else ():
        free = [name for name in key.columns if table.columns[name].nullable and name not in table.key]
        found += free[:1] if key.target in mine else []
    if not part.move.removes:
        found = [
            name for name, value in part.move.constants.items() if value is None and any(name in key.columns for key in table.foreign_keys)
        ]
    return list(dict.fromkeys(found))


def _pointed_at(writer: Writer, part: Part, keys: list[Key]) -> Iterator[Key]:
    """Rows of these at which rows still point that would be swept away with them, or for which the source would refuse."""
    if not keys:
        return
    schema, these = writer.describe(), ByKey(tuple(keys))
    for key in schema.pointing_at(part.move.table):
        columns = schema.tables[key.collection].columns
        if key.on_delete == "SET NULL" and all(columns[name].nullable for name in key.columns):
            continue
        link = Link(key.collection, key.columns, key.target, key.target_columns or schema.tables[key.target].primary_key)
        outside = Query(key.collection, these if key.collection == part.move.table else ByKey(()))
        yield from (found for found, _count in writer.referrers(link, targeted=Query(part.move.table, these), outside=outside))


def _close_archives(job: Job, facts: Mapping[str, Any]) -> None:
    """Copies of an erased person that were open when the backup was made are closed again."""
    moment = datetime.fromisoformat(facts["sealed_at"])
    theirs = Archive.objects.filter(job__organisation=job.organisation, job__tokens__token__in=facts["tokens"], revoked_at__isnull=True)
    for job_id in set(theirs.filter(job__created_at__lt=moment, downloads__gt=0).values_list("job_id", flat=True)):
        packages.revoke(job_id)


def _finish(held: Held, found: list[tuple[dict[str, Any], ledger.Entry]]) -> None:
    job = held.job()
    done = (job.plan or {})["done"]
    lines = [
        {"erasure": facts["job"], "reference": facts["reference"], "erased_at": facts["sealed_at"], "source": source, **counts}
        for facts, entry in found
        for source, counts in sorted(done.get(entry.name, {}).items())
    ]
    receipt: dict[str, Any] = {
        "kind": "replay",
        "job": str(job.pk),
        "reference": job.reference,
        "organisation": job.organisation.key,
        "started_at": job.created_at.isoformat(timespec="seconds"),
        "finished_at": clock.now().isoformat(timespec="seconds"),
        "outcome": PARTIAL if any(line["left"] or line.get("gap") for line in lines) else COMPLETE,
        "totals": {name: sum(line[name] for line in lines) for name in COUNTS},
        "lines": lines,
        "gaps": list(dict.fromkeys(line["gap"] for line in lines if line.get("gap"))),
    }
    signed = {"receipt": receipt, "jws": crypto.sign(rfc8785.dumps(receipt), "receipt")}
    left = _("Not everything that was erased before could be erased again. The receipt says what is left.")
    with held.writing():
        stored = {**(job.plan or {}), "entries": [entry.name for _facts, entry in found]}
        error = left if receipt["outcome"] != COMPLETE else ""
        Job.objects.filter(pk=job.pk).update(
            state=JobState.FINISHED, plan=stored, receipt=signed, error=error, finished_at=clock.now(), attempts=0
        )
