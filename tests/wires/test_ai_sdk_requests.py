"""Tells what requests of the AI SDK mean: messages, messages again, outputs of tools; and what is refused."""

from typing import Any

import pytest

from mainspring.model.errors import InvalidRequest
from mainspring.model.parts import FileReference
from mainspring.model.program import Declared, Program, Trigger, TypeRef
from mainspring.model.signals import ToolResult
from mainspring.wires.ai_sdk_requests import ParsedOutputs, ParsedSay, parse_chat
from mainspring.wires.user_turns import turn_input

FILE = {"type": "file", "mediaType": "image/png", "url": "https://example.org/a.png", "filename": "a.png"}
SAID = {"id": "u2", "role": "user", "parts": [{"type": "text", "text": "And now?"}]}
BEFORE: list[dict[str, Any]] = [
    {"id": "u0", "role": "user", "parts": []},
    {"id": "m1", "role": "assistant", "parts": []},
    {"id": "u1", "role": "user", "parts": []},
    {"id": "m2", "role": "assistant", "parts": []},
]


def chat(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"id": "c1", "messages": list(messages), "trigger": "submit-message", **more}


def test_the_last_message_is_what_is_new() -> None:
    assert parse_chat(chat(*BEFORE, SAID)) == ParsedSay(id="c1", text="And now?", earlier=("m2", "m1"))


def test_files_and_several_texts() -> None:
    parts = [
        {"type": "text", "text": "a"},
        FILE,
        {"type": "data-x", "data": 1},
        {"type": "text", "text": "b"},
    ]
    said = parse_chat(chat({"id": "u", "role": "user", "parts": parts}))
    assert isinstance(said, ParsedSay)
    assert said.text == "a\n\nb"
    assert said.files == (
        FileReference(id="u_1", media_type="image/png", url="https://example.org/a.png", filename="a.png"),
    )


@pytest.mark.parametrize(
    "more", [{"trigger": "regenerate-message"}, {"trigger": "regenerate-message", "messageId": "m3"}]
)
def test_a_message_again_forgets_its_answer(more: dict[str, Any]) -> None:
    said = parse_chat(chat(*BEFORE, SAID, **more))
    assert said == ParsedSay(id="c1", text="And now?", rollback=True, earlier=("m2", "m1"))


def test_an_edited_message_forgets_what_followed() -> None:
    assert parse_chat(chat(SAID, messageId="u2")) == ParsedSay(id="c1", text="And now?", rollback=True)


def test_more_in_the_body() -> None:
    more = {"triggerName": "ask", "triggerInput": {"TONE": "dry"}, "input": {"COMPANY": "Acme"}}
    said = parse_chat(chat(SAID, **more))
    assert said == ParsedSay(
        id="c1", text="And now?", trigger="ask", inputs={"TONE": "dry"}, input={"COMPANY": "Acme"}
    )


def test_outputs_of_the_client() -> None:
    def part(call_id: str, state: str, **more: Any) -> dict[str, Any]:
        return {"type": "tool-look", "toolCallId": call_id, "state": state, "input": {}, **more}

    parts = [
        {"type": "step-start"},
        part("a", "output-available", output={"n": 1}),
        part("b", "output-available", output=1, providerExecuted=True),
        part("c", "output-available", output=1, preliminary=True),
        part("d", "input-available"),
        part("e", "output-error", errorText="No"),
        part("f", "output-error", errorText=" "),
        {**part("g", "output-available"), "type": "dynamic-tool"},
    ]
    outputs = parse_chat(chat(*BEFORE, {"id": "m", "role": "assistant", "parts": parts}))
    assert outputs == ParsedOutputs(
        id="c1",
        results=(
            ToolResult(tool_call_id="a", result={"n": 1}),
            ToolResult(tool_call_id="e", error="No"),
            ToolResult(tool_call_id="f", error="The tool failed without a message."),
            ToolResult(tool_call_id="g"),
        ),
    )


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "id"),
        (chat(), "messages"),
        ({**chat(SAID), "trigger": "shout"}, "trigger"),
        (chat({**SAID, "role": "system"}), "messages[0].role"),
        (chat(*BEFORE), "messages[3].role"),
        (
            chat(BEFORE[0], {"role": "assistant", "parts": []}, trigger="regenerate-message"),
            "messages[1].role",
        ),
        (chat({"role": "assistant"}, SAID), "messages[0].id"),
        (chat({**SAID, "parts": [{"type": "text"}]}), "messages[0].parts[0].text"),
        (chat({**SAID, "parts": [{**FILE, "url": ""}]}), "messages[0].parts[0].url"),
        (chat(SAID, input=[]), "input"),
    ],
)
def test_what_is_refused_names_its_place(body: Any, place: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_chat(body)
    assert refused.value.message.startswith(f"{place} ")


def program(**inputs: TypeRef) -> Program:
    declared = {name: Declared(name=name, type=type_ref) for name, type_ref in inputs.items()}
    triggers = {"user-message": Trigger(name="user-message", input=declared), "wake": Trigger(name="wake")}
    return Program(slug="a", name="A", format="interactive", hash="h", triggers=triggers)


STRING = TypeRef(name="string")
PICTURE = FileReference(id="f", media_type="image/png", url="https://example.org/a.png")
AS_JSON = {"id": "f", "mediaType": "image/png", "url": "https://example.org/a.png"}


def test_which_input_takes_the_text() -> None:
    assert turn_input(program(TOPIC=STRING, USER_MESSAGE=STRING), None, text="a") == {"USER_MESSAGE": "a"}
    names = TypeRef(name="string", array=True)
    assert turn_input(program(NAMES=names, TOPIC=STRING), "user-message", text="a") == {"TOPIC": "a"}
    assert turn_input(program(TOPIC=STRING), None, text="a", given={"TOPIC": "b"}) == {"TOPIC": "b"}
    assert turn_input(program(), "wake", text="") == {}


def test_which_input_takes_the_files() -> None:
    one, many = TypeRef(name="file"), TypeRef(name="file", array=True)
    assert turn_input(program(A=STRING, F=one), None, text="", files=(PICTURE,)) == {"F": AS_JSON}
    two = turn_input(program(F=many), None, text="", files=(PICTURE, PICTURE))
    assert two == {"F": [AS_JSON, AS_JSON]}


@pytest.mark.parametrize(
    ("trigger", "text", "files", "why"),
    [
        ("sleep", "a", (), 'There is no trigger "sleep"; triggers: user-message, wake'),
        ("wake", "a", (), "The trigger wake takes no text"),
        ("wake", "", (PICTURE,), "The trigger wake takes no files"),
        (None, "", (PICTURE, PICTURE), "F of the trigger user-message takes one file, not 2"),
    ],
)
def test_what_an_agent_does_not_take(trigger: Any, text: str, files: Any, why: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        turn_input(program(F=TypeRef(name="file")), trigger, text=text, files=files)
    assert refused.value.message == why
