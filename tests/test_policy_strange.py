"""Whatever stands in organisation.yaml, the reader answers: with a policy or with reasons, never with a crash."""

import copy
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.organisations.policy import PolicyDocument, PolicyError, Problem, read_policy
from tests.policies import SMALL, written

pytestmark = pytest.mark.thorough


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value of a YAML document."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield from places(below, (*path, key))


PLACES = list(places(yaml.safe_load(SMALL)))[1:]
STRANGE = (None, "", 0, -1, 1.5, True, "unspecified", "x", "P1D", [], {}, [[]], [None], {"key": "x"}, {"when": "after"}, date(2026, 1, 1))


def put(document: Any, path: tuple[Any, ...], strange: Any) -> None:
    """Put something strange where the path leads, if it still leads anywhere."""
    try:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = strange
    except (KeyError, IndexError, TypeError):
        return


def read_or_problems(path: Path) -> PolicyDocument | tuple[Problem, ...]:
    try:
        return read_policy(path)
    except PolicyError as refusal:
        return refusal.problems


@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(STRANGE)), min_size=1, max_size=4))
@settings(deadline=None, max_examples=80)
def test_whatever_stands_in_the_file_is_read_or_refused_with_a_line(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[tuple[Any, ...], Any]]
) -> None:
    document = yaml.safe_load(SMALL)
    for path, strange in changes:
        put(document, path, copy.deepcopy(strange))

    read = read_or_problems(written(tmp_path_factory.mktemp("policy"), yaml.safe_dump(document)))

    if isinstance(read, PolicyDocument):
        assert PolicyDocument.from_json(read.to_json()) == read
    else:
        assert read
        assert all(problem.line > 0 and problem.reason for problem in read)


def test_a_file_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    (problem,) = read_or_problems(written(tmp_path, "a: " + "[" * 1_000_000))
    assert str(problem) == "organisation.yaml:1: is not YAML: nested too deeply"
