"""Owns the routes of sessions: create, list, read, restore, clear, stop, export."""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec

from mainspring.model.errors import InvalidRequest, NotFound
from mainspring.model.rows import Row
from mainspring.model.session import State
from mainspring.runtime.ports import ListSessions, SessionRecord
from mainspring.runtime.requests import RestoreRequest
from mainspring.server.operation import Context
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.server.schemas import (
    ExportedEvent,
    SessionCleared,
    SessionExport,
    SessionMade,
    SessionPage,
    SessionRestored,
    SessionStopped,
    Status,
    session_summary,
)
from mainspring.wires.checking import Fields
from mainspring.wires.logs import execution_log
from mainspring.wires.native_requests import parse_create, parse_restore
from mainspring.wires.session_view import expired_body, session_body, ui_session_body
from mainspring.wires.ui_messages import iso

DEFAULT_PAGE: Final = 50
LARGEST_PAGE: Final = 200
_STATUSES: Final[dict[str, Status]] = {"active": "active", "expired": "expired"}

_ASKED: Final = b'{"type":"generation-started"'
_SAID_ROWS: Final = 10_000
"""How much of an answer that still comes is shown: beyond it a reader should follow the events."""

_place: Final = msgspec.json.Decoder(tuple[float, str])


async def create_session(context: Context, request: Request) -> Reply:
    """A new session with an agent, by id or slug."""
    parsed = parse_create(await request.body())
    record = await context.services.sessions.create(request.project, parsed.agent, parsed.input)
    return reply(SessionMade(session_id=record.id), status=201)


async def list_sessions(context: Context, request: Request) -> Reply:
    """Sessions, the last active first, page by page."""
    limit = request.number("limit")
    if limit is None:
        limit = DEFAULT_PAGE
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidRequest(f"limit must be from 1 to {LARGEST_PAGE}")
    status = request.query("status")
    if status is not None and status not in _STATUSES:
        raise InvalidRequest("status must be active or expired")
    before = request.query("before")
    records = await context.services.sessions.list(
        ListSessions(
            project_id=request.project,
            agent_id=await _agent_id(context, request),
            status=None if status is None else _STATUSES[status],
            before=None if before is None else read_place(before),
            limit=limit + 1,
        )
    )
    page = records[:limit]
    following = write_place(page[-1].updated_at, page[-1].id) if len(records) > limit else None
    return reply(SessionPage(sessions=tuple(session_summary(record) for record in page), next=following))


async def _agent_id(context: Context, request: Request) -> str | None:
    """The id of the agent asked for; an archived one is known by its id only."""
    given = request.query("agentId")
    if given is None:
        return None
    try:
        return (await context.services.agents.get(request.project, given)).id
    except NotFound:
        return given


def write_place(updated_at: float, session_id: str) -> str:
    """A place in the list, opaque to clients."""
    return base64.urlsafe_b64encode(msgspec.json.encode((updated_at, session_id))).decode().rstrip("=")


def read_place(text: str) -> tuple[float, str]:
    """The place that `write_place` wrote."""
    try:
        return _place.decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise InvalidRequest("before is not the next of a page") from None


async def get_session(context: Context, request: Request) -> Reply:
    """One session: all of it, or with `format=ui` the messages people see; of an expired one only that."""
    session_id = request.param("id")
    if request.query("format") not in (None, "ui"):
        raise InvalidRequest("format must be ui, or absent")
    record = await context.services.sessions.record(request.project, session_id)
    if record.status == "expired":
        return reply(expired_body(_identity(record)))
    if request.query("format") == "ui":
        rows = await shown_rows(context, record)
        return reply(ui_session_body(_identity(record), rows, version=request.version))
    state = await context.services.sessions.state(request.project, session_id)
    rows = await context.services.store.facts(session_id)
    return reply(session_body(state, rows, version=request.version))


async def shown_rows(context: Context, record: SessionRecord) -> list[Row]:
    """The facts of a session, and what is being said right now."""
    store = context.services.store
    rows = await store.facts(record.id)
    if record.active_execution is None or record.waiting:
        return rows
    asked = [row.last for row in rows if row.data.startswith(_ASKED)]
    if not asked:
        return rows
    said = await store.read(record.id, asked[-1], _SAID_ROWS)
    return [*(row for row in rows if row.last <= asked[-1]), *said]


def _identity(record: SessionRecord) -> State:
    """What a record says of a session's state: enough for who needs no content of it."""
    return State(
        session_id=record.id,
        project_id=record.project_id,
        agent_id=record.agent_id,
        version=record.version,
        status=record.status,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


async def get_logs(context: Context, request: Request) -> Reply:
    """What happened in a session, step by step."""
    session_id = request.param("id")
    excluded = request.flag("excludeModelRequests", default=False)
    record = await context.services.sessions.record(request.project, session_id)
    if record.status == "expired":
        return reply(expired_body(_identity(record)))
    log = execution_log(await context.services.store.facts(session_id), exclude_model_requests=excluded)
    return reply({"sessionId": session_id, **log})


async def export_session(context: Context, request: Request) -> Reply:
    """The whole journal of a session."""
    record = await context.services.sessions.record(request.project, request.param("id"))
    rows = await context.services.store.facts(record.id)
    events = tuple(
        ExportedEvent(cursor=row.last, at=iso(row.at), event=msgspec.Raw(row.data)) for row in rows
    )
    return reply(SessionExport(session=session_summary(record), events=events))


async def restore_session(context: Context, request: Request) -> Reply:
    """Rebuilds an expired session from messages the consumer stored; an active one is left as it is."""
    parsed = parse_restore(await request.body())
    session_id = request.param("id")
    restored = await context.services.sessions.restore(
        request.project, session_id, RestoreRequest(messages=parsed.messages, input=parsed.input)
    )
    return reply(SessionRestored(session_id=session_id, restored=restored))


async def clear_session(context: Context, request: Request) -> Reply:
    """Ends a session's content now; again is no error."""
    session_id = request.param("id")
    cleared = await context.services.sessions.clear(request.project, session_id)
    return reply(SessionCleared(session_id=session_id, cleared=cleared))


async def stop_session(context: Context, request: Request) -> Reply:
    """Stops what runs in a session (only `executionId`, if the body names one); again is no error."""
    session_id = request.param("id")
    execution_id = Fields(await request.body()).text_or_none("executionId")
    stopped = await context.services.sessions.stop(request.project, session_id, execution_id=execution_id)
    return reply(SessionStopped(session_id=session_id, stopped=stopped))
