"""Fills the blanks of a call, and finds values in an answer. Plain Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from exports.connectors.base import SourceMismatch

BLANK = re.compile(r"\{([A-Za-z_][\w.]*)\}")
MISSING = object()


def blanks(template: Any) -> set[str]:
    """The names of all blanks of a template, wherever they stand in it."""
    if isinstance(template, str):
        return set(BLANK.findall(template))
    inner = template.values() if isinstance(template, Mapping) else template if isinstance(template, list | tuple) else ()
    return {name for one in inner for name in blanks(one)}


def path_of(template: str, values: Mapping[str, Any]) -> str:
    """The path with its blanks filled, each as one step that leads nowhere else."""

    def step(found: re.Match[str]) -> str:
        text = words(values[found[1]])
        if text in ("", ".", "..") or any(ord(sign) < 32 for sign in text):
            raise SourceMismatch(f"A value of '{found[1]}' cannot stand in an address. Nothing was asked.")
        return quote(text, safe="")

    return BLANK.sub(step, template)


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with its blanks filled; a text that is one blank becomes the value itself, with its type."""
    if isinstance(template, str):
        alone = BLANK.fullmatch(template)
        return values[alone[1]] if alone else BLANK.sub(lambda found: words(values[found[1]]), template)
    if isinstance(template, Mapping):
        return {name: filled(inner, values) for name, inner in template.items()}
    return [filled(inner, values) for inner in template] if isinstance(template, list | tuple) else template


def words(value: Any) -> str:
    """A value as it stands in a path or a query."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def at(found: Any, path: str) -> Any:
    """What lies at a dotted path; MISSING when there is no such place."""
    for step in path.split(".") if path else ():
        if not isinstance(found, Mapping) or step not in found:
            return MISSING
        found = found[step]
    return found


def all_at(found: Any, path: str) -> Iterator[Any]:
    """Every value at a dotted path, lists on the way opened."""
    if isinstance(found, list):
        for inner in found:
            yield from all_at(inner, path)
        return
    step, _dot, rest = path.partition(".")
    if not path:
        yield found
    elif isinstance(found, Mapping) and step in found:
        yield from all_at(found[step], rest)


def put(record: dict[str, Any], path: str, value: Any) -> None:
    """Write a value at a dotted path, making the places on the way."""
    *way, last = path.split(".")
    for step in way:
        inner = record.get(step)
        if not isinstance(inner, dict):
            inner = record[step] = {}
        record = inner
    record[last] = value
