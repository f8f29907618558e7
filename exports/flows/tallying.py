"""What became of the rows of an erasure, in numbers: as they were read back, not as they were planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from exports.facts import PlanLine
from exports.flows.lines import OVER_OTHERS
from exports.moves import DELETE, DETACH, KEEP, MASK, Move


@dataclass(frozen=True)
class Count:
    """The rows of one move. `done` were read back as planned; `gone` were to stay and were gone already; `not_done` is the rest."""

    done: int = 0
    gone: int = 0
    not_done: int = 0


@dataclass(frozen=True)
class Tally:
    """The rows of all moves of a plan, and of its lines."""

    moves: tuple[Move, ...]
    lines: tuple[PlanLine, ...]
    counts: Mapping[int, Count]
    unread: frozenset[str]
    away: Mapping[int, int] = field(default_factory=dict)  # rows that are somebody else's by now, by the number of the move

    def of(self, *numbers: int) -> Count:
        """These moves together."""
        found = [self.counts.get(number, Count()) for number in numbers]
        return Count(sum(one.done for one in found), sum(one.gone for one in found), sum(one.not_done for one in found))

    def of_line(self, line: PlanLine) -> Count:
        """A line's rows. Those that no handle stands for (only others' rows lead to them, or they have no key) were not touched."""
        count, known = self.of(*line.moves), {move.number: move.rows + self.away.get(move.number, 0) for move in self.moves}
        untouched = max(0, line.rows - sum(known.get(number, 0) for number in line.moves))
        if line.source_key in self.unread:
            return Count(count.done, count.gone, count.not_done + untouched)
        return Count(count.done + untouched, count.gone, count.not_done)

    def changed(self, source: str) -> int:
        """Rows that were deleted or written at a source."""
        return self.of(*(move.number for move in self.moves if move.source == source and move.is_now)).done

    def not_done(self, source: str = "") -> int:
        """Rows that were not read back as planned, each once."""
        return self.of(*(move.number for move in _deciding(move for move in self.moves if source in ("", move.source)))).not_done

    def totals(self, source: str = "") -> dict[str, int]:
        """Every row once, by what became of it now: one that goes on a later day counts as kept until then, or as masked."""
        totals = dict.fromkeys((DELETE, MASK, KEEP, DETACH), 0)
        for move in _deciding(move for move in self.moves if source in ("", move.source)):
            totals[move.action if move.is_now or move.action == DETACH else KEEP] += self.of(move.number).done
        for line in self.lines:
            if line.basis == OVER_OTHERS and source in ("", line.source_key):
                totals[DETACH] += self.of_line(line).done
        return totals


def tally_of(moves: Iterable[Move], lines: tuple[PlanLine, ...], proof: Mapping[str, Any], *, unread: Iterable[str]) -> Tally:
    """From the proof: a row that was not read back as planned is not done, whatever the executor said."""
    kept, counts = tuple(moves), {}
    for move in kept:
        proved, gone = proof["proved"].get(move.number, 0), proof["absent"].get(move.number, 0)
        counts[move.number] = Count(proved - gone, gone, max(0, move.rows - proved))
    return Tally(kept, lines, counts, frozenset(unread), proof.get("away", {}))


def _deciding(moves: Iterable[Move]) -> list[Move]:
    """Of all moves of the same rows, the one that is done now, or else the last; what others use stands for itself."""
    found: dict[tuple[str, str, date | None, int], Move] = {}
    for move in moves:
        same = (move.address, move.group, move.until, move.edge)
        if same not in found or not found[same].is_now:
            found[same] = move
    return list(found.values())
