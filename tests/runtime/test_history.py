"""Poisoned histories: whatever a thread came to hold, both wires make of it what a strict provider accepts."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.model.generation import ModelRequest
from mainspring.model.messages import Message
from mainspring.model.parts import Part, ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from mainspring.providers.anthropic_request import messages_request
from mainspring.providers.endpoints import ENDPOINTS
from mainspring.providers.gemini_request import gemini_request
from mainspring.providers.openai_chat_request import chat_request
from mainspring.providers.openai_responses_request import responses_request
from mainspring.runtime.history import NO_RESULT, fit
from mainspring.runtime.living_history import Histories, LivingHistory
from mainspring.runtime.tool_output import Bounds, shortened
from tests.runtime.desk import Desk

CLAUDE = "anthropic/claude-sonnet-4-5"


def message(number: int, role: Any, *parts: Part, **more: Any) -> Message:
    return Message(id=f"m{number}", role=role, parts=parts, at=1.0, **more)


def text(words: str = "Hi") -> TextPart:
    return TextPart(text=words)


def call(call_id: str = "c1", tool: str = "look", **more: Any) -> ToolCallPart:
    return ToolCallPart(call_id=call_id, tool=tool, args={"a": 1}, **more)


def result(call_id: str = "c1", tool: str = "look", output: Any = "seen") -> ToolResultPart:
    return ToolResultPart(call_id=call_id, tool=tool, output=output)


def thought(provider: str | None = "anthropic", model: str | None = "claude-sonnet-4-5") -> ReasoningPart:
    return ReasoningPart(text="Hmm", provider=provider, model=model, metadata={"signature": "s"})


def thread(*turns: tuple[Any, ...]) -> tuple[Message, ...]:
    return tuple(message(number, role, *parts) for number, (role, *parts) in enumerate(turns))


POISONED: dict[str, tuple[Message, ...]] = {
    "a call without a result at the end": thread(("user", text()), ("assistant", call())),
    "a call without a result and then a user": thread(
        ("user", text()), ("assistant", call()), ("user", text())
    ),
    "two calls and one result": thread(
        ("user", text()), ("assistant", call(), call("c2")), ("tool", result("c2")), ("user", text())
    ),
    "results in another order": thread(
        ("user", text()), ("assistant", call(), call("c2")), ("tool", result("c2"), result())
    ),
    "results in two messages": thread(
        ("user", text()), ("assistant", call(), call("c2")), ("tool", result()), ("tool", result("c2"))
    ),
    "a result after a user message": thread(
        ("user", text()), ("assistant", call()), ("user", text("Well?")), ("tool", result())
    ),
    "a result after another answer": thread(
        ("user", text()), ("assistant", call()), ("assistant", text()), ("tool", result())
    ),
    "a result before its call": thread(("user", text()), ("tool", result()), ("assistant", call())),
    "a result without a call": thread(("user", text()), ("tool", result()), ("user", text())),
    "a result without a call at the start": thread(("tool", result()), ("user", text())),
    "a result twice": thread(
        ("user", text()), ("assistant", call()), ("tool", result(), result(output="other"))
    ),
    "a result twice in two messages": thread(
        ("user", text()), ("assistant", call()), ("tool", result()), ("tool", result())
    ),
    "one more result": thread(("user", text()), ("assistant", call()), ("tool", result(), result("c9"))),
    "a result beside its call": thread(("user", text()), ("assistant", call(), result()), ("user", text())),
    "a result in a user message": thread(("user", text()), ("assistant", call()), ("user", result(), text())),
    "one id twice in a message": thread(
        ("user", text()), ("assistant", call(), call()), ("tool", result(), result(output="two"))
    ),
    "one id in two turns": thread(
        ("user", text()),
        ("assistant", call()),
        ("tool", result()),
        ("user", text()),
        ("assistant", call()),
        ("tool", result(output="two")),
    ),
    "one id in two turns and the first result missing": thread(
        ("user", text()), ("assistant", call()), ("user", text()), ("assistant", call()), ("tool", result())
    ),
    "an empty id": thread(("user", text()), ("assistant", call("")), ("tool", result(""))),
    "an id with strange letters": thread(
        ("user", text()), ("assistant", call("a.b/c")), ("tool", result("a.b/c"))
    ),
    "an id that is too long": thread(
        ("user", text()), ("assistant", call("x" * 99)), ("tool", result("x" * 99))
    ),
    "a repaired id that is there": thread(
        ("user", text()),
        ("assistant", call("!"), call("call_repaired_1")),
        ("tool", result("!"), result("call_repaired_1")),
    ),
    "a tool without a name": thread(
        ("user", text()), ("assistant", call(tool="")), ("tool", result(tool=""))
    ),
    "a tool with a strange name": thread(
        ("user", text()),
        ("assistant", call(tool="functions.look up")),
        ("tool", result(tool="functions.look up")),
    ),
    "a tool with a name that is too long": thread(
        ("user", text()), ("assistant", call(tool="t" * 200)), ("tool", result(tool="t" * 200))
    ),
    "a result that names another tool": thread(
        ("user", text()), ("assistant", call()), ("tool", result(tool="go"))
    ),
    "an empty answer": thread(("user", text()), ("assistant",), ("user", text())),
    "an answer of empty text": thread(("user", text()), ("assistant", text("")), ("user", text())),
    "an answer of spaces": thread(("user", text()), ("assistant", text(" \n ")), ("user", text())),
    "empty text beside a call": thread(("user", text()), ("assistant", text(""), call()), ("tool", result())),
    "an empty question": thread(("user", text()), ("assistant", text()), ("user", text(""))),
    "an answer of thoughts alone": thread(("user", text()), ("assistant", thought()), ("user", text())),
    "thoughts of another provider": thread(("user", text()), ("assistant", thought("openai", "gpt"), text())),
    "thoughts of another model": thread(
        ("user", text()), ("assistant", thought("anthropic", "claude-opus-4"), call()), ("tool", result())
    ),
    "thoughts of nobody": thread(("user", text()), ("assistant", thought(None, None), text())),
    "a signed call of another provider": thread(
        ("user", text()),
        ("assistant", call(provider="google", model="gemini", metadata={"thoughtSignature": "x"})),
        ("tool", result()),
    ),
    "two answers in a row": thread(("user", text()), ("assistant", text()), ("assistant", text())),
    "two questions in a row": thread(("user", text()), ("user", text())),
    "an answer at the start": thread(("assistant", text()), ("user", text())),
    "an empty tool message": thread(("user", text()), ("assistant", text()), ("tool",), ("user", text())),
    "an interrupted answer with a call": (
        message(0, "user", text()),
        message(1, "assistant", call(), incomplete=True),
        message(2, "tool", result()),
        message(3, "user", text()),
    ),
    "everything at once": thread(
        ("tool", result("zz")),
        ("assistant", thought("openai", "gpt"), text(""), call(""), call(), call()),
        ("user", text(" ")),
        ("tool", result(), result("c2")),
        ("assistant", call("c2"), call(tool="a b")),
        ("user", text()),
        ("tool", result("c2")),
    ),
}


def request(messages: tuple[Message, ...], model: str) -> ModelRequest:
    return ModelRequest(model=model, messages=fit(messages, model=model).messages)


def strict_messages(body: dict[str, Any]) -> None:
    """The rules of the Messages API."""
    found = body["messages"]
    assert found[0]["role"] == "user"
    ids: list[str] = []
    for place, one in enumerate(found):
        assert one["role"] != (found[place - 1]["role"] if place else None)
        assert one["content"]
        kinds = [block["type"] for block in one["content"]]
        assert all(block["text"].strip() for block in one["content"] if block["type"] == "text")
        if one["role"] == "assistant":
            assert kinds[-1] != "thinking"
            calls = [block["id"] for block in one["content"] if block["type"] == "tool_use"]
            ids += calls
            answers = [b["tool_use_id"] for b in found[place + 1]["content"] if b["type"] == "tool_result"]
            assert answers == calls
        else:
            before = found[place - 1]["content"] if place else []
            asked = [block["id"] for block in before if block["type"] == "tool_use"]
            assert kinds[: len(asked)] == ["tool_result"] * len(asked)
            assert kinds.count("tool_result") == len(asked)
    assert len(set(ids)) == len(ids)


def strict_chat(body: dict[str, Any]) -> None:
    """The rules of the Chat Completions API."""
    waiting: list[str] = []
    ids: list[str] = []
    for one in body["messages"]:
        if one["role"] == "tool":
            assert waiting, "a result without a call"
            assert one["tool_call_id"] == waiting.pop(0)
            continue
        assert not waiting, "a call without a result"
        assert one.get("content") or one.get("tool_calls")
        for made in one.get("tool_calls", []):
            assert made["function"]["name"].replace("_", "").replace("-", "").isalnum()
            assert len(made["function"]["name"]) <= 64
            assert isinstance(json.loads(made["function"]["arguments"]), dict)
            ids.append(made["id"])
            waiting.append(made["id"])
    assert not waiting
    assert len(set(ids)) == len(ids)
    assert all(ids)


def strict_gemini(body: dict[str, Any]) -> None:
    """The rules of the Gemini API: roles in turn, and the results of a turn's calls at once after it."""
    found = body["contents"]
    assert found[0]["role"] == "user"
    for place, one in enumerate(found):
        assert one["role"] != (found[place - 1]["role"] if place else None)
        assert one["parts"]
        results = [part["functionResponse"]["name"] for part in one["parts"] if "functionResponse" in part]
        before = found[place - 1]["parts"] if place else []
        calls = [part for part in before if "functionCall" in part]
        assert results == [part["functionCall"]["name"] for part in calls]
        assert all(part.get("thoughtSignature") for part in calls[:1])


def check(messages: tuple[Message, ...]) -> None:
    strict_gemini(gemini_request(request(messages, "google/gemini-3-pro"), provider="google"))
    strict_messages(messages_request(request(messages, CLAUDE), provider="anthropic"))
    for provider in ("openai", "mistral", "deepseek"):
        asked = request(messages, f"{provider}/m")
        body = chat_request(asked, provider=provider, quirks=ENDPOINTS[provider].quirks)
        strict_chat(body)
        if provider == "mistral":
            strict_mistral(body)


def strict_mistral(body: dict[str, Any]) -> None:
    """What Mistral wants on top: its own form of ids, and an answer between results and a question."""
    roles = [one["role"] for one in body["messages"]]
    assert ("tool", "user") not in set(pairwise(roles))
    for one in body["messages"]:
        for made in one.get("tool_calls", []):
            assert len(made["id"]) == 9
            assert made["id"].isalnum()


@pytest.mark.parametrize("name", POISONED)
def test_a_poisoned_history_is_accepted(name: str) -> None:
    check(POISONED[name])


def test_there_are_enough_of_them() -> None:
    assert len(POISONED) >= 40


@pytest.mark.parametrize("name", POISONED)
def test_what_is_repaired_once_needs_no_repair_again(name: str) -> None:
    once = fit(POISONED[name], model=CLAUDE)
    again = fit(once.messages, model=CLAUDE)
    assert again.messages == once.messages
    assert not again.repairs


def test_a_healthy_history_is_passed_on_as_it_is() -> None:
    healthy = thread(
        ("system", text()),
        ("user", text()),
        ("assistant", thought(), text(), call(), call("c2")),
        ("tool", result(), result("c2")),
        ("assistant", text()),
    )
    fitted = fit(healthy, model=CLAUDE)
    assert not fitted.repairs
    assert all(one is other for one, other in zip(fitted.messages, healthy, strict=True))


def test_results_go_to_the_call_they_belong_to() -> None:
    fitted = fit(POISONED["one id in two turns"], model=CLAUDE)
    results = [
        part.output for one in fitted.messages for part in one.parts if isinstance(part, ToolResultPart)
    ]
    assert results == ["seen", "two"]
    missing = fit(POISONED["one id in two turns and the first result missing"], model=CLAUDE)
    errors = [
        part.error for one in missing.messages for part in one.parts if isinstance(part, ToolResultPart)
    ]
    assert errors == [NO_RESULT, None]


def test_signatures_go_back_to_their_model_alone() -> None:
    signed = thread(
        ("user", text()),
        ("assistant", thought(), call(provider="anthropic", model="claude-sonnet-4-5", metadata={"s": 1})),
        ("tool", result()),
    )
    kept = fit(signed, model=CLAUDE).messages[1].parts
    assert kept == signed[1].parts
    for other in ("anthropic/claude-opus-4-1", "google/gemini"):
        (left,) = fit(signed, model=other).messages[1].parts
        assert left == call()


PARTS = st.one_of(
    st.builds(text, st.sampled_from(["", " ", "Hi"])),
    st.builds(call, st.sampled_from(["c1", "c2", "", "a b"]), st.sampled_from(["look", "", "a b"])),
    st.builds(result, st.sampled_from(["c1", "c2", "", "a b"])),
    st.builds(thought, st.sampled_from(["anthropic", "openai", None]), st.just(None)),
)
HISTORIES = st.lists(
    st.tuples(st.sampled_from(["user", "assistant", "tool"]), st.lists(PARTS, max_size=3)), max_size=7
)


@given(HISTORIES)
def test_any_history_is_accepted(turns: list[tuple[Any, list[Part]]]) -> None:
    check(
        (message(0, "user", text()), *(message(n, role, *parts) for n, (role, parts) in enumerate(turns, 1)))
    )


@given(st.lists(HISTORIES, max_size=4), st.integers(0, 9), st.sampled_from([None, 1]))
def test_a_living_history_is_the_history_fitted_whole(
    steps: list[list[tuple[Any, list[Part]]]], cut: int, tokens: int | None
) -> None:
    bounds = Bounds(tokens=tokens)
    living = LivingHistory(CLAUDE, bounds)
    messages: tuple[Message, ...] = ()
    for step in [*steps, *steps]:
        more = (message(len(messages) + n, role, *parts) for n, (role, parts) in enumerate(step))
        messages = (*messages, *more)
        whole = fit(messages, model=CLAUDE)
        seen = living.view(messages)
        assert seen.messages == shortened(whole.messages, bounds)
        assert bool(seen.repairs) == bool(whole.repairs)
        # A rollback, now and then.
        messages = messages[: len(messages) - cut] if cut > len(step) else messages


def test_what_was_valid_stays_the_same_objects() -> None:
    histories = Histories()
    first = thread(("user", text()), ("assistant", call()), ("tool", result()), ("assistant", text("Yes")))
    before = histories.of("main", model=CLAUDE).view(first)
    after = histories.of("main", model=CLAUDE).view((*first, message(9, "user", text("More"))))
    assert all(one is other for one, other in zip(before.messages, after.messages, strict=False))
    assert len(after.messages) == len(before.messages) + 1
    signed = thread(("user", text()), ("assistant", thought(), text()))
    other = histories.of("main", model="x/y").view(signed)
    assert other.messages[1].parts == (text(),)


def requests_of(request: ModelRequest) -> list[Any]:
    """What every wire makes of a request."""
    return [
        messages_request(request, provider="anthropic"),
        gemini_request(request, provider="google"),
        responses_request(request, provider="openai"),
        *(
            chat_request(request, provider=name, quirks=ENDPOINTS[name].quirks)
            for name in ("groq", "mistral", "deepseek")
        ),
    ]


@given(st.lists(HISTORIES, max_size=3), st.integers(0, 9))
def test_a_thread_told_again_is_told_as_if_for_the_first_time(
    steps: list[list[tuple[Any, list[Part]]]], cut: int
) -> None:
    histories = Histories()
    messages: tuple[Message, ...] = (message(0, "user", text()),)
    for step in [*steps, *steps]:
        more = (message(len(messages) + n, role, *parts) for n, (role, parts) in enumerate(step))
        messages = (*messages, *more)
        living = histories.of("main", model=CLAUDE)
        fitted = living.view(messages).messages
        remembered = ModelRequest(model=CLAUDE, messages=fitted, retelling=living.retelling)
        assert requests_of(remembered) == requests_of(ModelRequest(model=CLAUDE, messages=fitted))
        assert requests_of(remembered) == requests_of(remembered)
        messages = messages[: max(1, len(messages) - cut)] if cut > len(step) else messages


async def test_a_repair_is_logged_and_the_session_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    from msgspec.structs import replace

    async with Desk() as desk:
        await desk.turn()
        host = desk.host
        main = host.state.scopes["main"].threads["main"]
        broken = replace(main, messages=(*main.messages, message(9, "assistant", call())))
        scope = replace(host.state.scopes["main"], threads={"main": broken})
        host.state = replace(host.state, scopes={"main": scope})
        await desk.turn("Again")
        assert "a call had no result" in caplog.text
        assert desk.model.requests[-1].messages[-2].role == "tool"
