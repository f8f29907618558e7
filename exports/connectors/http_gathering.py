"""Brings the records that a question may mean: by the calls that can be given its values, else by the one that lists everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from exports.connectors.base import Row, SourceMismatch, TableSchema
from exports.connectors.evaluating import column_of, comparable, key_of
from exports.connectors.http_calls import Wire
from exports.connectors.http_paging import Listing
from exports.connectors.http_settings import Call, HttpCollection
from exports.connectors.http_templates import MISSING, at
from exports.query import AllOf, AnyOf, ByKey, Equals, Key, Outside, Predicate, Query, Together, Within

MOST_ASKED = 100  # values, one call each; where a collection can be listed whole, more of them are looked for there
Rows = dict[Key, Row]
Inner = Callable[[Query, tuple[str, ...]], Iterable[Key]]


class Gathering:
    """The answers of one session. `inside` tells the values that a question within a question finds."""

    def __init__(self, wire: Wire, inside: Inner) -> None:
        self._wire, self._inside = wire, inside
        self.answers: dict[tuple[Any, ...], list[Row]] = {}
        self._versions: dict[tuple[Any, ...], str] = {}

    def rows(self, table: TableSchema, part: Predicate) -> Rows:
        """All rows that may hold, and perhaps more; raises SourceMismatch when no call leads to them."""
        if isinstance(part, AnyOf) and not part.parts:
            return {}
        found = self._narrow(table, part)
        if found is not None:
            return found
        whole = self.calls(table).whole
        if whole is None:
            names = sorted(set(_fields_of(part))) or ["anything"]
            raise SourceMismatch(f"No call finds rows of '{table.name}' by {', '.join(names)}.")
        return self._keyed(table, self._listed(table, whole, {}))

    def version(self, table: TableSchema, key: Key) -> str:
        """What a change of this row must match; empty where none is asked for. Told once, for then it is another. Raises SourceMismatch."""
        if not self.calls(table).if_match:
            return ""
        asked = (table.name, "get", *(comparable(part, table.columns[name]) for name, part in zip(table.key, key, strict=True)))
        self.answers.pop(asked, None)
        known = self._versions.pop(asked, "")
        if not known:
            raise SourceMismatch(
                f"The answer about a row of '{table.name}' has no ETag that a change could match. The row was not changed."
            )
        return known

    def calls(self, table: TableSchema) -> HttpCollection:
        """The calls of a collection."""
        return self._wire.settings.collections[table.name]

    def _narrow(self, table: TableSchema, part: Predicate) -> Rows | None:
        """The rows by calls that name values; None when there are no such calls."""
        match part:
            case Equals(field, values):
                asked = tuple((value,) for value in values)
                loose = tuple((str(value).lower(),) for value in values) if part.caseless else ()
                return self._by(table, (field,), dict.fromkeys((*asked, *loose)))
            case Together(fields, values):
                return self._by(table, fields, values)
            case Within(fields, query, of):
                return self._by(table, fields, self._inside(query, of))
            case ByKey(keys):
                return self._by(table, table.key, keys)
            case AnyOf(parts):
                found = [self._narrow(table, one) for one in parts]
                return None if None in found else {key: row for rows in found if rows for key, row in rows.items()}
            case AllOf(parts):
                narrow = (self._narrow(table, one) for one in parts if not isinstance(one, Outside))
                return next((rows for rows in narrow if rows is not None), None)
        return None

    def _by(self, table: TableSchema, fields: Sequence[str], tuples: Iterable[Key]) -> Rows | None:
        columns = [column_of(table, name) for name in fields]
        plain = ((comparable(value, column) for value, column in zip(one, columns, strict=True)) for one in tuples)
        wanted = [one for one in dict.fromkeys(map(tuple, plain)) if None not in one]
        calls = self.calls(table)
        call = calls.call_by(fields)
        if calls.get is not None and set(fields) == set(table.key):
            call = calls.get
        each = calls.if_match and call is calls.get  # what is changed must be what was read, with its version
        if call is None or (calls.whole is not None and len(wanted) > MOST_ASKED and not each):
            return None
        rows: Rows = {}
        for one in wanted:
            values = dict(zip(fields, one, strict=True))
            rows |= self._keyed(table, self._one(table, call, values) if call is calls.get else self._listed(table, call, values))
        return rows

    def _listed(self, table: TableSchema, call: Call, values: dict[str, Any]) -> list[Row]:
        asked = (table.name, id(call), *(values[name] for name in call.by))
        if asked not in self.answers:
            records = self._listing(table, call, values).records()
            self.answers[asked] = [self._row(table, record) for record in records]
        return self.answers[asked]

    def _one(self, table: TableSchema, call: Call, values: dict[str, Any]) -> list[Row]:
        """The row of one key by the call that reads one back; none when it is gone."""
        asked = (table.name, "get", *(values[name] for name in table.key))
        if asked not in self.answers:
            answer = self._wire.ask(call, values)
            record = None if answer.status in (404, 410) or answer.body is None else at(answer.body, call.records)
            if record is MISSING or not isinstance(record, dict | None):
                raise SourceMismatch(f"The answer about a row of '{table.name}' has no record where it should be.")
            rows = [] if record is None else [self._row(table, record)]
            if any(
                [comparable(row[name], table.columns[name]) for name in table.key] != [values[name] for name in table.key] for row in rows
            ):
                raise SourceMismatch(f"The call that reads back a row of '{table.name}' gives another row than the one asked for.")
            self.answers[asked] = rows
            self._versions[asked] = answer.version
        return self.answers[asked]

    def _listing(self, table: TableSchema, call: Call, values: dict[str, Any]) -> Listing:
        places = self.calls(table).fields
        keys = [places.get(name, name) for name in table.key]

        def same(record: dict[str, Any]) -> str:
            return repr([at(record, place) for place in keys] if keys else sorted(record.items()))

        return Listing(self._wire, call, values, name=table.name, same=same)

    def _row(self, table: TableSchema, record: dict[str, Any]) -> Row:
        """One record as a row; a field that is not in it is empty, but for its key."""
        places = self.calls(table).fields
        row = {name: None if (value := at(record, places.get(name, name))) is MISSING else value for name in table.columns}
        if any(row[name] is None or isinstance(row[name], dict | list) for name in table.key):
            raise SourceMismatch(f"A record of '{table.name}' comes without its key, so it cannot be told apart.")
        return row

    def _keyed(self, table: TableSchema, rows: Iterable[Row]) -> Rows:
        if table.key:
            return {key_of(table, row): row for row in rows}
        return {(repr(sorted(row.items())),): row for row in rows}


def _fields_of(part: Predicate) -> Iterator[str]:
    match part:
        case Equals(field):
            yield field
        case Together(fields) | Within(fields):
            yield from fields
        case ByKey():
            yield "key"
        case AnyOf(parts) | AllOf(parts):
            for one in parts:
                yield from _fields_of(one)
