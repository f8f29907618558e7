"""Frozen dataclasses to JSON values and back, by their own type hints."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints


def to_plain(value: Any) -> Any:
    """The same value in dictionaries, lists and scalars that JSON can hold."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: to_plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def from_plain(kind: Any, value: Any) -> Any:
    """A value of the wanted kind, made from what `to_plain` wrote."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else from_plain(_the_other(kind), value)
    if origin is tuple:
        return _tuple(get_args(kind), value)
    if origin is not None and issubclass(origin, Mapping):
        return {key: from_plain(get_args(kind)[1], inner) for key, inner in value.items()}
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        unknown = sorted(set(value) - set(hints))
        if unknown:
            raise TypeError(f"{kind.__name__} has no {', '.join(unknown)}")
        return kind(**{name: from_plain(hints[name], inner) for name, inner in value.items()})
    return date.fromisoformat(value) if kind is date else value


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _the_other(union: Any) -> Any:
    return next(kind for kind in get_args(union) if kind is not type(None))


def _tuple(kinds: tuple[Any, ...], values: list[Any]) -> tuple[Any, ...]:
    if kinds[-1] is Ellipsis:
        return tuple(from_plain(kinds[0], value) for value in values)
    return tuple(from_plain(kind, value) for kind, value in zip(kinds, values, strict=True))
