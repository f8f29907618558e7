"""Blocks as PostgreSQL makes and takes them: arrays in one parameter, texts joined by its own aggregates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Connection, Text, bindparam, cast, func

from exports.blocks import JSON, UUIDS, WHOLE, Block, Part
from exports.connectors.base import ColumnSchema
from exports.connectors.postgresql_types import Native, Uuids, bare, sent_as
from exports.connectors.postgresql_writing import is_utf8

NUMBERS = ("smallint", "integer", "bigint")
TEXTS = ("text", "character varying")


class BlocksOfPostgreSql:
    """How PostgreSQL deals with blocks."""

    def is_exact(self, connection: Connection) -> bool:
        """What this server sends is UTF-8 for certain."""
        return is_utf8(connection)

    def joined_as(self, live: ColumnSchema) -> str:
        """The kind of part that such a column makes; empty for a type that has to be taken value by value."""
        native = bare(live.native)
        return WHOLE if native in NUMBERS else UUIDS if native == "uuid" else JSON if native in TEXTS else ""

    def joined(self, part: ColumnElement[Any], kind: str) -> ColumnElement[Any]:
        """All the values of such a column as one text."""
        if kind == JSON:
            return cast(func.array_to_json(func.array_agg(part)), Text)
        return func.string_agg(func.coalesce(cast(part, Text), ""), ",")

    def mixed_in(self, part: ColumnElement[Any], live: ColumnSchema, seed: ColumnElement[Any]) -> ColumnElement[Any] | None:
        """PostgreSQL's own hashes, which it divides tables by: the same in every session of a server."""
        kind = self.joined_as(live)
        if kind == WHOLE:
            return func.hashint8extended(cast(part, BigInteger), seed)
        return func.uuid_hash_extended(part, seed) if kind == UUIDS else func.hashtextextended(cast(part, Text), seed) if kind else None

    def takes(self, block: Block, columns: Sequence[ColumnSchema]) -> bool:
        """Whole numbers and UUIDs, into columns that hold such."""
        kinds = [WHOLE if live.type == "integer" else UUIDS if live.native == "uuid" else "" for live in columns]
        return kinds == [part.kind for part in block.parts]

    def holds_any(self, part: ColumnElement[Any], block: Block, column: ColumnSchema) -> ColumnElement[bool]:
        """The column holds one of the values of the block's first part."""
        return part == func.any(array(block.parts[0], sent_as(column)))


def array(values: Part | list[Any], word: str) -> ColumnElement[Any]:
    """Many values in one parameter. The array of whole numbers or UUIDs is written here, which is ten times faster."""
    part = Part.of(values) if isinstance(values, list) and set(map(type, values)) in ({int}, {UUID}) else values
    written: Any = part
    if isinstance(part, Part):
        written = Uuids(part.text) if part.kind == UUIDS else "{" + part.text + "}"
    return bindparam(None, written, type_=Native(f"{word}[]"), unique=True)
