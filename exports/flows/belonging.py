"""Whether a row that waits for its day is still the same row: keys of rows that were deleted can be given to other people's rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from exports import tagged
from exports.blocks import batches
from exports.connectors.base import Reader
from exports.flows.ground import Ground
from exports.flows.handles import KEYS_EACH, NONE, Own
from exports.moves import Move
from exports.query import Key
from portal.kit import crypto

LINK = "~link"
LINK_COLUMNS = "~columns"


def link_columns(ground: Ground, move: Move, earlier: Iterable[Move]) -> tuple[str, ...]:
    """The columns that make the row the person's, as far as no earlier move of the same rows empties them."""
    emptied = {
        name
        for other in earlier
        if (other.address, other.group, other.until) == (move.address, move.group, move.until)
        for name in other.masks
    }
    return tuple(name for name in links_of(ground, move.address) if name not in emptied)


def links_of(ground: Ground, address: str) -> tuple[str, ...]:
    """The columns that make a row of this collection the person's."""
    visit = ground.survey.walk.by_address[address]
    named = {entry.field for entry in visit.entries}
    named |= {name for edge in visit.edges if not ground.is_up(edge) for name in edge.target_fields}
    return tuple(sorted({name.partition(".")[0] for name in named}))


def with_links(reader: Reader, table: str, columns: tuple[str, ...], keys: Iterable[Key]) -> Iterator[tuple[Key, Own]]:
    """The keys, each with keyed digests of what makes the row the person's."""
    loose = _emptied_by_the_base(reader, table, columns)
    for some in batches(keys, KEYS_EACH):
        for key, row in reader.read_back(table, some, fields=columns):
            yield key, {LINK: _links(row, columns, loose), LINK_COLUMNS: list(columns)} if row is not None and columns else NONE


def _emptied_by_the_base(reader: Reader, table: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Those of these columns that the database itself empties when the row goes at which they point."""
    keys = reader.describe().tables[table].foreign_keys
    return tuple(sorted({name for key in keys if key.on_delete == "SET NULL" for name in key.columns} & set(columns)))


def _links(row: dict[str, Any], columns: tuple[str, ...], loose: tuple[str, ...]) -> list[str]:
    """What the row is now, and what it will be once some of its pointers were emptied."""
    some = (gone for count in range(len(loose) + 1) for gone in combinations(loose, count))
    return list(dict.fromkeys(link_of({**row, **dict.fromkeys(gone)}, columns) for gone in some))


def is_linked(row: dict[str, Any], own: Own) -> bool:
    """Whether the row still is what it was when it was put aside; so is a row of which nothing was noted."""
    return LINK not in own or link_of(row, own[LINK_COLUMNS]) in own[LINK]


def link_of(row: dict[str, Any], columns: Iterable[str]) -> str:
    """A keyed digest of these cells of the row."""
    return crypto.keyed_digest("handles", tagged.dumps([row[name] for name in columns]))


def still_theirs(reader: Reader, table: str, rows: Iterable[tuple[Key, Any]]) -> Iterator[tuple[Key, Any]]:
    """Those rows that are there and are what they were when they were put aside."""
    known = dict(rows)
    columns = tuple(next((own[LINK_COLUMNS] for own in known.values() if LINK in own), ()))
    fields = columns or reader.describe().tables[table].key
    for key, row in reader.read_back(table, list(known), fields=fields):
        own = known[key]
        if row is not None and is_linked(row, own):
            yield key, {name: value for name, value in own.items() if name not in (LINK, LINK_COLUMNS)}
