"""How an answer ended, on every wire: whole, cut for its length, filtered, refused, empty, or nobody knows."""

import json
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest
from msgspec import structs

from mainspring.assembly import World, assemble
from mainspring.model.agents import PromptFile
from mainspring.model.errors import ErrorClass
from mainspring.model.events import Event, decode_event
from mainspring.model.facts import GenerationSettled
from mainspring.model.generation import ModelChunk
from mainspring.model.stream_events import ErrorEvent, Finish
from mainspring.providers.failures import Failures
from mainspring.providers.registry import Registry
from mainspring.providers.wire import AnswerReader, HttpCall
from mainspring.runtime.requests import TriggerRequest
from mainspring.settings import Settings
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.testing.clock import ManualClock, one_turn
from mainspring.testing.ids import SequenceIds
from tests.faults.checking import of
from tests.faults.positions import ENVIRONMENT
from tests.faults.provider import WIRES as PATHS
from tests.faults.streams import WIRES, Piece, encoded
from tests.faults.strict import violations
from tests.runtime.desk import PROJECT, source

PROTOCOL = """
agent: {{ model: {model}, system: system }}
handlers:
  user-message:
    Say: {{ block: add-message, role: user, prompt: said }}
    Ask: {{ block: next-message }}
"""
MODELS = {
    "chat": "openai-chat/m",
    "anthropic": "anthropic/m",
    "gemini": "google/m",
    "responses": "openai-responses/m",
}
Frame = dict[str, Any]


class Fixed:
    """Answers with the same frames each time; notes what strict providers would refuse."""

    now = None

    def __init__(self, wire: str, frames: list[Frame]) -> None:
        self._data = b"".join(encoded(wire, frames))
        self._wire = wire
        self.wrong: list[str] = []
        self.asked = 0

    async def exchange(
        self, call: HttpCall, reader: AnswerReader, failures: Failures
    ) -> AsyncGenerator[list[ModelChunk]]:
        """As `ProviderHttp.exchange`."""
        self.asked += 1
        assert PATHS[next(mark for mark in PATHS if mark in call.url)] == self._wire
        self.wrong += violations(self._wire, failures.provider, json.loads(call.body))
        yield reader.read(self._data)
        if not reader.done:
            yield reader.end()
        if reader.failure is not None:
            raise reader.failure

    async def close(self) -> None:
        """There is nothing to close."""


async def two_turns(wire: str, frames: list[Frame]) -> tuple[list[Event], Fixed]:
    """The journal of two turns whose answers end like that; the second shows what the first left in the history."""
    clock = ManualClock(1000.0)
    fixed = Fixed(wire, frames)
    registry = Registry(ENVIRONMENT, clock=clock)
    registry._http = cast("Any", fixed)
    store = SqliteStore(":memory:", clock=clock)
    app = assemble(Settings(), World(clock=clock, ids=SequenceIds(), store=store, completers=registry))
    await app.open()
    try:
        agent = source(PROTOCOL.format(model=MODELS[wire]))
        agent = structs.replace(agent, prompts=(*agent.prompts, PromptFile(name="said", content="Hi.")))
        await app.agents.publish(PROJECT, agent)
        session = (await app.sessions.create(PROJECT, "helper", {})).id
        for _ in range(2):
            await app.sessions.trigger(PROJECT, session, TriggerRequest(input={"USER_MESSAGE": "Hi"}))
            host: Any = app.hosts.live(session)
            while host.busy or host.stream.cursor < host.journal.cursor:
                await clock.advance(1)
                await one_turn()
        rows = await store.read(session, 0, 10_000)
        return [decode_event(data) for row in rows for data in row.data.split(b"\n")], fixed
    finally:
        await app.close()


def said(wire: str, *texts: str) -> list[Frame]:
    """An answer in that wire, without the frames that end it."""
    frames = list(WIRES[wire]([Piece("text", texts)] if texts else []))
    return frames[: -(2 if wire == "anthropic" else 1)]


def choice(reason: str, **delta: Any) -> Frame:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def stopped(reason: str) -> list[Frame]:
    return [{"type": "message_delta", "delta": {"stop_reason": reason}}, {"type": "message_stop"}]


def candidate(reason: str) -> Frame:
    return {"candidates": [{"content": {"role": "model", "parts": []}, "finishReason": reason}]}


def completed(status: str, reason: str | None = None) -> Frame:
    details = None if reason is None else {"reason": reason}
    body: Frame = {"id": "r", "status": status, "incomplete_details": details, "output": []}
    return {"type": f"response.{status}", "response": body}


REFUSAL = {"type": "response.refusal.delta", "item_id": "m", "output_index": 0, "delta": "I cannot."}
ENDINGS: list[tuple[str, list[Frame], str, str | None, str]] = [
    ("chat", [*said("chat", "So"), choice("stop")], "stop", "stop", "So"),
    ("chat", [*said("chat", "So"), choice("length")], "length", "length", "So"),
    ("chat", [*said("chat", "So"), choice("content_filter")], "content-filter", "content_filter", "So"),
    ("chat", [choice("stop", refusal="I cannot.")], "content-filter", "refusal", "I cannot."),
    ("chat", [choice("stop")], "stop", "stop", ""),
    ("chat", [*said("chat", "So"), choice("moonshine")], "other", "moonshine", "So"),
    ("anthropic", [*said("anthropic", "So"), *stopped("end_turn")], "stop", "end_turn", "So"),
    ("anthropic", [*said("anthropic", "So"), *stopped("max_tokens")], "length", "max_tokens", "So"),
    (
        "anthropic",
        [*said("anthropic", "So"), *stopped("model_context_window_exceeded")],
        "length",
        "model_context_window_exceeded",
        "So",
    ),
    ("anthropic", [*said("anthropic"), *stopped("refusal")], "content-filter", "refusal", ""),
    ("anthropic", [*said("anthropic"), *stopped("end_turn")], "stop", "end_turn", ""),
    ("anthropic", [*said("anthropic", "So"), *stopped("moonshine")], "other", "moonshine", "So"),
    ("gemini", [*said("gemini", "So"), candidate("STOP")], "stop", "STOP", "So"),
    ("gemini", [*said("gemini", "So"), candidate("MAX_TOKENS")], "length", "MAX_TOKENS", "So"),
    ("gemini", [*said("gemini", "So"), candidate("SAFETY")], "content-filter", "SAFETY", "So"),
    ("gemini", [{"promptFeedback": {"blockReason": "OTHER"}}], "content-filter", "OTHER", ""),
    ("gemini", [candidate("STOP")], "stop", "STOP", ""),
    ("gemini", [*said("gemini", "So"), candidate("MOONSHINE")], "other", "MOONSHINE", "So"),
    ("responses", [*said("responses", "So"), completed("completed")], "stop", "completed", "So"),
    (
        "responses",
        [*said("responses", "So"), completed("incomplete", "max_output_tokens")],
        "length",
        "max_output_tokens",
        "So",
    ),
    (
        "responses",
        [*said("responses", "So"), completed("incomplete", "content_filter")],
        "content-filter",
        "content_filter",
        "So",
    ),
    ("responses", [REFUSAL, completed("completed")], "content-filter", "refusal", "I cannot."),
    ("responses", [completed("completed")], "stop", "completed", ""),
    (
        "responses",
        [*said("responses", "So"), completed("incomplete", "moonshine")],
        "other",
        "moonshine",
        "So",
    ),
]


@pytest.mark.parametrize(("wire", "frames", "reason", "raw", "text"), ENDINGS)
async def test_an_answer_ends_as_it_did(
    wire: str, frames: list[Frame], reason: str, raw: str | None, text: str
) -> None:
    events, fixed = await two_turns(wire, frames)
    assert not of(events, ErrorEvent)
    assert [event.finish_reason for event in of(events, Finish)] == [reason, reason]
    for settled in of(events, GenerationSettled):
        assert (settled.raw_reason, settled.message.text) == (raw, text)
        assert bool(settled.message.parts) == bool(text)
    assert fixed.wrong == []
    assert fixed.asked == 2


GONE: list[tuple[str, list[Frame], ErrorClass]] = [
    ("chat", [choice("error")], "server_error"),
    ("chat", [choice("insufficient_system_resource")], "overloaded"),
    ("chat", [choice("tool_calls")], "malformed_output"),
    ("chat", [], "network"),
    ("anthropic", said("anthropic"), "network"),
    ("gemini", [candidate("MALFORMED_FUNCTION_CALL")], "malformed_output"),
    ("gemini", [{"usageMetadata": {}}], "network"),
    ("responses", [{"type": "response.created", "response": {"id": "r"}}], "network"),
    ("responses", [completed("failed")], "server_error"),
]


@pytest.mark.parametrize(("wire", "frames", "name"), GONE)
async def test_an_end_that_is_none_is_a_failure(wire: str, frames: list[Frame], name: ErrorClass) -> None:
    events, fixed = await two_turns(wire, frames)
    assert {error.error_class for error in of(events, ErrorEvent)} == {name}
    assert not of(events, Finish)
    assert fixed.wrong == []
