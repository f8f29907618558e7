"""Filters of the desk's forms."""

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def chosen(held: Any, value: Any) -> bool:
    """Whether this choice is the one that the field holds."""
    if isinstance(held, list | tuple):
        return str(value) in {str(one) for one in held}
    return str(held if held is not None else "") == str(value)


@register.filter
def reach(hints: Any, value: Any) -> str:
    """The line under a choice, if there is one."""
    return str(hints.get(str(value), "")) if isinstance(hints, Mapping) else ""
