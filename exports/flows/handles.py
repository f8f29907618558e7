"""Handles: the keys of all targeted rows, sealed and stored before the first write anywhere. From then on rows are found by key only.

One handle holds up to some thousands of keys of one move, with the new values where each row gets one of its own, so that whatever is
done may be done again after a crash and gives the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Sum

from exports import tagged
from exports.models import Handle, HandleAction, HandleState, Job
from exports.moves import Move
from exports.query import Key
from portal.kit import crypto

KEYS_EACH = 5_000
HANDLES_AT_ONCE = 4

Own = Mapping[str, Any]
NONE: Own = {}
T = TypeVar("T")


@dataclass(frozen=True)
class Opened:
    """A handle that was opened: its rows' keys, and, where each row gets values of its own, those in the same order."""

    pk: int
    part: int
    keys: tuple[Key, ...]
    own: tuple[Own, ...] = ()

    @property
    def rows(self) -> tuple[tuple[Key, Own], ...]:
        """Each key with the new values that are its own."""
        return tuple(zip(self.keys, self.own or repeat(NONE), strict=False))


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most this size."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def seal(job: Job, move: Move, rows: list[tuple[Key, Own]]) -> Handle:
    """A handle for these rows, not yet stored."""
    text = packed(rows)
    return Handle(
        job=job,
        source_key=move.source,
        collection=move.address,
        part=move.number,
        rows=len(rows),
        primary_key_sealed=crypto.installation_box("handles").seal(text, context=_context(job, move.number)),
        pk_digest=crypto.keyed_digest("handles", text),
        action=HandleAction(move.action),
        fields=sorted(move.masks),
        basis=move.basis[:80],
        until=move.on,
    )


def store(job: Job, move: Move, rows: Iterable[tuple[Key, Own]], keep: Callable[[list[Handle]], None]) -> int:
    """Seal the rows of a move in handles and give them to `keep`, some at a time; says how many rows there were."""
    total = 0
    for some in batches((seal(job, move, part) for part in batches(rows, KEYS_EACH)), HANDLES_AT_ONCE):
        total += sum(handle.rows for handle in some)
        keep(some)
    return total


def opened(job: Job, move: Move, *states: HandleState) -> Iterator[Opened]:
    """The handles of a move in these states (or in any), opened one after the other."""
    found = Handle.objects.filter(job=job, source_key=move.source, part=move.number)
    if states:
        found = found.filter(state__in=states)
    box = crypto.installation_box("handles")
    for pk in list(found.order_by("pk").values_list("pk", flat=True)):
        sealed = Handle.objects.values_list("primary_key_sealed", flat=True).get(pk=pk)
        yield Opened(pk, move.number, *unpacked(box.unseal(bytes(sealed), context=_context(job, move.number))))


def count(job: Job, move: Move, *states: HandleState) -> int:
    """How many rows the handles of a move stand for."""
    found = Handle.objects.filter(job=job, source_key=move.source, part=move.number)
    if states:
        found = found.filter(state__in=states)
    return int(found.aggregate(total=Sum("rows"))["total"] or 0)


def packed(rows: Sequence[tuple[Key, Own]]) -> str:
    """The rows as text: keys alone part by part, which is short and quick to read again; with new values, row by row."""
    if any(own for _key, own in rows):
        return tagged.dumps([[key, own] for key, own in rows])
    parts = zip(*(key for key, _own in rows), strict=True)
    return tagged.dumps({"parts": [["uuid", list(map(str, part))] if set(map(type, part)) == {UUID} else ["", part] for part in parts]})


def unpacked(text: str) -> tuple[tuple[Key, ...], tuple[Own, ...]]:
    """The keys that `packed` wrote, and the new values, if there are any."""
    found = tagged.loads(text)
    if isinstance(found, list):
        return tuple(tuple(key) for key, _own in found), tuple(own for _key, own in found)
    return tuple(zip(*(map(UUID, part) if kind else part for kind, part in found["parts"]), strict=True)), ()


def _context(job: Job, part: int) -> str:
    return f"{job.pk}/{part}"
