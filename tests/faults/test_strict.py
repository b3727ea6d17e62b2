"""The strict provider refuses what real ones refuse: each rule has a request that breaks it."""

from typing import Any

import pytest

from tests.faults.strict import violations

Turn = dict[str, Any]
USER: Turn = {"role": "user", "content": "Hi"}


def use(call_id: str = "t1", **more: Any) -> Turn:
    return {"type": "tool_use", "id": call_id, "name": "look", "input": {}, **more}


def result(call_id: str = "t1") -> Turn:
    return {"type": "tool_result", "tool_use_id": call_id, "content": "1"}


def messages(*turns: Turn, **more: Any) -> Turn:
    return {"max_tokens": 9, "messages": list(turns), **more}


def said(role: str, *blocks: Turn) -> Turn:
    return {"role": role, "content": list(blocks)}


def parts(role: str, *found: Turn) -> Turn:
    return {"role": role, "parts": list(found)}


CALL: Turn = {"functionCall": {"name": "look", "args": {}}}
ANSWER: Turn = {"functionResponse": {"name": "look", "response": {}}}
ASKED: Turn = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}
OUTPUT: Turn = {"type": "function_call_output", "call_id": "c1", "output": "1"}
TEXT: Turn = {"type": "text", "text": "And?"}


def chat(*turns: Turn) -> Turn:
    return {"model": "m", "stream": True, "messages": list(turns)}


def called(call_id: str) -> Turn:
    function = {"name": "look", "arguments": "{}"}
    return {"role": "assistant", "tool_calls": [{"id": call_id, "type": "function", "function": function}]}


def answered(call_id: str) -> Turn:
    return {"role": "tool", "tool_call_id": call_id, "content": "1"}


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        ("anthropic", messages(USER, said("assistant", use()), said("user", result(), TEXT))),
        (
            "gemini",
            {"contents": [parts("user", {"text": "Hi"}), parts("model", CALL), parts("user", ANSWER)]},
        ),
        ("responses", {"input": [{"role": "user", "content": "Hi"}, ASKED, OUTPUT]}),
        ("chat", chat(USER, called("abcDEF123"), answered("abcDEF123"))),
    ],
)
def test_a_good_request_passes(wire: str, body: Turn) -> None:
    assert violations(wire, "mistral", body) == []


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [USER]},
        messages(),
        messages(said("system", TEXT)),
        messages(USER, said("assistant", TEXT)),
        messages(USER, said("assistant", use())),
        messages(USER, said("assistant", use()), said("user", TEXT)),
        messages(USER, said("assistant", use(), use()), said("user", result(), result())),
        messages(USER, said("assistant", use()), said("user", TEXT, result())),
        messages(USER, said("assistant", use(input="{}")), said("user", result())),
        messages(USER, said("assistant", use(name="a b")), said("user", result())),
        messages(USER, said("assistant", result()), USER),
        messages(USER, said("assistant", {"type": "thinking", "thinking": "x"}), USER),
        messages(USER, said("assistant", {"type": "text", "text": " "}), USER),
        messages(USER, said("assistant"), USER),
        messages(USER, tools=[{"name": "look", "input_schema": None}]),
    ],
)
def test_messages_that_anthropic_refuses(body: Turn) -> None:
    assert violations("anthropic", "anthropic", body)


@pytest.mark.parametrize(
    "contents",
    [
        [],
        [parts("model", {"text": "Hi"})],
        [parts("user", {"text": "a"}), parts("user", {"text": "b"})],
        [parts("user", {"text": "a"}), parts("model")],
        [parts("user", {"text": "a"}), parts("model", CALL)],
        [parts("user", {"text": "a"}), parts("model", CALL), parts("user", {"text": "b"})],
        [parts("user", {"text": None})],
        [parts("user", {"text": "a"}), parts("model", {"functionCall": {"name": "look", "args": "x"}})],
        [
            parts("user", {"text": "a"}),
            parts("model", CALL),
            parts("user", {"functionResponse": {"name": "look", "response": "x"}}),
        ],
    ],
)
def test_contents_that_google_refuses(contents: list[Turn]) -> None:
    assert violations("gemini", "google", {"contents": contents})


@pytest.mark.parametrize(
    "items",
    [
        [],
        [OUTPUT],
        [ASKED],
        [ASKED, {"role": "user", "content": "Hi"}],
        [ASKED, OUTPUT, ASKED, OUTPUT],
        [{**ASKED, "arguments": "[]"}, OUTPUT],
        [{"role": "user", "content": ""}],
    ],
)
def test_items_that_openai_refuses(items: list[Turn]) -> None:
    assert violations("responses", "openai", {"input": items})


@pytest.mark.parametrize(
    "body",
    [
        chat(USER, called("call_long_id"), answered("call_long_id")),
        chat(USER, called("abcDEF123"), answered("abcDEF123"), USER),
        chat(USER, {"role": "assistant", "content": "So"}),
    ],
)
def test_turns_that_mistral_refuses(body: Turn) -> None:
    assert not violations("chat", "openai", body)
    assert violations("chat", "mistral", body)
