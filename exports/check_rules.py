"""What a CHECK of a live table says about values that are going to be written. Plain Python; the source itself has the last word."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

CAST = re.compile(r"::\s*(?:character varying|timestamp (?:with|without) time zone|double precision|\w+)(?:\(\d+(?:,\s*\d+)?\))?(?:\[\])?")
ANY_ARRAY = re.compile(r"=\s*ANY\s*\(\s*(?:ARRAY\s*\[([^\]]*)\]|\(\s*ARRAY\s*\[([^\]]*)\]\s*\))\s*\)", re.IGNORECASE)
LIKE = re.compile(r"\s(!?)~~\s")  # how PostgreSQL writes it down
TEXT = re.compile(r"'((?:[^']|'')*)'")
NUMBER = re.compile(r"(?<![\w.'])-?\d+(?:\.\d+)?(?![\w.'])")
NEUTRAL = ("erased", "deleted", "removed", "anonymous", "anonymised", "anonymized", "unknown", "none", "closed", "inactive", "other")


def columns_in(check: str, columns: Iterable[str]) -> tuple[str, ...]:
    """The columns that the rule speaks of."""
    bare = TEXT.sub(" ", check)
    return tuple(name for name in columns if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", bare, re.IGNORECASE))


def holds(check: str, values: Mapping[str, Any]) -> bool | None:
    """Whether the rule allows these values of its columns; None when it cannot be told here."""
    words = ANY_ARRAY.sub(lambda found: f"IN ({found.group(1) or found.group(2)})", CAST.sub("", check))
    words = LIKE.sub(lambda found: " NOT LIKE " if found.group(1) else " LIKE ", words)
    names = list(values)
    listed = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" for _ in names)
    memory = sqlite3.connect(":memory:")
    for name in ("char_length", "character_length"):  # SQLite has them by another name
        memory.create_function(name, 1, lambda text: None if text is None else len(str(text)), deterministic=True)
    try:
        statement = f"WITH row_now ({listed}) AS (SELECT {marks}) SELECT ({words}) FROM row_now"  # noqa: S608  (a rule of the schema)
        answer = memory.execute(statement, [_plain(values[name]) for name in names]).fetchone()[0]
    except (sqlite3.Error, sqlite3.Warning):
        return None
    finally:
        memory.close()
    return answer is None or bool(answer)


def allowed_words(checks: Iterable[str], column: str) -> tuple[str, ...]:
    """The texts that rules about this column name, those first that say that something is gone."""
    found = [text for text in _texts(checks, column) if "%" not in text]
    return tuple(sorted(dict.fromkeys(found), key=lambda word: NEUTRAL.index(word.lower()) if word.lower() in NEUTRAL else 99))


def patterns_filled(checks: Iterable[str], column: str) -> tuple[str, ...]:
    """What is left of the patterns that rules about this column name: the shortest texts that LIKE lets through."""
    return tuple(text.replace("%", "") for text in _texts(checks, column) if "%" in text)


def _texts(checks: Iterable[str], column: str) -> list[str]:
    return [text.replace("''", "'") for check in checks if columns_in(check, (column,)) for text in TEXT.findall(check)]


def allowed_numbers(checks: Iterable[str], column: str) -> tuple[int, ...]:
    """Numbers that rules about this column name, and their neighbours."""
    found: dict[int, None] = {}
    for check in checks:
        if columns_in(check, (column,)):
            for text in NUMBER.findall(TEXT.sub(" ", check)):
                whole = int(float(text))
                found.update(dict.fromkeys((whole, whole + 1, whole - 1)))
    return tuple(found)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float | str | bytes) else str(value)
