"""Records that a source writes itself: spooled as they come, a CSV beside them, and handed to the archive without being taken apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.utils.translation import gettext as _

from exports.archive.cover import Column
from exports.archive.flattening import NULL, Flattened
from exports.archive.kinds import Kinds
from exports.archive.tables import Learned, Marks, Ready
from exports.connectors.base import ColumnSchema, SourceMismatch, Written
from exports.flows.spooling import Span, Spool, blocks_of, lines_of
from exports.models import Job, Step
from portal.kit.ahead import ahead
from portal.kit.sealing import SealedReader, SealedWriter

CSV, FACTS = ".csv", ".facts"
TYPES: Mapping[str, type] = {"int": int, "float": float, "bool": bool, "str": str}
# A record with something in one of these columns, where NULL is forbidden, is no blank line of a CSV.
NEVER_BLANK = ("integer", "number", "boolean", "date", "datetime", "time")


def has_no_blank_rows(columns: Iterable[ColumnSchema]) -> bool:
    """Whether every row has something in it, whatever it is."""
    return any(not column.nullable and (column.type in NEVER_BLANK or column.native == "uuid") for column in columns)


def write(job: Job, step: Step, written: Written, *, columns: Sequence[ColumnSchema], renew: Callable[[], None]) -> tuple[int, str]:
    """Spool what the source writes, as JSON and as CSV, and what was learned. The number of records, and the name of their spool."""
    marks, count = Marks(), 0
    flat = Flattened([column.name for column in columns])
    with Spool(job, step) as spool, Spool(job, step, kind=CSV) as cells:
        for lines, rows in ahead(_spooled(written, spool, marks)):
            renew()
            cells.add_block(_flat(flat, lines, rows), rows)
            count += rows
    facts = {
        "count": count,
        "mark": marks.choose(),
        "types": {column.name: _type(column, written.spans).__name__ for column in columns},
        "days": {name: [str(day)[:10] for day in span] for name, span in written.spans.items() if isinstance(span[0], date)},
    }
    with SealedWriter(_path(spool.name, FACTS), job.box) as out:
        out.write(orjson.dumps(facts))
    return count, spool.name


def _spooled(written: Written, spool: Spool, marks: Marks) -> Iterator[tuple[bytes, int]]:
    for lines, rows in written.json():
        spool.add_block(lines, rows)
        marks.look(lines)
        yield lines, rows


def ready_of(job: Job, step: Step, *, columns: tuple[Column, ...], span: Span | None = None) -> Ready | None:
    """The step's files, or these blocks of them, as the source wrote them; None where they were not."""
    if not step.facts.get("written"):
        return None
    facts = orjson.loads(b"".join(SealedReader(_path(step.spool, FACTS), job.box)))
    kinds = Kinds(columns)
    days = {name: (date.fromisoformat(first), date.fromisoformat(last)) for name, (first, last) in facts["days"].items()}
    kinds.expect({name: TYPES[kind] for name, kind in facts["types"].items()}, days)
    learned = Learned(kinds.true_columns(), kinds, facts["count"], kinds.is_flat, facts["mark"])
    return Ready(
        learned,
        partial(lines_of, job, step.spool, span),
        partial(_marked, blocks_of(job, _named(step.spool, CSV), span), facts["mark"].encode()),
    )


def _flat(flat: Flattened, lines: bytes, count: int) -> bytes:
    try:
        return flat.lines(lines, count)
    except ValueError as problem:
        raise SourceMismatch(_("The records did not come as they were asked for. %(why)s") % {"why": problem}) from None


def _marked(pieces: Iterator[tuple[bytes, int]], mark: bytes) -> Iterator[tuple[bytes, int]]:
    for piece, count in pieces:
        yield piece.replace(NULL, mark), count


def _type(column: ColumnSchema, spans: Mapping[str, tuple[Any, Any]]) -> type:
    if column.type == "number":
        return str if isinstance(spans[column.name][0], Decimal) else float
    return {"integer": int, "boolean": bool}.get(column.type, str)


def _named(spool: str, kind: str) -> str:
    return spool.removesuffix(".spool") + f"{kind}.spool"


def _path(spool: str, kind: str) -> Path:
    return Path(settings.SPOOL_FOLDER) / _named(spool, kind)
