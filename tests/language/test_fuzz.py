"""Throws everything at the compiler: no text makes it raise, and every complaint points into its file."""

import re
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mainspring.language.blocks.table import BLOCKS
from mainspring.language.compiler import Compilation, compile_agent
from mainspring.language.explain import explain
from mainspring.language.threads import AGENT
from mainspring.model.agents import AgentSource, ReferenceFile
from mainspring.model.diagnostics import has_errors
from mainspring.model.spans import Span
from tests.golden.protocol_folder import read_case
from tests.language.agents import agent

PROTOCOLS = Path(__file__).parents[1] / "golden" / "protocols"
GOOD = [read_case(path)[0] for path in sorted((PROTOCOLS / "ok").iterdir())]
BAD = [path.read_text() for path in sorted((PROTOCOLS / "bad").glob("*.yaml"))]
YAML_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
FORMATS = st.sampled_from(["interactive", "worker"])


def files_of(source: AgentSource) -> dict[str, list[str]]:
    files = {"protocol.yaml": YAML_BREAK.split(source.protocol), "settings.json": [""]}
    files |= {f"prompts/{prompt.name}.md": prompt.content.split("\n") for prompt in source.prompts}
    return files | {f"references/{one.name}.md": one.content.split("\n") for one in source.references}


def inside(span: Span, lines: list[str]) -> bool:
    """Whether both ends of a span are places in a text of these lines, its end included."""
    ends = ((span.line, span.column), (span.end_line, span.end_column))
    fits = all(1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1 for line, column in ends)
    return fits and ends[0] <= ends[1]


def check(source: AgentSource) -> Compilation:
    found = compile_agent(source)
    assert (found.program is None) == has_errors(found.diagnostics)
    files = files_of(source)
    for one in found.diagnostics:
        assert one.code
        assert one.message
        if one.span is not None and one.span.file in files:
            assert inside(one.span, files[one.span.file]), one
        msgspec.json.encode(one)
    if found.program is not None:
        msgspec.json.decode(msgspec.json.encode(found.program), type=type(found.program))
        explain(found.program, source)
    return found


@given(st.text(max_size=200), st.text(max_size=60), st.text(max_size=20), FORMATS)
def test_any_text(protocol: str, prompt: str, name: str, written: str) -> None:
    source = agent(
        protocol,
        prompts={"system": prompt, name: prompt},
        references=(ReferenceFile(name=name, description=prompt, content=prompt),),
    )
    check(replace(source, settings=replace(source.settings, format=written, slug=name)))


@given(st.text("ab:-[]{}&*!|>#'\"\n \t,?%@`x1~\\", max_size=120))
def test_any_punctuation(protocol: str) -> None:
    check(agent(protocol))


@st.composite
def damaged(draw: st.DrawFn, texts: list[str]) -> str:
    """A text with a few pieces cut, doubled, moved in from another text, or overwritten."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        other = draw(st.sampled_from(texts))
        at = draw(st.integers(0, len(other)))
        piece = draw(
            st.sampled_from(
                ["", text[start:end] * 2, other[at : at + 40], "\n", ": ", "[]", "{}", "null", "- ", "5"]
            )
            | st.text(max_size=5)
        )
        text = text[:start] + piece + text[end:]
    return text


@given(st.sampled_from(GOOD), damaged([source.protocol for source in GOOD]))
def test_damaged_good_protocols(source: AgentSource, protocol: str) -> None:
    check(replace(source, protocol=protocol))


@given(damaged(BAD), FORMATS)
def test_damaged_bad_protocols(protocol: str, written: str) -> None:
    source = agent(protocol)
    check(replace(source, settings=replace(source.settings, format=written)))


@given(st.data())
def test_damaged_prompts(data: st.DataObject) -> None:
    source = data.draw(st.sampled_from([source for source in GOOD if len(source.prompts) > 1]))
    texts = [prompt.content for prompt in source.prompts]
    prompts = tuple(replace(prompt, content=data.draw(damaged(texts))) for prompt in source.prompts)
    check(replace(source, prompts=prompts))


KEYS = [
    *(
        "input",
        "variables",
        "resources",
        "types",
        "tools",
        "skills",
        "onDemandSkills",
        "mcpServers",
        "workers",
    ),
    *(
        "onDemandMcpServers",
        "triggers",
        "handlers",
        "steps",
        "output",
        "user-message",
        "block",
        "role",
        "prompt",
    ),
    *(
        "type",
        "items",
        "anyOf",
        "discriminator",
        "enum",
        "const",
        "default",
        "optional",
        "description",
        "parameters",
    ),
    *(
        "thread",
        "worker",
        "tool",
        "resource",
        "value",
        "files",
        "uiContent",
        "responseType",
        "display",
        "A",
        "B",
        "T",
    ),
    *(
        "U",
        "Say",
        "x-y",
        "a",
        "source",
        "connection",
        "contextRetention",
        "toolResults",
        "retainLast",
        *AGENT,
    ),
]
SCALARS = (
    st.sampled_from(
        ["A", "B", "T", "U", "T[]", "string", "array", "system", "main", "openai/gpt-5", "a", *BLOCKS]
    )
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=40,
)
PARTS = (
    "input",
    "variables",
    "types",
    "tools",
    "agent",
    "triggers",
    "handlers",
    "steps",
    "workers",
    "mcpServers",
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(PARTS, TREES)), FORMATS)
def test_any_structure(tree: dict[str, object], written: str) -> None:
    source = agent(msgspec.json.encode(tree).decode())
    check(replace(source, settings=replace(source.settings, format=written)))


BLOCK = st.dictionaries(st.sampled_from(KEYS), TREES, max_size=4)
HANDLER = st.lists(st.tuples(st.sampled_from(list(BLOCKS)), BLOCK), max_size=4)


@given(HANDLER, FORMATS)
def test_any_blocks(blocks: list[tuple[str, dict[str, object]]], written: str) -> None:
    named = {f"B{index}": {**members, "block": kind} for index, (kind, members) in enumerate(blocks)}
    agent_part = {"model": "openai/gpt-5"}
    tree = (
        {"agent": agent_part, "handlers": {"user-message": named}}
        if written == "interactive"
        else {"steps": named}
    )
    source = agent(msgspec.json.encode({**tree, "types": {"T": {"a": {"type": "string"}}}}).decode())
    check(replace(source, settings=replace(source.settings, format=written)))
