"""Rows on their way. Some drivers drop the rest of an answer, without a word, when the connection is asked something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import CursorResult, Row


class Stream:
    """The rows of one answer in batches. `finish` fetches what is still to come, so that the connection is free."""

    def __init__(self, result: CursorResult[Any], batch: int) -> None:
        self._result, self._batch = result, batch
        self._rest: list[Sequence[Row[Any]]] | None = None

    def __iter__(self) -> Iterator[Sequence[Row[Any]]]:
        while self._rest is None:
            rows = self._result.fetchmany(self._batch)
            if not rows:
                self._rest = []
                return
            yield rows
        while self._rest:
            yield self._rest.pop(0)

    def finish(self) -> None:
        """Keep in memory what has not been read yet."""
        if self._rest is None and not self._result.closed:
            self._rest = list(iter(lambda: self._result.fetchmany(self._batch), []))
