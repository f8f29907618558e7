"""Pieces made ahead in a thread: the same pieces, the same errors, no more in memory than agreed, and nothing left running."""

import gc
import threading
import traceback
from collections.abc import Iterator

import pytest
from django.utils import translation

from portal.kit.ahead import ahead

PATIENCE = 30.0


class Making:
    """Numbers, of which it is known how many were made, and whether the rest was given up."""

    def __init__(self, until: int, *, fails: bool = False) -> None:
        self.made, self.is_over = 0, False
        self.until, self.fails = until, fails
        self.has_made = [threading.Event() for _ in range(until + 1)]

    def numbers(self) -> Iterator[int]:
        try:
            while self.made < self.until:
                self.made += 1
                self.has_made[self.made].set()
                yield self.made
            if self.fails:
                raise LookupError("The source is gone.")
        finally:
            self.is_over = True


def running() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")]


@pytest.mark.parametrize("until", [0, 1, 2, 50])
def test_every_piece_comes_once_and_in_its_order(until: int) -> None:
    making = Making(until)
    assert list(ahead(making.numbers(), most=2)) == list(range(1, until + 1))
    assert making.is_over
    assert running() == []


def test_the_next_pieces_are_made_while_one_is_used_and_no_more_than_agreed() -> None:
    making = Making(50)
    taken = ahead(making.numbers(), most=2)
    assert next(taken) == 1
    assert making.has_made[3].wait(PATIENCE)
    taken.close()  # type: ignore[attr-defined]
    assert making.made == 3


def test_what_goes_wrong_is_heard_in_its_place_and_says_where_it_was() -> None:
    making, taken = Making(3, fails=True), list[int]()

    def use() -> None:
        for piece in ahead(making.numbers()):
            taken.append(piece)

    with pytest.raises(LookupError, match="gone") as told:
        use()
    assert taken == [1, 2, 3]
    assert "numbers" in [frame.name for frame in traceback.extract_tb(told.tb)]
    assert running() == []


def test_whoever_stops_early_ends_the_thread_and_what_it_had_open() -> None:
    making = Making(50)
    for piece in ahead(making.numbers()):
        assert piece == 1
        break
    assert making.is_over
    assert making.made < 50
    assert running() == []


def test_an_error_of_whoever_takes_the_pieces_ends_the_thread() -> None:
    making = Making(50)

    def use() -> None:
        for piece in ahead(making.numbers()):
            _ = 1 // (piece - 1)

    with pytest.raises(ZeroDivisionError):
        use()
    assert making.is_over
    assert running() == []


def test_sentences_that_are_made_in_the_thread_are_in_the_readers_language() -> None:
    def languages() -> Iterator[str | None]:
        while True:
            yield translation.get_language()

    with translation.override("de"):
        told = ahead(languages())
        assert next(told) == "de"
    told.close()  # type: ignore[attr-defined]


def test_who_forgets_to_end_it_is_not_kept_waiting_when_it_is_swept_up() -> None:
    """A traceback may hold it in a circle, from which the collector frees it at any moment, together with its thread."""
    making = Making(50)
    circle: list[object] = [ahead(making.numbers())]
    circle.append(circle)
    assert next(circle[0]) == 1  # type: ignore[call-overload]
    del circle
    gc.collect()
    assert making.is_over
    assert running() == []
