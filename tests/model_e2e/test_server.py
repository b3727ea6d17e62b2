"""A whole server on a real model: real tokens stream through both wires, and a tool round goes all the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.http_client import Client, Event
from tests.e2e.server_process import ServerProcess
from tests.model_e2e.conftest import LlamaServer

WIRES = ["llamacpp", "anthropic"]
PROTOCOL = """
tools:
  get-weather:
    description: The weather of a city.
    display: stream
    parameters:
      city: { type: string }
agent:
  model: PROVIDER/smollm2
  agentic: true
  tools: [get-weather]
  temperature: 0
  maxOutputTokens: 64
"""
PLAIN = """
agent:
  model: PROVIDER/smollm2
  temperature: 0
  maxOutputTokens: 24
"""


@pytest.fixture(scope="module")
def client(llama_server: LlamaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A key of a running server whose providers are the real model."""
    settings = {**llama_server.environment, "ANTHROPIC_API_KEY": "none", "LLAMACPP_API_KEY": "none"}
    server = ServerProcess(tmp_path_factory.mktemp("server"), "http://127.0.0.1:9", **settings)
    key = server.create_key("agents", "sessions")
    try:
        yield Client(server.start().url, key)
    finally:
        assert server.stop() == 0


def session(client: Client, provider: str, protocol: str) -> str:
    """A session with an agent that asks the model through one wire."""
    slug = f"{provider}-{len(protocol)}"
    definition = {
        "settings": {"slug": slug, "name": slug, "format": "interactive"},
        "protocol": protocol.replace("PROVIDER", provider),
        "prompts": [{"name": "system", "content": "You are a helpful assistant."}],
    }
    made = client.ask("POST", "/api/agents", definition)
    assert made.status in (200, 201), made
    return client.create(slug)


def text(events: list[Event]) -> str:
    """What the model said."""
    return "".join(event.data["delta"] for event in events if event.type == "text-delta")


def earlier(number: int, city: str, celsius: int) -> list[dict[str, Any]]:
    """A turn as a consumer stored it: a small model does as it has seen done."""
    call = {"type": "tool-call", "toolCallId": f"call_{number}", "toolName": "get-weather", "status": "done"}
    said = {"type": "text", "text": f"It is {celsius} degrees in {city}.", "status": "done"}
    asked = {"type": "text", "text": f"What is the weather in {city}?", "status": "done"}
    at = "2026-11-01T10:00:00Z"
    return [
        {"id": f"u{number}", "role": "user", "status": "done", "createdAt": at, "parts": [asked]},
        {
            "id": f"a{number}",
            "role": "assistant",
            "status": "done",
            "createdAt": at,
            "parts": [{**call, "args": {"city": city}, "result": {"celsius": celsius}}, said],
        },
    ]


@pytest.mark.parametrize("provider", WIRES)
def test_real_tokens_stream_through_the_server(client: Client, provider: str) -> None:
    talk = session(client, provider, PLAIN)
    events = client.trigger(talk, "Tell me a long story about the sea.").rest()
    assert sum(event.type == "text-delta" for event in events) >= 5
    assert events[-1].type == "finish"
    assert events[-1].data["finishReason"] in {"stop", "length"}
    stored = client.messages(talk)[-1]
    assert "".join(part["text"] for part in stored["parts"]) == text(events)


@pytest.mark.parametrize("provider", WIRES)
def test_a_tool_round_goes_all_the_way(client: Client, provider: str) -> None:
    talk = session(client, provider, PROTOCOL)
    assert client.ask("DELETE", f"/api/agent-sessions/{talk}").body["cleared"] is True
    stored = [*earlier(1, "Rome", 20), *earlier(2, "Cairo", 31)]
    restored = client.ask("POST", f"/api/agent-sessions/{talk}/restore", {"messages": stored})
    assert restored.body == {"sessionId": talk, "restored": True}

    events = client.trigger(talk, "What is the weather in Oslo?").rest()
    assert events[-1].data["finishReason"] == "tool-calls"
    (call,) = next(event.data["toolCalls"] for event in events if event.type == "tool-request")
    assert (call["toolName"], call["args"]) == ("get-weather", {"city": "Oslo"})

    results = [{"toolCallId": call["toolCallId"], "toolName": "get-weather", "result": {"celsius": -7}}]
    answered = client.resume(talk, events[0].data["executionId"], results).rest()
    assert answered[-1].data["finishReason"] == "stop"
    assert "-7" in text(answered)
