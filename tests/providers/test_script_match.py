"""Scripts: which conditions hold for a thread, and what templates find in it."""

import pytest

from mainspring.model.errors import Failure
from mainspring.model.generation import (
    ModelRequest,
    SourceFound,
    TextDelta,
    ToolInputDelta,
    ToolInputStart,
    ToolSpec,
)
from mainspring.providers.script import Script
from mainspring.providers.script_reader import load_script
from tests.providers.threads import (
    assistant,
    call,
    chunks,
    outcome,
    request,
    result,
    results,
    system,
    text,
    user,
)


def loaded(text: str) -> Script:
    return load_script(text, "test.yaml")


async def failing(script: Script, asked: ModelRequest) -> Failure:
    _, failure = await outcome(script, asked)
    assert failure is not None
    return failure


@pytest.mark.parametrize(
    ("when", "matches"),
    [
        ("{user: HELLO}", True),
        ("{user: nope}", False),
        ("{user: '/^hello (?P<who>\\w+)/i'}", True),
        ("{user: '/^Hello/'}", False),
        ("{step: 1}", True),
        ("{step: 2}", False),
        ("{turn: 2}", True),
        ("{turn: 1}", False),
        ("{system: polite}", True),
        ("{system: rude}", False),
        ("{model: demo}", True),
        ("{model: other}", False),
        ("{thread: main}", True),
        ("{thread: side}", False),
        ("{agent: support}", True),
        ("{offered: get-weather}", True),
        ("{offered: other}", False),
        ("{response: Report}", True),
        ("{response: Other}", False),
        ("{tool-result: get-weather}", False),
        ("{result: x}", False),
        ("{attempt: 1}", True),
        ("{attempt: 2}", False),
        ("{user: hello, turn: 2, system: polite}", True),
        ("{user: hello, turn: 1}", False),
    ],
)
async def test_conditions(when: str, matches: bool) -> None:
    said = await text(
        loaded(f"turns: [{{when: {when}, text: yes it is}}]\ndefault: no"),
        user("before"),
        assistant("Hm."),
        user("hello world"),
        system="Be polite.",
        tools=(ToolSpec(name="get-weather", description="", schema={}),),
        response_name="Report",
        tags={"thread": "main", "agent": "support"},
    )
    assert said == ("yes it is" if matches else "no")


@pytest.mark.parametrize(
    ("when", "matches"),
    [
        ("{tool-result: get-weather}", True),
        ("{tool-result: other}", False),
        ("{result: rain}", True),
        ('{result: \'/"sky":"(?P<sky>\\w+)"/\'}', True),
        ("{result: storm}", False),
        ("{result: out of service}", True),
        ("{user: hello}", False),
        ("{user: hello, step: 2}", True),
        ("{user: hello, tool-result: get-weather}", True),
        ("{step: 2}", True),
    ],
)
async def test_conditions_after_a_tool_result(when: str, matches: bool) -> None:
    thread = (
        user("hello"),
        assistant(call("get-weather"), call("radar", "call-2")),
        results(
            result("get-weather", {"sky": "rain"}), result("radar", error="out of service", call_id="call-2")
        ),
    )
    said = await text(loaded(f"turns: [{{when: {when}, text: yes it is}}]\ndefault: no"), *thread)
    assert said == ("yes it is" if matches else "no")


async def test_only_new_results_count() -> None:
    script = loaded("turns: [{when: {tool-result: a}, text: a came}]\ndefault: other")
    thread = (
        system("x"),
        user("go"),
        assistant(call("a")),
        results(result("a", 1)),
        assistant(call("b")),
        results(result("b")),
    )
    assert await text(script, *thread) == "other"


async def test_templates_reach_everything_that_is_known() -> None:
    script = loaded(
        """
        turns:
          - when: {user: '/my (\\w+) is (?P<name>\\w+)/', step: 2}
            text:
              - "{{match.1}}={{match.name}} {{result.look.deep.1.x}} {{result.list}} "
              - "{{result.say}} {{step}} {{turn}} {{model}}"
            tools:
              - name: next
                args: {whole: "{{result.look}}", part: "<{{match.name}}>", list: ["{{step}}", 1, null]}
              - {name: raw, arguments: '{"who": "{{match.name}}"}'}
              - {name: pieces, arguments: ['{"who": ', '"{{match.name}}"}']}
            sources: ["https://example.org/{{match.name}}", {url: https://example.org, title: "About {{match.1}}"}]
        """
    )
    thread = (
        user("my name is Ada"),
        assistant(call("look"), call("list", "c2"), call("say", "c3")),
        results(
            result("look", {"deep": [0, {"x": True}]}), result("list", [1, 2], call_id="c2"),
            result("say", '{"a": 1}', call_id="c3"),
        ),
    )  # fmt: skip
    found = await chunks(script, request(*thread))
    said = "".join(chunk.text for chunk in found if isinstance(chunk, TextDelta))
    assert said == 'name=Ada true [1,2] {"a": 1} 2 1 scripted/demo'
    written = {
        chunk.name: "".join(d.text for d in found if isinstance(d, ToolInputDelta) and d.part == chunk.part)
        for chunk in found
        if isinstance(chunk, ToolInputStart)
    }
    assert written == {
        "next": '{"whole":{"deep":[0,{"x":true}]},"part":"<Ada>","list":[2,1,null]}',
        "raw": '{"who": "Ada"}',
        "pieces": '{"who": "Ada"}',
    }
    assert [chunk for chunk in found if isinstance(chunk, SourceFound)] == [
        SourceFound("https://example.org/Ada"),
        SourceFound("https://example.org", "About name"),
    ]


@pytest.mark.parametrize(
    "hole", ["result.other", "result.look.no", "result.look.9", "result.text.a", "match.no"]
)
async def test_a_hole_that_cannot_be_filled_is_a_failure_with_its_line(hole: str) -> None:
    script = loaded(f"turns:\n  - when: {{step: 2}}\n    text: '{{{{{hole}}}}}'\n")
    thread = (
        user("go"),
        assistant(call("look"), call("text", "c2")),
        results(result("look", [1]), result("text", "{no", call_id="c2")),
    )
    failure = await failing(script, request(*thread))
    assert (
        failure.message
        == f"Line 2 of test.yaml needs {{{{{hole}}}}}, and the thread has nothing of that name."
    )


async def test_text_as_json_is_opened() -> None:
    script = loaded("turns: [{when: {step: 2}, text: '{{result.say.a}}'}]")
    thread = (user("go"), assistant(call("say")), results(result("say", '{"a": 1}')))
    assert await text(script, *thread) == "1"
