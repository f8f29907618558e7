"""The plan as an officer reads it: per source and category, how many rows, what happens, when and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from exports.facts import Choice, PlanLine
from exports.flows.anchors import Anchors
from exports.flows.composing import HELD_BASIS, Draft
from exports.flows.detaching import Detached
from exports.flows.ground import Ground
from exports.moves import ALONE, DELETE, DETACH, HELD, KEEP, MASK, SHARED
from exports.retention import ENDLESS, LATER, NOW, Settled
from exports.verdicts import Part, Place

OVER_OTHERS = "reached_over_others"


@dataclass
class Row:
    """What is gathered for one line before it is worded."""

    place: Place
    category: str
    action: str
    when: date | None
    settled: Settled | None = None
    rows: int = 0
    titles: list[str] = field(default_factory=list)
    collections: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    moves: list[int] = field(default_factory=list)
    basis: str = ""
    because: str = ""


def lines_of(ground: Ground, draft: Draft, *, anchors: Anchors, detached: list[Detached]) -> tuple[PlanLine, ...]:
    """The lines in the order of the organisation's sources, each category once per fate."""
    gathered: dict[tuple[str, str, str, date | None], Row] = {}
    for row in _rows(ground, draft, anchors, detached=detached):
        name = f"{row.place.address} {row.basis}" if row.action == DETACH else row.category or row.place.address
        known = gathered.setdefault((row.place.source, name, row.action, row.when), row)
        if known is not row:
            known.rows += row.rows
            known.titles += row.titles
            known.collections += row.collections
            known.notes += [note for note in row.notes if note not in known.notes]
            known.moves += row.moves
        known.notes += [note for note in draft.notes.get(row.place.address, ()) if note not in known.notes]
    order = {key: number for number, key in enumerate(ground.survey.sources)}
    ranked = sorted(gathered.values(), key=lambda row: order[row.place.source])
    return tuple(_keyed(ground, ranked))


def _rows(ground: Ground, draft: Draft, anchors: Anchors, *, detached: list[Detached]) -> Iterator[Row]:
    for visit in ground.survey.walk.visits:
        place = ground.places.get(visit.address)
        if place is None or ground.fates.leaves_out(place.address):
            continue
        days = anchors.held[place.address].days()
        alone = ground.rows[place.address] - sum(len(keys) for keys in days.values())
        for part in ground.verdicts[place.address].parts:
            if alone:
                row = _row(ground, place, part, until=ground.verdicts[place.address].ends, rows=alone)
                row.moves = _moves(draft, row, part, group=ALONE, until=ground.verdicts[place.address].ends)
                yield row
            for day, keys in days.items():
                row = _row(ground, place, part, until=day, rows=len(keys))
                row.moves = _moves(draft, row, part, group=HELD, until=day)
                row.notes.append(_held_note(anchors.held[place.address].by[day], day))
                yield row
        yield from _shared_rows(ground, draft, place, detached)


def _row(ground: Ground, place: Place, part: Part, *, until: date, rows: int) -> Row:
    verdict, due, today = ground.verdicts[place.address], part.due, ground.fates.today
    masked = any(verdict.masks[name].writes and verdict.due[name] < until for name in part.columns)
    row = Row(place, part.category, DELETE, due.on if due.on > today else None, part.settled, rows, [place.title], [place.address])
    row.basis, row.because = due.basis, due.because
    if due.is_kept:
        row.action, row.when = KEEP, None if due.on == ENDLESS else due.on
    elif masked:
        row.action = MASK
    elif until > due.on:
        row.action, row.when = KEEP, None if until == ENDLESS else until
        row.basis = HELD_BASIS if verdict.rule == "delete" else verdict.rule
        row.because = "" if verdict.rule == "delete" else _("Nothing in these rows says who the person is.")
    return row


def _moves(draft: Draft, row: Row, part: Part, *, group: str, until: date) -> list[int]:
    """The move that decides what becomes of this category in these rows: the one that empties its cells, or the last."""
    same = [move for move in draft.moves if (move.address, move.group, move.until) == (row.place.address, group, until)]
    emptying = [move for move in same if row.action == MASK and set(part.columns) & set(move.masks)]
    return [move.number for move in (emptying or same)[-1:]]


def _shared_rows(ground: Ground, draft: Draft, place: Place, detached: list[Detached]) -> Iterator[Row]:
    """Rows that others use, and rows that only those lead to."""
    category = place.collection.category
    mine = [group for group in detached if group.address == place.address]
    shared = [move.number for move in draft.moves if move.address == place.address and move.group == SHARED]
    for group, number in zip(mine, shared, strict=True):
        row = Row(place, category, DETACH, None, None, len(group.keys), [place.title], [place.address], basis="used_by_others")
        row.moves = [number]
        users = sorted(user for user in group.users if user)
        row.because = (
            _("Other people use it: it stays with them.") if not group.masks else _("Other people use it: it stays without the person.")
        )
        row.notes = [_("It is also used by: %(users)s.") % {"users": ", ".join(users)}] if users else []
        if group.uncut:
            names = {"title": place.title, "fields": ", ".join(sorted(group.uncut))}
            row.notes.append(_("%(fields)s of “%(title)s” may not be empty and still names the person's number.") % names)
        yield row
    if ground.questions is ground.survey.questions:
        return  # nothing is spared
    everything = ground.reader(place.address).count(ground.survey.questions.query(place.address))
    company = everything - ground.rows[place.address] - sum(len(group.keys) for group in mine)
    if company > 0:
        row = Row(place, category, DETACH, None, None, company, [place.title], [place.address], basis=OVER_OTHERS)
        row.because = _("Only rows that other people use lead to it.")
        yield row


def _held_note(titles: set[str], day: date) -> str:
    names = {"titles": ", ".join(f"“{title}”" for title in sorted(titles)), "day": date_format(day, "j F Y")}
    if day == ENDLESS:
        return _("Its rows stay, emptied, because rows of %(titles)s that are not the person's point at them.") % names
    return _("Its rows stay, emptied, until %(day)s, because kept rows of %(titles)s point at them.") % names


def _keyed(ground: Ground, rows: list[Row]) -> Iterator[PlanLine]:
    used: set[str] = set()
    for row in rows:
        shared = row.action == DETACH
        base = f"{row.place.source}:{row.place.address}:detach" if shared else f"{row.place.source}:{row.category or row.place.address}"
        key, number = base, 1
        while key in used:
            number += 1
            key = f"{base}:{number}"
        used.add(key)
        line = _line(ground, row, key)
        yield line if key == base else replace(line, choices=(), chosen="")


def _line(ground: Ground, row: Row, key: str) -> PlanLine:
    settled, today = row.settled, ground.fates.today
    choices: tuple[Choice, ...] = ()
    because, chosen = row.because, ""
    if settled and settled.choices:
        early, late = settled.choices[NOW], settled.choices[LATER]
        choices = tuple(Choice(name, None if due.on in (today, ENDLESS) else due.on) for name, due in ((NOW, early), (LATER, late)))
        chosen = settled.chosen
        if settled.by_default:
            because = _("The policy says two things. %(early)s %(late)s") % {
                "early": _sentence(early.because),
                "late": _sentence(late.because),
            }
    return PlanLine(
        key=key,
        source_key=row.place.source,
        source_title=ground.survey.sources[row.place.source].title,
        category=row.category,
        title=_title(ground, row),
        rows=row.rows,
        action=row.action,
        collections=tuple(dict.fromkeys(row.collections)),
        when=row.when,
        because=_sentence(because),
        basis=row.basis,
        choices=choices,
        chosen=chosen,
        note=" ".join(row.notes),
        moves=tuple(row.moves),
    )


def _sentence(words: str) -> str:
    """A policy's reason as it may stand alone."""
    return f"{words}." if words and not words.endswith((".", "!", "?")) else words


def _title(ground: Ground, row: Row) -> str:
    if row.action == DETACH or not row.category:
        return row.place.title
    return ground.fates.title(row.category) or row.place.title
