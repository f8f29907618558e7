"""What a copy should hold and what an erasure should change in a made-up world, row by row in plain Python.

It knows nothing of SQL or of the engine; every rule here is a sentence of docs/erasure.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.engine.made_up import LETS_GO, Cell, Key, Pointer, Row, Table, World
from tests.people import RITA

Name = tuple[str, Key]
OWN = "a value of its own"


@dataclass(frozen=True)
class Pointing:
    """Row `who` points with `by` at row `at`."""

    who: Name
    by: Pointer
    at: Name


class Slow:
    """Everything is worked out from the rows alone, again and again until nothing changes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: dict[Name, Row] = {(table.name, key): row for table in world.tables for key, row in table.rows.items()}
        self.pointing = list(self._pointing())

    def _pointing(self) -> Iterator[Pointing]:
        for table in self.world.tables:
            for pointer in table.pointers:
                for key, row in table.rows.items():
                    at = tuple(row[name] for name in pointer.columns)
                    if None not in at and (pointer.target, at) in self.rows:
                        yield Pointing((table.name, key), pointer, (pointer.target, at))

    def table(self, name: Name) -> Table:
        return self.world[name[0]]

    def is_named(self, name: Name) -> bool:
        """An identity leads straight to this row."""
        return self.table(name).has_identity and self.rows[name]["email"] == RITA

    def reached(self, spared: set[Name]) -> set[Name]:
        """The person's rows: from the identity along the references, not over spared rows."""
        found = {name for name in self.rows if self.is_named(name)} - spared
        while True:
            more = {one.who for one in self.pointing if one.by.comes_down and one.at in found}
            more |= {one.at for one in self.pointing if one.by.goes_up and one.who in found}
            if more <= found | spared:
                return found
            found |= more - spared

    def copy(self) -> set[Name]:
        """What an access request finds."""
        return self.reached(set())

    def spared(self) -> set[Name]:
        """Rows that others use too."""
        spared: set[Name] = set()
        while True:
            hers = self.reached(spared)
            more = {name for name in hers if not self.is_named(name) and self._is_shared(name, hers, spared)}
            if not more:
                return spared
            spared |= more

    def _is_shared(self, name: Name, hers: set[Name], spared: set[Name]) -> bool:
        down = [one for one in self.pointing if one.who == name and one.by.comes_down]
        if any(one.at in hers for one in down):
            if any(one.at not in hers and self.table(one.at).has_identity and one.at[0] != name[0] for one in down):
                return True  # another person's row leads to it too
            return any(
                self.world[one.who[0]].told and one.by.fk != LETS_GO and (one.by.fk or one.by.goes_up)
                for one in self._others(name, hers, spared)
            )
        if any(one.at not in hers and one.at[0] != name[0] for one in down):
            return True  # only pointed at by hers, and led to by a row that is not
        if self.table(name).has_identity or any(
            one.by.shared and one.by.goes_up for one in self.pointing if one.at == name and one.who in hers
        ):
            return True
        return any(one.by.fk or one.by.goes_up for one in self._others(name, hers, spared))

    def _others(self, name: Name, hers: set[Name], spared: set[Name]) -> Iterator[Pointing]:
        """Rows not hers that point at this row and will go on doing so."""
        for one in self.pointing:
            if one.at == name and one.who not in hers and not (one.who in spared and self._is_cut(one)):
                yield one

    def _is_cut(self, one: Pointing) -> bool:
        return one.by.comes_down and one.by.nullable and not one.by.shared and not set(one.by.columns) & set(self.table(one.who).key)

    def held(self, hers: set[Name], spared: set[Name]) -> set[Name]:
        """Rows of hers that should go and may not, because something that stays points at them."""
        goes = {name for name in hers if self.table(name).rule == "delete"}
        held: set[Name] = set()
        while True:
            more = {one.at for one in self.pointing if one.by.fk and one.at in goes and self._holds(one, hers, spared, goes - held)} - held
            if not more:
                return held
            held |= more

    def _holds(self, one: Pointing, hers: set[Name], spared: set[Name], going: set[Name]) -> bool:
        if one.who in going or (one.by.fk == LETS_GO and one.by.nullable):
            return False
        if one.who in hers:
            return not any(kind_of(self.table(one.who), column) == "null" for column in one.by.columns)
        return not (one.who in spared and self._is_cut(one)) and one.by.fk != "CASCADE"

    def is_swept(self, hers: set[Name], spared: set[Name]) -> bool:
        """Somebody else's row would go with one of hers."""
        goes = {name for name in hers if self.table(name).rule == "delete"}
        return any(
            one.by.fk == "CASCADE" and one.at in goes and one.who not in hers and not (one.who in spared and self._is_cut(one))
            for one in self.pointing
        )

    def erased(self) -> dict[Name, Row] | None:
        """The rows as they should be afterwards; None where it must not be done. OWN stands for a new value that is nobody else's."""
        spared = self.spared()
        hers = self.reached(spared)
        held = self.held(hers, spared)
        gone = {name for name in hers if self.table(name).rule == "delete"} - held
        if self.is_swept(hers, spared):
            return None
        after = {name: dict(row) for name, row in self.rows.items() if name not in gone}
        for name in (hers - gone) | held:
            table = self.table(name)
            for column in table.columns:
                kind, old = kind_of(table, column), self.rows[name][column]
                if kind and not (kind == "hash" and old is None):
                    after[name][column] = OWN if kind in ("own", "hash") else None if kind == "null" else _empty(table, column)
        for one in self.pointing:
            if one.who in spared and self._is_tie(one, hers):
                after[one.who].update({name: None for name in one.by.columns if one.by.nullable and name not in self.table(one.who).key})
            if one.by.fk == LETS_GO and one.at in gone and one.who in after:
                after[one.who].update(dict.fromkeys(one.by.columns))
        return after

    def _is_tie(self, one: Pointing, hers: set[Name]) -> bool:
        return one.by.comes_down and one.at in hers and not one.by.shared


def kind_of(table: Table, column: str) -> str:
    """What becomes of a cell whose row stays and is emptied: '', 'null', 'empty' or 'own'."""
    if column in table.key:
        return ""
    cell = next((one for one in table.cells if one.name == column), None)
    if cell is not None:
        return _cell_kind(cell) if _is_meant(table, cell) else ""
    pointer = next(one for one in table.pointers if column in one.columns)
    if table.rule != "delete" or pointer.shared:
        return ""
    return "null" if pointer.nullable else "" if pointer.fk else "empty"


def _is_meant(table: Table, cell: Cell) -> bool:
    if cell.erase == "preserve":
        return False
    return table.rule == "delete" or (cell.told and (bool(cell.erase) or (table.rule == "mask" and cell.personal)))


def _cell_kind(cell: Cell) -> str:
    if cell.erase == "hash":
        return "hash"
    return "null" if cell.nullable else "own" if cell.unique else "empty"


def _empty(table: Table, column: str) -> Any:
    cell = next((one for one in table.cells if one.name == column), None)
    return "" if cell is not None and cell.kind == "text" else 0
