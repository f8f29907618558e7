"""What makes a row the person's: noted when its key is put aside, compared before anything is done to it once a search no longer tells.

Keys of rows that were deleted can be given to other people's rows, and rows to other people. What is noted are *marks*, one for each
column that ties the row to the person. They stand in the ledger for rows that change now, and in the handle for rows that go later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from exports import tagged
from exports.blocks import batches
from exports.connectors.base import Reader, TableSchema
from exports.flows.ground import Ground
from exports.flows.handles import KEYS_EACH, NONE, Own
from exports.models import Job
from exports.moves import Move
from exports.query import Key
from exports.values import same
from portal.kit import crypto

MARKS = "~marks"  # what a handle notes of a row besides its new values


def links_of(ground: Ground, address: str) -> tuple[str, ...]:
    """The columns that make a row of this collection the person's."""
    visit = ground.survey.walk.by_address[address]
    named = {entry.field for entry in visit.entries}
    named |= {name for edge in visit.edges if not ground.is_up(edge) for name in edge.target_fields}
    return tuple(sorted({name.partition(".")[0] for name in named}))


def noted(ground: Ground, move: Move, moves: Iterable[Move]) -> tuple[str, ...]:
    """The columns whose marks are noted for a move: of one that is made later, those that no move of the same rows empties before."""
    emptied = {
        name
        for other in moves
        if not move.is_now and (other.address, other.group, other.until) == (move.address, move.group, move.until)
        for name in other.masks
    }
    return tuple(name for name in links_of(ground, move.address) if name not in emptied)


def noted_of(job: Job, move: Move) -> tuple[str, ...]:
    """The same, as the plan has kept it."""
    return tuple((job.plan or {}).get("links", {}).get(str(move.number), ()))


def marks(values: Iterable[Any], known: dict[Any, str]) -> list[Any]:
    """Whole numbers and UUIDs as they are, like keys; all else as a keyed digest. `known` saves making the same one again."""
    found: list[Any] = []
    for value in values:
        if value is None or isinstance(value, int | UUID):
            found.append(value)
        else:
            name = tagged.dumps(value) if isinstance(value, list | dict) else value
            if name not in known:
                known[name] = crypto.keyed_digest("ledger", tagged.dumps(value))[:32]
            found.append(known[name])
    return found


def with_marks(reader: Reader, table: str, columns: tuple[str, ...], keys: Iterable[Key]) -> Iterator[tuple[Key, Own]]:
    """The keys, each with the marks of its row."""
    known: dict[Any, str] = {}
    for some in batches(keys, KEYS_EACH):
        for key, row in reader.read_back(table, some, fields=columns):
            yield key, {MARKS: marks((row[name] for name in columns), known)} if row is not None and columns else NONE


class Belonging:
    """Tells rows by their marks. Each column holds what was noted, or what we have written ourselves, or was `emptied` on the way."""

    def __init__(self, columns: Iterable[str], *, emptied: Collection[str] = ()) -> None:
        self.columns, self.emptied = tuple(columns), emptied
        self._known: dict[Any, str] = {}

    def holds(self, row: Mapping[str, Any], noted: Mapping[str, Any], new: Mapping[str, Any] = NONE) -> bool:
        """Whether the row still is what these marks say, by column, or what `new` made of it."""
        return all(
            (name in new and same(row[name], new[name]))
            or (name in self.emptied and row[name] is None)
            or marks((row[name],), self._known) == [noted[name]]
            for name in self.columns
        )


def emptied_by_the_base(table: TableSchema) -> frozenset[str]:
    """Columns that the database itself empties when the row goes at which they point."""
    return frozenset(name for key in table.foreign_keys if key.on_delete == "SET NULL" for name in key.columns)


def still_theirs(job: Job, reader: Reader, move: Move, rows: Iterable[tuple[Key, Own]]) -> Iterator[tuple[Key, Own]]:
    """Those rows that are there and are what they were when they were put aside, or of which nothing was noted."""
    known, table, columns = dict(rows), reader.describe().tables[move.table], noted_of(job, move)
    belonging = Belonging(columns, emptied=emptied_by_the_base(table))
    for key, row in reader.read_back(move.table, list(known), fields=columns or table.key):
        own = known[key]
        if row is not None and (MARKS not in own or belonging.holds(row, dict(zip(columns, own[MARKS], strict=True)))):
            yield key, without_marks(own)


def without_marks(own: Own) -> Own:
    """The new values alone."""
    return {name: value for name, value in own.items() if name != MARKS}
