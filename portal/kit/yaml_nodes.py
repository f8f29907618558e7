"""YAML text to nodes with line numbers, by the fast parser, and without its trap: on text nested without end it ends the process."""

from typing import Any

import yaml
from yaml.constructor import SafeConstructor

DEEPEST = 200
LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # compiled in every published wheel


def compose(text: str) -> yaml.Node | None:
    """The one document in the text, or None when there is none.

    Raises yaml.YAMLError, with a mark where there is a place: for text that is no YAML, for a second document, and for nesting
    deeper than `DEEPEST`.
    """
    _refuse_depth(text)
    node: yaml.Node | None = yaml.compose(text, Loader=LOADER)
    return node


def loaded(text: str) -> Any:
    """The plain content of a text of our own, which needs no line numbers and lays no traps."""
    return yaml.load(text, LOADER)  # noqa: S506  (a safe one)


def value_of(node: yaml.Node) -> object:
    """The plain value of a scalar: dates and numbers become such."""
    return SafeConstructor().construct_object(node)


def _refuse_depth(text: str) -> None:
    depth = 0
    event: Any  # the two parsers have a class of marks each
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.MarkedYAMLError(None, None, "nested too deeply", event.start_mark)
