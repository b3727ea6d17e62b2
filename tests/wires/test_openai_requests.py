"""Tells what requests of OpenAI's wires mean, and what is refused, with the place in the request."""

from collections.abc import Callable
from typing import Any

import pytest

from mainspring.model.errors import InvalidRequest
from mainspring.model.parts import FileReference
from mainspring.model.signals import ToolResult
from mainspring.wires.chat_completions_requests import parse_completion_request
from mainspring.wires.openai_requests import ParsedTurn
from mainspring.wires.responses_requests import parse_response_request
from mainspring.wires.restore import restore

LOOK = {"name": "look", "description": "Looks", "parameters": {"type": "object"}}
OUR_LOOK = {"name": "look", "description": "Looks", "inputSchema": {"type": "object"}, "plain": True}
PNG = "data:image/png;base64,QQ=="


def response(given: Any, **more: Any) -> ParsedTurn:
    return parse_response_request({"model": "agent:support", "input": given, **more})


def completion(*messages: Any, **more: Any) -> ParsedTurn:
    return parse_completion_request({"model": "agent:support", "messages": list(messages), **more})


def user(content: Any = "Hi") -> dict[str, Any]:
    return {"role": "user", "content": content}


def test_a_message_is_a_turn() -> None:
    plain = ParsedTurn(model="agent:support", stream=False, text="Hi")
    assert response("Hi") == plain
    assert response([user()]) == plain
    assert response([{"type": "message", **user([{"type": "input_text", "text": "Hi"}])}]) == plain
    assert completion(user()) == plain
    assert completion(user([{"type": "text", "text": "Hi"}])) == plain


def test_what_openai_has_no_words_for() -> None:
    own = {"input": {"A": 1}, "trigger": "ask", "triggerInput": {"B": 2}, "rollback": True}
    asked = ParsedTurn(
        model="agent:support",
        stream=True,
        text="Hi",
        input={"A": 1},
        trigger="ask",
        inputs={"B": 2},
        rollback=True,
    )
    assert response("Hi", stream=True, mainspring=own) == asked
    assert completion(user(), stream=True, mainspring=own) == asked
    named = completion(user(), mainspring={"conversation": "order-17"}, metadata={"a": "b"})
    assert named.conversation == "order-17"


def test_where_a_response_goes_on() -> None:
    assert response("Hi", previous_response_id="resp_1").previous == "resp_1"
    assert response("Hi", conversation="order-17").conversation == "order-17"
    assert response("Hi", conversation={"id": "ses_1"}).conversation == "ses_1"
    assert response("Hi", background=True).background


def test_tools_and_options() -> None:
    tools = response(
        "Hi", tools=[{"type": "function", "strict": True, **LOOK}, {"type": "function", "name": "x"}]
    ).tools
    assert tools == (OUR_LOOK, {"name": "x", "description": "", "inputSchema": {}, "plain": True})
    assert completion(user(), tools=[{"type": "function", "function": LOOK}]).tools == (OUR_LOOK,)
    assert completion(user(), stream_options={"include_usage": True}).usage


def test_instructions_are_gathered() -> None:
    system, developer = (
        {"role": "system", "content": "Be kind."},
        {"role": "developer", "content": "Be brief."},
    )
    assert (
        response([system, user(), developer], instructions="Be.").instructions
        == "Be.\n\nBe kind.\n\nBe brief."
    )
    assert completion(system, user()).instructions == "Be kind."


def test_files() -> None:
    shown = response(
        [
            user(
                [
                    {"type": "input_text", "text": "a"},
                    {"type": "input_image", "image_url": PNG},
                    {"type": "input_file", "file_url": "https://example.org/a.pdf", "filename": "a.pdf"},
                    {"type": "input_file", "file_data": "data:;base64,QQ=="},
                    {"type": "input_text", "text": "b"},
                ]
            )
        ]
    )
    other = "application/octet-stream"
    assert shown.text == "a\n\nb"
    assert shown.files == (
        FileReference(id="file_0", media_type="image/png", url=PNG),
        FileReference(id="file_1", media_type=other, url="https://example.org/a.pdf", filename="a.pdf"),
        FileReference(id="file_2", media_type=other, url="data:;base64,QQ=="),
    )
    asked = completion(
        user(
            [
                {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
                {"type": "file", "file": {"file_data": PNG, "filename": "a.png"}},
            ]
        )
    )
    assert asked.text == ""
    assert [(file.media_type, file.filename) for file in asked.files] == [
        ("image/*", None),
        ("image/png", "a.png"),
    ]


def items() -> list[dict[str, Any]]:
    """A talk with a call, as items."""
    return [
        user("Weather?"),
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "mcp_call", "id": "mcp_1"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Let me look."}]},
        {"type": "function_call", "call_id": "c1--ses_1", "name": "look", "arguments": '{"a":1}'},
        {"type": "function_call", "call_id": "c2--ses_1", "name": "look", "arguments": "[1]"},
        {"type": "function_call_output", "call_id": "c1--ses_1", "output": '{"warm":true}'},
        {"type": "function_call_output", "call_id": "c0", "output": "of nobody"},
    ]


def messages() -> list[dict[str, Any]]:
    """The same talk, as messages."""
    functions = [{"name": "look", "arguments": '{"a":1}'}, {"name": "look", "arguments": "[1]"}]
    calls = [
        {"id": f"c{number}--ses_1", "type": "function", "function": function}
        for number, function in enumerate(functions, 1)
    ]
    return [
        user("Weather?"),
        {"role": "assistant", "content": "Let me look.", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c1--ses_1", "content": '{"warm":true}'},
        {"role": "tool", "tool_call_id": "c0", "content": "of nobody"},
    ]


BOTH: list[Callable[..., ParsedTurn]] = [
    lambda *more: response([*items(), *more]),
    lambda *more: completion(*messages(), *more),
]
both = pytest.mark.parametrize("talk", BOTH, ids=["responses", "chat"])


@both
def test_results_at_the_end_are_the_turn(talk: Callable[..., ParsedTurn]) -> None:
    parsed = talk()
    assert parsed.session == "ses_1"
    assert parsed.results == (
        ToolResult(tool_call_id="c1", result={"warm": True}),
        ToolResult(tool_call_id="c0", result="of nobody"),
    )


@both
def test_a_talk_before_the_message_is_history(talk: Callable[..., ParsedTurn]) -> None:
    parsed = talk({"role": "assistant", "content": "Warm."}, user("And?"), user("Well?"))
    assert (parsed.text, parsed.results, parsed.session) == ("Well?", (), None)
    assert [message["role"] for message in parsed.history] == ["user", "assistant", "user"]
    answer = parsed.history[1]["parts"]
    assert [part.get("text", part.get("status")) for part in answer] == [
        "Let me look.",
        "done",
        "cancelled",
        "Warm.",
    ]
    assert [part["args"] for part in answer[1:3]] == [{"a": 1}, {}]
    restored = restore(parsed.history, at=0.0)
    assert [message.role for message in restored.messages] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ]


def test_a_file_in_the_history() -> None:
    parsed = completion(user([{"type": "image_url", "image_url": {"url": PNG}}]), user("And?"))
    assert restore(parsed.history, at=0.0).messages[0].parts[0].file.url == PNG  # type: ignore[union-attr]  # a file


def test_a_call_without_text_and_a_user_after_it() -> None:
    calls = [{"id": "c1", "function": {"name": "look", "arguments": ""}}]
    parsed = completion({"role": "assistant", "content": None, "tool_calls": calls}, user())
    assert [part["status"] for part in parsed.history[0]["parts"]] == ["cancelled"]
    said = response([{"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}, user()])
    assert said.history[0]["parts"] == [{"type": "text", "text": "No."}]
    silent = response([{"role": "assistant", "content": ""}, user()])
    assert silent.history == ()


def test_an_output_of_parts() -> None:
    output = [
        {"type": "input_text", "text": "a"},
        {"type": "input_image"},
        {"type": "input_text", "text": "b"},
    ]
    parsed = response([user(), {"type": "function_call_output", "call_id": "c1", "output": output}])
    assert parsed.results == (ToolResult(tool_call_id="c1", result="a\n\nb"),)


REFUSED_RESPONSES: list[tuple[dict[str, Any], str]] = [
    ({"model": None}, "model"),
    ({"input": None}, "input"),
    ({"input": []}, "input"),
    ({"input": [{"role": "assistant", "content": "x"}]}, "input"),
    ({"input": [{"role": "king", "content": "x"}]}, "input[0].role"),
    ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
    ({"input": [user([{"type": "input_audio"}])]}, "input[0].content[0].type"),
    ({"input": [user([{"type": "input_image", "file_id": "f"}])]}, "input[0].content[0].file_id"),
    ({"input": [{"type": "function_call_output", "call_id": "c", "output": 1}]}, "input[0].output"),
    ({"stream": "yes"}, "stream"),
    ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"prompt": {"id": "x"}}, "prompt"),
    ({"text": {"format": {"type": "json_object"}}}, "text.format"),
    ({"metadata": {"a": 1}}, "metadata"),
    ({"metadata": {str(number): "" for number in range(17)}}, "metadata"),
    ({"previous_response_id": "r", "conversation": "c"}, "previous_response_id"),
    ({"previous_response_id": "r", "input": [user(), user()]}, "input"),
]
REFUSED_COMPLETIONS: list[tuple[dict[str, Any], str]] = [
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "assistant", "content": "x"}]}, "messages"),
    ({"messages": [{"role": "function", "content": "x"}]}, "messages[0].role"),
    ({"messages": [user([{"type": "input_audio"}])]}, "messages[0].content[0].type"),
    (
        {"messages": [user([{"type": "file", "file": {"file_id": "f"}}])]},
        "messages[0].content[0].file.file_id",
    ),
    ({"n": 2}, "n"),
    ({"response_format": {"type": "json_object"}}, "response_format"),
    ({"functions": []}, "functions"),
    ({"tools": [{"type": "custom"}]}, "tools[0].type"),
]


@pytest.mark.parametrize(("more", "place"), REFUSED_RESPONSES)
def test_refused_responses_name_the_place(more: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        response(**{"given": "Hi", **more}) if "input" not in more else parse_response_request(
            {"model": "m", **more}
        )
    assert refused.value.details == {"param": place}


@pytest.mark.parametrize(("more", "place"), REFUSED_COMPLETIONS)
def test_refused_completions_name_the_place(more: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_completion_request({"model": "m", "messages": [user()], **more})
    assert refused.value.details == {"param": place}


def test_what_changes_nothing_may_be_given() -> None:
    plain = response("Hi")
    assert (
        response("Hi", text={"format": {"type": "text"}}, tool_choice="auto", temperature=1, store=False)
        == plain
    )
    assert completion(user(), n=1, response_format={"type": "text"}, logprobs=False, seed=7) == plain


def test_results_of_several_sessions() -> None:
    outputs = [{"type": "function_call_output", "call_id": f"c--ses_{n}", "output": ""} for n in range(2)]
    with pytest.raises(InvalidRequest, match="several sessions"):
        response(outputs)
