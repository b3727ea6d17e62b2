"""Owns forking a session over HTTP: a new one that goes on from what another had by one of its messages."""

from __future__ import annotations

from typing import Final

from mainspring.model.errors import Conflict
from mainspring.model.values import Value
from mainspring.runtime.forking import seed_of
from mainspring.server.operation import Context, Operation
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.server.schemas import SessionMade
from mainspring.wires.checking import Fields

_SCOPES: Final = frozenset(("sessions",))


class ForkBody(Value, frozen=True, kw_only=True):
    """Where to fork: the last message the new session knows; none named: after the last turn that is over."""

    after_message_id: str | None = None


async def fork_session(context: Context, request: Request) -> Reply:
    """A new session of the same agent, in its newest version, that begins with what this one had by a message."""
    after = Fields(await request.body()).text_or_none("afterMessageId")
    sessions = context.services.sessions
    record = await sessions.record(request.project, request.param("id"))
    if record.status == "expired":
        raise Conflict("The session is expired: there is nothing to fork; restore it first.", code="EXPIRED")
    state = await sessions.state(request.project, record.id)
    seed = seed_of(await context.services.store.facts(record.id), after)
    made = await sessions.create(request.project, record.agent_id, state.scopes[state.root].input)
    await sessions.begin_with(request.project, made.id, seed)
    return reply(SessionMade(session_id=made.id), status=201)


FORK_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/api/agent-sessions/{id}/fork",
        handler=fork_session,
        scopes=_SCOPES,
        summary="A new session that begins with what this one had by a message.",
        takes=ForkBody,
        gives=SessionMade,
        status=201,
    ),
)
