"""Writes to a SQL database: by key, in sets, inside one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, TableClause, and_, column, delete, select, table, update

from exports.connectors.base import ColumnSchema, Correction, SourceMismatch
from exports.connectors.sql import SqlReader, chunks
from exports.connectors.sql_comparing import holding, listed, pairs
from exports.connectors.sql_values import already_fit
from exports.query import ByKey, Key

ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Listing:
    """A table, a list of its keys beside it, and what must be equal for a row to be on the list."""

    whole: TableClause
    listed: TableClause
    sides: tuple[tuple[ColumnElement[Any], ColumnElement[Any]], ...]

    @property
    def joined(self) -> ColumnElement[bool]:
        """The row is the one on the list, as a join says it."""
        return and_(*(left == right for left, right in self.sides))

    @property
    def inside(self) -> ColumnElement[bool]:
        """The row is on the list, as a sub-query says it."""
        return holding([left for left, _ in self.sides], select(*(right for _, right in self.sides)).select_from(self.listed))


class SqlWriter(SqlReader):
    """One transaction. Reads inside it see its own writes. After the first error nothing of it is kept."""

    goes_on = False
    holds = True
    _made = 0

    def erase(self, collection: str, keys: Iterable[Key]) -> int:
        """Delete these rows; says how many were there. Rows that a foreign key deletes with them are not counted."""
        return sum(self._erase(collection, chunk) for chunk in chunks(keys, ROWS_AT_ONCE))

    def mask(self, collection: str, keys: Iterable[Key], new: Mapping[str, Any]) -> int:
        """Set the same new values in all these rows."""
        return sum(self._mask(collection, chunk, new) for chunk in chunks(keys, ROWS_AT_ONCE))

    def rewrite(self, collection: str, rows: Iterable[tuple[Key, Mapping[str, Any]]]) -> int:
        """Set new values of their own in these rows; every row names the same fields."""
        return sum(self._rewrite(collection, chunk) for chunk in chunks(rows, ROWS_AT_ONCE))

    def may_change(self, collection: str, new: Mapping[str, Any] | None) -> None:
        """Change no row at all, so that the source refuses now if this account may not set these fields (None: delete rows)."""
        if new is None:
            self._erase(collection, ())
        else:
            self._mask(collection, (), new)

    def write(self, correction: Correction) -> bool:
        """Change one cell if it still holds the old value; says whether it did."""
        compiler, called = self.compiler(), correction.collection
        whole, live = compiler.whole(called), compiler.live(called, correction.field)
        cell = compiler.column(whole, correction.field, called)
        old = self.dialect.fit(correction.old, live)
        if old is None and correction.old is not None:
            return False
        same = cell.is_(None) if old is None else listed(self.dialect, [(cell, live)], [(old,)])
        this = compiler.where(whole, called, ByKey((correction.key,)))
        return self._changed(update(whole).where(this, same).values({correction.field: correction.new})) == 1

    def _erase(self, collection: str, keys: Sequence[Key]) -> int:
        with self._listing(collection, keys, fields=(), rows=keys) as found:
            return self._changed(delete(found.whole).where(found.joined if self.dialect.deletes_by_join else found.inside))

    def _mask(self, collection: str, keys: Sequence[Key], new: Mapping[str, Any]) -> int:
        with self._listing(collection, keys, fields=(), rows=keys) as found:
            for name in new:
                self.compiler().column(found.whole, name, collection)
            return self._changed(update(found.whole).where(found.joined).values(dict(new)))

    def _rewrite(self, collection: str, rows: Sequence[tuple[Key, Mapping[str, Any]]]) -> int:
        fields = tuple(rows[0][1])
        if any(set(new) != set(fields) for _, new in rows):
            raise SourceMismatch(f"The rows of '{collection}' to be rewritten do not name the same fields. Nothing was changed.")
        flat = [(*key, *(new[name] for name in fields)) for key, new in rows]
        with self._listing(collection, [key for key, _ in rows], fields=fields, rows=flat) as found:
            values = {name: found.listed.c[f"v{number}"] for number, name in enumerate(fields)}
            return self._changed(update(found.whole).where(found.joined).values(values))

    @contextmanager
    def _listing(self, collection: str, keys: Sequence[Key], *, fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[Listing]:
        """A table of this transaction only that holds the keys, and new values beside them; gone when the block ends."""
        compiler = self.compiler()
        whole, key = compiler.whole(collection), compiler.key(collection)
        if any(len(one) != len(key) for one in keys):
            raise SourceMismatch(f"A key of '{collection}' has another number of parts than the table's key. Nothing was changed.")
        for name in fields:
            compiler.column(whole, name, collection)
        columns = {f"k{number}": compiler.live(collection, name) for number, name in enumerate(key)}
        columns |= {f"v{number}": compiler.live(collection, name) for number, name in enumerate(fields)}
        SqlWriter._made += 1
        listed = table(f"habeas_list_{SqlWriter._made}", *(column(name, self.dialect.typed(live)) for name, live in columns.items()))
        make, drop = self.dialect.temporary(listed.name, columns, [f"k{number}" for number in range(len(key))])
        keyed = [compiler.live(collection, name) for name in key]
        possible = rows if self._all_fit(keys, keyed) else [row for row in rows if self._fits(row, keyed)]
        with self._asking():
            self.connection.exec_driver_sql(make)
            if possible:
                self.dialect.fill(self.connection, listed, possible, list(columns.values()))
        mine = [(whole.c[name], live) for name, live in zip(key, keyed, strict=True)]
        theirs = [(listed.c[f"k{number}"], live) for number, (_, live) in enumerate(mine)]
        sides = tuple(pair for one, other in zip(mine, theirs, strict=True) for pair in pairs(self.dialect, one, other))
        yield Listing(whole, listed, sides)
        with self._asking():
            self.connection.exec_driver_sql(drop)

    def _all_fit(self, keys: Sequence[Key], columns: Sequence[ColumnSchema]) -> bool:
        return all(already_fit(parts, live, self.dialect) for parts, live in zip(zip(*keys, strict=True), columns, strict=False))

    def _fits(self, row: Sequence[Any], columns: Sequence[ColumnSchema]) -> bool:
        return None not in [self.dialect.fit(part, live) for part, live in zip(row, columns, strict=False)]

    def _changed(self, statement: Any) -> int:
        with self._asking():
            return int(self.connection.execute(statement).rowcount)
