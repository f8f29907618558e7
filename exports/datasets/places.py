"""YAML with line numbers: every value knows its place, so that a refusal can name file, line and key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from portal.kit.yaml_nodes import compose, value_of

MOST_CHARACTERS = 5_000_000
DEEPEST = 40
MOST_VALUES = 500_000


@dataclass(frozen=True)
class Place:
    """Where something stands; line 0 means that it was not read from a file."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Notice:
    """Something in the file that is accepted and has no effect, or that its author should look at."""

    place: Place
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.key}: {self.reason}"


class DatasetError(Exception):
    """The dataset is refused; reads 'orders.yml:41: shop.orders.id.length: 0 is not a positive number'."""

    def __init__(self, place: Place, key: str, reason: str) -> None:
        self.place, self.key, self.reason = place, key, reason
        super().__init__(f"{place}: {key}: {reason}" if key else f"{place}: {reason}")


@dataclass
class Value:
    """A scalar, a list of values or a dict of values, with its line."""

    plain: Any
    line: int = 0


@dataclass
class At:
    """A value together with where it stands and what it is called; asks for typed children and refuses the rest."""

    value: Value
    file: str
    key: str
    notices: list[Notice] = field(default_factory=list)

    @property
    def place(self) -> Place:
        return Place(self.file, self.value.line)

    def refuse(self, reason: str) -> NoReturn:
        raise DatasetError(self.place, self.key, reason)

    def warn(self, reason: str) -> None:
        self.notices.append(Notice(self.place, self.key, reason))

    def named(self, key: str) -> At:
        return At(self.value, self.file, key, self.notices)

    def mapping(self) -> dict[str, Value]:
        if not isinstance(self.value.plain, dict):
            self.refuse("a mapping of keys is needed here")
        return self.value.plain

    def child(self, name: str) -> At | None:
        found = self.mapping().get(name)
        return None if found is None else At(found, self.file, f"{self.key}.{name}" if self.key else name, self.notices)

    def items(self, name: str) -> Iterator[At]:
        found = self.child(name)
        if found is None or found.value.plain is None:
            return
        if not isinstance(found.value.plain, list):
            found.refuse("a list is needed here")
        for item in found.value.plain:
            yield At(item, self.file, found.key, self.notices)

    def text(self, name: str) -> str:
        found = self.child(name)
        if found is None or found.value.plain is None:
            return ""
        if isinstance(found.value.plain, dict | list):
            found.refuse("a word is needed here")
        return str(found.value.plain)

    def flag(self, name: str) -> bool:
        found = self.child(name)
        if found is None or found.value.plain is None:
            return False
        if isinstance(found.value.plain, bool):
            return found.value.plain
        word = str(found.value.plain).lower()
        if word not in {"true", "false", "yes", "no", "1", "0"}:
            found.refuse(f"'{word}' is not true or false")
        return word in {"true", "yes", "1"}

    def texts(self, name: str) -> tuple[str, ...]:
        words = []
        for item in self.items(name):
            if isinstance(item.value.plain, dict | list) or item.value.plain is None:
                item.refuse("each entry must be a word")
            words.append(str(item.value.plain))
        return tuple(words)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        found = self.child(name)
        if found is None:
            return ""
        word = "null" if found.value.plain is None else str(found.value.plain)
        if word not in choices:
            found.refuse(f"'{word}' is not one of {', '.join(choices)}")
        return word

    def plain(self) -> Any:
        return plain(self.value)


def plain(value: Value) -> Any:
    """The value without its places."""
    if isinstance(value.plain, dict):
        return {key: plain(inner) for key, inner in value.plain.items()}
    return [plain(inner) for inner in value.plain] if isinstance(value.plain, list) else value.plain


def placed(stored: Any) -> Value:
    """A value that was stored as JSON, without lines."""
    if isinstance(stored, dict):
        return Value({str(key): placed(inner) for key, inner in stored.items()})
    return Value([placed(inner) for inner in stored] if isinstance(stored, list) else stored)


def parse(text: str, file: str) -> Value:
    """The YAML text with lines; duplicate keys, loops and monsters are refused."""
    if len(text) > MOST_CHARACTERS:
        raise DatasetError(Place(file), "", f"the file is longer than {MOST_CHARACTERS} characters")
    try:
        node = compose(text)
        return Value(None) if node is None else _Composer(file).value(node, depth=0)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise DatasetError(Place(file, line), "", f"this is not YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise DatasetError(Place(file), "", f"this is not YAML: {error}") from error


class _Composer:
    def __init__(self, file: str) -> None:
        self.file, self.left = file, MOST_VALUES

    def value(self, node: yaml.Node, *, depth: int) -> Value:
        line = node.start_mark.line + 1
        self.left -= 1
        if depth > DEEPEST or self.left < 0:
            raise DatasetError(Place(self.file, line), "", "the file is nested too deeply or repeats itself without end")
        if isinstance(node, yaml.MappingNode):
            return Value(self._mapping(node, depth=depth + 1), line)
        if isinstance(node, yaml.SequenceNode):
            return Value([self.value(inner, depth=depth + 1) for inner in node.value], line)
        return Value(value_of(node), line)

    def _mapping(self, node: yaml.MappingNode, *, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, inner in node.value:
            key = str(name.value)
            if key in found:
                raise DatasetError(Place(self.file, name.start_mark.line + 1), key, "this key is written twice")
            value = self.value(inner, depth=depth)
            found[key] = Value(value.plain, value.line if isinstance(inner, yaml.ScalarNode) else name.start_mark.line + 1)
        return found
