"""Handles: the keys of all targeted rows, sealed and stored before the first write anywhere. From then on rows are found by key only.

One handle holds up to some hundreds of keys of one move, with the new values where each row gets one of its own, so that whatever is
done may be done again after a crash and gives the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Sum

from exports import tagged
from exports.models import Handle, HandleAction, HandleState, Job
from exports.moves import Move
from exports.query import Key
from portal.kit import crypto

KEYS_EACH = 500
HANDLES_AT_ONCE = 40

Own = Mapping[str, Any]
NONE: Own = {}
T = TypeVar("T")


@dataclass(frozen=True)
class Opened:
    """A handle that was opened: its rows' keys, each with the new values that are its own."""

    pk: int
    part: int
    rows: tuple[tuple[Key, Own], ...]

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys alone."""
        return tuple(key for key, _own in self.rows)


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most this size."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def seal(job: Job, move: Move, rows: list[tuple[Key, Own]]) -> Handle:
    """A handle for these rows, not yet stored."""
    plain = all(len(key) == 1 and not own for key, own in rows)
    text = tagged.dumps([key[0] for key, _own in rows] if plain else [[key, own] for key, own in rows])
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
        rows = tagged.loads(box.unseal(bytes(sealed), context=_context(job, move.number)))
        plain = not isinstance(rows[0], list)
        yield Opened(pk, move.number, tuple(((part,), NONE) for part in rows) if plain else tuple((tuple(key), own) for key, own in rows))


def count(job: Job, move: Move, *states: HandleState) -> int:
    """How many rows the handles of a move stand for."""
    found = Handle.objects.filter(job=job, source_key=move.source, part=move.number)
    if states:
        found = found.filter(state__in=states)
    return int(found.aggregate(total=Sum("rows"))["total"] or 0)


def _context(job: Job, part: int) -> str:
    return f"{job.pk}/{part}"
