"""Good protocols and the programs made of them; bad protocols and everything that is said about them."""

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest

from mainspring.language.compiler import compile_agent
from mainspring.language.explain import explain
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.program import Program
from tests.golden.protocol_folder import read_case

PROTOCOLS = Path(__file__).parent / "protocols"
OK = sorted(path for path in (PROTOCOLS / "ok").iterdir() if path.is_dir())
BAD = sorted(path for path in (PROTOCOLS / "bad").iterdir() if path.is_dir() or path.suffix == ".yaml")

Golden = Callable[[Path, str], None]


def lines(diagnostics: Iterable[Diagnostic]) -> str:
    """`file:line:col: message [code]`, then the path and the hint, if there are any."""
    text = ""
    for found in diagnostics:
        place = f"{found.span.file}:{found.span.line}:{found.span.column}" if found.span else "-"
        severity = "warning: " if found.severity == "warning" else ""
        text += f"{place}: {severity}{found.message} [{found.code}]\n"
        text += f"    at {found.path}\n" if found.path else ""
        text += f"    {found.hint}\n" if found.hint else ""
    return text


@pytest.fixture(scope="module")
def workers() -> dict[str, Program]:
    """The worker among the good protocols, and one agent that is none."""
    found: dict[str, Program] = {}
    for slug in ("research", "three-lines"):
        program = compile_agent(read_case(PROTOCOLS / "ok" / slug)[0]).program
        assert program is not None
        found[slug] = program
    return {"research": found["research"], "desk": found["three-lines"]}


@pytest.mark.parametrize("case", OK, ids=lambda path: path.name)
def test_a_good_protocol_compiles(case: Path, golden: Golden, workers: dict[str, Program]) -> None:
    source, told = read_case(case)
    compilation = compile_agent(source, workers=workers)
    assert lines(one for one in compilation.diagnostics if one.severity == "error") == ""
    assert compilation.program is not None
    assert told == []
    program = msgspec.json.format(msgspec.json.encode(compilation.program), indent=2).decode()
    golden(case / "program.json", program + "\n")
    golden(case / "complete.yaml", explain(compilation.program, source))
    if compilation.diagnostics:
        golden(case / "warnings.out", lines(compilation.diagnostics))


@pytest.mark.parametrize("case", BAD, ids=lambda path: path.stem)
def test_a_bad_protocol_is_told_why(case: Path, golden: Golden, workers: dict[str, Program]) -> None:
    source, told = read_case(case)
    compilation = compile_agent(source, workers=workers)
    only_warnings = {"no-user-message", "warnings"}
    assert (compilation.program is not None) == (case.stem in only_warnings)
    out = case / "diagnostics.out" if case.is_dir() else case.with_suffix(".out")
    golden(out, lines([*told, *compilation.diagnostics]))
