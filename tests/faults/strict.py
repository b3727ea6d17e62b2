"""Owns what strict providers refuse: the order, pairing and shape rules of each wire, as it is kept by its maker."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.e2e.strict_chat import violations as chat_violations

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}\Z")
TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+\Z")
MISTRAL_ID = re.compile(r"[a-zA-Z0-9]{9}\Z")
Body = dict[str, Any]


def violations(wire: str, provider: str, body: Body) -> list[str]:
    """Everything the provider would refuse in a request; empty: it is fine."""
    if wire == "anthropic":
        return [*of_messages(body), *of_message_tools(body)]
    if wire == "gemini":
        return [*of_contents(body)]
    if wire == "responses":
        return [*of_input(body)]
    found = chat_violations(body)
    return [*found, *of_mistral(body)] if provider == "mistral" else found


# ---------------------------------------------------------------- Messages


def of_messages(body: Body) -> Iterator[str]:
    """Roles, blocks, and a result for each tool use right after it."""
    if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
        yield "max_tokens is required"
    messages = [(message["role"], _blocks(message["content"])) for message in body.get("messages") or []]
    if not messages or messages[0][0] != "user":
        yield "the first message is not the user's"
    elif messages[-1][0] == "assistant":
        yield "the last message is the assistant's"
    for index, (role, blocks) in enumerate(messages):
        if role not in {"user", "assistant"}:
            yield f"message {index}: role {role!r}"
        yield from of_blocks(index, role, blocks)
    yield from of_uses([blocks for _, blocks in messages])


def _blocks(content: str | list[Body]) -> list[Body]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def of_uses(messages: list[list[Body]]) -> Iterator[str]:
    """Each tool use has its result in the next message, and an id of its own."""
    waiting: list[str] = []
    seen: set[str] = set()
    for index, blocks in enumerate(messages):
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if sorted(results) != sorted(waiting):
            yield f"message {index}: results {results} for calls {waiting}"
        waiting = [block["id"] for block in blocks if block["type"] == "tool_use"]
        if seen & set(waiting) or len(set(waiting)) < len(waiting):
            yield f"message {index}: tool use ids must be unique"
        seen |= set(waiting)
    if waiting:
        yield f"tool uses {waiting} have no result"


def of_blocks(index: int, role: str, blocks: list[Body]) -> Iterator[str]:
    """The blocks of one message."""
    if not blocks:
        yield f"message {index} is empty"
    kinds = [block["type"] for block in blocks]
    if "text" in kinds and "tool_result" in kinds[kinds.index("text") :]:
        yield f"message {index}: a tool result after text"
    for block in blocks:
        check = _BLOCKS.get(block["type"])
        problem = None if check is None else check(role, block)
        if problem:
            yield f"message {index}: {problem}"


def _of_text(_: str, block: Body) -> str | None:
    return None if block["text"].strip() else "text content blocks must contain non-whitespace text"


def _of_result(role: str, _: Body) -> str | None:
    return None if role == "user" else "a tool result of the assistant"


def _of_use(role: str, block: Body) -> str | None:
    if role != "assistant" or not isinstance(block["input"], dict):
        return "a tool use that is none"
    named = TOOL_ID.match(block["id"]) and TOOL_NAME.match(block["name"])
    return None if named else f"id {block['id']!r} or name {block['name']!r}"


def _of_thinking(_: str, block: Body) -> str | None:
    return None if block.get("signature") else "thinking without its signature"


_BLOCKS: dict[str, Callable[[str, Body], str | None]] = {
    "text": _of_text,
    "tool_result": _of_result,
    "tool_use": _of_use,
    "thinking": _of_thinking,
}


def of_message_tools(body: Body) -> Iterator[str]:
    """The tools on offer."""
    for tool in body.get("tools") or []:
        schema = tool.get("input_schema")
        if (
            not TOOL_NAME.match(tool["name"])
            or not isinstance(schema, dict)
            or schema.get("type") != "object"
        ):
            yield f"tool {tool.get('name')!r}: input_schema is no object schema"


# ---------------------------------------------------------------- Gemini


def of_contents(body: Body) -> Iterator[str]:
    """Turns, parts, and as many answers as calls, in the turn right after them."""
    contents = body.get("contents") or []
    if not contents or contents[0]["role"] != "user":
        yield "the first content is not the user's"
    waiting: list[str] = []
    before = ""
    for index, content in enumerate(contents):
        role, parts = content["role"], content["parts"]
        if role not in {"user", "model"} or role == before:
            yield f"content {index}: role {role!r} after {before!r}"
        before = role
        if not parts or any(not part for part in parts):
            yield f"content {index} has an empty part"
        answered = [part["functionResponse"]["name"] for part in parts if "functionResponse" in part]
        if answered != waiting:
            yield f"content {index}: answers {answered} for calls {waiting}"
        waiting = [part["functionCall"]["name"] for part in parts if "functionCall" in part]
        yield from of_parts(index, parts)
    if waiting:
        yield f"calls {waiting} have no answer"


def of_parts(index: int, parts: list[Body]) -> Iterator[str]:
    """The parts of one content."""
    for part in parts:
        if "functionCall" in part and not isinstance(part["functionCall"].get("args", {}), dict):
            yield f"content {index}: args are no object"
        if "functionResponse" in part and not isinstance(part["functionResponse"]["response"], dict):
            yield f"content {index}: a response is no object"
        if "text" in part and not isinstance(part["text"], str):
            yield f"content {index}: text is no text"


# ---------------------------------------------------------------- Responses


def of_input(body: Body) -> Iterator[str]:
    """Items: each call has one output before anything else is said, and nothing is empty."""
    items = body.get("input") or []
    if not items:
        yield "the input is empty"
    waiting: list[str] = []
    seen: set[str] = set()
    for index, item in enumerate(items):
        kind = item.get("type", "message")
        if kind == "function_call":
            if item["call_id"] in seen or not isinstance(json.loads(item["arguments"]), dict):
                yield f"input[{index}]: a call that was made before, or whose arguments are no object"
            seen.add(item["call_id"])
            waiting.append(item["call_id"])
        elif kind == "function_call_output" and item["call_id"] in waiting:
            waiting.remove(item["call_id"])
        elif kind == "function_call_output" or waiting or (kind == "message" and not item["content"]):
            yield f"input[{index}]: {kind} with nothing in it, or while {waiting} wait for their outputs"
    if waiting:
        yield f"no tool output found for function calls {waiting}"


# ---------------------------------------------------------------- Mistral


def of_mistral(body: Body) -> Iterator[str]:
    """The rules of Mistral on top of the chat wire: short ids, and no user right after a tool."""
    before = ""
    for index, message in enumerate(body["messages"]):
        if message["role"] == "user" and before == "tool":
            yield f"message {index}: unexpected role 'user' after role 'tool'"
        before = message["role"]
        for call in message.get("tool_calls") or []:
            if not MISTRAL_ID.match(call["id"]):
                yield f"message {index}: tool call id was {call['id']} but must be a-z, A-Z, 0-9, length 9"
    if before not in {"user", "tool"}:
        yield f"expected last role user or tool but got {before}"
