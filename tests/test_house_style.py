"""What the machine can check of the house style: sizes, names, and where broad catches may stand."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES, FUNCTION_LINES, PARAMETERS, METHODS = 300, 40, 5, 15
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "manager", "managers", "service", "services", "handler", "handlers"}
VAGUE_NAMES = {"data", "info", "obj"}
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|NotImplemented" r"Error|pragma: no" r" cover)\b")
LEAVES_OUT = re.compile(r"pytest\.(mark\.)?(skip|skipif|importorskip|xfail)\b|unittest\.skip")
SOMEBODYS_MACHINE = re.compile(r"(?<![\w.])/(home|Users|work|root)/\w+")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def tracked(*patterns: str) -> list[Path]:
    """Files of the repository, and those about to be added to it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for path in (ROOT / name for name in listed) if path.is_file()]


PYTHON = [path for path in tracked("*.py") if "migrations" not in path.parts]
PRODUCT = [path for path in PYTHON if "tests" not in path.parts]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=named(path))


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def classes(path: Path) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef))


each_file = pytest.mark.parametrize("path", PYTHON, ids=named)
each_product_file = pytest.mark.parametrize("path", PRODUCT, ids=named)


@each_file
def test_a_file_is_short(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= FILE_LINES, f"{named(path)} has {lines} lines"


@each_file
def test_a_function_is_short(path: Path) -> None:
    long = [f"{f.name}:{f.lineno}" for f in functions(path) if (f.end_lineno or f.lineno) - f.lineno + 1 > FUNCTION_LINES]
    assert not long


@each_file
def test_a_function_asks_for_few_things(path: Path) -> None:
    greedy = [f"{f.name}:{f.lineno}" for f in functions(path) if len(_parameters(f)) > PARAMETERS]
    assert not greedy


@each_file
def test_a_class_has_few_methods(path: Path) -> None:
    large = [c.name for c in classes(path) if sum(isinstance(node, Function) for node in c.body) > METHODS]
    assert not large


@each_file
def test_names_say_something(path: Path) -> None:
    defined = [node.name for node in ast.walk(tree(path)) if isinstance(node, Function | ast.ClassDef)]
    empty = [name for name in [path.stem, *defined] if _words(name) & EMPTY_WORDS and name not in DJANGOS_WORDS]
    vague = [name for name in _chosen_names(path) if name in VAGUE_NAMES]
    assert not empty + vague


# The framework's own words, where it calls us by name.
DJANGOS_WORDS = {"handler404", "handler403", "handler500", "StaffManager", "test_names_say_something"}


@each_product_file
def test_signatures_are_typed(path: Path) -> None:
    untyped = [f"{f.name}:{f.lineno}" for f in functions(path) if f.returns is None or any(a.annotation is None for a in _parameters(f))]
    assert not untyped


@each_product_file
def test_only_the_doors_of_the_worker_catch_everything(path: Path) -> None:
    broad = [node.lineno for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler) and _is_broad(node)]
    assert path.name == "tasks.py" or not broad, f"{named(path)}:{broad}"


@each_product_file
def test_nothing_is_imported_half_way_down(path: Path) -> None:
    inner = [f"{f.name}:{node.lineno}" for f in functions(path) for node in ast.walk(f) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert path.name in IMPORTS_LATE or not inner, inner


# Each of these must wait until Django's settings or apps are ready.
IMPORTS_LATE = {"manage.py", "apps.py"}


@each_file
def test_nothing_is_left_unfinished_or_left_out(path: Path) -> None:
    text = path.read_text()
    assert not UNFINISHED.search(text)
    assert not LEAVES_OUT.search(text) or path.name == "test_house_style.py"


@pytest.mark.parametrize(
    "path", tracked("*.py", "*.md", "*.html", "*.toml", "*.yaml", "*.yml", "*.txt", "start", "Makefile", ".ci/*"), ids=named
)
def test_no_file_knows_somebodys_machine(path: Path) -> None:
    assert not SOMEBODYS_MACHINE.search(path.read_text())


def _parameters(function: Function) -> list[ast.arg]:
    given = function.args
    named_ones = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    return named_ones[1:] if named_ones and named_ones[0].arg in {"self", "cls"} else named_ones


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def _chosen_names(path: Path) -> Iterator[str]:
    """Names that functions give to their parameters and variables."""
    for function in functions(path):
        if not _is_override(function):
            yield from (argument.arg for argument in _parameters(function))
        yield from (node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))


def _is_override(function: Function) -> bool:
    """A method may have to take the name that its framework passes by keyword."""
    return function.name in {"save", "form_valid", "clean", "write", "readinto", "__init__"}


def _is_broad(caught: ast.ExceptHandler) -> bool:
    kinds = caught.type.elts if isinstance(caught.type, ast.Tuple) else [caught.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}) for kind in kinds)
