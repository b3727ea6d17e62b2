"""Owns what the tests of uploaded files do over and over: an agent that looks at files, uploads, a model that sees."""

import base64
from collections.abc import AsyncIterator
from typing import Any

from mainspring.model.generation import ModelRequest
from mainspring.model.parts import TextPart
from tests.server.asgi import Client, Exchange
from tests.server.desk import CHAT, Desk, chat_agent, trigger

UPLOADS = "/api/files/upload-urls"
PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"
PICTURES = CHAT.replace(
    "      USER_MESSAGE: {type: string}\n",
    "      USER_MESSAGE: {type: string}\n      FILES: {type: 'file[]', optional: true}\n",
).replace("      input: [USER_MESSAGE]\n", "      input: [USER_MESSAGE]\n      files: [FILES]\n")


async def session_of(desk: Desk) -> str:
    """A session of an agent that looks at files."""
    agent = await desk.agent(chat_agent(protocol=PICTURES))
    made = await desk.client.post("/api/agent-sessions", {"agentId": agent, "input": {"COMPANY": "Acme"}})
    return str(made.json["sessionId"])


def announced(data: bytes = PNG, name: str = "cat.png", media_type: str = "image/png") -> dict[str, Any]:
    return {"filename": name, "mediaType": media_type, "size": len(data)}


async def addresses(desk: Desk, session: str, *files: dict[str, Any]) -> list[dict[str, str]]:
    made = await desk.client.post(UPLOADS, {"sessionId": session, "files": list(files)})
    assert made.status == 200, made.body
    return list(made.json["files"])


def path_of(url: str) -> str:
    assert url.startswith("http://localhost/api/files/fil_")
    return url.removeprefix("http://localhost")


async def put(desk: Desk, url: str, data: bytes, **options: Any) -> Exchange:
    return await Client(desk.app).request("PUT", path_of(url), data, **options)


async def uploaded(
    desk: Desk, session: str, data: bytes = PNG, name: str = "cat.png", media_type: str = "image/png"
) -> dict[str, Any]:
    """The reference to a file that is there."""
    (made,) = await addresses(desk, session, announced(data, name, media_type))
    assert (await put(desk, made["uploadUrl"], data)).status == 200
    return {
        "id": made["id"],
        "mediaType": media_type,
        "url": made["downloadUrl"],
        "filename": name,
        "size": len(data),
    }


class Sees:
    """A model that keeps what it was asked, and says the same always."""

    def __init__(self) -> None:
        self.asked: list[ModelRequest] = []

    async def __call__(self, request: ModelRequest) -> AsyncIterator[str]:
        self.asked.append(request)
        yield "I see."

    def shown(self, place: int = 0) -> list[Any]:
        """The parts of the user's messages in the last request, without their texts."""
        users = [message for message in self.asked[-1].messages if message.role == "user"]
        return [part for part in users[place].parts if not isinstance(part, TextPart) or part.text != "Hi"]


async def show(desk: Desk, session: str, *files: dict[str, Any]) -> Exchange:
    body = trigger()
    body["input"]["FILES"] = list(files)
    return await desk.client.post(f"/api/agent-sessions/{session}/trigger", body)


def data_url(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
