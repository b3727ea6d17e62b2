"""Keeps the budgets: small files, short functions, few ways through them, few parameters."""

from collections.abc import Iterator

import pytest

from tests.architecture.sources import Module, complexity, functions, length, modules, parameters

FILE_LINES = 400
FUNCTION_LINES = 50
COMPLEXITY = 8
PARAMETERS = 6
# An option of a command is a parameter of its function.
COMMANDS = "src/mainspring/cli/commands/"


def overruns(module: Module) -> Iterator[str]:
    """Every place in `module` that is over a budget, as `path:line what`."""
    if module.lines > FILE_LINES:
        yield f"{module.path}: {module.lines} lines, {FILE_LINES} allowed"
    commands = module.path.as_posix().startswith(COMMANDS)
    for function in functions(module.tree):
        measured = (
            ("lines", length(function), FUNCTION_LINES),
            ("complexity", complexity(function), COMPLEXITY),
            ("parameters", 0 if commands else parameters(function), PARAMETERS),
        )
        for what, found, allowed in measured:
            if found > allowed:
                yield f"{module.path}:{function.lineno} {function.name}: {what} {found}, {allowed} allowed"


@pytest.mark.parametrize("folder", ["src", "tests", "scripts", "benchmarks", "examples"])
def test_everything_is_within_its_budget(folder: str) -> None:
    over = [place for module in modules(folder) for place in overruns(module)]
    assert not over, "\n".join(over)


def sample(text: str) -> list[str]:
    from pathlib import Path

    return [place.split(" ", 1)[1] for place in overruns(Module(Path("sample.py"), text))]


def test_a_long_file_is_over() -> None:
    assert sample("x = 1\n" * FILE_LINES) == []
    assert sample("x = 1\n" * (FILE_LINES + 1)) == ["401 lines, 400 allowed"]


def test_a_long_function_is_over_and_its_docstring_is_free() -> None:
    body = "    x = 1\n" * FUNCTION_LINES
    docstring = '    """First.\n\n    More.\n    """\n'
    assert sample("def f():\n" + docstring + body[:-10]) == []
    assert sample("def f():\n" + docstring + body) == ["f: lines 51, 50 allowed"]


def test_a_tangled_function_is_over() -> None:
    assert sample("def f(a):\n" + "    if a: pass\n" * 7) == []
    assert sample("async def f(a):\n" + "    if a: pass\n" * 8) == ["f: complexity 9, 8 allowed"]
    cases = "".join(f"        case {number}: pass\n" for number in range(8))
    assert sample("def f(a):\n    match a:\n" + cases) == ["f: complexity 9, 8 allowed"]
    assert sample("def f(a):\n    match a:\n" + cases.replace("case 7", "case _")) == []


def test_a_function_inside_counts_for_itself() -> None:
    inner = "    def g():\n" + "        while a: pass\n" * 8
    assert sample("def f(a):\n" + inner) == ["g: complexity 9, 8 allowed"]


def test_many_parameters_are_over_and_self_is_free() -> None:
    assert sample("def f(a, b, /, c, *, d, e, **f): pass\n") == []
    assert sample("def f(a, b, c, *d, e, f, **g): pass\n") == ["f: parameters 7, 6 allowed"]
    assert sample("class A:\n    def f(self, a, b, c, d, e, f): pass\n") == []
