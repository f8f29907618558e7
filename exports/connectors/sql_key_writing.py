"""Writes where no table of a transaction's own can be made: the keys go in the statements themselves, some hundred at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, TableClause, delete, update

from exports.blocks import batches
from exports.connectors.sql import KEYS_AT_ONCE
from exports.connectors.sql_writing import SqlWriter, whole_key
from exports.query import ByKey, Key, Query


class KeyWriter(SqlWriter):
    """One transaction on a product that is known by nothing but its SQL. Not all of them tell how many rows a statement
    changed, so they are counted before."""

    def _erase(self, collection: str, keys: Collection[Key]) -> int:
        return sum(self._change(delete(whole).where(these), rows) for whole, these, rows in self._found(collection, keys))

    def _mask(self, collection: str, keys: Collection[Key], new: Mapping[str, Any]) -> int:
        compiler = self.compiler()
        for name in new:
            compiler.column(compiler.whole(collection), name, collection)
        found = self._found(collection, keys)
        return sum(self._change(update(whole).where(these).values(dict(new)), rows) for whole, these, rows in found)

    def _rewrite(self, collection: str, rows: Sequence[tuple[Key, Mapping[str, Any]]]) -> int:
        return sum(self._mask(collection, [key], new) for key, new in rows)

    def _found(self, collection: str, keys: Collection[Key]) -> Iterator[tuple[TableClause, ColumnElement[bool], int]]:
        """The table, some of the rows, and their number. Without keys, none: the statement is sent all the same, for its permission."""
        for some in batches(keys, KEYS_AT_ONCE) if keys else [[]]:
            compiler, these = self.compiler(), ByKey(tuple(some))
            whole_key(compiler, collection, some)
            whole = compiler.whole(collection)
            yield whole, compiler.where(whole, collection, these), self.count(Query(collection, these))

    def _change(self, statement: Any, rows: int) -> int:
        with self._asking():
            self.connection.execute(statement)
        return rows
