"""Groups of names that lead to each other (strongly connected components), each group after those that lead into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def rings(names: Iterable[str], sources: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Tarjan's algorithm without recursion. `sources[name]` leads into `name`; the result has sources first."""
    order = {name: number for number, name in enumerate(names)}
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []
    for start in order:
        if start not in number:
            _descend(start, order, sources, (number, low, stack, found))
    return found


State = tuple[dict[str, int], dict[str, int], list[str], list[list[str]]]


def _descend(start: str, order: Mapping[str, int], sources: Mapping[str, Iterable[str]], state: State) -> None:
    number, low, stack, found = state
    work = [(start, iter(_known(start, order, sources)))]
    number[start] = low[start] = len(number)
    stack.append(start)
    while work:
        name, rest = work[-1]
        following = next(rest, None)
        if following is None:
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[name])
            if low[name] == number[name]:
                found.append(_unwind(name, stack, order))
        elif following not in number:
            number[following] = low[following] = len(number)
            stack.append(following)
            work.append((following, iter(_known(following, order, sources))))
        elif following in stack:
            low[name] = min(low[name], number[following])


def _known(name: str, order: Mapping[str, int], sources: Mapping[str, Iterable[str]]) -> list[str]:
    return sorted((one for one in sources.get(name, ()) if one in order), key=order.__getitem__)


def _unwind(name: str, stack: list[str], order: Mapping[str, int]) -> list[str]:
    at = stack.index(name)
    ring, stack[at:] = stack[at:], []
    return sorted(ring, key=order.__getitem__)
