"""Handles: the keys of all targeted rows, sealed and stored before the first write anywhere. From then on rows are found by key only.

One handle holds up to some thousands of keys of one move as a block, which need not be taken apart on its way from a source and back to
it; or row by row with the new values where each row gets one of its own. So whatever is done may be done again after a crash and gives
the same rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from django.db.models import Sum

from exports import tagged
from exports.blocks import Block, batches, joined, loads
from exports.flows.leasing import Held
from exports.models import Handle, HandleAction, HandleState, Job, SealedKeys
from exports.moves import Move
from exports.query import Key
from portal.kit import crypto

KEYS_EACH = 5_000
ROWS_AT_ONCE = 150_000

Own = Mapping[str, Any]
NONE: Own = {}


@dataclass(frozen=True)
class Opened:
    """A handle that was opened: its rows' keys, and, where each row gets values of its own, those in the same order."""

    pk: int
    part: int
    keys: Collection[Key]
    own: tuple[Own, ...] = ()

    @property
    def rows(self) -> tuple[tuple[Key, Own], ...]:
        """Each key with the new values that are its own."""
        return tuple(zip(self.keys, self.own or repeat(NONE), strict=False))


def seal(job: Job, move: Move, rows: Sequence[tuple[Key, Own]] | Block) -> Handle:
    """A handle for these rows, or for those of which these are the keys; not yet stored."""
    text = packed(rows)
    handle = Handle(
        job=job,
        source_key=move.source,
        collection=move.address,
        part=move.number,
        rows=len(rows),
        pk_digest=crypto.keyed_digest("handles", text),
        action=HandleAction(move.action),
        fields=sorted(move.masks),
        basis=move.basis[:80],
        until=move.on,
    )
    SealedKeys(handle=handle, sealed=crypto.installation_box("handles").seal(text, context=_context(job, move.number)))
    return handle


def store(some: Sequence[Handle]) -> None:
    """Store what `seal` made. Call it inside a transaction that holds the job."""
    Handle.objects.bulk_create(some)
    SealedKeys.objects.bulk_create([handle.keys for handle in some])


class Aside:
    """Handles on their way into our own store, some at a time: a transaction costs more than a handle does."""

    def __init__(self, held: Held) -> None:
        self._held, self._some, self._rows = held, list[Handle](), 0

    def put(self, handle: Handle) -> None:
        """Store it soon."""
        self._held.renew()
        self._some.append(handle)
        self._rows += handle.rows
        if self._rows >= ROWS_AT_ONCE:
            with self._held.writing():
                self.store()

    def store(self) -> None:
        """Store what is left. Call it inside a transaction that holds the job."""
        store(self._some)
        self._some, self._rows = [], 0


def put_aside(job: Job, move: Move, rows: Iterable[tuple[Key, Own]], aside: Aside) -> int:
    """Seal the rows of a move in handles; says how many rows there were."""
    total = 0
    for part in batches(rows, KEYS_EACH):
        aside.put(seal(job, move, part))
        total += len(part)
    return total


def opened(job: Job, move: Move, *states: HandleState) -> Iterator[Opened]:
    """The handles of a move in these states (or in any), opened one after the other."""
    found = Handle.objects.filter(job=job, source_key=move.source, part=move.number)
    if states:
        found = found.filter(state__in=states)
    box = crypto.installation_box("handles")
    for pk in list(found.order_by("pk").values_list("pk", flat=True)):
        sealed = SealedKeys.objects.values_list("sealed", flat=True).get(pk=pk)
        yield Opened(pk, move.number, *unpacked(box.unseal(bytes(sealed), context=_context(job, move.number))))


def count(job: Job, move: Move, *states: HandleState) -> int:
    """How many rows the handles of a move stand for."""
    found = Handle.objects.filter(job=job, source_key=move.source, part=move.number)
    if states:
        found = found.filter(state__in=states)
    return int(found.aggregate(total=Sum("rows"))["total"] or 0)


def covered(job: Job) -> dict[int, int]:
    """How many rows the handles of each move stand for, by its number."""
    found = Handle.objects.filter(job=job).order_by("part").values_list("part").annotate(total=Sum("rows"))
    return dict(found)


def portions(found: Iterable[Opened], most: int) -> Iterator[list[Opened]]:
    """The handles in lists of at most so many rows together, or of one."""
    some: list[Opened] = []
    for one in found:
        if some and sum(len(other.keys) for other in some) + len(one.keys) > most:
            yield some
            some = []
        some.append(one)
    if some:
        yield some


def keys_of(some: Sequence[Opened]) -> Collection[Key]:
    """The keys of all these handles together."""
    found = [one.keys for one in some if isinstance(one.keys, Block)]
    return joined(found) if found and len(found) == len(some) else tuple(key for one in some for key in one.keys)


def packed(rows: Sequence[tuple[Key, Own]] | Block) -> str:
    """The rows as text: keys alone as a block; with new values, row by row."""
    if isinstance(rows, Block):
        return rows.dumps()
    if any(own for _key, own in rows):
        return tagged.dumps([[key, own] for key, own in rows])
    return Block.of([key for key, _own in rows]).dumps()


def unpacked(text: str) -> tuple[Collection[Key], tuple[Own, ...]]:
    """The keys that `packed` wrote, and the new values, if there are any."""
    if text.startswith("{"):
        return loads(text.split("\n")), ()
    found = tagged.loads(text)
    return tuple(tuple(key) for key, _own in found), tuple(own for _key, own in found)


def _context(job: Job, part: int) -> str:
    return f"{job.pk}/{part}"
