"""Changes at a source that answers over HTTP. It has no transactions: so everything is kept back until the block ends well, then sent.

What is kept back is seen by the questions of the same session. If the source refuses the first change, nothing was changed; if it
refuses a later one, the error says that some were made, and the engine goes on by its handles instead of believing that nothing happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exports.connectors.base import Correction, Row, Schema, SourceError, SourceHalfDone, SourceMismatch, SourceRefused, TableSchema
from exports.connectors.evaluating import comparable, in_order, key_of, plain_json
from exports.connectors.http_calls import Wire
from exports.connectors.http_gathering import Rows
from exports.connectors.http_reader import HttpReader
from exports.connectors.http_settings import Call
from exports.connectors.http_templates import filled, put
from exports.connectors.standing import current
from exports.query import ByKey, Key, Query
from exports.tagged import dumps
from portal.kit.crypto import keyed_digest

Kept = dict[tuple[str, Key], Row | None]


class HttpWriter(HttpReader):
    """One session of changes; `send` makes them."""

    def __init__(self, wire: Wire, schema: Schema) -> None:
        super().__init__(wire, schema)
        self._rows: Kept = {}  # as they will be; None: deleted
        self._changes: dict[tuple[str, Key], dict[str, Any] | None] = {}

    def erase(self, collection: str, keys: Iterable[Key]) -> int:
        """Delete these rows; says how many are there."""
        self._call(collection, "delete")
        return sum(self._keep(collection, key, None) for key in keys)

    def mask(self, collection: str, keys: Iterable[Key], new: Mapping[str, Any]) -> int:
        """Set the same new values in all these rows."""
        return self.rewrite(collection, ((key, new) for key in keys))

    def rewrite(self, collection: str, rows: Iterable[tuple[Key, Mapping[str, Any]]]) -> int:
        """Set new values of their own in these rows."""
        return sum(self._keep(collection, key, new) for key, new in rows)

    def keep(self) -> None:
        """Make the changes now."""
        self.send()

    def may_change(self, collection: str, new: Mapping[str, Any] | None) -> None:
        """Whether sources.yaml names a call for it; what the account may do is known only when it is done."""
        self._call(collection, "delete" if new is None else "update")
        self._must_be_columns(self.table(collection), new or {})

    def write(self, correction: Correction) -> bool:
        """Change one cell if it still holds the old value; says whether it did. A moment lies between looking and changing."""
        table = self.table(correction.collection)
        self._must_be_columns(table, [correction.field])
        column = table.columns[correction.field]
        for _key, row in self.read_back(correction.collection, [correction.key], fields=(correction.field,)):
            now = row[correction.field] if row is not None else None
            is_same = now is None if correction.old is None else comparable(now, column) == comparable(correction.old, column)
            if row is not None and is_same:
                return self._keep(correction.collection, correction.key, {correction.field: correction.new})
        return False

    def rows(self, query: Query) -> Rows:
        """What the query finds, with what is kept back taken as done."""
        table, found = self.table(query.collection), dict(super().rows(query))
        mine = {key: row for (name, key), row in self._rows.items() if name == query.collection}
        if not mine:
            return found
        test = self.test(table, query.where, [row for row in mine.values() if row is not None])
        found = {key: row for key, row in found.items() if key not in mine}
        found |= {key: row for key, row in mine.items() if row is not None and test(row)}
        return {key: found[key] for key in sorted(found, key=in_order)}

    def send(self) -> None:
        """Make the changes in their order; raises SourceRefused when none was made, SourceHalfDone when some were."""
        for sent, ((collection, key), new) in enumerate(self._changes.items()):
            try:
                self._send(self.table(collection), key, new)
            except SourceError as problem:
                if not sent:
                    raise
                raise SourceHalfDone(f"{sent} of {len(self._changes)} changes were made. {problem}") from None
        self._changes.clear()

    def _send(self, table: TableSchema, key: Key, new: dict[str, Any] | None) -> None:
        call = self._call(table.name, "delete" if new is None else "update")
        step = keyed_digest("handles", dumps([current().scope, table.name, list(key), new]))[:40]
        version = self.gathering.version(table, key)
        values: dict[str, Any] = dict(zip(table.key, key, strict=True))
        if new is None:
            body = None if call.body is None else filled(call.body, values)
            self.wire.change(call, values, body, step=step, version=version)
            return
        values |= {"changes": self._nested(table, new), "record": self._nested(table, self._rows[table.name, key] or {})}
        body = filled("{changes}" if call.body is None else call.body, values)
        if not self.wire.change(call, values, body, step=step, version=version):
            raise SourceRefused(f"A row of '{table.name}' that should be changed is no longer there.")

    def _keep(self, collection: str, key: Key, new: Mapping[str, Any] | None) -> bool:
        """Keep a change back; says whether its row is there."""
        table = self.table(collection)
        self._call(collection, "delete" if new is None else "update")
        self._must_be_columns(table, new or {})
        if len(key) != len(table.key):
            raise SourceMismatch(f"A key of '{collection}' has another number of parts than the table's key. Nothing was changed.")
        found = next(iter(self.rows(Query(collection, ByKey((key,)))).values()), None)
        if found is None:
            return False
        name = (collection, key_of(table, found))
        if new is None:
            self._rows[name] = self._changes[name] = None
            return True
        plain = {column: plain_json(value, table.columns[column]) for column, value in new.items()}
        empty = [column for column, value in plain.items() if value is None and not table.columns[column].nullable]
        if empty:
            raise SourceRefused(f"'{empty[0]}' of '{collection}' may not be empty. Nothing was changed.")
        self._rows[name] = {**found, **plain}
        self._changes[name] = {**(self._changes.get(name) or {}), **plain}
        return True

    def _nested(self, table: TableSchema, row: Mapping[str, Any]) -> dict[str, Any]:
        places, record = self.gathering.calls(table).fields, dict[str, Any]()
        for name, value in row.items():
            put(record, places.get(name, name), value)
        return record

    def _must_be_columns(self, table: TableSchema, names: Iterable[str]) -> None:
        for name in names:
            if name not in table.columns:
                raise SourceMismatch(f"The table '{table.name}' has no column '{name}'.")

    def _call(self, collection: str, verb: str) -> Call:
        calls = self.gathering.calls(self.table(collection))
        found = calls.delete if verb == "delete" else calls.update
        if found is None:
            what = "deletes" if verb == "delete" else "changes"
            raise SourceRefused(f"It refused the change: no call is named that {what} a row of '{collection}'. Nothing was changed.")
        return found
