"""A correction as plain values: what is wanted, what stands there now, and what an officer sees of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Correctable:
    """A field that people can ask to have corrected: `key` is `dataset.collection.field`, `place` the collection as people call it."""

    key: str
    title: str
    place: str
    category: str
    topic: str
    is_contact: bool = False  # the proved identity itself: whoever changes it changes where answers go


@dataclass(frozen=True)
class Amendment:
    """One wish: the field by its key, and both values as they were typed."""

    key: str
    new: str
    old: str = ""


@dataclass(frozen=True)
class Spot:
    """One row in which the field stands. `problem` is a sentence that says why it cannot be changed there."""

    key: tuple[Any, ...]
    current: Any
    is_done: bool = False  # it says already what it should
    is_named: bool = False  # it says what the person typed as the old value
    problem: str = ""

    @property
    def shown(self) -> str:
        """What stands there, for people."""
        return "" if self.current is None else str(self.current)

    @property
    def can_change(self) -> bool:
        """Whether it may be accepted."""
        return not (self.problem or self.is_done)


@dataclass(frozen=True)
class CorrectionLine:
    """One wish with what was found for it. `problem` is a sentence that says why nothing can be changed at all."""

    number: int
    key: str
    source: str
    source_title: str
    collection: str
    table: str
    column: str
    title: str
    place: str
    new: Any
    old: str = ""
    problem: str = ""
    more: int = 0  # rows beyond those that are shown
    is_contact: bool = False
    spots: tuple[Spot, ...] = ()

    @property
    def is_done(self) -> bool:
        """It says everywhere what it should."""
        return bool(self.spots) and all(spot.is_done for spot in self.spots)

    @property
    def chosen(self) -> tuple[int, ...]:
        """Which rows an officer most likely means: those that say the old value; the only one, if none does."""
        open_ones = [number for number, spot in enumerate(self.spots) if spot.can_change]
        named = [number for number in open_ones if self.spots[number].is_named]
        return tuple(named or (open_ones if len(self.spots) == 1 else ()))


@dataclass(frozen=True)
class CorrectionView:
    """The rehearsal of a correction. `accepted` names rows by line once somebody has decided."""

    job_id: UUID
    digest: str
    lines: tuple[CorrectionLine, ...]
    gaps: tuple[str, ...] = ()
    accepted: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


def to_plain(lines: tuple[CorrectionLine, ...]) -> list[dict[str, Any]]:
    """The lines as values that `from_plain` reads."""
    return [asdict(line) for line in lines]


def from_plain(stored: list[dict[str, Any]]) -> tuple[CorrectionLine, ...]:
    """The lines that were stored."""
    return tuple(CorrectionLine(**{**line, "spots": tuple(_spot(one) for one in line["spots"])}) for line in stored)


def _spot(stored: Mapping[str, Any]) -> Spot:
    return Spot(**{**stored, "key": tuple(stored["key"])})
