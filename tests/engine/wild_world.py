"""How an erasure must end where databases refuse or restore things by themselves: worked out from the slow one, source by source."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tests.engine.made_up import Row, World
from tests.engine.made_up_sql import is_restored
from tests.engine.slow_world import Name

Rows = dict[Name, Row]


@dataclass(frozen=True)
class Ended:
    """The rows as they must be. `stopped`: it went back to a person before anything was written. `failed`: the receipt must say so."""

    rows: Rows
    stopped: bool = False
    failed: bool = False


def ended(world: World, before: Rows, expected: Rows, busy: Collection[str]) -> Ended:
    """`expected` is what the slow erasure wants; `busy` the sources with something to do, in the order in which they are written."""
    refusing = {name[0] for name in before.keys() - expected.keys() if world[name[0]].trigger == "refuses"}
    sources = {world[name].source for name in refusing}
    if sources and next(iter(busy)) in sources:
        return Ended(before, stopped=True)
    rows = {name: row for name, row in expected.items() if world[name[0]].source not in sources}
    rows |= {name: row for name, row in before.items() if world[name[0]].source in sources}
    failed = bool(sources)
    for name, row in rows.items():
        if is_restored(world[name[0]]):
            cell = world[name[0]].cells[0].name
            if row[cell] != before[name][cell]:
                rows[name], failed = {**row, cell: before[name][cell]}, True
    return Ended(rows, failed=failed)
