"""Keeps the manners that no linter knows: names, docstrings, quiet imports, explicit tables, no mocks."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import Module, modules

BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
INIT_LINES = 40
QUIET = (
    ast.Import
    | ast.ImportFrom
    | ast.FunctionDef
    | ast.AsyncFunctionDef
    | ast.ClassDef
    | ast.AnnAssign
    | ast.Pass
)
IMPORTS = ast.Import | ast.ImportFrom
REGISTERS = ("register", "route", "subscribe", "on_event")
# Pieced together, so that this file does not find itself.
UNFINISHED = tuple("".join(pair) for pair in (("TO", "DO"), ("FIX", "ME"), ("X", "XX"), ("HA", "CK")))

Rule = Callable[[Module], Iterator[str]]


def is_docstring(node: ast.stmt) -> bool:
    """Whether `node` is a bare string: a docstring, of a module or of the name above it."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def banned_names(module: Module) -> Iterator[str]:
    """A module is named for what it owns."""
    if BANNED_NAMES & {module.path.stem, module.path.parent.name}:
        yield "names nothing it owns"


def missing_docstring(module: Module) -> Iterator[str]:
    """The first sentence of a module says what it owns."""
    docstring = ast.get_docstring(module.tree)
    if not docstring:
        yield "has no docstring"
    elif (
        not docstring.splitlines()[0].rstrip().endswith((".", ":", "?", "!", ",", ";"))
        and "." not in docstring
    ):
        yield "its docstring has no first sentence"


def full_init(module: Module) -> Iterator[str]:
    """A package's `__init__` says what the package is and what it exports: no code."""
    if module.path.name != "__init__.py":
        return
    if module.lines > INIT_LINES:
        yield f"{module.lines} lines in an __init__, {INIT_LINES} allowed"
    for node in module.tree.body:
        if not (isinstance(node, IMPORTS | ast.Assign) or is_docstring(node)):
            yield f"line {node.lineno}: code in an __init__"


def is_guard(node: ast.stmt) -> bool:
    """Whether `node` is `if TYPE_CHECKING:`, `if __name__ == ...`, or an import with a fallback."""
    if isinstance(node, ast.If):
        return any(name in ast.unparse(node.test) for name in ("TYPE_CHECKING", "__name__", "sys."))
    if isinstance(node, ast.Try):
        return all(isinstance(part, IMPORTS | ast.Assign) for part in node.body)
    return False


def is_quiet(node: ast.stmt) -> bool:
    """Whether running `node` on import changes nothing but this module's own names."""
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Name | ast.Tuple) for target in node.targets)
    return (
        isinstance(node, QUIET) or is_docstring(node) or is_guard(node) or type(node).__name__ == "TypeAlias"
    )


def import_side_effects(module: Module) -> Iterator[str]:
    """Importing a module defines names and does nothing else."""
    for node in module.tree.body:
        if not is_quiet(node):
            yield f"line {node.lineno}: does something on import"


def registering_decorators(module: Module) -> Iterator[str]:
    """Tables are explicit: nothing enters one by being decorated."""
    for node in ast.walk(module.tree):
        for decorator in getattr(node, "decorator_list", ()):
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            last = ast.unparse(called).rpartition(".")[2]
            if last.startswith(REGISTERS):
                yield f"line {decorator.lineno}: @{last} registers; write the line into the table"


def unfinished(module: Module) -> Iterator[str]:
    """What is not done is not in the tree."""
    for number, line in enumerate(module.text.splitlines(), 1):
        if any(word in line.replace(":", " ").replace("(", " ").split() for word in UNFINISHED):
            yield f"line {number}: unfinished"


def mocks(module: Module) -> Iterator[str]:
    """A fake is a small real implementation of a port."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import) and any("mock" in alias.name.split(".") for alias in node.names):
            yield f"line {node.lineno}: imports a mock"
        if isinstance(node, ast.ImportFrom) and "mock" in (
            *(node.module or "").split("."),
            *(alias.name for alias in node.names),
        ):
            yield f"line {node.lineno}: imports a mock"


OF_THE_PACKAGE: tuple[Rule, ...] = (full_init, import_side_effects, registering_decorators)
OF_EVERYTHING: tuple[Rule, ...] = (banned_names, missing_docstring, unfinished, mocks)


def broken(rule: Rule, *folders: str) -> list[str]:
    return [f"{module.path}: {complaint}" for module in modules(*folders) for complaint in rule(module)]


@pytest.mark.parametrize("rule", OF_THE_PACKAGE)
def test_the_package_keeps(rule: Rule) -> None:
    found = broken(rule, "src")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("rule", OF_EVERYTHING)
def test_every_file_keeps(rule: Rule) -> None:
    found = broken(rule, "src", "tests", "scripts", "benchmarks", "examples")
    assert not found, "\n".join(found)


GOOD = '"""Owns a thing."""\nimport os\nA, B = 1, 2\nC: int = 3\n"""What C is."""\nif os.TYPE_CHECKING:\n    import x\n'

BAD = [
    (banned_names, "src/mainspring/engine/utils.py", ""),
    (banned_names, "src/mainspring/common/x.py", ""),
    (missing_docstring, "x.py", "import os\n"),
    (missing_docstring, "x.py", '"""helpers"""\n'),
    (full_init, "a/__init__.py", '"""A."""\n\ndef f(): ...\n'),
    (full_init, "a/__init__.py", "A = 1\n" * 41),
    (import_side_effects, "x.py", "TABLE = {}\nTABLE['x'] = 1\n"),
    (import_side_effects, "x.py", "print('hello')\n"),
    (import_side_effects, "x.py", "for a in b: pass\n"),
    (registering_decorators, "x.py", "@blocks.register('x')\ndef f(): ...\n"),
    (registering_decorators, "x.py", "@register_block\nclass A: ...\n"),
    (unfinished, "x.py", f"# {UNFINISHED[0]}: later\n"),
    (mocks, "x.py", "from unittest import mock\n"),
    (mocks, "x.py", "import unittest.mock\n"),
    (mocks, "x.py", "from unittest.mock import Mock\n"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BAD)
def test_a_bad_sample_is_found(rule: Rule, path: str, text: str) -> None:
    assert len(list(rule(Module(Path(path), text)))) == 1


@pytest.mark.parametrize("rule", [*OF_THE_PACKAGE, *OF_EVERYTHING])
def test_a_good_sample_passes(rule: Rule) -> None:
    assert list(rule(Module(Path("src/mainspring/engine/decide.py"), GOOD))) == []
