"""Checks the complete form of a protocol: marked where it is assumed, and the same program when read again."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mainspring.language.compiler import compile_agent
from mainspring.language.emit import MARK, mapping_lines
from mainspring.language.explain import explain
from mainspring.language.reader import read_yaml
from mainspring.language.syntax import plain
from mainspring.model.program import Block, Operand, Program
from tests.golden.protocol_folder import read_case
from tests.language.agents import AGENT, agent, compiled

OK = sorted((Path(__file__).parents[1] / "golden" / "protocols" / "ok").iterdir())


def settled(program: Program) -> Program:
    """A program without what may differ when the same is written out: its version, and what was assumed."""

    def blocks(found: tuple[Block, ...]) -> tuple[Block, ...]:
        return tuple(replace(block, assumed=False) for block in found)

    settings = program.agent
    if settings is not None and settings.agentic and settings.max_steps is None:
        settings = replace(settings, max_steps=Operand(literal=10))
    return replace(
        program,
        hash="",
        agent=settings,
        triggers={name: replace(trigger, assumed=False) for name, trigger in program.triggers.items()},
        handlers={name: blocks(found) for name, found in program.handlers.items()},
        steps=blocks(program.steps),
    )


@pytest.mark.parametrize("case", OK, ids=lambda path: path.name)
def test_the_complete_form_is_the_same_program(case: Path) -> None:
    source = read_case(case)[0]
    program = compiled(source)
    complete = explain(program, source)
    again = compile_agent(replace(source, protocol=complete))
    assert again.program is not None, again.diagnostics
    assert settled(again.program) == settled(program)
    assert MARK not in explain(again.program, replace(source, protocol=complete)).partition("\n")[2]


def test_what_is_assumed_is_marked() -> None:
    source = agent("# mine\n" + AGENT)
    lines = explain(compiled(source), source).splitlines()
    assert "  model: openai/gpt-5" in lines
    assert "  system: system  # assumed" in lines
    assert "handlers:  # assumed" in lines
    assert lines[0].startswith("# The agent small, version ")


def test_a_message_of_another_variable_and_kept_members() -> None:
    source = agent(
        "variables: { WORDS: { type: string } }\n" + AGENT + "handlers:\n  user-message:\n"
        "    Add: { block: add-message, role: user, prompt: user-message, input: { USER_MESSAGE: WORDS } }\n"
        "    Wait:\n"
    )
    text = explain(compiled(source), source)
    assert "        USER_MESSAGE: WORDS\n" in text
    assert "      block: next-message  # assumed\n" in text


def test_a_handler_left_empty_is_filled_in() -> None:
    source = agent(AGENT + "handlers:\n  user-message:\n")
    text = explain(compiled(source), source)
    assert "handlers:\n  user-message:\n    Add user message:  # assumed\n" in text


def test_media_blocks_are_kept_as_written() -> None:
    from mainspring.model.program import GenerateMedia

    block = GenerateMedia(
        name="Draw", index=0, display="description", kind="generate-image", members={"prompt": "WHAT"}
    )
    program = replace(compiled(AGENT), handlers={"user-message": (block,)})
    text = explain(program, agent())
    assert "    Draw:\n      block: generate-image\n      display: description\n      prompt: WHAT\n" in text


def test_a_protocol_that_cannot_be_read_is_assumed_whole() -> None:
    text = explain(compiled(AGENT), agent(""))
    assert text.count(MARK) == 3


WORDS = st.text(max_size=12) | st.sampled_from(
    ["true", "~", "1", "no", "a b", " a", "a ", "[x]", "x: y", "#", "\x85", "\ufeff"]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)


def storable(value: object) -> bool:
    return "\\u0000" not in msgspec.json.encode(value).decode()


@given(st.dictionaries(WORDS, VALUES, max_size=4).filter(storable))
def test_what_is_written_out_is_read_as_it_was(value: dict[str, object]) -> None:
    text = "\n".join(mapping_lines(value, value))
    node, found = read_yaml(text, "x.yaml")
    assert found == []
    assert ({} if node is None else plain(node)) == value
    assert MARK not in text or "assumed" in str(value)
