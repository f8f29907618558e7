"""Covers what a text says about other people and leaves the rest of it readable. Plain Python.

Only what a machine can be sure of is covered: addresses other than the person's own, and the names that those addresses spell.
A text in which people are named in other ways needs an officer's eyes before it leaves, or `third_party: cover` for the whole of it.
"""

from __future__ import annotations

import re
from typing import Any

# Bounded, so that a long run of other signs costs no more than its length.
ADDRESS = re.compile(r"[^\s@<>\"`(),;:\[\]{}|\\]{1,64}@[^\s@<>\"'`(),;:\[\]{}|\\/?!]{1,250}\.[^\W\d_]{2,24}")
PARTS = re.compile(r"[._\-]+")


def cover_passages(value: Any, own: frozenset[str], mark: str) -> tuple[Any, int]:
    """The value with the passages about others replaced by the mark, and how many there were; lists and groups are gone through, names
    of groups too. Bytes cannot be looked into, so they are covered whole."""
    if isinstance(value, str):
        return _cover(value, own, mark)
    if isinstance(value, list):
        covered = [cover_passages(inner, own, mark) for inner in value]
        return [inner for inner, _ in covered], sum(count for _, count in covered)
    if isinstance(value, dict):
        return _cover_group(value, own, mark)
    return (mark, 1) if isinstance(value, bytes | bytearray | memoryview) else (value, 0)


def _cover_group(group: dict[Any, Any], own: frozenset[str], mark: str) -> tuple[dict[Any, Any], int]:
    covered: dict[Any, Any] = {}
    total = 0
    for key, inner in group.items():
        name, in_name = cover_passages(key, own, mark)
        while in_name and (name in covered or name in group):  # each of several others keeps a place of its own
            name = f"{name} +"
        covered[name], inside = cover_passages(inner, own, mark)
        total += in_name + inside
    return covered, total


def _cover(text: str, own: frozenset[str], mark: str) -> tuple[str, int]:
    if "@" not in text:
        return text, 0
    others = [address for address in dict.fromkeys(ADDRESS.findall(text)) if address not in own]
    if not others:
        return text, 0
    mine = {spelt for address in own for spelt in _names(address)}
    names = {spelt for address in others for spelt in _names(address)} - mine
    patterns = [re.escape(address) for address in sorted(others, key=len, reverse=True)]
    patterns += [rf"\b{spelt}\b" for spelt in sorted(names, key=len, reverse=True)]
    return re.subn("|".join(patterns), lambda _: mark, text, flags=re.IGNORECASE)


def _names(address: str) -> set[str]:
    """rita.lindqvist+lab@… spells Rita Lindqvist, and Lindqvist, Rita."""
    words = [re.escape(word) for word in PARTS.split(address.rpartition("@")[0].partition("+")[0]) if len(word) > 1 and word.isalpha()]
    return {r"[\s,]+".join(order) for order in (words, words[::-1])} if len(words) > 1 else set()
