"""Runs the backend of the examples against a server with the agent of the examples."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import httpx2
from msgspec.structs import replace

from mainspring.client import AsyncClient
from mainspring.providers.script_reader import load_script
from mainspring.storage.agent_folder import read_agent_folder
from tests.client.callers import URL
from tests.client.office import Office, Wire

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def backend() -> Any:
    """The module of the example."""
    spec = importlib.util.spec_from_file_location("backend", EXAMPLES / "python-backend" / "backend.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def publish(office: Office) -> None:
    """Publishes the agent, and lets the model follow its script."""
    folder = EXAMPLES / "support-chat"
    source = read_agent_folder(folder).source
    assert source is not None
    agents = office.desk.services.agents
    office.call(agents.publish("first", source))
    script = load_script((folder / "script.yaml").read_text(), "script.yaml")
    office.desk.models.script = replace(script, pace=0)  # type: ignore[assignment]  # the completer takes both


def events(body: str) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in body.split("\n") if line.startswith("data: ")]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


async def test_the_backend_of_the_examples(office: Office) -> None:
    publish(office)
    client = AsyncClient(URL, office.desk.client.key, http=httpx2.AsyncClient(transport=Wire(office)))
    app = backend().create_app(client)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=URL) as browser:
        session = (await browser.post("/sessions")).json()["sessionId"]
        posted = {"triggerName": "user-message", "input": {"USER_MESSAGE": "When does my plan renew?"}}
        for _ in range(2):
            answer = await browser.post(f"/sessions/{session}/chat", json=posted)
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            told = events(answer.text)
            assert [event["output"] for event in told if event["type"] == "tool-output-available"] == [
                {"name": "Ada", "plan": "Team", "renewsOn": "2027-03-01"}
            ]
            assert "renews on 2027-03-01" in "".join(event.get("delta", "") for event in told)
            # The next turn finds the session expired, and brings it back.
            await client.sessions.clear(session)
        asked = {"triggerName": "user-message", "input": {"USER_MESSAGE": "How do I export?"}}
        assert "Exports" in (await browser.post(f"/sessions/{session}/chat", json=asked)).text
        ticket = {"triggerName": "request-human"}
        assert '"T-' in (await browser.post(f"/sessions/{session}/chat", json=ticket)).text
