"""One session on every wire, one turn each: all the views of it agree."""

from typing import Any

from mainspring.model.generation import ModelRequest
from tests.server.desk import Desk, trigger
from tests.server.test_ai_sdk import chat, said


class Counts:
    """A model that says how many questions it has seen."""

    async def __call__(self, request: ModelRequest) -> Any:
        asked = [message.text for message in request.messages if message.role == "user"]
        yield f"{len(asked)}: {asked[-1]}"


def of(messages: Any) -> list[tuple[str, str]]:
    """Roles and texts of messages that have parts."""
    return [
        (
            message["role"],
            "".join(part["text"] for part in message["parts"] if part["type"] == "text"),
        )
        for message in messages
    ]


async def test_a_session_goes_on_from_wire_to_wire(desk: Desk) -> None:
    desk.models.script = Counts()  # type: ignore[assignment]  # an async generator function, as an object
    session = await desk.session()
    await desk.client.post(f"/api/agent-sessions/{session}/trigger", trigger("native"))
    await desk.client.post("/api/chat/support", {**chat(said("ai-sdk")), "id": session})
    run = {"threadId": session, "runId": "r1"}
    question = {"id": "q", "role": "user", "content": "ag-ui"}
    await desk.client.post("/api/ag-ui/support", {**run, "messages": [question]})
    responses = {"model": "agent:support", "input": "responses", "conversation": session}
    answer = (await desk.client.post("/v1/responses", responses)).json

    expected = [
        ("user", "native"),
        ("assistant", "1: native"),
        ("user", "ai-sdk"),
        ("assistant", "2: ai-sdk"),
        ("user", "ag-ui"),
        ("assistant", "3: ag-ui"),
        ("user", "responses"),
        ("assistant", "4: responses"),
    ]
    native = await desk.client.get(
        f"/api/agent-sessions/{session}?format=ui", headers={"x-octavus-sdk-version": "4"}
    )
    assert of(native.json["messages"]) == expected
    full = await desk.client.get(f"/api/agent-sessions/{session}", headers={"x-octavus-sdk-version": "4"})
    assert [(message["role"], message["content"]) for message in full.json["messages"]] == expected
    ai_sdk = await desk.client.get(f"/api/chat/support/{session}/messages")
    assert of(ai_sdk.json["messages"]) == expected
    ag_ui = await desk.client.post("/api/ag-ui/support", {**run, "runId": "r2", "messages": []})
    snapshot = ag_ui.events[1]["messages"]
    assert [(message["role"], message["content"]) for message in snapshot] == expected
    items = (await desk.client.get(f"/v1/conversations/{session}/items?order=asc")).json["data"]
    assert [(item["role"], item["content"][0]["text"]) for item in items] == expected
    assert answer["output"][0]["content"] == items[-1]["content"]


async def test_readers_on_several_wires_at_once(desk: Desk) -> None:
    session = await desk.session()
    async with desk.client.open("GET", f"/api/agent-sessions/{session}/events") as events:
        turn = await desk.client.post("/api/chat/support", {**chat(said("Hi")), "id": session})
        await events.until('"type":"usage"')
        events.leave()
    seen = "".join(event["delta"] for event in events.events if event["type"] == "text-delta")
    told = "".join(event["delta"] for event in turn.events if event["type"] == "text-delta")
    assert seen == told == "Hello there"
