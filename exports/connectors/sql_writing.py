"""Writes to a SQL database: by key, in sets, inside one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, column, delete, insert, select, table, tuple_, update

from exports.connectors.base import Correction, SourceMismatch
from exports.connectors.sql import SqlReader, chunks
from exports.connectors.sql_errors import told
from exports.query import Key

ROWS_AT_ONCE = 20_000


class SqlWriter(SqlReader):
    """One transaction. Reads inside it see its own writes."""

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

    def write(self, correction: Correction) -> bool:
        """Change one cell if it still holds the old value; says whether it did."""
        whole = self._whole(correction.collection)
        key = self.compiler().key(correction.collection)
        cell = self.compiler().column(whole, correction.field, correction.collection)
        same = and_(*(whole.c[name] == part for name, part in zip(key, correction.key, strict=True)))
        statement = update(whole).where(same, cell.is_not_distinct_from(correction.old)).values({correction.field: correction.new})
        with told():
            return self.connection.execute(statement).rowcount == 1

    def _erase(self, collection: str, keys: Sequence[Key]) -> int:
        whole = self._whole(collection)
        listed = self._listed(collection, keys, fields=(), rows=keys)
        return self._changed(delete(whole).where(self._in_list(collection, whole, listed)))

    def _mask(self, collection: str, keys: Sequence[Key], new: Mapping[str, Any]) -> int:
        whole = self._whole(collection)
        for name in new:
            self.compiler().column(whole, name, collection)
        listed = self._listed(collection, keys, fields=(), rows=keys)
        return self._changed(update(whole).where(self._in_list(collection, whole, listed)).values(dict(new)))

    def _rewrite(self, collection: str, rows: Sequence[tuple[Key, Mapping[str, Any]]]) -> int:
        whole = self._whole(collection)
        fields = tuple(rows[0][1])
        if any(set(new) != set(fields) for _, new in rows):
            raise SourceMismatch(f"The rows of '{collection}' to be rewritten do not name the same fields. Nothing was changed.")
        for name in fields:
            self.compiler().column(whole, name, collection)
        flat = [(*key, *(new[name] for name in fields)) for key, new in rows]
        listed = self._listed(collection, [key for key, _ in rows], fields=fields, rows=flat)
        key = self.compiler().key(collection)
        same = and_(*(listed.c[f"k{number}"] == whole.c[name] for number, name in enumerate(key)))
        new_values = {name: select(listed.c[f"v{number}"]).where(same).scalar_subquery() for number, name in enumerate(fields)}
        return self._changed(update(whole).where(self._in_list(collection, whole, listed)).values(new_values))

    def _whole(self, collection: str) -> Any:
        """The table itself, without an alias: DELETE and UPDATE want it bare."""
        live = self.compiler().table(collection)
        schema, _, bare = collection.rpartition(".")
        names = dict.fromkeys((*live.columns, *self.compiler().key(collection)))
        return table(bare, *(column(name) for name in names), schema=schema or None)

    def _listed(self, collection: str, keys: Sequence[Key], *, fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
        """A table of this transaction only that holds the keys, and new values beside them."""
        live = self.compiler().table(collection)
        key = self.compiler().key(collection)
        if any(len(one) != len(key) for one in keys):
            raise SourceMismatch(f"A key of '{collection}' has another number of parts than the table's key. Nothing was changed.")
        natives = [live.columns[name].native if name in live.columns else "INTEGER" for name in (*key, *fields)]
        names = [*(f"k{number}" for number in range(len(key))), *(f"v{number}" for number in range(len(fields)))]
        SqlWriter._made += 1
        name = f"habeas_list_{SqlWriter._made}"
        listed = table(name, *(column(one) for one in names))
        with told():
            self.connection.exec_driver_sql(self.dialect.temporary(name, list(zip(names, natives, strict=True)), names[: len(key)]))
            self.connection.execute(insert(listed), [dict(zip(names, row, strict=True)) for row in rows])
        return listed

    def _in_list(self, collection: str, whole: Any, listed: Any) -> ColumnElement[bool]:
        key = self.compiler().key(collection)
        held = select(*(listed.c[f"k{number}"] for number in range(len(key))))
        mine = [whole.c[name] for name in key]
        return mine[0].in_(held) if len(mine) == 1 else tuple_(*mine).in_(held)

    def _changed(self, statement: Any) -> int:
        with told():
            return int(self.connection.execute(statement).rowcount)
