"""Owns a whole server that asks the failing provider: HTTP on our side, sockets on the other, a clock by hand."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

from mainspring.assembly import World, assemble
from mainspring.providers.endpoints import endpoint_of
from mainspring.providers.registry import Registry
from mainspring.providers.wire import Times
from mainspring.settings import Settings
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.system import SystemClock
from mainspring.testing.clock import ManualClock
from mainspring.testing.ids import SequenceIds
from tests.faults.cases import TOOLS, Case
from tests.faults.provider import SPARE, Provider
from tests.server.asgi import Exchange
from tests.server.desk import Desk, Models, chat_agent, trigger

BOUNDS = Times(connect=0.3, first=0.4, idle=0.4, total=1.5)
NEWEST = {"x-octavus-sdk-version": "4.0.0"}
"""Clients that know of waits and superseded attempts say so."""

PROTOCOL = """\
tools:
{tools}
agent:
  model: {model}
{backup}  system: system
  tools: [{names}]
  agentic: true
triggers:
  user-message:
    input:
      USER_MESSAGE: {{type: string}}
handlers:
  user-message:
    Add user message: {{block: add-message, role: user, prompt: user-message, input: [USER_MESSAGE]}}
    Respond: {{block: next-message}}
"""


def agent(model: str, *, backup: bool) -> dict[str, Any]:
    """An agent of that model that may call the tools of the cases."""
    tools = "\n".join(f"  {name}: {{description: Does it}}" for name in TOOLS)
    line = f"  backupModel: spare/{SPARE}\n" if backup else ""
    protocol = PROTOCOL.format(tools=tools, model=model, backup=line, names=", ".join(TOOLS))
    made = chat_agent(protocol=protocol)
    made["prompts"][0]["content"] = "You help."
    return made


def environment(case: Case, serving: Provider) -> dict[str, str]:
    """Where the providers are, and their keys."""
    url = f"http://127.0.0.1:{serving.port}"
    endpoint = endpoint_of(case.called)
    asked = {
        "dns_nxdomain": "http://localhost.invalid/v1",
        "tls_self_signed": f"https://127.0.0.1:{serving.port}",
    }
    return {
        endpoint.base: asked.get(case.fault, url),
        endpoint.key: "sk-secret-of-the-test",
        "SPARE_BASE_URL": url,
    }


@contextmanager
def black_hole() -> Iterator[str]:
    """An address that takes no connection and refuses none: nobody accepts, and the line is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        held = [socket.socket() for _ in range(4)]
        for caller in held:
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for caller in held:
            caller.close()


@asynccontextmanager
async def server(known: dict[str, str]) -> AsyncIterator[Desk]:
    """A server whose providers are where `known` says."""
    clock = ManualClock()
    registry = Registry(known, clock=clock, times=BOUNDS)
    store = SqliteStore(":memory:", clock=clock)
    world = World(clock=clock, ids=SequenceIds(), store=store, completers=registry)
    mainspring = assemble(replace(Settings(), heartbeat=1e6), world)
    await mainspring.open()
    try:
        desk = Desk(mainspring, clock, Models(clock))
        desk.client.key = await desk.key("admin")
        yield desk
    finally:
        await mainspring.close()


async def turn(desk: Desk, model: str, *, backup: bool = False, stop: bool = False) -> list[dict[str, Any]]:
    """The events of one whole turn, whatever it has to wait for; tool requests are answered.

    `stop`: the user stops the turn once something of the answer is there.
    """
    made = await desk.client.post("/api/agents", agent(model, backup=backup))
    session = (await desk.client.post("/api/agent-sessions", {"agentId": made.json["agentId"]})).json[
        "sessionId"
    ]
    path = f"/api/agent-sessions/{session}/trigger"
    events: list[dict[str, Any]] = []
    body: dict[str, Any] = trigger()
    while True:
        async with desk.client.open("POST", path, body, headers=NEWEST) as exchange:
            if stop:
                await exchange.until("text-delta")
                await desk.client.post(f"/api/agent-sessions/{session}/stop", {})
            await _through(desk, exchange)
        events += exchange.events
        requests = [event for event in exchange.events if event["type"] == "tool-request"]
        if not requests:
            return events
        body = _results(events, requests[-1])


async def _through(desk: Desk, exchange: Exchange) -> None:
    """Lets the clock jump over each wait that is announced."""
    waited = 0
    while not exchange.complete:
        announced = exchange.body.count(b'"retry-scheduled"')
        if announced > waited:
            waited = announced
            await desk.clock.advance(0)
            await desk.clock.advance(130)
        await SystemClock().sleep(0.002)


def _results(events: list[dict[str, Any]], request: dict[str, Any]) -> dict[str, Any]:
    started = next(event for event in events if event["type"] == "start")
    results = [
        {"toolCallId": call["toolCallId"], "toolName": call["toolName"], "result": {"ok": True}}
        for call in request["toolCalls"]
    ]
    return {**trigger(), "executionId": started["executionId"], "toolResults": results}
