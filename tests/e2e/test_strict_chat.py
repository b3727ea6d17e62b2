"""Owns the proof that the strict provider is strict: each broken rule is found, a good request passes."""

from typing import Any

import pytest

from tests.e2e.strict_chat import violations

CALL = {"id": "a", "type": "function", "function": {"name": "look", "arguments": "{}"}}
USER = {"role": "user", "content": "Hi"}
ASSISTANT = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "a", "content": ""}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


def body(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": "m", "stream": True, "messages": list(messages)} | more


def test_a_good_request_passes() -> None:
    system = {"role": "system", "content": "Be good."}
    said = {"role": "assistant", "content": "Well."}
    assert violations(body(system, USER, ASSISTANT, RESULT, said, USER, tools=[TOOL])) == []


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (body(), "no messages"),
        (body(USER, stream=False), "does not stream"),
        (body(USER, temperature=None), "temperature is null"),
        (body({"role": "user", "content": ""}), "empty user message"),
        (body({"role": "person", "content": "x"}), "role 'person'"),
        (body({"role": "assistant", "content": "x"}), "begins with assistant"),
        (body(USER, {"role": "assistant", "content": ""}), "empty assistant"),
        (body(USER, ASSISTANT), "ends and ['a'] have no result"),
        (body(USER, ASSISTANT, USER, RESULT), "['a'] have no result before it"),
        (body(USER, RESULT), "'a', which is not open"),
        (body(USER, ASSISTANT, RESULT, RESULT), "'a', which is not open"),
        (body(USER, ASSISTANT, RESULT, ASSISTANT, RESULT), "'a' is used twice"),
        (body(USER, ASSISTANT, {**RESULT, "content": None}), "without content"),
        (body({**USER, "tool_calls": [CALL]}), "tool calls of a user"),
        (body(USER, tools=[]), "empty list of tools"),
        (body(USER, tools=[TOOL, TOOL]), "named twice"),
        (body(USER, tools=[{"type": "function", "function": {"name": "look"}}]), "no object schema"),
    ],
)
def test_a_bad_request_is_found(wrong: dict[str, Any], complaint: str) -> None:
    assert any(complaint in found for found in violations(wrong)), violations(wrong)


@pytest.mark.parametrize("arguments", ["", "[]", '{"a":', "null"])
def test_arguments_are_an_object(arguments: str) -> None:
    call = {**CALL, "function": {"name": "look", "arguments": arguments}}
    assert violations(body(USER, {**ASSISTANT, "tool_calls": [call]}, RESULT))
