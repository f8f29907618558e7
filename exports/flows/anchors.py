"""Rows that may not go on their day because rows that stay longer point at them: emptied now, they go with the last of those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from exports.blocks import batches
from exports.flows.ground import Gap, Ground, Tie
from exports.flows.ordering import erasing_rings
from exports.query import AllOf, AnyOf, ByKey, Key, Predicate, Query, Within
from exports.retention import ENDLESS
from exports.verdicts import Place

KEYS_AT_ONCE = 5_000
MOST_ROUNDS = 200


@dataclass
class Held:
    """The rows of one collection that are held, each until its day, and by what, by day."""

    until: dict[Key, date] = field(default_factory=dict)
    by: dict[date, set[str]] = field(default_factory=dict)

    def hold(self, keys: Iterable[Key], day: date, title: str) -> bool:
        """Note the later day of each row; says whether anything changed."""
        changed = False
        for key in keys:
            if self.until.get(key, date.min) < day:
                self.until[key] = day
                self.by.setdefault(day, set()).add(title)
                changed = True
        return changed

    def days(self) -> dict[date, list[Key]]:
        """The held rows by the day on which they may go."""
        found: dict[date, list[Key]] = {}
        for key, day in self.until.items():
            found.setdefault(day, []).append(key)
        return dict(sorted(found.items()))


@dataclass
class Anchors:
    """What holds what. `cut` names the rows that others use whose pointer at the person is emptied, by collection and columns."""

    held: dict[str, Held] = field(default_factory=dict)
    blocks: list[str] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    cut: Mapping[tuple[str, tuple[str, ...]], tuple[Key, ...]] = field(default_factory=dict)


def hold_rows(ground: Ground, cut: Mapping[tuple[str, tuple[str, ...]], tuple[Key, ...]]) -> Anchors:
    """Go from children to parents; inside a ring of tables, again and again until nothing changes."""
    anchors = Anchors(held={address: Held() for address in ground.places}, cut=cut)
    for source in {place.source for place in ground.places.values()}:
        for ring in erasing_rings(ground, source):
            for address in ring:
                _hold_outside(ground, anchors, ground.places[address])
            for _round in range(MOST_ROUNDS):
                if not any(_hold_inside(ground, anchors, ground.places[address]) for address in ring):
                    break
    return anchors


def _goes(ground: Ground, place: Place) -> bool:
    return ground.verdicts[place.address].ends < ENDLESS and ground.rows.get(place.address, 0) > 0


def _hold_inside(ground: Ground, anchors: Anchors, place: Place) -> bool:
    """The person's own rows that stay longer hold those they point at."""
    held, changed = anchors.held[place.address], False
    if not _goes(ground, place):
        return False
    for tie in ground.ties(place):
        if not tie.on_delete or _lets_go(ground, place, tie):
            continue
        for child in tie.children:
            for day, rows in _lasting(ground, anchors, child, tie):
                if day > ground.verdicts[place.address].ends:
                    keys = _pointed_at(ground, place, tie, rows)
                    changed = held.hold(keys, day, ground.places[child].title) or changed
    return changed


def _lasting(ground: Ground, anchors: Anchors, child: str, tie: Tie) -> Iterator[tuple[date, Query]]:
    """The child's rows with the day until which they still point."""
    verdict, columns = ground.verdicts[child], tie.link.columns
    yield verdict.pointer_ends(columns, verdict.ends), ground.questions.query(child)
    for day, keys in anchors.held[child].days().items():
        for some in batches(keys, KEYS_AT_ONCE):
            yield verdict.pointer_ends(columns, day), Query(ground.places[child].table.name, ByKey(tuple(some)))


def _pointed_at(ground: Ground, place: Place, tie: Tie, rows: Query) -> Iterator[Key]:
    mine = ground.questions.query(place.address)
    where: Predicate = AllOf((mine.where, Within(tie.link.target_columns, rows, tie.link.columns)))
    return ground.reader(place.address).targets(Query(place.table.name, where))


def _lets_go(ground: Ground, place: Place, tie: Tie) -> bool:
    """The source itself empties the pointer when the row goes. SET DEFAULT does not: it points the row at whoever is the default."""
    if tie.on_delete != "SET NULL":
        return False
    table = ground.schemas[place.source].tables[tie.link.collection]
    return all(table.columns[name].nullable for name in tie.link.columns)


def _hold_outside(ground: Ground, anchors: Anchors, place: Place) -> None:
    """Rows that are not the person's: they hold a row, lose their pointer to it, or would be swept away with it, which blocks."""
    if not _goes(ground, place):
        return
    for tie in ground.ties(place):
        if not tie.on_delete or ground.is_led_along(place, tie):
            continue
        found = dict(_outside(ground, anchors, place, tie))
        if not found:
            continue
        title = ground.places[tie.children[0]].title if tie.children else tie.link.collection
        words = {"title": place.title, "other": title, "count": sum(found.values())}
        if tie.on_delete == "CASCADE":
            anchors.blocks.append(_swept(words))
        elif _lets_go(ground, place, tie):
            anchors.notes.setdefault(place.address, []).append(_loosened(words))
        else:
            anchors.held[place.address].hold(found, ENDLESS, title)
            if not tie.is_described:
                ground.gaps.append(Gap(place.source, place.address, _undescribed(words)))


def _outside(ground: Ground, anchors: Anchors, place: Place, tie: Tie) -> Iterator[tuple[Key, int]]:
    mine = ground.mine(place.source, tie.link.collection)
    cut = [ByKey(anchors.cut[child, tie.link.columns]) for child in tie.children if (child, tie.link.columns) in anchors.cut]
    outside = Query(mine.collection, AnyOf((mine.where, *cut))) if cut else mine
    return ground.reader(place.address).referrers(tie.link, targeted=ground.questions.query(place.address), outside=outside)


def _swept(words: Mapping[str, object]) -> str:
    return ngettext(
        "Deleting from “%(title)s” would also delete %(count)d row of “%(other)s” that is not in this plan (ON DELETE CASCADE).",
        "Deleting from “%(title)s” would also delete %(count)d rows of “%(other)s” that are not in this plan (ON DELETE CASCADE).",
        int(str(words["count"])),
    ) % dict(words)


def _loosened(words: Mapping[str, object]) -> str:
    return ngettext(
        "The database itself empties %(count)d pointer of “%(other)s” to rows of “%(title)s”.",
        "The database itself empties %(count)d pointers of “%(other)s” to rows of “%(title)s”.",
        int(str(words["count"])),
    ) % dict(words)


def _undescribed(words: Mapping[str, object]) -> str:
    return _("“%(other)s” points at rows of “%(title)s”, and no dataset describes it: what it holds is not known.") % dict(words)
