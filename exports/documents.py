"""Documents in a column: what lies at a path, and what of it is one person's. Plain Python.

A path is walked through objects by name; an array on the way stands for each of its elements.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

BIGGEST = 10**30
Ways = Mapping[tuple[str, ...], frozenset[str]]


def opened(value: Any) -> Any:
    """The document of a cell, its numbers with all their digits: JSON that a database hands out as text; what is none stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_float=Decimal)
    except (ValueError, RecursionError):
        return value


def read_exactly(text: str) -> Any:
    """The document, each number as a float that means the same, or as a Decimal where none does. ValueError where it is no JSON."""
    value = orjson.loads(text)
    return json.loads(text, parse_float=_number) if _has_fraction(value) else value


def _has_fraction(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, float) or any(map(_has_fraction, inner))


def _number(text: str) -> float | Decimal:
    near, exact = float(text), Decimal(text)
    return near if Decimal(repr(near)) == exact else exact


def text_of(value: Any) -> str:
    """The document as JSON text, its numbers as they were written."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(name), ensure_ascii=False)}: {text_of(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(text_of, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def leaves_at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Every value at the path, NULL left out."""
    if isinstance(value, list):
        for one in value:
            yield from leaves_at(one, path)
    elif not path:
        if value is not None and not isinstance(value, dict):
            yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from leaves_at(value[path[0]], path[1:])


def word(value: Any) -> str:
    """How a value is compared: 42, 42.0 and "42" are the same, as a key in a document and in a column are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal) and -BIGGEST < value < BIGGEST and value == int(value):
        return str(int(value))
    return str(value)


def holds(value: Any, ways: Ways, *, caseless: bool = False) -> bool:
    """Whether something at one of the paths is one of its words."""
    return any(_is_one(one, words, caseless=caseless) for path, words in ways.items() for one in leaves_at(value, path))


def by_column(words: Mapping[str, frozenset[str]]) -> dict[str, Ways]:
    """Paths such as column.part.part, each with its words, by column."""
    ways: dict[str, dict[tuple[str, ...], frozenset[str]]] = {}
    for path, own in words.items():
        column, *inner = path.split(".")
        ways.setdefault(column, {})[tuple(inner)] = own
    return dict(ways)


def own_part(value: Any, ways: Ways) -> tuple[Any, int]:
    """The document with those elements of its arrays that hold one of the words, and how many others were left out.

    Only arrays on a way are thinned. An element without any of the words is somebody else's.
    """
    return _thinned(value, ways, keep=True)


def without(value: Any, ways: Ways) -> tuple[Any, int]:
    """The document without those elements, and how many there were. A value that stands in no array is emptied."""
    return _thinned(value, ways, keep=False)


def covered(value: Any, path: Sequence[str], mark: str, *, own: frozenset[str] = frozenset()) -> tuple[Any, int]:
    """The document with the mark in place of each value at the path but those in `own`, and how many there were."""
    if isinstance(value, list):
        done = [covered(one, path, mark, own=own) for one in value]
        return [one for one, _count in done], sum(count for _one, count in done)
    if not path:
        return (value, 0) if value is None or (isinstance(value, str) and value in own) else (mark, 1)
    if isinstance(value, dict) and path[0] in value:
        inner, count = covered(value[path[0]], path[1:], mark, own=own)
        return {**value, path[0]: inner}, count
    return value, 0


def _thinned(value: Any, ways: Ways, *, keep: bool) -> tuple[Any, int]:
    if not ways:
        return value, 0
    if isinstance(value, list):
        return _elements(value, ways, keep=keep)
    if isinstance(value, dict):
        found, count = dict(value), 0
        for name in dict.fromkeys(path[0] for path in ways if path):
            if name in found:
                found[name], more = _thinned(found[name], {p[1:]: words for p, words in ways.items() if p and p[0] == name}, keep=keep)
                count += more
        return found, count
    if not keep and () in ways and _is_one(value, ways[()], caseless=False):
        return None, 1
    return value, 0


def _elements(value: list[Any], ways: Ways, *, keep: bool) -> tuple[list[Any], int]:
    kept = [one for one in value if holds(one, ways) is keep]
    count = len(value) - len(kept)
    if keep:  # inside an element that is the person's there may be arrays with others in them
        done = [_thinned(one, ways, keep=True) for one in kept]
        return [one for one, _count in done], count + sum(more for _one, more in done)
    return kept, count


def _is_one(value: Any, words: Iterable[str], *, caseless: bool) -> bool:
    said = word(value)
    return said.casefold() in {one.casefold() for one in words} if caseless else said in words
