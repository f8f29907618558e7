"""The kinds of value an organisation's files may hold: each takes a node and gives the value, or refuses it with a reason."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import date, datetime
from typing import Any

import yaml

from portal.kit.signs import hidden_in_line, hidden_in_text
from portal.organisations.marked_yaml import Kind, Reading, entries, items, one_of, scalar, shown
from portal.organisations.promises import UNSPECIFIED

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
PERIOD = re.compile(r"P(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?)?")
UNSEEN = "holds a sign that nobody can see"
# Blocks that are only there to be repeated by a YAML alias stand under keys that begin so.
REUSED = "x-"


def text(*, pattern: str = r"(?s).*", reason: str = "", empty: bool = False, is_line: bool = False) -> Kind:
    """Words; a number or a date that YAML took for one must be quoted. A line, like a name or a title, ends nowhere within."""
    wanted = re.compile(pattern)

    def read(reading: Reading, node: yaml.Node, path: str) -> str | None:
        value = scalar(node)
        if not isinstance(value, str):
            hint = "; put it in quotes" if isinstance(node, yaml.ScalarNode) and value is not None else ""
            reading.refuse(path, f"must be text, not {shown(node)}{hint}")
            return None
        value = value.strip()
        if (hidden_in_line if is_line else hidden_in_text)(value):
            reading.refuse(path, "is a name or a title and holds an end of line or a sign that nobody can see" if is_line else UNSEEN)
        elif not value and not empty:
            reading.refuse(path, f"is empty; write {UNSPECIFIED} if the policy does not say")
        elif not wanted.fullmatch(value):
            reading.refuse(path, f"{shown(node)} {reason}")
        else:
            return str(value)
        return None

    return read


def word(*choices: str) -> Kind:
    """One word of a fixed list."""

    def read(reading: Reading, node: yaml.Node, path: str) -> str | None:
        value = scalar(node)
        if value not in choices:
            reading.refuse(path, one_of(str(getattr(node, "value", "")) if isinstance(node, yaml.ScalarNode) else shown(node), choices))
            return None
        return str(value)

    return read


def whole(low: int, high: int, *, may_be_unspecified: bool = False) -> Kind:
    """A whole number within bounds; `unspecified` becomes None where that is legal."""

    def read(reading: Reading, node: yaml.Node, path: str) -> int | None:
        value = scalar(node)
        if may_be_unspecified and value in (None, UNSPECIFIED):
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            also = f" or {UNSPECIFIED}" if may_be_unspecified else ""
            reading.refuse(path, f"{shown(node)} is not a whole number{also}")
            return None
        if not low <= value <= high:
            reading.refuse(path, f"{value} is not between {low} and {high}")
            return None
        return value

    return read


def truth(reading: Reading, node: yaml.Node, path: str) -> bool | None:
    """true or false."""
    value = scalar(node)
    if not isinstance(value, bool):
        reading.refuse(path, f"must be true or false, not {shown(node)}")
        return None
    return value


def day(reading: Reading, node: yaml.Node, path: str) -> date | None:
    """A calendar date, year first, with or without quotes."""
    try:
        value = scalar(node)
        if isinstance(value, str) and ISO_DAY.fullmatch(value):
            value = date.fromisoformat(value)
    except ValueError:
        value = None
    if not isinstance(value, date) or isinstance(value, datetime):
        reading.refuse(path, f"{shown(node)} is not a date; write it like 2026-02-17")
        return None
    return value


def period(reading: Reading, node: yaml.Node, path: str) -> str | None:
    """An ISO 8601 period such as P30D or P7Y; `unspecified` becomes None."""
    value = scalar(node)
    if value in (None, UNSPECIFIED):
        return None
    if not isinstance(value, str) or not PERIOD.fullmatch(value):
        reading.refuse(path, f"{shown(node)} is not a period; write it like P30D, P7Y or PT24H, or {UNSPECIFIED}")
        return None
    return value


def optional(kind: Kind) -> Kind:
    """A kind that may also be null."""

    def read(reading: Reading, node: yaml.Node, path: str) -> Any:
        return None if isinstance(node, yaml.ScalarNode) and scalar(node) is None else kind(reading, node, path)

    return read


def list_of(kind: Kind) -> Kind:
    """A list of one kind, as a tuple."""

    def read(reading: Reading, node: yaml.Node, path: str) -> tuple[Any, ...]:
        return tuple(kind(reading, each, place) for place, each in items(reading, node, path))

    return read


def mapping_of(kind: Kind, *, keys: str | Sequence[str], reason: str = "") -> Kind:
    """A group whose keys are free within a pattern, or come from a list."""

    def read(reading: Reading, node: yaml.Node, path: str) -> dict[str, Any]:
        found = entries(reading, node, path)
        for key in found:
            if isinstance(keys, str):
                if not re.fullmatch(keys, key):
                    reading.refuse(f"{path}.{key}", f"'{key}' {reason}")
            elif key not in keys:
                reading.refuse(f"{path}.{key}", one_of(key, keys))
        return {key: kind(reading, each, f"{path}.{key}") for key, each in found.items()}

    return read


def pairs(first: str, second: str) -> Kind:
    """A list of two-key groups, as a tuple of pairs."""
    inner = list_of(record(lambda **given: (given[first], given[second]), {first: text(), second: text()}, needed=(first, second)))
    return inner


def record(build: Callable[..., Any], kinds: Mapping[str, Kind], *, needed: Sequence[str] | None = None) -> Kind:
    """A group of known keys, built into one value; unknown and missing keys are refused.

    A value that was refused is left out, so that what stands around it can still be checked in the same reading.
    """
    required = tuple(needed) if needed is not None else tuple(f.name for f in fields(build) if _has_no_default(f))  # type: ignore[arg-type]  # a dataclass

    def read(reading: Reading, node: yaml.Node, path: str) -> Any:
        found = entries(reading, node, path)
        given = {}
        for key, each in found.items():
            dotted = f"{path}.{key}".lstrip(".")
            if key in kinds:
                before = len(reading.problems)
                value = kinds[key](reading, each, dotted)
                if value is not None or len(reading.problems) == before:
                    given[key] = value
            elif not key.startswith(REUSED):
                reading.refuse(dotted, _unknown(key, tuple(kinds)))
        for key in required:
            if key not in found and isinstance(node, yaml.MappingNode):
                reading.refuse(f"{path}.{key}".lstrip("."), "is missing", line=node.start_mark.line + 1)
        return build(**given) if set(required) <= set(given) else None

    return read


def _has_no_default(each: Any) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _unknown(key: str, known: Sequence[str]) -> str:
    words = one_of(key, known)
    return words.replace(f"'{key}' is not one of", "is not a known key; known here:")
