"""PostgreSQL's types: what each is called here, how values for it are sent, and what comes back when Python has no such value."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, DataError, adapters
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format
from sqlalchemy.types import UserDefinedType

from exports.connectors.base import ColumnSchema

WORDS = {
    **dict.fromkeys(("smallint", "integer", "bigint", "oid"), "integer"),
    **dict.fromkeys(("numeric", "real", "double precision"), "number"),
    **dict.fromkeys(("json", "jsonb"), "json"),
    **dict.fromkeys(("time without time zone", "time with time zone"), "time"),
    **dict.fromkeys(("timestamp without time zone", "timestamp with time zone"), "datetime"),
    **dict.fromkeys(("text", "character varying", "character", "citext", "name", "uuid", '"char"'), "string"),
    "boolean": "boolean",
    "bytea": "binary",
    "date": "date",
}
NUMBERS, TEXTS, MOMENTS = "numbers", "texts", "moments"
FAMILIES = {
    **{word: NUMBERS for word, kind in WORDS.items() if kind in ("integer", "number")},
    **dict.fromkeys(("text", "character varying", "character", "citext", "name"), TEXTS),
    **dict.fromkeys(("date", "timestamp without time zone", "timestamp with time zone"), MOMENTS),
    **{word: word for word in ("uuid", "inet", "boolean", "bytea", "time without time zone", "time with time zone")},
}
SIZE = re.compile(r"\(\d+(,-?\d+)?\)")
# Python has no such value, or would lose a part of it: months of an interval, digits of a number inside JSON, the mask of an address.
AS_TEXT = ("interval", "inet", "cidr", "json", "jsonb", "money")
RANGES = ("int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange")
MULTIRANGES = ("int4multirange", "int8multirange", "nummultirange", "datemultirange", "tsmultirange", "tstzmultirange")


UUID_OID, ARRAY_OF_UUIDS, UUID_SIZE = adapters.types["uuid"].oid, adapters.types["uuid"].array_oid, 16


class Native(UserDefinedType[Any]):
    """A type by PostgreSQL's own word for it: what is sent for such a column says that it is one, and indexes stay useful."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, word: str) -> None:
        self.word = word

    def get_col_spec(self, **told: Any) -> str:
        return self.word

    def coerce_compared_value(self, op: Any, value: Any) -> Native:
        return self


class TextLoader(Loader):
    """The value as PostgreSQL writes it."""

    def load(self, raw: Buffer) -> str:
        return bytes(raw).decode()


def word_of(native: str) -> str:
    """What such a column is called in `connectors.base`."""
    return WORDS.get(bare(native), "any")


def bare(native: str) -> str:
    """The type without its size: a cast to a size would cut silently."""
    return native if native.startswith("bit") else SIZE.sub("", native)


def family(column: ColumnSchema) -> str:
    """Types of one family compare with each other as they are; those without one are compared as text."""
    return FAMILIES.get(bare(column.native), "")


def sent_as(column: ColumnSchema) -> str:
    """The type in which values for this column are sent."""
    if not column.native or column.native in ("smallint", "integer", "oid", "INTEGER"):
        return "bigint"
    word = bare(column.native)
    return re.sub(r"^character(?! varying)", "bpchar", word)


@dataclass(frozen=True)
class Uuids:
    """UUIDs joined by commas, on their way into a parameter that is an array of them."""

    text: str


class UuidsDumper(Dumper):
    """As PostgreSQL's own binary form of an array, which it reads seven times faster than the text of one."""

    format = Format.BINARY
    oid = ARRAY_OF_UUIDS

    def dump(self, sent: Uuids) -> bytes:
        values = bytes.fromhex(sent.text.replace("-", "").replace(",", ""))
        count = len(values) // UUID_SIZE
        items = bytearray(count * (4 + UUID_SIZE))
        items[3 :: 4 + UUID_SIZE] = bytes([UUID_SIZE]) * count  # each is led by its size in four bytes
        for place in range(UUID_SIZE):
            items[4 + place :: 4 + UUID_SIZE] = values[place::UUID_SIZE]
        return struct.pack("!iiIii", 1, 0, UUID_OID, count, 1) + items

    def quote(self, sent: Uuids) -> bytes:
        return f"'{{{sent.text}}}'".encode()


def keep_exact(connection: Connection[Any]) -> None:
    """Let this connection give every value whole: as Python's own where that is exact, as text where it is not."""
    known = connection.adapters.types
    connection.adapters.register_dumper(Uuids, UuidsDumper)
    for name in (*AS_TEXT, *RANGES, *MULTIRANGES):
        if known.get(name) is not None:
            connection.adapters.register_loader(name, TextLoader)
    for name, patient in PATIENT.items():
        connection.adapters.register_loader(name, patient)


def _patient(name: str) -> type[Loader]:
    """Infinity, years before the first and after 9999, and 24:00 are moments too; they come as text."""
    usual = adapters.get_loader(adapters.types[name].oid, Format.TEXT)

    class Patient(Loader):
        def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
            super().__init__(oid, context)
            self._load = usual(oid, context).load if usual else bytes

        def load(self, raw: Buffer) -> Any:
            try:
                return self._load(raw)
            except DataError:
                return bytes(raw).decode()

    return Patient


PATIENT = {name: _patient(name) for name in ("date", "time", "timetz", "timestamp", "timestamptz")}
