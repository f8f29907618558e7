"""Every small fault that can be put into the rules, one at a time, and how a module is loaded with it. No file is touched."""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

RULES = Path(__file__).resolve().parent.parent / "requests_app" / "rules"
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
    names = [*(path.stem for path in RULES.glob("*.py")), *(path.parent.name for path in RULES.glob("*/__init__.py"))]
    for name in sorted(set(names) - LEFT_OUT):
        changer = Changer()
        changer.visit(ast.parse(path_of(name).read_text()))
        yield from (Mutant(name, number, line, change) for number, (line, change) in enumerate(changer.found))


def path_of(module: str) -> Path:
    """The file of a module of the rules, or of a package of them."""
    package = RULES / module / "__init__.py"
    return package if package.exists() else RULES / f"{module}.py"


class Changed(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Loads one module of the rules with one change."""

    def __init__(self, module: str, number: int) -> None:
        super().__init__(f"requests_app.rules.{module}", str(path_of(module)))
        self.number = number

    def find_spec(self, fullname: str, path: object, target: ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        """Only the one module is found here."""
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self) if fullname == self.name else None

    def get_code(self, fullname: str) -> CodeType:
        """The changed tree, compiled."""
        tree = Changer(self.number).visit(ast.parse(Path(self.path).read_text()))
        return compile(ast.fix_missing_locations(tree), self.path, "exec")
