"""Owns what a strict provider refuses: the order and shape rules of an OpenAI chat request."""

import json
import re
from collections.abc import Iterator
from typing import Any

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
ROLES = {"system", "developer", "user", "assistant", "tool"}
Message = dict[str, Any]


def violations(body: Message) -> list[str]:
    """Everything a strict provider would refuse in the request `body`; empty: it is fine."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return ["no messages"]
    return [*of_the_frame(body), *of_the_messages(messages), *of_the_pairs(messages), *of_the_tools(body)]


def of_the_frame(body: Message) -> Iterator[str]:
    """The members around the messages."""
    if body.get("stream") is not True:
        yield "the request does not stream"
    if not isinstance(body.get("model"), str):
        yield "no model"
    yield from (f"{name} is null" for name, value in body.items() if value is None)


def of_the_messages(messages: list[Message]) -> Iterator[str]:
    """Each message by itself, and where the user's words stand."""
    for index, message in enumerate(messages):
        role, content = message.get("role"), message.get("content")
        if role not in ROLES:
            yield f"message {index}: role {role!r}"
        if role == "assistant" and not content and not message.get("tool_calls"):
            yield f"message {index}: an empty assistant message"
        if role in {"user", "system", "developer"} and not content:
            yield f"message {index}: an empty {role} message"
        if role == "tool" and not isinstance(content, str | list):
            yield f"message {index}: a tool result without content"
        if role != "assistant" and "tool_calls" in message:
            yield f"message {index}: tool calls of a {role}"
    spoken = [
        message.get("role") for message in messages if message.get("role") not in {"system", "developer"}
    ]
    if spoken and spoken[0] != "user":
        yield f"the conversation begins with {spoken[0]}"


def of_the_pairs(messages: list[Message]) -> Iterator[str]:
    """Each tool call has exactly one result, right after its message; each id is used once."""
    seen: set[str] = set()
    open_calls: list[str] = []
    for index, message in enumerate(messages):
        if message.get("role") == "tool":
            call = message.get("tool_call_id")
            if call not in open_calls:
                yield f"message {index}: a result for {call!r}, which is not open"
            else:
                open_calls.remove(call)
            continue
        if open_calls:
            yield f"message {index}: {open_calls} have no result before it"
        open_calls = []
        for call in message.get("tool_calls") or []:
            yield from of_a_call(index, call)
            if call.get("id") in seen:
                yield f"message {index}: the call id {call.get('id')!r} is used twice"
            seen.add(call.get("id"))
            open_calls.append(call.get("id"))
    if open_calls:
        yield f"the request ends and {open_calls} have no result"


def of_a_call(index: int, call: Message) -> Iterator[str]:
    """One tool call: an id, a name, an object as arguments."""
    function = call.get("function") or {}
    if not call.get("id") or call.get("type") != "function":
        yield f"message {index}: a call without id or type"
    if not NAME.match(str(function.get("name"))):
        yield f"message {index}: tool name {function.get('name')!r}"
    try:
        arguments = json.loads(function.get("arguments", ""))
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        yield f"message {index}: arguments {function.get('arguments')!r} are no JSON object"


def of_the_tools(body: Message) -> Iterator[str]:
    """The tools on offer: named once, each with an object schema."""
    tools = body.get("tools")
    if tools is None:
        return
    if not tools:
        yield "an empty list of tools"
    names = [tool.get("function", {}).get("name") for tool in tools]
    if len(set(names)) != len(names):
        yield f"tools named twice: {names}"
    for tool in tools:
        schema = tool.get("function", {}).get("parameters")
        if not isinstance(schema, dict) or schema.get("type") != "object" or "properties" not in schema:
            yield f"tool {tool.get('function', {}).get('name')}: parameters are no object schema"
