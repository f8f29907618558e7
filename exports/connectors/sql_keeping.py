"""Connections that a piece of work has opened and does not use at the moment: its next session takes one over and begins anew on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from sqlalchemy import URL, Connection
from sqlalchemy.exc import SQLAlchemyError

_IDLE: ContextVar[dict[URL, list[Connection]] | None] = ContextVar("idle", default=None)


@contextmanager
def keeping() -> Iterator[None]:
    """Inside the block connections outlive their sessions, where the product allows it; they are closed when it ends."""
    idle: dict[URL, list[Connection]] = {}
    token = _IDLE.set(idle)
    try:
        yield
    finally:
        _IDLE.reset(token)
        for connection in (one for some in idle.values() for one in some):
            with suppress(SQLAlchemyError):
                connection.close()


def taken(url: URL) -> Connection | None:
    """A connection to this address, under these credentials, that nobody uses now."""
    idle = (_IDLE.get() or {}).get(url)
    return idle.pop() if idle else None


def put_by(url: URL, connection: Connection) -> bool:
    """Leave it to the next session; says whether somebody will take care of it."""
    idle = _IDLE.get()
    if idle is None or connection.closed or connection.invalidated or connection.in_transaction():
        return False
    idle.setdefault(url, []).append(connection)
    return True
