"""What the values of a collection really are, so that the schema never says more than is true."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from exports.archive.cover import Column, Row

# Column type -> the Python types that are written in that form.
NATURAL: dict[str, frozenset[type]] = {
    "string": frozenset({str, UUID}),
    "integer": frozenset({int}),
    "number": frozenset({int, float, Decimal}),
    "boolean": frozenset({bool}),
    "date": frozenset({date}),
    "datetime": frozenset({datetime}),
    "time": frozenset({time}),
    "duration": frozenset({timedelta}),
    "object": frozenset({dict}),
    "array": frozenset({list, tuple}),
    "binary": frozenset({bytes, bytearray, memoryview}),
}
NESTED = frozenset({dict, list, tuple, set, frozenset})
# Texts and numbers that stand for another type must look like it, every single one.
LOOKS: dict[tuple[str, type], Callable[[Any], object]] = {
    ("date", str): re.compile(r"\d{4}-\d\d-\d\d").fullmatch,
    ("time", str): re.compile(r"\d\d:\d\d:\d\d(\.\d{1,6})?").fullmatch,
    ("integer", str): re.compile(r"[+-]?\d+").fullmatch,
    ("number", str): re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?|NaN|-?INF").fullmatch,
    ("duration", str): re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?").fullmatch,
    ("binary", str): re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?").fullmatch,
    ("boolean", int): lambda value: value in (0, 1),
}
# Texts that stand for a moment, by their Table Schema format; "" is ISO 8601, the others are how SQLite keeps one.
_DAY = r"\d{4}-\d\d-\d\d"
MOMENTS: dict[str, Callable[[Any], object]] = {
    "": re.compile(_DAY + r"T\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?").fullmatch,
    "%Y-%m-%d %H:%M:%S": re.compile(_DAY + r" \d\d:\d\d:\d\d").fullmatch,
    "%Y-%m-%d %H:%M:%S.%f": re.compile(_DAY + r" \d\d:\d\d:\d\d\.\d{1,6}").fullmatch,
}
# The column that tells from when a record is: these names first, then any other date. Never a date of birth.
_ARISING = "created|occurred|started|received|sent|ordered|issued|placed|logged|posted|joined|happened"
WHEN = re.compile(rf"(?i)^({_ARISING})?_?(at|on|date|time|timestamp)?$")
NOT_WHEN = re.compile(r"(?i)birth|dob|expir|until|due|end|delet|valid")
SHAPES = 2000
_Check = tuple[str, Callable[[Any], object]]
_Plan = tuple[list[_Check], bool]
BLANK = frozenset({type(None), str})


class Moments:
    """The one format that all moments of a column share; the first text decides, every other must follow."""

    def __init__(self) -> None:
        self.format: str | None = None

    def __call__(self, value: Any) -> object:
        if self.format is None:
            self.format = next((name for name, fits in MOMENTS.items() if fits(value)), None)
        return self.format is not None and MOMENTS[self.format](value)


class Kinds:
    """Sees every record once. Costs two tuples a row: the checks of a shape are worked out when it is first seen."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = {column.name: column for column in columns}
        self.seen: dict[str, set[type]] = {column.name: set() for column in columns}
        self._shapes: dict[tuple[tuple[str, ...], tuple[type, ...]], _Plan] = {}
        self._untrue: set[str] = set()
        self._moments = {column.name: Moments() for column in columns if column.type == "datetime"}
        self._when: str | None = None
        self._days: tuple[int, int] | None = None
        self.has_blank_rows = False

    def see(self, row: Row) -> None:
        """Take one record into account."""
        shape = (tuple(row), tuple(map(type, row.values())))
        known = self._shapes.get(shape)
        checks, may_be_blank = known if known is not None else self._learn(shape)
        if may_be_blank and not any(row.values()):
            self.has_blank_rows = True
        for name, fits in checks:
            if not fits(row[name]):
                self._untrue.add(name)
        if self._when is not None and (day := _ordinal(row.get(self._when))):
            if self._days is None:
                self._days = (day, day)
            elif not self._days[0] <= day <= self._days[1]:
                self._days = (min(day, self._days[0]), max(day, self._days[1]))

    def expect(self, types: Mapping[str, type], days: Mapping[str, tuple[date, date]]) -> None:
        """In place of seeing every record: what a source that writes its rows itself has in each column, and the first and last days."""
        for name, kind in types.items():
            self.seen.setdefault(name, set()).add(kind)
        self._choose_when()
        if self._when is not None and self._when in days:
            first, last = days[self._when]
            self._days = (first.toordinal(), last.toordinal())

    @property
    def is_flat(self) -> bool:
        """Whether every record fits one line of a CSV; one that holds nothing would be a blank line, which readers drop."""
        return not self.has_blank_rows and not any(types & NESTED for types in self.seen.values())

    def true_columns(self) -> tuple[Column, ...]:
        """The declared columns, then those that only the records have, each with a type that all its values bear out."""
        columns = (self._columns.get(name, Column(name)) for name in self.seen)
        return tuple(replace(column, type=self._true_type(column)) for column in columns)

    def types_of(self, name: str) -> frozenset[type]:
        """The Python types that were seen in a column."""
        return frozenset(self.seen.get(name, ()))

    def format_of(self, name: str) -> str:
        """The Table Schema format of a column of moments; nothing for ISO 8601."""
        return (self._moments[name].format or "") if name in self._moments else ""

    def first_and_last(self) -> tuple[date, date] | None:
        """The first and last day on which these records arose, where a column tells."""
        return (date.fromordinal(self._days[0]), date.fromordinal(self._days[1])) if self._days else None

    def _may_stand_for(self, column: Column, kind: type) -> bool:
        if column.type == "datetime" and kind is str:
            return not (self.format_of(column.name) and datetime in self.seen[column.name])
        return (column.type, kind) in LOOKS

    def _learn(self, shape: tuple[tuple[str, ...], tuple[type, ...]]) -> _Plan:
        checks = []
        for name, kind in zip(*shape, strict=True):
            types = self.seen.setdefault(name, set())
            if kind is not type(None):
                types.add(kind)
            declared = self._columns[name].type if name in self._columns else ""
            check = self._moments[name] if declared == "datetime" and kind is str else LOOKS.get((declared, kind))
            if check:
                checks.append((name, check))
        self._choose_when()
        if len(self._shapes) >= SHAPES:
            self._shapes.clear()
        self._shapes[shape] = plan = (checks, BLANK.issuperset(shape[1]))
        return plan

    def _choose_when(self) -> None:
        if self._when is None:
            dated = [name for name in self.seen if self._is_dated(name) and not NOT_WHEN.search(name)]
            self._when = next((name for name in dated if WHEN.match(name)), dated[0] if dated else None)

    def _is_dated(self, name: str) -> bool:
        types, column = self.seen[name], self._columns.get(name)
        if column is not None and column.type in ("date", "datetime"):
            return types <= {str, date, datetime}
        return bool(types) and types <= {date, datetime}

    def _true_type(self, column: Column) -> str:
        types = self.seen[column.name]
        if not types:
            return column.type if column.type in NATURAL else "any"
        if column.type in NATURAL:
            bears_out = all(kind in NATURAL[column.type] or self._may_stand_for(column, kind) for kind in types)
            return column.type if bears_out and column.name not in self._untrue else "any"
        return next((name for name, natural in NATURAL.items() if types <= natural), "any")


def _ordinal(value: Any) -> int:
    """The day as a number; nothing for what is no day."""
    if isinstance(value, date):
        return value.toordinal()
    try:
        return date.fromisoformat(value[:10]).toordinal() if isinstance(value, str) else 0
    except ValueError:
        return 0
