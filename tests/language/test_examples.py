"""Checks the agents that are shipped: they compile without a word, and their scripts and tools fit them."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from mainspring.engine.inputs import check_arguments, check_values
from mainspring.language.compiler import compile_agent
from mainspring.language.json_schema import protocol_schema
from mainspring.language.render import render_text
from mainspring.model.program import Declared, Program, TypeRef
from mainspring.providers.script import Call, Data
from mainspring.providers.script_reader import load_script
from mainspring.storage.agent_folder import read_agent_folder
from tests.language.schema_reader import problems

ROOT = Path(__file__).resolve().parents[2]
CLI = ROOT / "src" / "mainspring" / "cli"
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/protocol.yaml"))
AGENTS = [*EXAMPLES, CLI / "templates", CLI / "demo" / "support"]

each_agent = pytest.mark.parametrize("folder", AGENTS, ids=lambda folder: folder.name)
SAMPLES: dict[str, Any] = {
    "get-user-account": {"userId": "user-1"},
    "search-docs": {"query": "export a board"},
    "create-support-ticket": {"summary": "x", "priority": "low"},
    "search-archive": {"query": "clocks"},
    "read-article": {"id": "a-7"},
    "get-order": {"orderId": "17"},
}


def program(folder: Path) -> Program:
    read = read_agent_folder(folder)
    assert read.source is not None, render_text(read.diagnostics, read.texts)
    compilation = compile_agent(read.source)
    assert compilation.program is not None, render_text(compilation.diagnostics, read.texts)
    return compilation.program


def pieces(folder: Path) -> list[Any]:
    script = load_script((folder / "script.yaml").read_text(), "script.yaml")
    turns = [*script.turns, *([] if script.default is None else [script.default])]
    return [piece for turn in turns for piece in turn.pieces]


def test_there_are_examples() -> None:
    assert {path.name for path in EXAMPLES} >= {"support-chat", "research-brief", "invoice-extract"}


@each_agent
def test_an_agent_compiles_without_a_word(folder: Path) -> None:
    read = read_agent_folder(folder)
    assert read.source is not None
    found = [*read.diagnostics, *compile_agent(read.source).diagnostics]
    assert render_text(found, read.texts) == ""


@each_agent
def test_an_agent_fits_the_schema(folder: Path) -> None:
    import yaml

    schema = protocol_schema()
    assert problems(yaml.safe_load((folder / "protocol.yaml").read_text()), schema, schema) == []


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example_names_the_schema_for_editors(folder: Path) -> None:
    first = (folder / "protocol.yaml").read_text().split("\n", 1)[0]
    path = first.removeprefix("# yaml-language-server: $schema=")
    assert (folder / path).resolve() == ROOT / "src/mainspring/language/schema/protocol.schema.json"
    assert (folder / "README.md").is_file()


@each_agent
def test_a_script_calls_tools_that_are_there(folder: Path) -> None:
    compiled = program(folder)
    for piece in pieces(folder):
        if not isinstance(piece, Call) or piece.name.startswith("octavus_"):
            continue
        assert check_arguments(compiled.tools[piece.name], compiled, piece.args) == []
        assert set(piece.args) <= set(compiled.tools[piece.name].parameters)


@each_agent
def test_the_tools_are_those_of_the_protocol(folder: Path) -> None:
    compiled = program(folder)
    if not compiled.tools:
        assert not (folder / "tools.py").exists()
        return
    tools = runpy.run_path(str(folder / "tools.py"))["TOOLS"]
    assert set(tools) == set(compiled.tools)
    for name, tool in tools.items():
        assert check_arguments(compiled.tools[name], compiled, SAMPLES[name]) == []
        assert isinstance(tool(SAMPLES[name]), dict)


def test_a_tool_tells_what_it_does_not_know() -> None:
    for example, tool, args in (
        ("support-chat", "get-user-account", {"userId": "nobody"}),
        ("research-brief", "read-article", {"id": "nothing"}),
    ):
        with pytest.raises(LookupError, match="there is no"):
            runpy.run_path(str(ROOT / "examples" / example / "tools.py"))["TOOLS"][tool](args)


def test_the_scripted_answers_have_the_type_they_should() -> None:
    folder = ROOT / "examples" / "invoice-extract"
    compiled = program(folder)
    declared = {"A": Declared(name="A", type=TypeRef(name="Extract"))}
    answers = [piece.value for piece in pieces(folder) if isinstance(piece, Data)]
    assert len(answers) == 2
    for answer in answers:
        assert check_values(compiled, declared, {"A": answer}, where="answer")[1] == []
