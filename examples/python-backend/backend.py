"""Owns a backend in Python: browsers talk to it, it runs the tools, Mainspring runs the agent.

    uvicorn --factory --app-dir examples/python-backend backend:create_app

`MAINSPRING_URL` and `MAINSPRING_KEY` say where the server is; the agent is `examples/support-chat`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from mainspring.client import AsyncClient, ToolContext, ToolError
from mainspring.client.onward import HEADERS

AGENT = "support-chat"
INPUT = {"COMPANY_NAME": "Acme Corp", "PRODUCT_NAME": "Boards", "USER_ID": "user-1"}
ACCOUNTS = {"user-1": {"name": "Ada", "plan": "Team", "renewsOn": "2027-03-01"}}
PAGES = ("Exports: open the board, choose Share, then Export.", "Invitations: Settings, Members, Invite.")


# The tools: plain functions. Their hints are checked before they are called, what they raise is told to the model.
async def get_user_account(user_id: str) -> dict[str, str]:
    """The account of a customer."""
    if user_id not in ACCOUNTS:
        raise ToolError(f"There is no customer {user_id}. Ask for the e-mail address.")
    return ACCOUNTS[user_id]


def search_docs(query: str, limit: int = 3) -> dict[str, list[dict[str, str]]]:
    """The pages that share most words with the query; not async, so it runs in a thread."""
    words = set(query.lower().split())
    found = sorted(PAGES, key=lambda page: len(words & set(page.lower().split())), reverse=True)
    titled = [page.partition(": ") for page in found[:limit]]
    return {"pages": [{"title": title, "text": text} for title, _, text in titled]}


async def create_support_ticket(
    summary: str, priority: Literal["low", "medium", "high"], context: ToolContext
) -> dict[str, str]:
    """A ticket. The id of the call is the same however often the call is made: one call, one ticket."""
    return {"id": f"T-{context.call_id[-4:]}", "summary": summary, "priority": priority}


TOOLS = [get_user_account, search_docs, create_support_ticket]


class Backend:
    """The routes of the backend. `stored` stands for your database: the messages of every session."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self.stored: dict[str, tuple[dict[str, Any], ...]] = {}

    async def create(self, request: Request) -> JSONResponse:
        """A session; `INPUT` says who is signed in."""
        session_id = await self.client.sessions.create(AGENT, INPUT)
        return JSONResponse({"sessionId": session_id}, status_code=201)

    async def chat(self, request: Request) -> StreamingResponse:
        """A turn: the browser's trigger, or the results of tools that the browser runs; the events stream back."""
        session_id: str = request.path_params["session"]
        posted = await request.json()
        result = await self.client.sessions.get_messages(session_id)
        stored_messages = self.stored.get(session_id)
        if result.status == "expired" and stored_messages:
            await self.client.sessions.restore(session_id, stored_messages, INPUT)
        return StreamingResponse(self.turn(session_id, posted), headers=HEADERS)

    async def turn(self, session_id: str, posted: dict[str, Any]) -> AsyncIterator[bytes]:
        """The events for the browser; if it goes away, the turn is stopped."""
        session = self.client.sessions.attach(session_id, tools=TOOLS)
        async with session.execute(posted) as turn:
            async for piece in turn.sse():
                yield piece
        self.stored[session_id] = (await self.client.sessions.get_messages(session_id)).messages


def create_app(client: AsyncClient | None = None) -> Starlette:
    """The application; `client` None: one by the environment."""
    backend = Backend(client or AsyncClient())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await backend.client.aclose()

    routes = [
        Route("/sessions", backend.create, methods=["POST"]),
        Route("/sessions/{session}/chat", backend.chat, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
