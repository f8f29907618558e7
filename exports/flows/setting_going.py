"""What an erasure kept because of a hold, and nobody holds any more: it goes by the handles that were put aside, on the policy's day.

Once the rows around them are gone, no search finds them again: the handles are the only way to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from exports.datasets import Collection
from exports.flows.erase import moves_of
from exports.flows.rehearse import fates_of
from exports.models import HandleState, Job
from exports.moves import ALONE, KEEP, Move
from exports.retention import ENDLESS, LEGAL_HOLD
from exports.sources import sources_of
from exports.verdicts import rule_of
from portal.kit import clock

Line = str  # `source:category`
ALL = ""  # the line that stands for everything


def set_going(job: Job, still_held: frozenset[Line]) -> frozenset[Line]:
    """Give these rows their day; the lines of which all rows go now. A row waits as long as any line of it is held."""
    days = dict(_days(job, still_held))
    if not days:
        return frozenset()
    plan = dict(job.plan or {})
    plan["moves"] = [{**move, "on": days[move["number"]].isoformat()} if move["number"] in days else move for move in plan["moves"]]
    going = {line for move in moves_of(job) if move.number in days for line in _lines(move)}
    left = {line for move in _held(job) if move.number not in days for line in _lines(move)}
    job.plan = plan
    job.save(update_fields=["plan"])
    for number, day in days.items():
        job.handles.filter(part=number).update(until=day, state=HandleState.SPOOLED)
    return frozenset(going - left)


def _days(job: Job, still_held: frozenset[Line]) -> Iterator[tuple[int, date]]:
    """Number and day of each move that is free to go: whole rows, which the policy keeps for no longer than some day."""
    rules = {collection.address: rule_of(collection) for collection in _collections(job)}
    begun = clock.local_date(job.approved_at or clock.now(), job.organisation.timezone)
    fates = replace(fates_of(job), today=begun)
    for move in _held(job):
        day = max((fates.of(move.source, category).due.on for category in move.categories), default=begun)
        is_free = not _lines(move) & still_held and ALL not in still_held and rules.get(move.address) == "delete"
        if is_free and not _stays_for_good(job, move.source) and day != ENDLESS and job.handles.filter(part=move.number).exists():
            yield move.number, day


def _stays_for_good(job: Job, source: str) -> bool:
    """Rows without a day and without handles stay there: whether they point at what would go, nobody could tell."""
    others = [m for m in moves_of(job) if m.source == source and (m.action, m.on) == (KEEP, None) and m.basis != LEGAL_HOLD]
    return any(move.rows for move in others)


def _held(job: Job) -> list[Move]:
    """What stayed because of a hold and nothing else."""
    return [m for m in moves_of(job) if (m.action, m.group, m.basis, m.on) == (KEEP, ALONE, LEGAL_HOLD, None) and m.rows]


def _lines(move: Move) -> set[Line]:
    return {f"{move.source}:{category}" for category in move.categories}


def _collections(job: Job) -> Iterator[Collection]:
    for source in sources_of(job.organisation):
        for dataset in source.datasets:
            yield from dataset.collections
