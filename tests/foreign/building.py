"""Makes the tables of a schema that is described in a file, in any database."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
    create_engine,
    insert,
    make_url,
)

HERE = Path(__file__).parent
TYPES: dict[str, Any] = {
    "integer": Integer,
    "boolean": Boolean,
    "datetime": DateTime,
    "date": Date,
    "time": Time,
    "binary": LargeBinary,
    "string": Text,
    "any": Text,
}
DRIVERS = {"postgresql": "postgresql+psycopg", "mariadb": "mysql+pymysql", "sqlite": "sqlite"}
EPOCH = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
Rows = dict[str, list[dict[str, Any]]]


def described(name: str) -> MetaData:
    """The tables that the file lists."""
    tables = MetaData()
    for table, told in json.loads((HERE / f"{name}_schema.json").read_text()).items():
        columns = [_column(words.split(), told["key"]) for words in told["columns"]]
        texts = {column.name for column in columns if isinstance(column.type, Text)}
        parts: list[Any] = [_pointer(names, target) for names, target in told.get("points", {}).items()]
        parts += [UniqueConstraint(*group) for names in told.get("unique", ()) if not texts & set(group := names.split(","))]
        Table(table, tables, *columns, *parts)
    return tables


def build(url: str, name: str, rows: Rows) -> None:
    """Make the tables, and put these rows in; what a row does not name gets the emptiest value."""
    address = make_url(url)
    engine = create_engine(address.set(drivername=DRIVERS[address.get_backend_name()]))
    tables = described(name)
    with engine.begin() as opened:
        tables.create_all(opened)
    with engine.begin() as opened:
        for table in tables.sorted_tables:
            for row in rows.get(table.name, ()):
                opened.execute(insert(table).values({**_empty(table), **row}))
    engine.dispose()


def _column(words: list[str], key: list[str]) -> Column[Any]:
    name, kind, *more = words
    word, _, length = kind.rstrip(")").partition("(")
    made = String(int(length)) if length else Numeric(12, 2) if word == "number" else TYPES[word]()
    return Column(name, made, primary_key=name in key, nullable="required" not in more, autoincrement=False)


def _pointer(names: str, target: str) -> ForeignKeyConstraint:
    table, _, columns = target.partition(".")
    return ForeignKeyConstraint(names.split(","), [f"{table}.{column}" for column in columns.split(",")])


def _empty(table: Table) -> dict[str, Any]:
    return {c.name: _emptiest(c.type) for c in table.columns if not c.nullable and not c.foreign_keys}


def _emptiest(kind: Any) -> Any:
    found = [
        value for family, value in ((String, ""), (DateTime, EPOCH), (Date, EPOCH.date()), (Boolean, False)) if isinstance(kind, family)
    ]
    return found[0] if found else 0
