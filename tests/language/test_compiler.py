"""Checks the compiler: its entry, what is assumed, places of complaints, and that nothing is unbounded."""

import time  # noqa: TID251 - how long a refusal takes is tested

import pytest
from msgspec.structs import replace

from mainspring.language.compiler import compile_agent
from mainspring.language.fingerprint import fingerprint
from mainspring.language.report import HINTED, MOST, Report
from mainspring.language.unit import SCHEMA_ROOM
from mainspring.model.agents import AgentSettings, PromptFile, ReferenceFile
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.program import (
    AddMessage,
    Declared,
    NextMessage,
    Operand,
    Program,
    StartThread,
    TypeRef,
)
from mainspring.model.spans import Span
from tests.language.agents import AGENT, agent, compiled, messages, told


def user_message(program: Program) -> list[object]:
    return list(program.handlers["user-message"])


# ---------------------------------------------------------------- conventions


def test_one_line_is_an_agent() -> None:
    program = compiled(AGENT)
    trigger = program.triggers["user-message"]
    assert trigger.assumed
    assert trigger.input == {"USER_MESSAGE": Declared(name="USER_MESSAGE", type=TypeRef(name="string"))}
    add, respond = program.handlers["user-message"]
    assert add == AddMessage(
        name="Add user message",
        index=0,
        display="hidden",
        assumed=True,
        role="user",
        prompt=None,
        text_variable="USER_MESSAGE",
    )
    assert respond == NextMessage(name="Respond", index=1, display="stream", assumed=True)
    assert program.agent is not None
    assert program.agent.system == "system"


def test_a_prompt_file_for_user_messages_is_used() -> None:
    prompts = {"system": "x", "user-message": "{{USER_MESSAGE}} {{COMPANY}} {{NOWHERE}}"}
    source = agent("input: { COMPANY: { type: string } }\n" + AGENT, prompts=prompts)
    add = compiled(source).handlers["user-message"][0]
    assert isinstance(add, AddMessage)
    assert add.prompt == "user-message"
    assert add.text_variable is None
    assert add.input == {"USER_MESSAGE": "USER_MESSAGE", "COMPANY": "COMPANY"}


@pytest.mark.parametrize(
    ("mapping", "variable"),
    [
        ("", "USER_MESSAGE"),
        (", input: [USER_MESSAGE]", "USER_MESSAGE"),
        (", input: { USER_MESSAGE: WORDS }", "WORDS"),
    ],
)
def test_the_prompt_user_message_needs_no_file(mapping: str, variable: str) -> None:
    handler = f"    Add: {{ block: add-message, role: user, prompt: user-message{mapping} }}\n    Respond:\n"
    program = compiled(
        f"variables: {{ WORDS: {{ type: string }} }}\n{AGENT}handlers:\n  user-message:\n{handler}"
    )
    add, respond = program.handlers["user-message"]
    assert isinstance(add, AddMessage)
    assert (add.prompt, add.text_variable, add.assumed) == (None, variable, False)
    assert isinstance(respond, NextMessage)


def test_a_mapping_without_the_message_needs_the_file() -> None:
    add = "{ block: add-message, role: user, prompt: user-message, input: [] }"
    handler = f"handlers: {{ user-message: {{ Add: {add} }} }}\n"
    assert told(AGENT + handler) == [("unknown-prompt", "handlers.user-message.Add.prompt")]


def test_the_message_goes_before_the_answer_and_only_there() -> None:
    handler = """handlers:
  user-message:
    Side: { block: start-thread, thread: side }
    Think: { block: next-message, thread: side }
    Answer: next-message
    Again: next-message
"""
    names = [block.name for block in compiled(AGENT + handler).handlers["user-message"]]
    assert names == ["Side", "Think", "Add user message", "Answer", "Again"]
    assert [block.index for block in compiled(AGENT + handler).handlers["user-message"]] == [0, 1, 2, 3, 4]


def test_what_is_written_wins() -> None:
    only_side = (
        "handlers:\n  user-message:\n    Side: { block: start-thread }\n"
        "    Think: { block: next-message, thread: Side }\n"
    )
    assert [type(block) for block in user_message(compiled(AGENT + only_side))] == [StartThread, NextMessage]
    elsewhere = (
        "handlers:\n  user-message:\n    Side: { block: start-thread }\n"
        "    Add: { block: add-message, role: user, prompt: system, thread: Side }\n    Say: next-message\n"
    )
    assert len(compiled(AGENT + elsewhere).handlers["user-message"]) == 3


@pytest.mark.parametrize("handlers", ["", "handlers:\n", "handlers: {}\n", "handlers:\n  user-message:\n"])
def test_a_missing_handler_answers(handlers: str) -> None:
    assert len(compiled(AGENT + handlers).handlers["user-message"]) == 2


def test_user_messages_are_taken_beside_other_triggers() -> None:
    program = compiled(f"triggers: {{ reset: }}\n{AGENT}handlers: {{ reset: }}\n")
    assert list(program.triggers) == ["reset", "user-message"]
    assert program.handlers["reset"] == ()
    assert not program.triggers["reset"].assumed


def test_the_written_trigger_counts() -> None:
    program = compiled("triggers: { user-message: { input: { USER_MESSAGE: { type: string } } } }\n" + AGENT)
    assert not program.triggers["user-message"].assumed


def test_names_of_a_prompt_are_mapped_when_nothing_is_written() -> None:
    source = agent(
        "input: { A: { type: string }, B: { type: string } }\nvariables: { C: { type: string } }\n" + AGENT,
        prompts={"system": "{{A}}{{@more.md}}{{Z}}", "more": "{{#if C}}{{A}}{{/if}}"},
    )
    program = compiled(source)
    assert program.agent is not None
    assert program.agent.input == {"A": "A", "C": "C"}


def test_written_mappings_in_every_form() -> None:
    declared = "input: { A: { type: string }, B: { type: string } }\n"
    for written in ("[A, X: B]", "[A, { X: B }]", "{ A: A, X: B }", "[{ A: A, X: B }]"):
        program = compiled(f"{declared}agent: {{ model: openai/gpt-5, input: {written} }}\n")
        assert program.agent is not None
        assert program.agent.input == {"A": "A", "X": "B"}


def test_a_thread_has_the_model_of_the_agent_and_steps_of_its_own() -> None:
    handlers = """handlers:
  user-message:
    A: { block: start-thread }
    B: { block: start-thread, maxSteps: 1 }
    C: { block: start-thread, maxSteps: 2, model: openai/o3 }
    D: { block: start-thread, maxSteps: USER_MESSAGE }
"""
    blocks = [
        block
        for block in compiled(AGENT + handlers).handlers["user-message"]
        if isinstance(block, StartThread)
    ]
    assert [block.thread for block in blocks] == ["A", "B", "C", "D"]
    assert [block.config.agentic for block in blocks] == [False, False, True, True]
    assert [block.config.model for block in blocks] == [
        Operand(literal="openai/gpt-5"),
        Operand(literal="openai/gpt-5"),
        Operand(literal="openai/o3"),
        Operand(literal="openai/gpt-5"),
    ]


# ---------------------------------------------------------------- the entry


def test_the_hash_is_of_the_files_and_of_nothing_else() -> None:
    source = agent()
    assert compiled(source).hash == fingerprint(source)
    assert len(fingerprint(source)) == 64
    reordered = replace(source, prompts=(PromptFile(name="a", content="b"), *source.prompts))
    turned = replace(reordered, prompts=tuple(reversed(reordered.prompts)))
    assert fingerprint(reordered) == fingerprint(turned) != fingerprint(source)
    for other in (
        replace(source, protocol=source.protocol + "\n"),
        replace(source, settings=replace(source.settings, description="d")),
        replace(source, references=(ReferenceFile(name="r", description="d", content="c"),)),
    ):
        assert fingerprint(other) != fingerprint(source)


def test_half_characters_are_refused_wherever_they_are() -> None:
    half = "\ud83d"
    for source in (
        agent(AGENT + f"# {half}"),
        agent(prompts={"system": half}),
        agent(prompts={f"a{half}": "x"}),
        agent(name=half),
        agent(references=(ReferenceFile(name="r", description="d", content=half),)),
    ):
        found = compile_agent(source)
        assert found.program is None
        assert [one.code for one in found.diagnostics] == ["bad-character"]


def test_references_have_names_and_descriptions() -> None:
    one = ReferenceFile(name="one", description="d", content="c")
    source = agent(
        "agent: { model: openai/gpt-5, references: [one, Two, three] }\n",
        references=(
            one,
            one,
            ReferenceFile(name="Two", description="d", content="c"),
            ReferenceFile(name="three", description=" ", content="c"),
        ),
    )
    assert told(source) == [
        ("bad-name", "references.Two"),
        ("duplicate-name", "references.one"),
        ("missing-key", "references.three"),
    ]


def test_settings_have_a_slug_and_a_name() -> None:
    source = replace(agent(), settings=AgentSettings(slug="octavus_x", name=" "))
    assert told(source) == [("bad-name", "settings.slug"), ("empty-value", "settings.name")]


def test_prompts_are_checked_also_when_the_protocol_is_not_yaml() -> None:
    found = compile_agent(agent("agent: [", prompts={"system": "{{#if}}"}))
    assert [one.code for one in found.diagnostics] == [
        "yaml-syntax",
        "prompt-bad-condition",
        "prompt-unbalanced",
    ]
    assert found.program is None


def test_a_prompt_that_nothing_uses_is_not_held_to_names() -> None:
    compiled(agent(prompts={"system": "x", "later": '{{#if NOTHING == "x"}}{{/if}}'}))


def test_a_shared_prompt_is_held_to_all_its_uses() -> None:
    protocol = """
input: { A: { type: string, enum: [x, y] }, B: { type: string } }
agent: { model: openai/gpt-5, input: [LABEL: A] }
handlers:
  user-message:
    Add: { block: add-message, role: user, prompt: system, input: [LABEL: B] }
    Out: { block: next-message, output: ANSWER }
    Late: { block: add-message, role: user, prompt: system, input: [LABEL: ANSWER] }
"""
    prompts = {"system": '{{#if LABEL == "x"}}{{/if}}{{#if LABEL != "z"}}{{/if}}{{#if !LABEL}}{{/if}}{{B}}'}
    assert told(agent(protocol, prompts=prompts)) == [
        ("bad-value", "prompts.system"),
        ("unmapped-variable", "prompts.system"),
    ]


def test_a_worker_is_checked_only_if_the_others_are_known() -> None:
    block = "{ block: run-worker, worker: other }"
    protocol = f"workers: {{ other: }}\n{AGENT}handlers: {{ user-message: {{ R: {block} }} }}\n"
    assert told(protocol) == []
    found = compile_agent(agent(protocol), workers={})
    assert [(one.code, one.severity) for one in found.diagnostics] == [("unknown-worker", "warning")]
    assert found.program is not None


def test_a_worker_takes_its_input() -> None:
    steps = "steps: { A: { block: start-thread, model: openai/gpt-5, system: system } }\n"
    inputs = "input: { A: { type: string }, B: { type: string, optional: true }, C: { type: string, default: c } }\n"
    worker = compiled(agent(inputs + steps, format="worker"))
    assert worker.steps[0].name == "A"
    program = compiled(
        f"workers: {{ other: }}\n{AGENT}handlers:\n  user-message:\n"
        "    R: { block: run-worker, worker: other, input: { A: USER_MESSAGE, B: 5 } }\n",
        other=worker,
    )
    block = program.handlers["user-message"][0]
    assert block.display == "stream"


# ---------------------------------------------------------------- places


def test_a_complaint_says_where_what_is_allowed_and_what_was_meant() -> None:
    found = compile_agent(
        agent("tools:\n  get-order: { description: d }\nagent:\n  model: openai/gpt-5\n  tools: [get-ordr]\n")
    )
    (one,) = found.diagnostics
    assert one.path == "agent.tools[0]"
    assert one.span == Span(file="protocol.yaml", line=5, column=11, end_line=5, end_column=19)
    assert one.allowed == ("get-order",)
    assert one.hint == "did you mean `get-order`?"


def test_own_keys_are_left_alone_everywhere() -> None:
    compiled(
        "x-a: !!!\n".replace("!!!", "{ b: [1] }")
        + "x-agent: 5\nagent: { model: openai/gpt-5, x-note: [1] }\ninput: { x-y: 1 }\n"
    )


def test_complaints_come_in_the_order_of_lines() -> None:
    found = compile_agent(
        agent("zzz: 1\nagent:\n  modle: x\n  tools: 5\nyyy: 2\n", prompts={"system": "{{#if}}{{/if}}"})
    )
    places = [(one.span.file, one.span.line) for one in found.diagnostics if one.span]
    assert places == sorted(places, key=lambda place: (place[0] != "protocol.yaml", place))


# ---------------------------------------------------------------- bounds


def test_a_flood_of_mistakes_is_cut_and_still_refused() -> None:
    found = compile_agent(agent("agent: { model: openai/gpt-5, tools: [" + "no, " * 900 + "] }\n"))
    assert len(found.diagnostics) == MOST + 1
    assert found.diagnostics[-1].code == "too-many-problems"
    assert "and 700 more" in found.diagnostics[-1].message


def test_a_flood_of_warnings_is_cut_and_does_not_refuse() -> None:
    tools = "tools: { t: { description: d } }\n"
    found = compile_agent(agent(tools + "agent: { model: openai/gpt-5, tools: [" + "t, " * 900 + "] }\n"))
    assert found.program is not None
    assert len(found.diagnostics) == MOST + 1
    assert {one.severity for one in found.diagnostics} == {"warning"}


def test_hints_stop_in_a_flood() -> None:
    tools = "tools: { tool: { description: d } }\n"
    names = ", ".join(f"tool{number}" for number in range(60))
    found = compile_agent(agent(f"{tools}agent: {{ model: openai/gpt-5, tools: [{names}] }}\n"))
    assert sum(bool(one.hint) for one in found.diagnostics) == HINTED


def test_schemas_have_bounded_room_together() -> None:
    def members(count: int, type_name: str) -> str:
        return "{" + ", ".join(f"p{number}: {{ type: {type_name} }}" for number in range(count)) + "}"

    types = f"types:\n  A: {members(400, 'string')}\n"
    types += "".join(f"  B{number}: {members(10, 'A')}\n" for number in range(5))
    tools = f"tools:\n  big: {{ description: d, parameters: {members(2, 'B0')} }}\n"
    found = compile_agent(agent(types + tools + AGENT))
    assert SCHEMA_ROOM // 4011 == 4
    assert [one.path for one in found.diagnostics] == ["types.B4", "tools.big"]
    assert all("with every type written out" in message for message in messages(found))


def test_a_diagnostic_without_a_place_comes_last() -> None:
    report = Report()
    report.add(Diagnostic(code="b", message="nowhere"))
    report.add(Diagnostic(code="a", message="somewhere", span=Span(file="z")))
    report.add(Diagnostic(code="a", message="somewhere", span=Span(file="z")))
    assert [one.code for one in report.sorted()] == ["a", "b"]


HOSTILE = {
    "bomb": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "object": "!!python/object/apply:os.system ['true']\n",
    "merge circle": "a: &a\n  <<: *a\n",
    "large scalar": "a: " + "x" * 1_000_000,
    "many keys": "".join(f"key{number}: 1\n" for number in range(10_000)),
    "unknown keys": "".join(f"agent{number}: 1\n" for number in range(990)),
    "deep": "[" * 100_000,
    "quotes": "'" * 200_001,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_at_once(text: str) -> None:
    before = time.process_time()
    found = compile_agent(agent(text))
    assert time.process_time() - before < 1
    assert found.program is None
    assert sum(len(one.message) + len(one.path) + len(one.hint) for one in found.diagnostics) < 200_000
