"""For which piece of work a connector is asked: gives idempotency keys their scope, and lets a long answer keep the work's lease."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Standing:
    """`scope` names the job, `beat` is called between two calls of a slow source; what it raises ends the work."""

    scope: str = ""
    beat: Callable[[], None] = _nothing


_CURRENT: ContextVar[Standing | None] = ContextVar("standing", default=None)


def current() -> Standing:
    """The work that is being done here now; an empty one at the shell."""
    return _CURRENT.get() or Standing()


@contextmanager
def standing(scope: str, beat: Callable[[], None]) -> Iterator[None]:
    """Everything that connectors are asked inside the block is asked for this work."""
    token = _CURRENT.set(Standing(scope, beat))
    try:
        yield
    finally:
        _CURRENT.reset(token)
