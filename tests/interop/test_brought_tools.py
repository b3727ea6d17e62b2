"""Owns the proof that real clients bring tools of their own: `openai` of PyPI, AG-UI's client, SDK 6.4.0's shape."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from openai import OpenAI

from tests.e2e.agents import PLAIN
from tests.e2e.desk import Desk, calls_of, execution_of
from tests.e2e.model_server import Call, Reply, said
from tests.interop.conftest import HERE, Node
from tests.interop.leg_rules import complaints

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
MAP = {"name": "show_map", "description": "Shows a map", "parameters": PARAMETERS}
SHOWN: list[Reply] = [[Call("show_map", {})], [Call("show_map", {"city": "Rome"})], said("There it is.")]
"""The model forgets an argument first."""
Make = Callable[..., Desk]


@pytest.fixture
def desk(make_desk: Make) -> Desk:
    """An agent without tools."""
    return make_desk(PLAIN)


def check_asked(desk: Desk) -> None:
    """What the model was asked: the tool is offered in every step, wrong arguments are told to it."""
    asked = desk.asked()
    assert [[tool["function"] for tool in one.body["tools"]] for one in asked] == [[MAP]] * 3
    told = [str(message["content"]) for message in asked[-1].messages if message["role"] == "tool"]
    assert "city: is required" in told[0]
    assert "shown" in told[1]
    assert [wrong for one in asked for wrong in one.wrong] == []


def test_tools_of_a_responses_request(desk: Desk) -> None:
    desk.script(*SHOWN)
    api: Any = OpenAI(base_url=f"{desk.client.url}/v1", api_key=desk.client.key, max_retries=0)
    model = f"agent:{desk.agent}"
    tools = [{"type": "function", **MAP}]
    asked = api.responses.create(model=model, input="Show me Rome", tools=tools)
    (call,) = [item for item in asked.output if item.type == "function_call"]
    assert (call.name, json.loads(call.arguments)) == ("show_map", {"city": "Rome"})
    output = [{"type": "function_call_output", "call_id": call.call_id, "output": "shown"}]
    told = api.responses.create(model=model, input=output, tools=tools, previous_response_id=asked.id)
    assert told.output_text == "There it is."
    check_asked(desk)


def test_tools_of_a_chat_completion(desk: Desk) -> None:
    desk.script(*SHOWN)
    api: Any = OpenAI(base_url=f"{desk.client.url}/v1", api_key=desk.client.key, max_retries=0)
    messages: list[Any] = [{"role": "user", "content": "Show me Rome"}]
    given = {"model": f"agent:{desk.agent}", "tools": [{"type": "function", "function": MAP}]}
    asked = api.chat.completions.create(messages=messages, **given).choices[0]
    assert asked.finish_reason == "tool_calls"
    (call,) = asked.message.tool_calls
    messages += [asked.message, {"role": "tool", "tool_call_id": call.id, "content": "shown"}]
    told = api.chat.completions.create(messages=messages, **given).choices[0]
    assert told.message.content == "There it is."
    check_asked(desk)


def test_frontend_tools_of_ag_ui(node: Node, desk: Desk) -> None:
    desk.script(*SHOWN)
    given = {"url": desk.client.url, "key": desk.client.key, "agent": desk.agent}
    done = node.run(HERE / "scenarios" / "ag_ui_tools.mjs", json.dumps(given))
    assert done.returncode == 0, f"{done.stderr}\n{desk.server.log()[-2000:]}"
    played = json.loads(done.stdout)
    assert [json.loads(call["arguments"]) for call in played["calls"]][-1] == {"city": "Rome"}
    assert played["answer"] == "There it is."
    check_asked(desk)


def test_schemas_in_the_shape_of_the_newer_sdk(make_desk: Make) -> None:
    desk = make_desk(PLAIN, version="4")
    desk.script(*SHOWN)
    session = desk.session()
    schema = {**PARAMETERS, "$schema": "http://json-schema.org/draft-07/schema#"}
    given = {"name": "show_map", "description": "Shows a map", "inputSchema": schema}
    foreign = {"name": "shell__run", "description": "Of a namespace nobody declared", "inputSchema": {}}
    begin: dict[str, Any] = {
        "triggerName": "user-message",
        "input": {"USER_MESSAGE": "Show me Rome"},
        "dynamicToolSchemas": [given, foreign],
    }
    path = f"/api/agent-sessions/{session}/trigger"
    first = desk.client.stream("POST", path, begin)
    events = [event.data for event in first.rest()]
    (call,) = calls_of(first)
    result = {"toolCallId": call["toolCallId"], "toolName": "show_map", "result": "shown"}
    again = {**begin, "executionId": execution_of(first), "toolResults": [result]}
    second = desk.client.stream("POST", path, again)
    legs = [
        {"request": begin, "events": events, "done": first.done},
        {"request": again, "events": [event.data for event in second.rest()], "done": second.done},
    ]
    assert complaints(legs) == []
    check_asked(desk)
