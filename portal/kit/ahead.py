"""Work that is done ahead of whoever needs it: a thread makes the next pieces while the last one is being used."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TypeVar

from django.utils import translation

T = TypeVar("T")
MOST = 3


def ahead(pieces: Iterator[T], *, most: int = MOST) -> Iterator[T]:
    """The same pieces in their order, of which up to `most` are made beforehand. What raises while one is made is raised in its place.

    The thread speaks the language of whoever takes the pieces, and ends with them. Our own store must not be asked while a piece is
    made: its connections belong to the thread that opened them.
    """
    thread = ThreadPoolExecutor(1, "ahead", partial(translation.activate, translation.get_language() or "en"))

    def coming_next() -> Future[list[T]]:
        return thread.submit(list, islice(pieces, 1))

    try:
        coming = deque(coming_next() for _ in range(most))
        while piece := coming.popleft().result():
            coming.append(coming_next())
            yield from piece
    finally:
        thread.shutdown(cancel_futures=True)
        if isinstance(pieces, Generator):
            pieces.close()
