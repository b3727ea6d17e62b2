"""Tells what runs of AG-UI ask for, what is refused, and what the messages of a talk look like."""

from typing import Any

import pytest

from mainspring.model.errors import InvalidRequest
from mainspring.model.messages import Sender
from mainspring.model.parts import FilePart, FileReference
from mainspring.model.signals import ToolResult
from mainspring.model.stream_events import ReasoningDelta, ReasoningEnded, ReasoningStarted, Source
from mainspring.wires.ag_ui_messages import ag_ui_messages
from mainspring.wires.ag_ui_requests import ParsedAnswers, ParsedAsk, ParsedReturn, parse_run
from tests.wires.foreign import everything
from tests.wires.journal import Journal, added, begun, finished, text, turn_with_tool

RUN: dict[str, Any] = {"thread_id": "t", "run_id": "r"}
SAID = {"id": "u1", "role": "user", "content": "Hi"}


def run(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"threadId": "t", "runId": "r", "messages": list(messages), **more}


def test_a_message() -> None:
    props = {"input": {"A": 1}, "triggerName": "ask", "triggerInput": {"B": 2}}
    tools = [{"name": "look", "description": "Looks", "parameters": {"type": "object"}}, {"name": "bare"}]
    assert parse_run(run(SAID, parentRunId="p", forwardedProps=props, tools=tools)) == ParsedAsk(
        **RUN,
        parent_run_id="p",
        input={"A": 1},
        message_id="u1",
        text="Hi",
        trigger="ask",
        inputs={"B": 2},
        tools=(
            {"name": "look", "description": "Looks", "inputSchema": {"type": "object"}, "plain": True},
            {"name": "bare", "description": "", "inputSchema": {}, "plain": True},
        ),
    )


def test_parts_of_a_message() -> None:
    content = [
        {"type": "text", "text": "a"},
        {"type": "image", "source": {"type": "url", "value": "https://example.org/a.png"}},
        {"type": "document", "source": {"type": "data", "value": "QQ==", "mimeType": "text/plain"}},
        {"type": "text", "text": "b"},
    ]
    asked = parse_run(run({"id": "u", "role": "user", "content": content}))
    assert isinstance(asked, ParsedAsk)
    assert asked.text == "a\n\nb"
    assert asked.files == (
        FileReference(id="u_1", media_type="image/*", url="https://example.org/a.png"),
        FileReference(id="u_2", media_type="text/plain", url="data:text/plain;base64,QQ=="),
    )


def test_results_of_the_client() -> None:
    def tool(call_id: str, content: Any, **more: Any) -> dict[str, Any]:
        return {"id": f"r{call_id}", "role": "tool", "toolCallId": call_id, "content": content, **more}

    parts = [{"type": "text", "text": "x"}]
    messages = (
        tool("a", "noon"),
        tool("b", ' {"n": 1}'),
        tool("c", "{no json"),
        tool("d", "", error="No"),
        tool("e", parts),
    )
    assert parse_run(run(SAID, {"id": "m", "role": "assistant"}, *messages)) == ParsedAnswers(
        **RUN,
        results=(
            ToolResult(tool_call_id="a", result="noon"),
            ToolResult(tool_call_id="b", result={"n": 1}),
            ToolResult(tool_call_id="c", result="{no json"),
            ToolResult(tool_call_id="d", error="No"),
            ToolResult(tool_call_id="e", result=parts),
        ),
    )


def test_nothing_new() -> None:
    assert parse_run(run()) == ParsedReturn(**RUN)
    assert parse_run(run(SAID, {"id": "m", "role": "assistant", "content": "x"})) == ParsedReturn(**RUN)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "threadId"),
        ({"threadId": "t"}, "runId"),
        (run({**SAID, "role": "king"}), "messages[0].role"),
        (run({**SAID, "id": ""}), "messages[0].id"),
        (run({**SAID, "content": [{"type": "smell"}]}), "messages[0].content[0].type"),
        (run({**SAID, "content": [{"type": "image"}]}), "messages[0].content[0].source"),
        (
            run({**SAID, "content": [{"type": "image", "source": {"type": "file", "value": "x"}}]}),
            "messages[0].content[0].source.type",
        ),
        (run({"role": "tool", "content": "x"}), "messages[0].toolCallId"),
        (run(SAID, tools=[{}]), "tools[0].name"),
        (run(SAID, forwardedProps=[]), "forwardedProps"),
    ],
)
def test_what_is_refused_names_its_place(body: Any, place: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_run(body)
    assert refused.value.message.startswith(f"{place} ")


def test_the_messages_of_a_turn_with_a_tool() -> None:
    messages = ag_ui_messages(turn_with_tool().rows)
    function = {"name": "get-time", "arguments": '{"zone":"UTC"}'}
    assert messages == (
        {"id": "u1", "role": "user", "content": "What time is it?"},
        {"id": "m1_0", "role": "assistant", "content": "Let me look."},
        {
            "id": "m1_1",
            "role": "assistant",
            "toolCalls": [{"id": "c1", "type": "function", "function": function}],
        },
        {"id": "c1_result", "role": "tool", "toolCallId": "c1", "content": "noon"},
        {"id": "m1_3", "role": "assistant", "content": "It is noon."},
    )


def test_everything_else() -> None:
    messages = ag_ui_messages(everything().rows)
    assert [message["role"] for message in messages] == [
        "user",
        "assistant",
        "assistant",
        "tool",
        "assistant",
        "tool",
        "assistant",
    ]
    assert messages[5]["error"] == "There is no tool 'nonsense'."
    assert messages[-1]["content"] == '{"label":"good"}'


def test_a_message_with_files_and_a_name() -> None:
    png = FilePart(file=FileReference(id="f", media_type="image/png", url="https://example.org/a.png"))
    pdf = FilePart(file=FileReference(id="g", media_type="application/pdf", url="https://example.org/a.pdf"))
    journal = Journal().add(*begun(), added("u1", text("Look"), png, pdf, sender=Sender(name="Ada")))
    journal.add(added("u2", png, sender=Sender(id="7")), added("u3", text("Hidden"), visible=False))
    journal.add(*finished())
    first, second = ag_ui_messages(journal.rows)
    assert first["name"] == "Ada"
    assert [part["type"] for part in first["content"]] == ["image", "document", "text"]
    assert [part["type"] for part in second["content"]] == ["image"]
    assert "name" not in second


def test_reasoning_and_a_call_that_waits() -> None:
    journal = Journal().add(*begun(), ReasoningStarted(id="r1")).deltas(ReasoningDelta(id="r1", delta="Hm."))
    journal.add(ReasoningEnded(id="r1"), Source(source_type="url", id="s", url="https://example.org/"))
    journal.call("c1", "look", "{}")
    reasoning, call = ag_ui_messages(journal.rows)
    assert reasoning == {"id": "m1_0", "role": "reasoning", "content": "Hm."}
    assert call["toolCalls"][0]["id"] == "c1"
