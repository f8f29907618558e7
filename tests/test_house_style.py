"""What the machine can check of the house style: sizes, names, and where broad catches may stand."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES, FUNCTION_LINES, PARAMETERS, METHODS = 300, 40, 5, 15
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "manager", "managers", "service", "services", "handler", "handlers"}
VAGUE_NAMES = {"data", "info", "obj"}
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|NotImplemented" r"Error|pragma: no" r" cover)\b")
LEAVES_OUT = re.compile(r"pytest\.(mark\.)?(skip|skipif|importorskip|xfail)\b|unittest\.skip")
SOMEBODYS_MACHINE = re.compile(r"(?<![\w.])/(home|Users|work|root)/\w+")
# The framework's own words, where it calls us by name.
DJANGOS_WORDS = {"handler404", "handler403", "handler500", "StaffManager"}
# Each of these must wait until Django's settings or apps are ready.
IMPORTS_LATE = {"manage.py", "apps.py"}
Function = ast.FunctionDef | ast.AsyncFunctionDef
Import = ast.Import | ast.ImportFrom


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


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(tree(path)))


def functions(path: Path) -> Iterator[Function]:
    return (node for node in nodes(path) if isinstance(node, Function))


def classes(path: Path) -> Iterator[ast.ClassDef]:
    return (node for node in nodes(path) if isinstance(node, ast.ClassDef))


def offenders(files: Iterable[Path], offences: Callable[[Path], Iterable[object]]) -> list[str]:
    """Every place in these files that breaks a rule."""
    return [f"{named(path)}: {offence}" for path in files for offence in offences(path)]


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in PYTHON}
    assert not [f"{named(path)}: {lines} lines" for path, lines in lengths.items() if lines > FILE_LINES]


def test_functions_are_short() -> None:
    assert not offenders(PYTHON, lambda path: (f.name for f in functions(path) if (f.end_lineno or f.lineno) - f.lineno >= FUNCTION_LINES))


def test_functions_ask_for_few_things() -> None:
    assert not offenders(PYTHON, lambda path: (f.name for f in functions(path) if len(_parameters(f)) > PARAMETERS))


def test_classes_have_few_methods() -> None:
    assert not offenders(PYTHON, lambda path: (c.name for c in classes(path) if sum(isinstance(n, Function) for n in c.body) > METHODS))


def test_names_say_something() -> None:
    assert not offenders(PYTHON, _empty_names)


def test_signatures_are_typed() -> None:
    assert not offenders(PRODUCT, lambda path: (f.name for f in functions(path) if _is_untyped(f)))


def test_only_the_doors_of_the_worker_catch_everything() -> None:
    others = [path for path in PRODUCT if path.name != "tasks.py"]
    assert not offenders(others, lambda path: (n.lineno for n in nodes(path) if isinstance(n, ast.ExceptHandler) and _is_broad(n)))


def test_nothing_is_imported_half_way_down() -> None:
    others = [path for path in PRODUCT if path.name not in IMPORTS_LATE]
    assert not offenders(others, lambda path: (f.name for f in functions(path) for n in ast.walk(f) if isinstance(n, Import)))


def test_nothing_is_left_unfinished() -> None:
    assert not offenders(PYTHON, lambda path: UNFINISHED.findall(path.read_text()))


def test_no_test_is_left_out() -> None:
    others = [path for path in PYTHON if path != Path(__file__)]
    assert not offenders(others, lambda path: (found.group() for found in LEAVES_OUT.finditer(path.read_text())))


def test_no_file_knows_somebodys_machine() -> None:
    texts = tracked("*.py", "*.md", "*.html", "*.toml", "*.yaml", "*.yml", "*.txt", "start", "Makefile", ".ci/*")
    assert len(texts) > len(PYTHON)
    assert not offenders(texts, lambda path: (found.group() for found in SOMEBODYS_MACHINE.finditer(path.read_text())))


def _parameters(function: Function) -> list[ast.arg]:
    given = function.args
    named_ones = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    return named_ones[1:] if named_ones and named_ones[0].arg in {"self", "cls"} else named_ones


def _empty_names(path: Path) -> list[str]:
    defined = [node.name for node in nodes(path) if isinstance(node, Function | ast.ClassDef)]
    empty = [name for name in [path.stem, *defined] if _words(name) & EMPTY_WORDS and name not in DJANGOS_WORDS]
    return empty + [name for name in _chosen_names(path) if name in VAGUE_NAMES]


def _is_untyped(function: Function) -> bool:
    return function.returns is None or any(argument.annotation is None for argument in _parameters(function))


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
