"""Writes a sample store: a schema file and rows in, one SQLite file out, always the same bytes for the same rows."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

Rows = Mapping[str, Sequence[tuple[Any, ...]]]


def write_store(path: Path, schema: Path, rows: Rows) -> Path:
    """Build the store beside its place and put it there whole; a store that stood there before is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.building")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished)) as store:
        store.executescript(schema.read_text(encoding="utf-8"))
        store.execute("PRAGMA foreign_keys = ON")
        store.execute("PRAGMA synchronous = OFF")
        with store:
            for table, values in rows.items():
                if values:
                    store.executemany(_insert(table, len(values[0])), values)
    unfinished.replace(path)
    return path


def _insert(table: str, columns: int) -> str:
    return " ".join(["INSERT", "INTO", table, "VALUES", f"({', '.join('?' * columns)})"])
