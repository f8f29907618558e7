"""What goes into the ledger: the rows of an erasure with what made them the person's, and, once it is proved, what was done with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from exports.blocks import UUIDS, WHOLE, Block, Part, batches
from exports.connectors.base import Reader
from exports.flows import handles, ledger
from exports.flows.belonging import MARKS, links_of, marks, noted_of, without_marks
from exports.flows.leasing import Held
from exports.flows.rehearse import Rehearsal
from exports.models import Job, JobToken, PartState
from exports.moves import ALONE, Move
from exports.query import Query
from portal.kit import clock
from portal.kit.sealing import SealedWriter

UNKNOWN_DAYS = 90  # how long backups are thought to live where the policy does not say


def put(held: Held, job: Job, rehearsal: Rehearsal, *, move: Move, out: SealedWriter) -> None:
    """Write down every row of a move that is about to change, before anything is written anywhere."""
    for some in batches(_rows(job, rehearsal, move, links_of(rehearsal.ground, move.address)), handles.KEYS_EACH):
        held.renew()
        ledger.put(out, move.number, some)


def put_block(out: SealedWriter, move: Move, keys: Block, links: Block) -> None:
    """The same for rows that came as a block."""
    known = dict[Any, str]()
    marked = tuple(part if part.kind in (WHOLE, UUIDS) else Part.of(marks(part.values(), known)) for part in links.parts)
    ledger.put_block(out, move.number, keys, Block(links.rows, marked))


def seal(job: Job, moves: Iterable[Move]) -> None:
    """The erasure is proved: its entry counts from now on, for the sources that were done."""
    name = str(job.pk)
    now = [move for move in moves if move.is_now and move.rows]
    if not ledger.is_drafted(name):
        draft_handles(name, job, now)
    done = set(job.runs.exclude(state=PartState.FAILED).values_list("source_key", flat=True))
    _seal(name, job, [move for move in now if move.source in done])


def draft_handles(name: str, job: Job, moves: Iterable[Move]) -> None:
    """The same from the handles alone, with what they know of the rows."""
    with ledger.drafting(name) as out:
        for move in moves:
            for handle in handles.opened(job, move):
                ledger.put(out, move.number, [[key, without_marks(own), own.get(MARKS)] for key, own in handle.rows])


def seal_deferred(job: Job, moves: list[Move]) -> None:
    """What was due on a later day is about to be recorded: an entry of its own, one for each time."""
    name = f"{job.pk}.{len((job.receipt or {}).get('addenda', ()))}"
    draft_handles(name, job, moves)
    _seal(name, job, moves)


def _rows(job: Job, rehearsal: Rehearsal, move: Move, columns: tuple[str, ...]) -> Iterator[list[Any]]:
    """Key, new values of its own, and [column, mark] pairs that say whose it is. Whole collections are read in one go."""
    reader, known = rehearsal.ground.reader(move.address), dict[Any, str]()
    if move.group == ALONE and not move.own:
        key = rehearsal.ground.places[move.address].table.key
        held, query = rehearsal.anchors.held[move.address].until, rehearsal.ground.questions.query(move.address)
        for batch in reader.read(Query(query.collection, query.where, tuple(dict.fromkeys((*key, *columns))))):
            for row in batch:
                own = tuple(row[name] for name in key)
                if own not in held:
                    yield [own, {}, marks((row[name] for name in columns), known)]
        return
    for handle in handles.opened(job, move):
        values = dict(handle.rows)
        for one, found in _read(reader, move, handle, columns):
            yield [one, values[one], marks((found[name] for name in columns), known) if found is not None else None]


def _read(reader: Reader, move: Move, handle: handles.Opened, columns: tuple[str, ...]) -> Iterator[tuple[Any, Mapping[str, Any] | None]]:
    if columns:
        yield from reader.read_back(move.table, handle.keys, fields=columns)
    else:
        yield from ((key, {}) for key in handle.keys)


def _seal(name: str, job: Job, moves: list[Move]) -> None:
    days = job.policy.read().backups_days
    until = clock.today(job.organisation.timezone) + timedelta(days=UNKNOWN_DAYS if days is None else days)
    facts = {
        "job": str(job.pk),
        "reference": job.reference,
        "sealed_at": clock.now().isoformat(),
        "tokens": [] if job.collections else sorted(JobToken.objects.filter(job=job).values_list("token", flat=True)),
        "moves": [{**move.to_json(), "links": noted_of(job, move)} for move in moves],
    }
    ledger.seal(name, organisation=job.organisation.key, until=until, facts=facts)
