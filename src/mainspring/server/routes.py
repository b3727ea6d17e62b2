"""Owns the table of contents: every route with who may call it, what it takes and what it gives."""

from __future__ import annotations

from typing import Final

from mainspring.server.ag_ui import run_agent
from mainspring.server.agents import (
    archive_agent,
    create_agent,
    get_agent,
    list_agents,
    update_agent,
    validate_agent,
)
from mainspring.server.ai_sdk import chat, get_chat_messages, resume_chat, stop_chat
from mainspring.server.approvals import APPROVAL_OPERATIONS
from mainspring.server.events import follow_session
from mainspring.server.files import FILE_OPERATIONS
from mainspring.server.forks import FORK_OPERATIONS
from mainspring.server.grants import (
    may_chat,
    may_create,
    may_execute,
    may_read,
    may_read_chat,
    may_run,
    may_start,
    may_stop,
    may_stop_chat,
    may_trigger,
    may_view,
)
from mainspring.server.health import health, ready
from mainspring.server.hosts import HOST_OPERATIONS
from mainspring.server.legs import execute_worker, start_session, trigger_session
from mainspring.server.openai_routes import OPENAI_OPERATIONS
from mainspring.server.openapi import get_document
from mainspring.server.operation import Operation, Query
from mainspring.server.polling import poll_session
from mainspring.server.schemas import (
    AgentChanged,
    AgentDetail,
    AgentList,
    ChatMessages,
    EventPage,
    Health,
    LogPage,
    SessionCleared,
    SessionExport,
    SessionMade,
    SessionPage,
    SessionRestored,
    SessionStopped,
    SessionView,
    TokenMade,
    TokenRevoked,
    Validation,
)
from mainspring.server.sessions import (
    clear_session,
    create_session,
    export_session,
    get_logs,
    get_session,
    list_sessions,
    restore_session,
    stop_session,
)
from mainspring.server.taken import (
    AgentBody,
    AgentPatch,
    ChatBody,
    CreateBody,
    MintBody,
    RestoreBody,
    RevokeBody,
    RunBody,
    StartBody,
    StopBody,
    TriggerBody,
    WorkerBody,
)
from mainspring.server.tokens import mint_token, revoke_token
from mainspring.server.tool_worker_routes import TOOL_WORKER_OPERATIONS

AGENTS: Final = frozenset(("agents",))
SESSIONS: Final = frozenset(("sessions",))
TOKENS: Final = frozenset(("tokens",))
EITHER: Final = AGENTS | SESSIONS
ANY_KEY: Final = frozenset[str]()

_DIRECT: Final = Query(
    "clientTools",
    "string",
    "`direct`: a browser reads, it is asked for tool results by `client-tool-request`",
)
_EVENTS: Final = (
    Query(
        "format",
        "string",
        "`events`: every event with its cursor, as `/events` gives them, until the execution ends or waits; leaving "
        "cancels nothing; `X-Mainspring-Cursor`, `-Execution-Id` and `-Session-Id` say where it begins. `poll`: 202 at "
        "once with `{sessionId, executionId, cursor}`, to read on by `/poll`",
    ),
    Query("after", "integer", "with `format=events`: the last cursor the reader has seen of this execution"),
)

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/health",
        handler=health,
        scopes=None,
        summary="Whether the process runs.",
        gives=Health,
    ),
    Operation(
        method="GET",
        path="/ready",
        handler=ready,
        scopes=None,
        summary="Whether the process takes work.",
        gives=Health,
    ),
    *HOST_OPERATIONS,
    *FILE_OPERATIONS,
    Operation(
        method="GET",
        path="/openapi.json",
        handler=get_document,
        scopes=ANY_KEY,
        summary="This document.",
    ),
    Operation(
        method="GET",
        path="/api/agents",
        handler=list_agents,
        scopes=EITHER,
        summary="The agents that are not archived.",
        gives=AgentList,
    ),
    Operation(
        method="POST",
        path="/api/agents",
        handler=create_agent,
        scopes=AGENTS,
        summary="Publish an agent; a slug that is taken gets its next version.",
        takes=AgentBody,
        gives=AgentChanged,
        status=201,
    ),
    Operation(
        method="POST",
        path="/api/agents/validate",
        handler=validate_agent,
        scopes=AGENTS,
        summary="Every complaint about an agent's files; nothing is stored.",
        takes=AgentBody,
        gives=Validation,
    ),
    Operation(
        method="GET",
        path="/api/agents/{id}",
        handler=get_agent,
        scopes=EITHER,
        summary="One agent with its files, by id or slug.",
        gives=AgentDetail,
    ),
    Operation(
        method="PATCH",
        path="/api/agents/{id}",
        handler=update_agent,
        scopes=AGENTS,
        summary="Publish the next version: what is given replaces what is there.",
        takes=AgentPatch,
        gives=AgentChanged,
    ),
    Operation(
        method="DELETE",
        path="/api/agents/{id}",
        handler=archive_agent,
        scopes=AGENTS,
        summary="Archive an agent: its slug is free again, its sessions keep running.",
        gives=AgentChanged,
    ),
    Operation(
        method="POST",
        path="/api/agents/{id}/execute",
        handler=execute_worker,
        scopes=SESSIONS,
        gate=may_execute,
        summary="Run a worker, or give the tool results that a run waits for.",
        takes=WorkerBody,
        streams=True,
        query=(_DIRECT, *_EVENTS),
    ),
    Operation(
        method="GET",
        path="/api/agent-sessions",
        handler=list_sessions,
        scopes=SESSIONS,
        summary="Sessions, the last active first, page by page.",
        gives=SessionPage,
        query=(
            Query("agentId", "string", "only this agent's, by id or slug"),
            Query("status", "string", "`active` or `expired`"),
            Query("limit", "integer", "1 to 200, 50 if absent"),
            Query("before", "string", "the `next` of the page before"),
        ),
    ),
    Operation(
        method="POST",
        path="/api/agent-sessions",
        handler=create_session,
        scopes=SESSIONS,
        gate=may_create,
        summary="Create a session with an agent, by id or slug.",
        takes=CreateBody,
        gives=SessionMade,
        status=201,
    ),
    Operation(
        method="POST",
        path="/api/agent-sessions/start",
        handler=start_session,
        scopes=SESSIONS,
        gate=may_start,
        summary="Create a session and trigger it at once.",
        takes=StartBody,
        streams=True,
        query=(_DIRECT, *_EVENTS),
    ),
    Operation(
        method="GET",
        path="/api/agent-sessions/{id}",
        handler=get_session,
        scopes=SESSIONS,
        gate=may_view,
        summary="One session: all of it, or the messages people see.",
        gives=SessionView,
        query=(
            Query("format", "string", "`ui`: `{sessionId, agentId, messages, status}` for a user interface"),
        ),
    ),
    Operation(
        method="DELETE",
        path="/api/agent-sessions/{id}",
        handler=clear_session,
        scopes=SESSIONS,
        summary="End a session's content now.",
        gives=SessionCleared,
    ),
    Operation(
        method="POST",
        path="/api/agent-sessions/{id}/trigger",
        handler=trigger_session,
        scopes=SESSIONS,
        gate=may_trigger,
        summary="Trigger the agent, or give the tool results that an execution waits for.",
        takes=TriggerBody,
        streams=True,
        query=(_DIRECT, *_EVENTS),
    ),
    Operation(
        method="POST",
        path="/api/agent-sessions/{id}/stop",
        handler=stop_session,
        scopes=SESSIONS,
        gate=may_stop,
        summary="Stop what runs; again is no error.",
        takes=StopBody,
        gives=SessionStopped,
    ),
    Operation(
        method="POST",
        path="/api/agent-sessions/{id}/restore",
        handler=restore_session,
        scopes=SESSIONS,
        summary="Rebuild an expired session from stored messages.",
        takes=RestoreBody,
        gives=SessionRestored,
    ),
    Operation(
        method="GET",
        path="/api/agent-sessions/{id}/logs",
        handler=get_logs,
        scopes=SESSIONS,
        summary="What happened in a session, step by step.",
        gives=LogPage,
        query=(Query("excludeModelRequests", "boolean", "`true`: without the requests to the model"),),
    ),
    Operation(
        method="GET",
        path="/api/agent-sessions/{id}/events",
        handler=follow_session,
        scopes=SESSIONS,
        gate=may_read,
        summary="Every event after a cursor: replayed, then live; leaving cancels nothing.",
        streams=True,
        query=(
            Query("after", "integer", "the cursor to go on after; the header `Last-Event-ID` counts more"),
            Query("follow", "boolean", "`false`: end after what is there"),
        ),
    ),
    Operation(
        method="GET",
        path="/api/agent-sessions/{id}/poll",
        handler=poll_session,
        scopes=SESSIONS,
        gate=may_read,
        summary="The events after a cursor, or the next ones, waited for: for networks that break streams.",
        gives=EventPage,
        query=(
            Query("after", "integer", "the `cursor` of the page before; 0 if absent"),
            Query("wait", "integer", "seconds to wait for an event: 25 if absent, 60 at most"),
        ),
    ),
    Operation(
        method="GET",
        path="/api/agent-sessions/{id}/export",
        handler=export_session,
        scopes=SESSIONS,
        summary="The whole journal of a session.",
        gives=SessionExport,
    ),
    Operation(
        method="POST",
        path="/api/tokens",
        handler=mint_token,
        scopes=TOKENS,
        summary="Mint an ephemeral token for a browser; it ends with the key.",
        takes=MintBody,
        gives=TokenMade,
        status=201,
    ),
    Operation(
        method="POST",
        path="/api/tokens/revoke",
        handler=revoke_token,
        scopes=TOKENS,
        summary="End an ephemeral token now; again is no error.",
        takes=RevokeBody,
        gives=TokenRevoked,
    ),
    Operation(
        method="POST",
        path="/api/chat/{id}",
        handler=chat,
        scopes=SESSIONS,
        gate=may_chat,
        summary="AI SDK: a message for an agent, or the outputs of the client's tools.",
        takes=ChatBody,
        streams=True,
        query=(Query("leaving", "string", "`stop`: a reader that leaves stops the turn"),),
    ),
    Operation(
        method="GET",
        path="/api/chat/{id}/{chat}/stream",
        handler=resume_chat,
        scopes=SESSIONS,
        gate=may_read_chat,
        summary="AI SDK: the turn that runs, from its start; 204 if none does.",
        streams=True,
    ),
    Operation(
        method="GET",
        path="/api/chat/{id}/{chat}/messages",
        handler=get_chat_messages,
        scopes=SESSIONS,
        gate=may_read_chat,
        summary="AI SDK: the messages of a chat, to begin `useChat` with.",
        gives=ChatMessages,
    ),
    Operation(
        method="POST",
        path="/api/chat/{id}/{chat}/stop",
        handler=stop_chat,
        scopes=SESSIONS,
        gate=may_stop_chat,
        summary="AI SDK: stop the turn that runs; again is no error.",
        gives=SessionStopped,
    ),
    Operation(
        method="POST",
        path="/api/ag-ui/{id}",
        handler=run_agent,
        scopes=SESSIONS,
        gate=may_run,
        summary="AG-UI: one run of an agent: a message, tool results, or the messages so far.",
        takes=RunBody,
        streams=True,
    ),
    *APPROVAL_OPERATIONS,
    *FORK_OPERATIONS,
    *OPENAI_OPERATIONS,
    *TOOL_WORKER_OPERATIONS,
)
