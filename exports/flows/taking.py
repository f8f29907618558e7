"""Takes keys, and what makes the rows the person's, as blocks, where a source gives them so: together with the count if they are few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exports.blocks import Block
from exports.connectors.base import GivesBlocks
from exports.flows.belonging import links_of
from exports.flows.ground import Ground
from exports.flows.rehearse import Rehearsal
from exports.moves import ALONE, Move

MOST = 500_000  # rows of all collections together that are kept in memory until the plan is compared

Both = tuple[Block, Block]


def take(ground: Ground, moves: Iterable[Move]) -> None:
    """Count all collections: those of these moves by taking their rows, if there should not be too many of them."""
    expected = {move.address: move.rows for move in moves if _is_plain(move)}
    for address, rows in expected.items() if sum(expected.values()) <= MOST else ():
        blocks = _blocks(ground, address, rows) if address in ground.places and rows else None
        if blocks is not None:
            ground.taken[address] = found = list(blocks)
            ground.rows[address], ground.sums[address] = sum(map(len, found)), sum(block.key_sum or 0 for block in found)
    ground.sum_up()


def taken(rehearsal: Rehearsal, move: Move) -> Iterator[Both] | None:
    """Blocks of the keys, each with one of what makes the same rows the person's; None where the rows have to be taken one by one."""
    ground, address = rehearsal.ground, move.address
    if not (move.rows and _is_plain(move)) or rehearsal.anchors.held[address].until:
        return None
    blocks = ground.taken[address] if address in ground.taken else _blocks(ground, address, move.rows)
    return None if blocks is None else (_split(ground, address, block) for block in blocks)


def _is_plain(move: Move) -> bool:
    """All the rows of its collection have the same fate, now."""
    return move.group == ALONE and not move.own and not move.goes_later


def _fields(ground: Ground, address: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*ground.places[address].table.key, *links_of(ground, address))))


def _blocks(ground: Ground, address: str, rows: int) -> Iterator[Block] | None:
    reader, key = ground.reader(address), ground.places[address].table.key
    if not key or not isinstance(reader, GivesBlocks):
        return None
    return reader.blocks(ground.questions.query(address), _fields(ground, address), rows=rows)


def _split(ground: Ground, address: str, block: Block) -> Both:
    parts = dict(zip(_fields(ground, address), block.parts, strict=True))
    key, links = ground.places[address].table.key, links_of(ground, address)
    keys = Block(block.rows, tuple(parts[name] for name in key), block.key_sum)
    return keys, Block(block.rows, tuple(parts[name] for name in links))
