"""Puts verdicts, shared rows and anchors together into moves, in the order in which they will be made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from django.utils.translation import gettext as _

from exports.flows.anchors import Anchors
from exports.flows.detaching import Detached
from exports.flows.ground import Ground
from exports.flows.ordering import backward_keys, erasing_rings
from exports.masking import STUCK
from exports.moves import ALONE, DELETE, DETACH, HELD, KEEP, MASK, SHARED, Move
from exports.retention import ENDLESS
from exports.verdicts import Place, Verdict

HELD_BASIS = "held_by_kept_rows"
AT_ONCE = 20_000  # rows that point at each other within one table go in one statement up to this number


@dataclass
class Draft:
    """The plan before it is put into lines: the moves in order, and what is in the way of them."""

    moves: list[Move] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    loosen: dict[str, list[str]] = field(default_factory=dict)  # in rows that go: fields to be emptied first
    cut: dict[str, list[str]] = field(default_factory=dict)  # in rows that stay: of those that are emptied anyway, the ones to be first

    def note(self, address: str, sentence: str) -> None:
        """Something that an officer should read at this collection; each sentence once."""
        if sentence not in self.notes.setdefault(address, []):
            self.notes[address].append(sentence)


def compose(ground: Ground, detached: list[Detached], anchors: Anchors) -> Draft:
    """All moves of all sources; the source that the identities live in comes last, so that a broken-off run can be searched again."""
    draft = Draft(blocks=list(dict.fromkeys(anchors.blocks)))
    for source in _far_to_near(ground):
        for address in order_of(ground, source):
            if ground.fates.leaves_out(address):
                continue
            place, verdict = ground.places[address], ground.verdicts[address]
            draft.blocks += verdict.blocks
            moves = [*_groups(ground, place, verdict, anchors), *_detaching(place, detached)]
            draft.moves += [replace(move, number=len(draft.moves) + number) for number, move in enumerate(moves)]
            _look_again(ground, draft, anchors, moves=moves)
    _circles(ground, draft)
    return draft


def order_of(ground: Ground, source: str) -> list[str]:
    """The collections of a source, children first."""
    return [address for ring in erasing_rings(ground, source) for address in ring]


def _far_to_near(ground: Ground) -> list[str]:
    first: dict[str, int] = {}
    for visit in ground.survey.walk.visits:
        if visit.address in ground.places:
            first.setdefault(ground.places[visit.address].source, visit.position)
    return sorted(first, key=lambda source: -first[source])


def _groups(ground: Ground, place: Place, verdict: Verdict, anchors: Anchors) -> Iterator[Move]:
    days = anchors.held[place.address].days()
    alone = ground.rows[place.address] - sum(len(keys) for keys in days.values())
    yield from _course(ground, place, verdict, Move(0, place.source, place.address, place.table.name, "", ALONE, verdict.ends, rows=alone))
    for day, keys in days.items():
        move = Move(0, place.source, place.address, place.table.name, "", HELD, day, rows=len(keys))
        yield from _course(ground, place, verdict, move)


def _course(ground: Ground, place: Place, verdict: Verdict, rows: Move) -> Iterator[Move]:
    """What happens to one group of rows, day by day, until they go."""
    today, until = ground.fates.today, rows.until or ENDLESS
    masked = verdict.masked_before(until)
    for day, masks in masked.items():
        served = tuple(part.category for part in verdict.parts if set(part.columns) & set(masks))
        yield replace(rows, action=MASK, on=_later(day, today), masks=masks, categories=served)
    last = max(verdict.parts, key=lambda part: part.due.on)
    categories = tuple(part.category for part in verdict.parts)
    basis, because = last.due.basis, last.due.because
    if rows.group == HELD:
        basis, because = HELD_BASIS, ""
    if until == ENDLESS:
        if not masked:
            rows = rows if place.table.key else rows.with_rows(0)  # rows that cannot be told apart stay, and nothing is proved of them
            yield replace(rows, action=KEEP, categories=categories, basis=basis or place.collection.erase, because=because)
    elif until <= today:
        yield replace(rows, action=DELETE, categories=categories, basis=basis, because=because)
    else:
        action = KEEP if last.due.is_kept and rows.group == ALONE else DELETE
        yield replace(rows, action=action, on=until, categories=categories, basis=basis, because=because)


def _later(day: date, today: date) -> date | None:
    return day if day > today else None


def _detaching(place: Place, detached: list[Detached]) -> Iterator[Move]:
    mine = [group for group in detached if group.address == place.address]
    for number, group in enumerate(mine):
        yield Move(
            0,
            place.source,
            place.address,
            place.table.name,
            DETACH,
            SHARED,
            edge=number,
            rows=len(group.keys),
            masks=group.masks,
            basis="used_by_others",
        )


def _look_again(ground: Ground, draft: Draft, anchors: Anchors, *, moves: list[Move]) -> None:
    """What the live table says about these moves: cells that cannot be masked block, triggers and rules are noted."""
    place, busy = ground.places[moves[0].address], [move for move in moves if move.rows]
    verdict = ground.verdicts[place.address]
    longest = max((move.until or ENDLESS for move in busy if move.group != SHARED), default=ground.fates.today)
    stuck = [name for name, mask in verdict.masks.items() if mask.strategy == STUCK and verdict.due[name] < longest]
    if stuck:
        described = any(place.field(name) is not None for name in stuck)
        target = draft.blocks if described else draft.notes.setdefault(place.address, [])
        target += [sentence for sentence in verdict.stuck if sentence not in target]
    for sentence in anchors.notes.get(place.address, ()):
        draft.note(place.address, sentence)
    told = [*(verdict.notes if any(move.action == MASK for move in busy) else ()), *(place.table.notes if busy else ())]
    for sentence in told:
        draft.note(place.address, sentence)
    events = {"DELETE" if move.removes else "UPDATE" for move in busy if move.removes or move.masks}
    for trigger in place.table.triggers:
        if trigger.event in events:
            words = {"name": trigger.name, "title": place.title}
            draft.note(place.address, _("A trigger of the database, %(name)s, runs when rows of “%(title)s” are changed.") % words)


def _circles(ground: Ground, draft: Draft) -> None:
    """Rows that point at each other in a circle can go only if one of the pointers may be emptied first."""
    order = {move.address: move.number for move in draft.moves}
    for address, key in backward_keys(ground, dict(sorted(order.items(), key=lambda item: item[1]))):
        place = ground.places[address]
        draft.cut.setdefault(address, []).extend(key.columns)
        empty = [name for name in key.columns if place.table.columns[name].nullable and name not in place.table.key]
        if empty:
            draft.loosen.setdefault(address, []).append(empty[0])
        elif ground.rows[address]:
            words = {"title": place.title, "other": key.target}
            draft.blocks.append(_("“%(title)s” and '%(other)s' point at each other and neither pointer may be empty.") % words)
    for address, place in ground.places.items():
        for key in place.table.foreign_keys:
            empty = [name for name in key.columns if place.table.columns[name].nullable and name not in place.table.key]
            if key.target != place.table.name:
                continue
            draft.cut.setdefault(address, []).extend(key.columns)
            if empty and (key.on_delete == "RESTRICT" or ground.rows[address] > AT_ONCE):
                draft.loosen.setdefault(address, []).append(empty[0])
