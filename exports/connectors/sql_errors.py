"""Puts what a database driver says into sentences without personal data: drivers like to quote the offending row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError

from exports.connectors.base import SourceBusy, SourceError, SourceRefused, SourceUnreachable

NAMED = re.compile(r"(UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed(: [\w., ]+)?")
BUSY = re.compile(r"database (table )?is locked|lock timeout|could not obtain lock|Lock wait timeout|deadlock", re.IGNORECASE)
READ_ONLY = re.compile(r"readonly database|read-only", re.IGNORECASE)
GONE = re.compile(r"unable to open|not a database|disk I/O|malformed|encrypted|could not connect|connection|authentication", re.IGNORECASE)


@contextmanager
def told() -> Iterator[None]:
    """Raise a SourceError in place of what the driver raised; the driver's own words, which may quote rows, stop here."""
    try:
        yield
    except DBAPIError as problem:
        raise in_words(problem) from None


def in_words(problem: DBAPIError) -> SourceError:
    """The sentence for a driver's complaint."""
    said = str(problem.orig)
    if BUSY.search(said):
        return SourceBusy("It is busy: a lock was not granted in time. Nothing was changed.")
    if isinstance(problem, IntegrityError):
        named = NAMED.search(said)
        return SourceRefused(f"It refused the change: {named.group(0) if named else 'a constraint failed'}. Nothing was changed.")
    if READ_ONLY.search(said):
        return SourceRefused("It refused the change: it may only be read. Nothing was changed.")
    if GONE.search(said):
        return SourceUnreachable("It cannot be reached: the database could not be opened or signed in to.")
    return SourceRefused(f"It refused the statement ({type(problem.orig).__name__}). Nothing was changed.")
