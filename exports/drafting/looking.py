"""Looks at a live schema and at a few values of each column, reading only, and makes the draft."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import make_url

from exports.connectors.base import Schema, SourceError, TableSchema
from exports.connectors.sql import SqlReader
from exports.connectors.sql_connector import SqlConnector
from exports.datasets import read_dataset
from exports.drafting.guesses import Guess, guess, in_table, personal_name, shared_address
from exports.drafting.paths import APART, LOOKUP, NAMED, OWNED, PERSON, USED, Part, parts_of
from exports.drafting.shapes import shapes_of
from exports.drafting.writing import written
from exports.graph import walk

SAMPLED = 100
LOOKED_AT = ("string", "integer", "any")


class NothingThere(Exception):
    """There is no table to write about; the text is a sentence."""


@dataclass(frozen=True)
class Draft:
    """The file's text, one per schema joined, and what stands in it: tables by role, and how many guesses there are."""

    text: str
    roles: Mapping[str, int]
    guesses: int
    unreached: tuple[str, ...]


def draft(url: str, *, schemas: Sequence[str] = (), key: str = "") -> Draft:
    """A first dataset file for this address, one dataset for each schema (where none is named, for the one that the address means).

    `key` is the first dataset's `fides_key`, and what those of others begin with. Reads only. Raises SourceError when the source
    cannot be read, NothingThere when a schema is empty.
    """
    named = tuple(dict.fromkeys(schemas)) or ("",)
    if schemas and url.startswith("sqlite"):
        raise NothingThere("A SQLite file has no schemas; leave --schema out. Nothing was written.")
    with SqlConnector(url, schemas=tuple(schema or None for schema in named)).reading() as opened:
        reader = cast(SqlReader, opened)
        live, tables, unwritten = reader.describe(), dict[str, TableSchema](), list[str]()
        for schema in named:
            mine, others = _tables(live, schema)
            if not mine:
                where = f"The schema '{schema}'" if schema else "The database"
                which = f"a dataset file can speak of: {'; '.join(others)}" if others else "this account may see"
                raise NothingThere(f"{where} has no tables that {which}. Nothing was written.")
            tables.update(mine)
            unwritten += others
        guesses = {name: _guesses(reader, table) for name, table in tables.items()}
    parts = parts_of(tables, guesses)
    for part in parts.values():
        if part.role == PERSON:
            part.guesses = {name: personal_name(one) for name, one in part.guesses.items()}
        elif part.role == NAMED and part.distance:
            part.guesses = {name: shared_address(one) for name, one in part.guesses.items()}
    text = written(parts, _keys(key or _key(make_url(url).database or ""), named), unwritten=unwritten)
    return Draft(text, _roles(parts), text.count("# guess:"), _unreached(text))


def _tables(live: Schema, schema: str) -> tuple[dict[str, TableSchema], list[str]]:
    """The tables of this schema that a dataset file can speak of, and a sentence for each other."""
    kept, unwritten = {}, []
    for name, table in sorted(live.tables.items()):
        if schema and not name.startswith(f"{schema}."):
            continue
        own = name[len(schema) + 1 :] if schema else name
        if table.is_view:
            unwritten.append(f"{own} is a view; describe the tables behind it")
        elif "." in own:
            unwritten.append(f"{own} has a dot in its name")
        elif any("." in column for column in table.columns):
            unwritten.append(f"{own} has a column with a dot in its name")
        else:
            kept[name] = table
    return kept, unwritten


def _guesses(reader: SqlReader, table: TableSchema) -> dict[str, Guess]:
    looked = tuple(column.name for column in table.columns.values() if column.type in LOOKED_AT)
    try:
        rows = reader.sample(table.name, looked, most=SAMPLED) if looked else []
    except SourceError:
        rows = []  # a table that this account may not read: its names still say something
    guesses = (guess(column, shapes_of(row.get(column.name) for row in rows)) for column in table.columns.values())
    return {one.column.name: in_table(one, table.name) for one in guesses}


def _keys(key: str, schemas: Sequence[str]) -> dict[str, str]:
    """Each schema's `fides_key`."""
    return {schema: key if number == 0 else f"{key}_{_word(schema)}" for number, schema in enumerate(schemas)}


def _key(database: str) -> str:
    return _word(re.sub(r"\.(?:sqlite3?|db)$", "", database.replace("\\", "/").rpartition("/")[2])) or "database"


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-")


def _roles(parts: Mapping[str, Part]) -> dict[str, int]:
    return {role: sum(part.role == role for part in parts.values()) for role in (PERSON, NAMED, OWNED, USED, APART, LOOKUP)}


def _unreached(text: str) -> tuple[str, ...]:
    """The draft must itself be a file that is read; what it does not reach yet is named."""
    datasets = read_dataset(text).datasets
    kinds = {leaf.identity for dataset in datasets for c in dataset.collections for leaf in c.leaves() if leaf.identity}
    return tuple(one.address.partition(".")[2] for one in walk(datasets, sorted(kinds)).unreachable)
