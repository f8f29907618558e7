"""Many rows as a few large texts, one for each column: nothing has to be done with each row on its way through. Plain Python."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, TypeVar
from uuid import UUID

from exports import tagged
from exports.query import Key

WHOLE, UUIDS, JSON = "whole", "uuid", "json"

T = TypeVar("T")
Span = tuple[int, int]


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most this size."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


@dataclass(frozen=True)
class Part:
    """One column. Whole numbers and UUIDs are joined by commas, with nothing for NULL; anything else is a JSON array.

    `span` is the smallest and the largest of whole numbers, where that is known.
    """

    kind: str
    text: str
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def of(cls, values: Sequence[Any]) -> Part:
        """These values, of which each comes back with its own type."""
        kinds = set(map(type, values))
        if kinds in ({int}, {UUID}):
            span = (min(values), max(values)) if kinds == {int} else None
            return cls(WHOLE if kinds == {int} else UUIDS, ",".join(map(str, values)), span)
        return cls(JSON, tagged.dumps(values))

    def values(self) -> list[Any]:
        """One value for each row."""
        if self.kind == JSON:
            found: list[Any] = tagged.loads(self.text)
            return found
        read = int if self.kind == WHOLE else UUID
        return [read(one) if one else None for one in self.text.split(",")]


@dataclass(frozen=True)
class Block:
    """The same columns of so many rows, at least one. As a collection: the rows as tuples, made when somebody asks for them."""

    rows: int
    parts: tuple[Part, ...]
    key_sum: int | None = None  # over the keys, where the source that they come from tells it

    @classmethod
    def of(cls, rows: Iterable[Sequence[Any]]) -> Block:
        """These rows."""
        found = list(rows)
        return cls(len(found), tuple(map(Part.of, zip(*found, strict=True))))

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[Key]:
        return zip(*(part.values() for part in self.parts), strict=True)

    def __contains__(self, row: object) -> bool:
        return any(row == one for one in self)

    def dumps(self) -> str:
        """As text: a line that says what follows, then a line for each column."""
        kinds, spans = [part.kind for part in self.parts], [part.span for part in self.parts]
        head = json.dumps({"rows": self.rows, "kinds": kinds, "spans": spans, "sum": self.key_sum})
        return "\n".join((head, *(part.text for part in self.parts)))


def loads(lines: Iterable[str]) -> Block:
    """The block that `dumps` wrote; takes no more lines than it has."""
    rest = iter(lines)
    head = json.loads(next(rest))
    spans = (tuple(span) if span else None for span in head["spans"])
    return Block(head["rows"], tuple(Part(kind, next(rest), span) for kind, span in zip(head["kinds"], spans, strict=True)), head["sum"])


def joined(blocks: Sequence[Block]) -> Block:
    """The rows of all these blocks, which have the same columns."""
    if len(blocks) == 1:
        return blocks[0]
    parts = []
    for column in zip(*(block.parts for block in blocks), strict=True):
        kinds = {part.kind for part in column}
        if len(kinds) == 1 and JSON not in kinds:
            parts.append(Part(column[0].kind, ",".join(part.text for part in column), _spanned([part.span for part in column])))
        else:
            parts.append(Part.of(list(chain.from_iterable(part.values() for part in column))))
    sums = [block.key_sum for block in blocks if block.key_sum is not None]
    return Block(sum(map(len, blocks)), tuple(parts), sum(sums) if len(sums) == len(blocks) else None)


def _spanned(spans: Sequence[Span | None]) -> Span | None:
    known = [span for span in spans if span]
    return (min(least for least, _most in known), max(most for _least, most in known)) if len(known) == len(spans) else None
