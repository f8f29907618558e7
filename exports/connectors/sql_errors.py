"""Puts what a database driver says into sentences without personal data: drivers like to quote the offending row, or the host."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError, IntegrityError, PendingRollbackError

from exports.connectors.base import SourceBusy, SourceError, SourceRefused, SourceUnreachable

BUSY_WORDS = re.compile(r"database (table )?is locked", re.IGNORECASE)
READ_ONLY_WORDS = re.compile(r"readonly database", re.IGNORECASE)
GONE_WORDS = re.compile(r"unable to open|not a database|disk I/O|malformed|encrypted|connection", re.IGNORECASE)
NAMED = re.compile(r"(UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed(: [\w., ]+)?")

BUSY = "It is busy: a lock was not granted in time. Nothing was changed."
SLOW = "It is busy: an answer took too long and was broken off. Nothing was changed."
READ_ONLY = "It refused the change: it may only be read. Nothing was changed."
FORBIDDEN = "It refused: this account lacks the permission for something that is needed there. Nothing was changed."
FILTERED = "It refused: row-level security would hide rows{of} from this account. Nothing was read or changed."
FILTERED_TABLE = re.compile(r'table "([^"]+)"')
GONE = "It cannot be reached: the database could not be opened or signed in to."
ODD = "It cannot be reached: its address has an option that cannot be used."

# PostgreSQL tells by SQLSTATE (a class of two signs or the whole five), MariaDB and MySQL by number.
CODES: Mapping[Any, tuple[type[SourceError], str]] = {
    "55P03": (SourceBusy, BUSY),
    "40P01": (SourceBusy, BUSY),
    "40001": (SourceBusy, BUSY),
    "57014": (SourceBusy, SLOW),
    "25006": (SourceRefused, READ_ONLY),
    "42501": (SourceRefused, FORBIDDEN),
    **dict.fromkeys(("08", "28", "3D", "53", "57", ""), (SourceUnreachable, GONE)),
    **dict.fromkeys((1205, 1213), (SourceBusy, BUSY)),
    **dict.fromkeys((1317, 1969, 3024), (SourceBusy, SLOW)),
    **dict.fromkeys((1290, 1792, 1836), (SourceRefused, READ_ONLY)),
    **dict.fromkeys((1044, 1142, 1143, 1227, 1370), (SourceRefused, FORBIDDEN)),
    **dict.fromkeys((1040, 1045, 1049, 1053, 1129, 1130, 1158, 1159, 1160, 1161, 1698, 1927, 3118), (SourceUnreachable, GONE)),
    **dict.fromkeys((0, *range(2000, 2100)), (SourceUnreachable, GONE)),
}
KINDS = {
    **dict.fromkeys(("23503", 1216, 1217, 1451, 1452), "FOREIGN KEY"),
    **dict.fromkeys(("23505", 1062, 1586), "UNIQUE"),
    **dict.fromkeys(("23502", 1048, 1364), "NOT NULL"),
    **dict.fromkeys(("23514", 4025, 3819), "CHECK"),
}
KEYED = re.compile(r"(?:CONSTRAINT|constraint|for key) [`'\"]([\w.$ -]+)[`'\"]")


@contextmanager
def told() -> Iterator[None]:
    """Raise a SourceError in place of what the driver raised; the driver's own words, which may quote rows, stop here."""
    try:
        yield
    except DBAPIError as problem:
        raise in_words(problem) from None
    except PendingRollbackError:  # the connection was lost at an earlier question of this session
        raise SourceUnreachable(GONE) from None


@contextmanager
def reaching() -> Iterator[None]:
    """While a session is opened, a refusal too means that the source is out of reach."""
    try:
        with told():
            yield
    except SourceRefused:
        raise SourceUnreachable(GONE) from None
    except (OSError, TypeError, ValueError):  # a driver that does not know an option, or finds no certificate
        raise SourceUnreachable(ODD) from None


def in_words(problem: DBAPIError) -> SourceError:
    """The sentence for a driver's complaint."""
    code = _code(problem.orig)
    said = str(problem.orig)
    if code in KINDS:
        return SourceRefused(f"It refused the change: {KINDS[code]} constraint failed{_name(problem.orig, said)}. Nothing was changed.")
    if code == "42501" and "row-level security" in said:
        table = FILTERED_TABLE.search(said)
        return SourceRefused(FILTERED.format(of=f" of '{table.group(1)}'" if table else ""))
    known = CODES.get(code) or (CODES.get(code[:2]) if isinstance(code, str) else None)
    if known:
        return known[0](known[1])
    return _of_sqlite(problem, said)


def _code(problem: Any) -> Any:
    """SQLSTATE, or the number; None for a product that has neither. A PostgreSQL that was never reached has none yet: ''."""
    first = problem.args[0] if getattr(problem, "args", ()) else None
    if isinstance(first, int):
        return first
    if hasattr(problem, "sqlstate"):
        return problem.sqlstate or ("" if type(problem).__name__ == "OperationalError" else None)
    return None


def _name(problem: Any, said: str) -> str:
    """The constraint's own name, which says nothing about a row."""
    diagnosis = getattr(problem, "diag", None)
    if diagnosis is not None:
        where = [part for part in (diagnosis.table_name, diagnosis.column_name or diagnosis.constraint_name) if part]
        return f": {'.'.join(where)}" if where else ""
    named = KEYED.findall(said)
    return f": {named[-1]}" if named else ""


def _of_sqlite(problem: DBAPIError, said: str) -> SourceError:
    if BUSY_WORDS.search(said):
        return SourceBusy(BUSY)
    if isinstance(problem, IntegrityError):
        named = NAMED.search(said)
        return SourceRefused(f"It refused the change: {named.group(0) if named else 'a constraint failed'}. Nothing was changed.")
    if READ_ONLY_WORDS.search(said):
        return SourceRefused(READ_ONLY)
    if GONE_WORDS.search(said):
        return SourceUnreachable(GONE)
    return SourceRefused(f"It refused the statement ({type(problem.orig).__name__}). Nothing was changed.")
