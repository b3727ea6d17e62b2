"""What a model gets of long tool results, and that every request begins as the one before it did."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mainspring.model.messages import Message
from mainspring.model.parts import TextPart, ToolResultPart
from mainspring.model.program import Policy, Tool
from mainspring.model.signals import ToolResult
from mainspring.model.values import encode_json
from mainspring.providers.anthropic_request import messages_request
from mainspring.providers.endpoints import ENDPOINTS
from mainspring.providers.gemini_request import gemini_request
from mainspring.providers.openai_chat_request import chat_request
from mainspring.providers.script import Call
from mainspring.runtime.tool_output import NO_BOUNDS, Bounds, bounds_of, shorten, shortened
from tests.runtime.desk import Desk

BOUND = """
tools:
  look: { description: Look }
agent:
  model: scripted/model
  system: system
  agentic: true
  maxToolOutputTokens: 10
  tools: [look]
"""


def results(*parts: Any) -> Message:
    return Message(id="m", role="tool", parts=parts, at=1.0)


def test_head_note_and_tail() -> None:
    text = "a" * 70 + "b" * 100 + "c" * 30
    assert shorten(text, 100) == "a" * 70 + "\n[... 100 characters left out ...]\n" + "c" * 30


@given(st.text(max_size=80), st.integers(1, 60))
def test_nothing_but_the_middle_is_left_out(text: str, most: int) -> None:
    head, _, tail = shorten(text + "x" * 60, most).partition("\n[... ")
    assert (text + "x" * 60).startswith(head)
    assert len(head) + len(tail.partition(" ...]\n")[2]) == most


def test_only_what_is_too_long_is_shortened() -> None:
    short = results(ToolResultPart(call_id="c", tool="look", output="short"))
    user = Message(id="u", role="user", parts=(TextPart(text="x" * 999),), at=1.0)
    assert shortened((short, user), NO_BOUNDS) == (short, user)
    kept = shortened((short, user), Bounds(tokens=10))
    assert kept[0] is short
    assert kept[1] is user
    long = results(
        ToolResultPart(call_id="c", tool="look", output={"a": "x" * 99}),
        ToolResultPart(call_id="d", tool="look", error="e" * 99),
        ToolResultPart(call_id="e", tool="look", error="e"),
        TextPart(text="y" * 99),
    )
    (cut,) = shortened((long,), Bounds(tokens=10))
    first, second, third, fourth = cut.parts
    assert isinstance(first, ToolResultPart)
    assert isinstance(second, ToolResultPart)
    assert first.output.startswith('{"a":"xxx')
    assert "left out" in first.output
    assert "left out" in (second.error or "")
    assert (third, fourth) == long.parts[2:]


def test_a_tool_may_have_a_bound_of_its_own() -> None:
    tools = {
        "look": Tool(name="look", description="", policy=Policy(max_result_tokens=5)),
        "find": Tool(name="find", description="", policy=Policy()),
        "see": Tool(name="see", description=""),
    }
    bounds = bounds_of(None, tools)
    assert (bounds.of("look"), bounds.of("find"), bounds.of("see")) == (20, None, None)
    bounds = bounds_of(3, tools)
    assert (bounds.of("look"), bounds.of("find")) == (12, 12)
    message = results(
        ToolResultPart(call_id="c", tool="look", output="x" * 99),
        ToolResultPart(call_id="d", tool="find", output="x" * 99),
    )
    (cut,) = shortened((message,), bounds_of(None, tools))
    assert "left out" in str(cut.parts[0])
    assert cut.parts[1] is message.parts[1]


async def test_every_request_begins_as_the_one_before_it() -> None:
    """Rounds of tools and new turns only add at the end: system, tools and messages keep their bytes."""

    def script(request: Any) -> Any:
        return "Seen." if request.messages[-1].role == "tool" else Call("look", args={"b": 1, "a": 2})

    async with Desk(script, BOUND) as desk:
        for number in range(3):
            leg = await desk.trigger(f"Turn {number}")
            await desk.settle()
            answer = {"z": number, "a": "long " * 50}
            await desk.results(
                leg, [ToolResult(tool_call_id=call, result=answer) for call in desk.open_calls()]
            )
            await desk.settle()
        requests = desk.model.requests
        assert len(requests) == 6
        assert any("left out" in str(part) for message in requests[-1].messages for part in message.parts)
        for before, after in pairwise(requests):
            assert encode_json(after.tools) == encode_json(before.tools)
            assert after.system == before.system
            assert after.messages[: len(before.messages)] == before.messages
            for old, new in zip(bodies(before), bodies(after), strict=True):
                assert new.startswith(old)


def bodies(request: Any) -> list[bytes]:
    """The messages of a request on every wire, without the brackets at their end."""
    chat = chat_request(request, provider="openai", quirks=ENDPOINTS["openai"].quirks)["messages"]
    gemini = gemini_request(request, provider="google")["contents"]
    plain = messages_request(request, provider="anthropic")["messages"]
    for message in plain:
        for block in message["content"]:
            block.pop("cache_control", None)
    return [encode_json(part).rstrip(b"]}") for part in (chat, gemini, plain)]
