"""A slow and simple erasure, row by row in plain Python, to compare the real one with. It knows nothing of SQL or of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

ENDLESS = date.max


@dataclass(frozen=True)
class Pointer:
    """A column of a table that points at rows of another. `leads`: the dataset names it, from the parent to the child."""

    column: str
    target: str
    leads: bool
    nullable: bool


@dataclass
class Table:
    """`ends` is the day on which its rows go when nothing holds them; rows are id → column → pointed-at id or None."""

    name: str
    ends: date
    pointers: list[Pointer] = field(default_factory=list)
    rows: dict[int, dict[str, int | None]] = field(default_factory=dict)


Name = tuple[str, int]


@dataclass
class World:
    """All tables in an order in which each points only at earlier ones. The first holds people; person 0 is the one who asks."""

    tables: list[Table]

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)

    def pointing(self, *, leads: bool | None = None) -> Iterator[tuple[Name, Pointer, Name]]:
        """Every pointer of every row: who, by which column, at whom."""
        for table in self.tables:
            for pointer in table.pointers:
                for key, row in table.rows.items():
                    target = row[pointer.column]
                    if target is not None and leads in (None, pointer.leads):
                        yield (table.name, key), pointer, (pointer.target, target)

    def reached(self, spared: set[Name]) -> set[Name]:
        """What leads from person 0 down, without what only spared rows lead to."""
        found = {(self.tables[0].name, 0)}
        while True:
            more = {who for who, pointer, at in self.pointing(leads=True) if at in found and who not in spared} - found
            if not more:
                return found
            found |= more

    def spared(self) -> set[Name]:
        """Rows of hers that rows of others go on pointing at."""
        spared: set[Name] = set()
        while True:
            hers = self.reached(spared)
            more = set()
            for who, pointer, at in self.pointing():
                is_cut = pointer.leads and pointer.nullable and who in spared
                if at in hers and who not in hers and at != (self.tables[0].name, 0) and not is_cut:
                    more.add(at)
            if more <= spared:
                return spared
            spared |= more

    def ends(self) -> dict[Name, date]:
        """The day on which each row of hers goes: its own, or that of the last row that points at it."""
        spared = self.spared()
        hers = self.reached(spared)
        ends = {name: self.table(name[0]).ends for name in hers}
        changed = True
        while changed:
            changed = False
            for who, pointer, at in self.pointing():
                if at in hers:
                    until = self._points_until(who, pointer, ends=ends, spared=spared)
                    if until > ends[at]:
                        ends[at], changed = until, True
        return ends

    def _points_until(self, who: Name, pointer: Pointer, *, ends: dict[Name, date], spared: set[Name]) -> date:
        if who in ends:
            own = self.table(who[0]).ends  # a row that outlives its own day is emptied on that day
            return min(ends[who], own) if pointer.nullable and ends[who] > own else ends[who]
        return date.min if who in spared and pointer.leads and pointer.nullable else ENDLESS
