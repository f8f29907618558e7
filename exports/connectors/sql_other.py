"""Every other database for which SQLAlchemy has a dialect and its driver is installed: nothing but what all of them can.

No row values, no table of a transaction's own, no parameter that holds many values. Keys go in the statement, sub-queries are asked
by EXISTS, and what the product would hide (triggers, row filters, loose texts) is said to the officer instead of guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Integer,
    String,
    Text,
    cast,
    create_engine,
    event,
    false,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from exports.connectors.base import ColumnSchema, Schema, SourceRefused, SourceUnreachable, TableSchema
from exports.connectors.sql_errors import READ_ONLY
from exports.connectors.sql_ordinary import Ordinary
from exports.connectors.sql_schema import live_schema
from exports.connectors.sql_values import NUMBERS, strict_fit
from exports.query import Key

LEVELS = ("SNAPSHOT", "REPEATABLE READ", "SERIALIZABLE")
LETTER_BY_LETTER = {"mssql": "Latin1_General_100_BIN2", "oracle": "BINARY"}
CHANGE = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|MERGE|REPLACE|TRUNCATE|CREATE|ALTER|DROP|GRANT|REVOKE)\b", re.IGNORECASE)
PLAIN = re.compile(r"[A-Za-z0-9@._+-]*")
WRITTEN_AT_ONCE = 1000
MOST_PARAMETERS = 2000
END = "|"  # after the last letter: products that ignore trailing blanks see them then

LOOSE = "It cannot be reached: it takes one text for another (such as capital letters), and for '{name}' no exact comparison is known here."
TOO_MANY = "It would have to be asked for {count} values at once that are not plain words; {most} is the most that is sent there."
NO_LISTS = "It refused: on this product no table of one transaction only can be made. Nothing was changed."
UNSEEN = "What else happens here when rows change (triggers) and whether rows are hidden from this account cannot be seen on this product."


class Native(UserDefinedType[Any]):
    """A type by the product's own word for it."""

    cache_ok = True

    def __init__(self, word: str) -> None:
        self.word = word

    def get_col_spec(self, **_ignored: Any) -> str:
        return self.word


class Document(TypeDecorator[str]):
    """A document column, read and written as text: what a driver makes of it may have lost digits."""

    impl = Text
    cache_ok = True

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(column, Text())

    def bind_expression(self, bindvalue: Any) -> ColumnElement[Any]:
        return cast(bindvalue, Native(self.word))


class Other(Ordinary):
    """A product that nobody here has met."""

    name = "other"
    deletes_by_join = False
    quotes_names = False
    takes_tuples = False
    takes_lists = False

    def __init__(self, product: str) -> None:
        self._product = product

    def engine(self, url: URL, *, writing: bool) -> Engine:
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        if not writing:
            event.listen(engine, "before_cursor_execute", _only_questions)
        return engine

    def begin(self, connection: Connection, *, writing: bool) -> None:
        for level in LEVELS:
            with suppress(AttributeError, RuntimeError, SQLAlchemyError):  # a dialect may claim what its driver lacks
                connection.execution_options(isolation_level=level)
                break
        small, large = literal_column("'a'", String), literal_column("'A'", String)
        loose = connection.execute(select(literal_column("1", Integer)).where(small == large)).first()  # takes the snapshot, too
        if loose and self._product not in LETTER_BY_LETTER:
            raise SourceUnreachable(LOOSE.format(name=self._product))

    def describe(self, connection: Connection, schemas: tuple[str | None, ...]) -> Schema:
        return Schema(self.name, live_schema(connection, schemas, _completed))

    def typed(self, column: ColumnSchema) -> TypeEngine[Any] | None:
        return Document(column.native) if column.type == "json" else None

    def fit(self, value: Any, column: ColumnSchema) -> Any:
        fit = strict_fit(value, column)
        too_long = isinstance(fit, str) and column.length is not None and len(fit) > column.length
        return None if too_long else fit

    def mixed(self, one: ColumnSchema, other: ColumnSchema) -> bool:
        return _family(one) != _family(other) or _family(one) in ("json", "any")

    def as_text(self, part: ColumnElement[Any], column: ColumnSchema) -> ColumnElement[Any]:
        if column.type == "string":
            return self.exactly(part)
        return self.exactly(cast(part, Text() if column.type in ("json", "any") else String(100)))

    def exactly(self, part: ColumnElement[Any]) -> ColumnElement[Any]:
        known = LETTER_BY_LETTER.get(self._product)
        return (part.collate(known) if known else part).concat(literal_column(f"'{END}'"))

    def exact_value(self, value: Any) -> Any:
        return value + END if isinstance(value, str) else value

    def caseless(self, part: ColumnElement[Any], column: ColumnSchema, texts: Sequence[str]) -> ColumnElement[bool]:
        wanted = list(dict.fromkeys(form for text in texts for form in (text.lower(), text.casefold())))
        return self.among(self.exactly(func.lower(part)), [self.exact_value(text) for text in wanted])

    def among(self, part: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
        """Plain words and whole numbers are written into the statement, so that their number has no limit; the rest are parameters."""
        plain: list[ColumnElement[Any]] = []
        sent: list[Any] = []
        for value in values:
            if type(value) is int:
                plain.append(literal_column(str(value)))
            elif isinstance(value, str) and PLAIN.fullmatch(value.removesuffix(END)):
                plain.append(literal_column(f"'{value}'"))
            else:
                sent.append(value)
        if len(sent) > MOST_PARAMETERS:
            raise SourceRefused(TOO_MANY.format(count=len(sent), most=MOST_PARAMETERS))
        batches = [plain[start : start + WRITTEN_AT_ONCE] for start in range(0, len(plain), WRITTEN_AT_ONCE)]
        return or_(*(part.in_(batch) for batch in [sent, *batches] if batch)) if plain or sent else false()

    def unpacked(self, values: Collection[Key], columns: Sequence[ColumnSchema]) -> FromClause | None:
        return None

    def temporary(self, name: str, columns: Mapping[str, ColumnSchema], key: Sequence[str]) -> tuple[str, str]:
        raise SourceRefused(NO_LISTS)

    def fill(self, connection: Connection, listed: Any, rows: Sequence[Sequence[Any]], columns: Sequence[ColumnSchema]) -> None:
        raise SourceRefused(NO_LISTS)


def _completed(connection: Connection, table: TableSchema) -> TableSchema:
    """A key, and for caution: texts are taken for loosely compared, and foreign keys for looking at each row by itself."""
    columns = {
        name: replace(live, collation=live.collation or "unknown" if live.type == "string" else "") for name, live in table.columns.items()
    }
    whole = (unique for unique in table.uniques if not any(columns[part].nullable for part in unique))
    keys = tuple(replace(one, on_delete="RESTRICT" if one.on_delete == "NO ACTION" else one.on_delete) for one in table.foreign_keys)
    key = () if table.is_view else table.primary_key or next(whole, ())
    return replace(table, columns=columns, key=key, foreign_keys=keys, notes=(*table.notes, UNSEEN))


def _family(column: ColumnSchema) -> str:
    return "numbers" if column.type in NUMBERS else "uuid" if "UUID" in column.native.upper() else column.type


def _only_questions(connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
    """The account should be one that may only read; what this process sends is looked at besides."""
    if CHANGE.match(statement):
        raise SourceRefused(READ_ONLY)
