"""What a database product offers that joins the values of many rows, and takes them back as they were joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection

from exports.blocks import Block
from exports.connectors.base import ColumnSchema


class BlockMaking(Protocol):
    """How one product deals with blocks. Keys that are carried in a statement are joined there as quickly as those of a table."""

    def is_exact(self, connection: Connection) -> bool:
        """Over this connection every text arrives as it is."""

    def joined_as(self, live: ColumnSchema) -> str:
        """The kind of part (`exports.blocks`) that such a column makes; empty for a type that has to be taken value by value."""

    def joined(self, part: ColumnElement[Any], kind: str) -> ColumnElement[Any]:
        """All the values of such a column as one text of this kind."""

    def mixed_in(self, part: ColumnElement[Any], live: ColumnSchema, seed: ColumnElement[Any]) -> ColumnElement[Any] | None:
        """A whole number of 64 bits made of a value and another number; None for a type that this is not known for."""

    def takes(self, block: Block, columns: Sequence[ColumnSchema]) -> bool:
        """The product's `unpacked` takes the values of this block for these columns as they are."""

    def holds_any(self, part: ColumnElement[Any], block: Block, column: ColumnSchema) -> ColumnElement[bool]:
        """The column holds one of the values of the first part of a block that can be taken as it is."""
