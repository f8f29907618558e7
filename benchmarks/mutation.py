"""How many small faults in the rules the tests of the rules would notice.

    python -m benchmarks.mutation [--sample 60] [--seed 1] [--minutes 20] [--only reckoning] [--json FILE]

A mutant is one module with one change: a comparison swapped, a number one too high, a condition turned round, `and` for `or`, plus for
minus, a statement left out. Each runs in a process of its own that sees the changed module instead of the file; no file is touched.
What a test run survives is printed with its line, to be explained or killed.
"""

import argparse
import ast
import importlib.abc
import importlib.machinery
import importlib.util
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType, ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "requests_app" / "rules"
# The rules are plain Python, so their tests run without Django, a database or anybody's fixtures; the one that needs a command is left out.
TESTS = ["tests/rules", "--ignore=tests/rules/test_deadline_command.py", "--noconftest", "-c", "/dev/null", "--rootdir", ".", "-x", "-q"]
TESTS += ["-p", "no:django", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--tb=no"]
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
}
LEFT_OUT = {"regimes_page", "worked", "__init__"}  # a page's words, and the comparison of worked cases itself
SECONDS = 180


@dataclass(frozen=True)
class Mutant:
    """One change of one module; `number` counts its possible changes in the order of the tree."""

    module: str
    number: int
    line: int
    change: str


class Changer(ast.NodeTransformer):
    """Walks a module, notes every possible change, and makes the one that is wanted."""

    def __init__(self, wanted: int = -1) -> None:
        self.wanted, self.found = wanted, list[tuple[int, str]]()

    def _is_wanted(self, node: ast.AST, change: str) -> bool:
        self.found.append((getattr(node, "lineno", 0), change))
        return len(self.found) - 1 == self.wanted

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Only what a function does is changed, not its signature or its docstring."""
        start = 1 if ast.get_docstring(node) is not None else 0
        node.body = node.body[:start] + [self._statement(one) for one in node.body[start:]]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return node

    def _statement(self, node: ast.stmt) -> ast.stmt:
        changed = self.visit(node)
        is_act = isinstance(node, ast.Raise | ast.AugAssign) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        if is_act and self._is_wanted(node, "left out: " + ast.unparse(node)[:60]):
            return ast.copy_location(ast.Pass(), node)
        return changed  # type: ignore[no-any-return]  # a statement stays one

    def visit_If(self, node: ast.If) -> ast.AST:
        node.test = self._turned(node.test)
        node.body = [self._statement(one) for one in node.body]
        node.orelse = [self._statement(one) for one in node.orelse]
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        node.test = self._turned(node.test)
        node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
        return node

    def _turned(self, test: ast.expr) -> ast.expr:
        shown = ast.unparse(test)[:60]
        changed = self.visit(test)
        return ast.UnaryOp(ast.Not(), changed) if self._is_wanted(test, "turned round: " + shown) else changed

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if self._is_wanted(node, "compared otherwise: " + ast.unparse(node)[:60]):
            node.ops[0] = SWAPS[type(node.ops[0])]()  # type: ignore[assignment]  # a comparison for a comparison
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        if self._is_wanted(node, "and/or: " + ast.unparse(node)[:60]):
            node.op = SWAPS[type(node.op)]()  # type: ignore[assignment]
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        is_sum = type(node.op) in SWAPS and not isinstance(node.left, ast.JoinedStr | ast.List)
        if is_sum and self._is_wanted(node, "reckoned otherwise: " + ast.unparse(node)[:60]):
            node.op = SWAPS[type(node.op)]()  # type: ignore[assignment]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if type(node.value) is int and self._is_wanted(node, f"one more than {node.value}"):
            return ast.copy_location(ast.Constant(node.value + 1), node)
        return node


def mutants() -> Iterator[Mutant]:
    """Every possible change of every module of the rules."""
    for path in sorted(RULES.glob("*.py")):
        if path.stem not in LEFT_OUT:
            changer = Changer()
            changer.visit(ast.parse(path.read_text()))
            yield from (Mutant(path.stem, number, line, change) for number, (line, change) in enumerate(changer.found))


class Changed(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Loads one module of the rules with one change."""

    def __init__(self, module: str, number: int) -> None:
        self.path, self.name, self.number = RULES / f"{module}.py", f"requests_app.rules.{module}", number

    def find_spec(self, fullname: str, path: object, target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self) if fullname == self.name else None  # type: ignore[arg-type]

    def get_source(self, fullname: str) -> str:
        return self.path.read_text()

    def get_code(self, fullname: str) -> CodeType:
        tree = Changer(self.number).visit(ast.parse(self.path.read_text()))
        return compile(ast.fix_missing_locations(tree), str(self.path), "exec")


def outcome_of(mutant: Mutant) -> str:
    """killed, survived, or unended: a run that does not end in its time proves nothing."""
    command = [sys.executable, "-m", "benchmarks.mutation", "--mutant", mutant.module, str(mutant.number)]
    try:
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "unended"
    return "survived" if ended.returncode == 0 else "killed"


def measured(chosen: Sequence[Mutant], minutes: float) -> Iterator[tuple[Mutant, str]]:
    """Each with its outcome, as long as there is time."""
    until = time.monotonic() + 60 * minutes
    for mutant in chosen:
        if time.monotonic() > until:
            return
        yield mutant, outcome_of(mutant)


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--sample", type=int, default=60)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--minutes", type=float, default=20)
    given.add_argument("--only", help="one module, like reckoning")
    given.add_argument("--json", type=Path)
    given.add_argument("--mutant", nargs=2, metavar=("MODULE", "NUMBER"), help="run the tests with this change and nothing else")
    options = given.parse_args()
    if options.mutant:
        sys.meta_path.insert(0, Changed(options.mutant[0], int(options.mutant[1])))
        return int(pytest.main(TESTS))
    every = [one for one in mutants() if options.only in (None, one.module)]
    chosen = random.Random(options.seed).sample(every, min(options.sample, len(every)))  # noqa: S311  (a sample, no secret)
    found = []
    for mutant, outcome in measured(chosen, options.minutes):
        found.append({**asdict(mutant), "outcome": outcome})
        print(f"{outcome:8} {mutant.module}.py:{mutant.line}  {mutant.change}", flush=True)
    killed = sum(one["outcome"] == "killed" for one in found)
    print(f"{killed} of {len(found)} killed, {len(every)} possible")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
