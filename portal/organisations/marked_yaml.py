"""YAML read with its line numbers, so that every problem can say where it is; all problems are collected, not only the first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from portal.kit.yaml_nodes import compose, value_of

TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file, with the place and the reason."""

    file: str
    line: int
    key: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: "
        return f"{where}{self.key}: {self.reason}" if self.key else f"{where}{self.reason}"


class PolicyError(Exception):
    """A file of an organisation was refused. `problems` holds all reasons; the attributes are those of the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
        self.file, self.line = problems[0].file, problems[0].line
        self.key, self.reason = problems[0].key, problems[0].reason


@dataclass
class Reading:
    """One file while it is read: the problems found, and the line of every key seen."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def refuse(self, key: str, reason: str, *, line: int | None = None) -> None:
        self.problems.append(Problem(self.file, line or self.line_of(key), key, reason))

    def line_of(self, key: str) -> int:
        """The line of a key, or of its nearest parent that was seen."""
        while key and key not in self.lines:
            key = key.rpartition(".")[0]
        return self.lines.get(key, 1)

    def finish(self) -> None:
        """Raise everything found, in the order of the file."""
        if self.problems:
            raise PolicyError(self.in_order())

    def in_order(self) -> list[Problem]:
        """The problems by their lines."""
        return sorted(self.problems, key=lambda problem: problem.line)


Kind = Callable[[Reading, yaml.Node, str], Any]


def read_yaml(path: Path) -> tuple[Reading, yaml.Node]:
    """The file as nodes with marks; a file that is missing, empty or no YAML is refused here."""
    reading = Reading(path.name)
    try:
        node = compose(path.read_text(encoding="utf-8"))
    except OSError as error:
        reading.refuse("", f"cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        reading.refuse("", "is not UTF-8 text")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reading.refuse("", f"is not YAML: {error.problem or error.context}", line=mark.line + 1 if mark else 1)
    except yaml.YAMLError as error:
        reading.refuse("", f"is not YAML: {str(error).splitlines()[0]}")
    else:
        if node is not None:
            return reading, node
        reading.refuse("", "is empty")
    raise PolicyError(reading.problems)


def scalar(node: yaml.Node) -> Any:
    """The plain value of a scalar node (dates and numbers become such), or the node's kind in words if it is none."""
    return value_of(node) if isinstance(node, yaml.ScalarNode) else None


def shown(node: yaml.Node) -> str:
    """A value as it may stand in an error: short, in quotes, never a whole block."""
    if isinstance(node, yaml.MappingNode):
        return "a group of keys"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    text = str(node.value)
    return f"'{text}'" if len(text) <= 60 else f"'{text[:57]}…'"


def one_of(word: str, choices: Sequence[str]) -> str:
    """The reason why a word is not among the choices, with the nearest one if there is any."""
    near = get_close_matches(word, choices, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"'{word}' is not one of {', '.join(choices)}{hint}"


def entries(reading: Reading, node: yaml.Node, path: str) -> Mapping[str, yaml.Node]:
    """The keys of a mapping with their nodes; a key written twice is refused."""
    found: dict[str, yaml.Node] = {}
    if not isinstance(node, yaml.MappingNode):
        reading.refuse(path, f"must be a group of keys, not {shown(node)}", line=node.start_mark.line + 1)
        return found
    for key_node, value_node in node.value:
        key = str(key_node.value)
        dotted, line = f"{path}.{key}".lstrip("."), key_node.start_mark.line + 1
        if key in found:
            reading.refuse(dotted, f"stands here for the second time, first in line {reading.line_of(dotted)}", line=line)
            continue
        reading.lines[dotted], found[key] = line, value_node
    return found


def items(reading: Reading, node: yaml.Node, path: str) -> Sequence[tuple[str, yaml.Node]]:
    """The entries of a list, each with its dotted path."""
    if not isinstance(node, yaml.SequenceNode):
        reading.refuse(path, f"must be a list, not {shown(node)}")
        return ()
    for number, each in enumerate(node.value):
        reading.lines[f"{path}.{number}"] = each.start_mark.line + 1
    return [(f"{path}.{number}", each) for number, each in enumerate(node.value)]
