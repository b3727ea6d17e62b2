"""Finds the project's Python files and measures them by their syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "mainspring"

Function = ast.FunctionDef | ast.AsyncFunctionDef
DECISIONS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler)


@dataclass(frozen=True)
class Module:
    """A Python file: where it is (relative to the root), its text and its tree."""

    path: Path
    text: str

    @property
    def tree(self) -> ast.Module:
        """The syntax tree; parsed once a file."""
        return parse(self.text)

    @property
    def lines(self) -> int:
        """How many lines the file has."""
        return self.text.count("\n")


@cache
def parse(text: str) -> ast.Module:
    """The tree of `text`."""
    return ast.parse(text)


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every Python file under `folders` of the root, in order of name."""
    return tuple(
        Module(path.relative_to(ROOT), path.read_text())
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "node_modules" not in path.parts
    )


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function and method in `tree`, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines from `def` to the end, less the docstring."""
    assert function.end_lineno is not None
    total = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is None or first.end_lineno is None:
        return total
    return total - (first.end_lineno - first.lineno + 1)


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """The nodes of `function` without those of functions defined inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function):
            waiting += ast.iter_child_nodes(node)


def complexity(function: Function) -> int:
    """Ways through `function`: one, and one more for each decision."""
    found = 1
    for node in own_nodes(function):
        if isinstance(node, DECISIONS):
            found += 1
        elif isinstance(node, ast.Match):
            found += sum(not is_wildcard(case) for case in node.cases)
    return found


def is_wildcard(case: ast.match_case) -> bool:
    """Whether `case` takes whatever is left."""
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def parameters(function: Function) -> int:
    """How many things a caller may pass; `self` and `cls` are not passed."""
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args)]
    bound = names[:1] in (["self"], ["cls"])
    return len(names) - bound + len(given.kwonlyargs) + bool(given.vararg) + bool(given.kwarg)
