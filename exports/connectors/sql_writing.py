"""Writes to a SQL database: by key, in sets, inside one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, column, delete, table, update
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from exports.blocks import Block, batches
from exports.connectors.base import ColumnSchema, Correction, SourceMismatch
from exports.connectors.sql import SqlReader
from exports.connectors.sql_comparing import listed
from exports.connectors.sql_compile import Compiler
from exports.connectors.sql_errors import told
from exports.connectors.sql_listing import Listing, carried, listing
from exports.connectors.sql_values import already_fit
from exports.query import ByKey, Key

ROWS_AT_ONCE = 20_000

Made = tuple[Listing, ReadOnlyColumnCollection[str, ColumnElement[Any]]]


class SqlWriter(SqlReader):
    """One transaction. Reads inside it see its own writes. After the first error nothing of it is kept."""

    goes_on = False
    holds = True
    _made = 0

    def erase(self, collection: str, keys: Iterable[Key]) -> int:
        """Delete these rows; says how many were there. Rows that a foreign key deletes with them are not counted."""
        return sum(self._erase(collection, some) for some in _portions(keys))

    def mask(self, collection: str, keys: Iterable[Key], new: Mapping[str, Any]) -> int:
        """Set the same new values in all these rows."""
        return sum(self._mask(collection, some, new) for some in _portions(keys))

    def rewrite(self, collection: str, rows: Iterable[tuple[Key, Mapping[str, Any]]]) -> int:
        """Set new values of their own in these rows; every row names the same fields."""
        return sum(self._rewrite(collection, alike(collection, some)) for some in batches(rows, ROWS_AT_ONCE))

    def keep(self) -> None:
        """Keep what was changed so far, and go on in a new transaction."""
        with told():
            self.connection.commit()
            self.dialect.begin(self.connection, writing=True)

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

    def _erase(self, collection: str, keys: Collection[Key]) -> int:
        with self._beside(collection, keys) as found:
            return self._changed(delete(found.whole).where(found.joined if self.dialect.deletes_by_join else found.inside))

    def _mask(self, collection: str, keys: Collection[Key], new: Mapping[str, Any]) -> int:
        with self._beside(collection, keys) as found:
            for name in new:
                self.compiler().column(found.whole, name, collection)
            return self._changed(update(found.whole).where(found.joined).values(dict(new)))

    def _rewrite(self, collection: str, rows: Sequence[tuple[Key, Mapping[str, Any]]]) -> int:
        fields = tuple(rows[0][1])
        flat = [(*key, *(new[name] for name in fields)) for key, new in rows]
        with self._listing(collection, [key for key, _ in rows], fields=fields, rows=flat) as (found, columns):
            values = {name: columns[f"v{number}"] for number, name in enumerate(fields)}
            return self._changed(update(found.whole).where(found.joined).values(values))

    @contextmanager
    def _beside(self, collection: str, keys: Collection[Key]) -> Iterator[Listing]:
        found = carried(self.compiler(), collection, keys)
        if found is not None:
            yield found
            return
        with self._listing(collection, tuple(keys), fields=(), rows=tuple(keys)) as (made, _columns):
            yield made

    @contextmanager
    def _listing(self, collection: str, keys: Sequence[Key], *, fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[Made]:
        """A table of this transaction only that holds the keys, and new values beside them; gone when the block ends."""
        compiler = self.compiler()
        whole, key = compiler.whole(collection), whole_key(compiler, collection, keys)
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
        yield listing(compiler, collection, listed, [listed.c[f"k{number}"] for number in range(len(key))]), listed.c
        with self._asking():
            self.connection.exec_driver_sql(drop)

    def _all_fit(self, keys: Sequence[Key], columns: Sequence[ColumnSchema]) -> bool:
        return all(already_fit(parts, live, self.dialect) for parts, live in zip(zip(*keys, strict=True), columns, strict=False))

    def _fits(self, row: Sequence[Any], columns: Sequence[ColumnSchema]) -> bool:
        return None not in [self.dialect.fit(part, live) for part, live in zip(row, columns, strict=False)]

    def _changed(self, statement: Any) -> int:
        with self._asking():
            return int(self.connection.execute(statement).rowcount)


def alike(collection: str, rows: Sequence[tuple[Key, Mapping[str, Any]]]) -> Sequence[tuple[Key, Mapping[str, Any]]]:
    """The rows to be rewritten; raises SourceMismatch when they do not all name the same fields."""
    if any(set(new) != set(rows[0][1]) for _, new in rows):
        raise SourceMismatch(f"The rows of '{collection}' to be rewritten do not name the same fields. Nothing was changed.")
    return rows


def whole_key(compiler: Compiler, collection: str, keys: Iterable[Key]) -> tuple[str, ...]:
    """The columns of the table's key; raises SourceMismatch when one of the keys has another number of parts."""
    key = compiler.key(collection)
    if any(len(one) != len(key) for one in keys):
        raise SourceMismatch(f"A key of '{collection}' has another number of parts than the table's key. Nothing was changed.")
    return key


def _portions(keys: Iterable[Key]) -> Iterable[Collection[Key]]:
    """A block goes as it is, in one statement."""
    return [keys] if isinstance(keys, Block) else batches(keys, ROWS_AT_ONCE)
