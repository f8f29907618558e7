"""MariaDB's and MySQL's types: what each is called here, how many values are carried, and what comes back when Python has no such value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions, convert_datetime, convert_timedelta

from exports.connectors.base import ColumnSchema

WORDS = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "year", "bit"), "integer"),
    **dict.fromkeys(("decimal", "float", "double"), "number"),
    **dict.fromkeys(("datetime", "timestamp"), "datetime"),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "uuid"), "string"),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), "binary"),
    "date": "date",
    "time": "time",
    "json": "json",
}
FAMILIES = {"integer": "numbers", "number": "numbers", "boolean": "numbers", "binary": "bytes", "datetime": "moments", "date": "moments"}


def word_of(kind: str) -> str:
    """What a column of this DATA_TYPE is called in `connectors.base`."""
    return WORDS.get(kind.lower(), "any")


def family(column: ColumnSchema) -> str:
    """Types of one family compare with each other as they are; others as text. An UUID is text to everybody but itself."""
    return "uuid" if column.native == "uuid" else FAMILIES.get(column.type, column.type)


def charset_of(column: ColumnSchema) -> str:
    """The character set that a collation belongs to."""
    return column.collation.partition("_")[0]


def carried_as(column: ColumnSchema) -> str:
    """The type of a value inside a JSON parameter; bytes travel as hex digits."""
    if column.type == "integer":
        return "DECIMAL(20, 0)" if "unsigned" in column.native else "BIGINT"
    if column.type in ("number", "datetime", "date", "time"):
        return re.sub(r"^(decimal\(\d+,\d+\)|\w+(\(\d\))?).*$", r"\1", column.native)
    return "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


def _moment(text: str) -> Any:
    """A TIMESTAMP is an instant; the session's zone is UTC. Zero dates stay text."""
    found = convert_datetime(text)
    return found.replace(tzinfo=UTC) if isinstance(found, datetime) else found


def _time(text: str) -> Any:
    """Up to 838 hours and below zero: a time of the day where it is one, else as it is written."""
    found = convert_timedelta(text)
    if isinstance(found, timedelta) and timedelta(0) <= found < timedelta(days=1):
        return (datetime.min + found).time()
    return text


def _bits(raw: Any) -> int:
    return int.from_bytes(raw if isinstance(raw, bytes) else str(raw).encode("latin-1"))


CONVERSIONS: Mapping[Any, Callable[..., Any]] = {
    **conversions,
    FIELD_TYPE.TIMESTAMP: _moment,
    FIELD_TYPE.TIME: _time,
    FIELD_TYPE.BIT: _bits,
    time: lambda value, mapping: f"'{value.isoformat()}'",
}
