"""Owns what an ephemeral token may do on each route: a gate a route, run before its handler sees the request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mainspring.model.errors import Forbidden, NotFound
from mainspring.model.session import Call, Execution
from mainspring.model.signals import ApprovalAnswer, ToolResult
from mainspring.model.values import Json
from mainspring.runtime.requests import Grant
from mainspring.server.operation import Context
from mainspring.server.request import Request
from mainspring.wires.ag_ui_requests import ParsedAnswers, ParsedAsk, parse_run
from mainspring.wires.ai_sdk_requests import ParsedOutputs, parse_chat
from mainspring.wires.native_requests import (
    Leg,
    ParsedContinue,
    ParsedWorker,
    parse_create,
    parse_start,
    parse_trigger,
    parse_worker,
)

DEFAULT_TRIGGER: Final = "user-message"


async def may_create(context: Context, request: Request, grant: Grant) -> None:
    """Creating a session of the token's agent."""
    await _new_session(context, request, grant, agent=parse_create(await request.body()).agent)


async def may_start(context: Context, request: Request, grant: Grant) -> None:
    """Creating a session of the token's agent and triggering it."""
    parsed = parse_start(await request.body())
    await _new_session(context, request, grant, agent=parsed.agent)
    check_trigger(grant, parsed.trigger.trigger)
    check_tools(grant, parsed.trigger.tool_schemas)


async def may_execute(context: Context, request: Request, grant: Grant) -> None:
    """Running the worker that is the token's agent."""
    await _new_session(context, request, grant, agent=request.param("id"))
    parsed = parse_worker(await request.body())
    if isinstance(parsed, ParsedWorker):
        check_writes(grant)
        check_tools(grant, parsed.tool_schemas)
    else:
        await check_leg(context, request, grant, session_id=parsed.execution_id, leg=parsed)


async def may_read(context: Context, request: Request, grant: Grant) -> None:
    """Reading a session, as people see it."""
    await check_session(context, request, grant, session_id=request.param("id"))


async def may_view(context: Context, request: Request, grant: Grant) -> None:
    """Reading a session's messages, without what people do not see."""
    if request.query("format") != "ui":
        raise Forbidden("A token reads a session with format=ui only")
    await may_read(context, request, grant)


async def may_trigger(context: Context, request: Request, grant: Grant) -> None:
    """Triggering a session, or bringing results to it."""
    session_id = request.param("id")
    await check_session(context, request, grant, session_id=session_id)
    await check_leg(context, request, grant, session_id=session_id, leg=parse_trigger(await request.body()))


async def may_stop(context: Context, request: Request, grant: Grant) -> None:
    """Stopping what runs in a session."""
    check_writes(grant)
    await may_read(context, request, grant)


async def may_chat(context: Context, request: Request, grant: Grant) -> None:
    """Talking in a session by the AI SDK's wire."""
    parsed = parse_chat(await request.body())
    await _conversation(context, request, grant, name=parsed.id)
    if isinstance(parsed, ParsedOutputs):
        check_approvals(parsed.approvals)
        await check_results(context, request, grant, session_id=parsed.id, results=parsed.results)
    else:
        check_trigger(grant, parsed.trigger)


async def may_read_chat(context: Context, request: Request, grant: Grant) -> None:
    """Reading a session by the AI SDK's wire."""
    await _conversation(context, request, grant, name=request.param("chat"))


async def may_stop_chat(context: Context, request: Request, grant: Grant) -> None:
    """Stopping what runs in a session, by the AI SDK's wire."""
    check_writes(grant)
    await may_read_chat(context, request, grant)


async def may_run(context: Context, request: Request, grant: Grant) -> None:
    """Talking in a session by AG-UI."""
    parsed = parse_run(await request.body())
    await _conversation(context, request, grant, name=parsed.thread_id)
    if isinstance(parsed, ParsedAnswers):
        check_approvals(parsed.approvals)
        await check_results(context, request, grant, session_id=parsed.thread_id, results=parsed.results)
    elif isinstance(parsed, ParsedAsk):
        check_trigger(grant, parsed.trigger)
        check_tools(grant, parsed.tools)


async def check_session(context: Context, request: Request, grant: Grant, *, session_id: str) -> None:
    """Raises `Forbidden` for another session than a token's own, `NotFound` for one of another agent."""
    if grant.session_id not in (None, session_id):
        raise Forbidden("This token is for another session")
    record = await context.services.sessions.record(request.project, session_id)
    if record.agent_id != grant.agent_id:
        raise NotFound(f"There is no session {session_id!r}.", code="SESSION_NOT_FOUND")


async def check_leg(context: Context, request: Request, grant: Grant, *, session_id: str, leg: Leg) -> None:
    """Raises `Forbidden` unless a token may start this trigger, or bring these results."""
    if isinstance(leg, ParsedContinue):
        check_approvals(leg.approvals)
        await check_results(context, request, grant, session_id=session_id, results=leg.results)
    else:
        check_trigger(grant, leg.trigger)
    check_tools(grant, leg.tool_schemas or ())


def check_approvals(approvals: Sequence[ApprovalAnswer]) -> None:
    """Raises `Forbidden` for any answer to an approval request: only who mints tokens may let people answer."""
    if approvals:
        raise Forbidden("A token may not answer approval requests; the server that minted it may")


async def check_results(
    context: Context, request: Request, grant: Grant, *, session_id: str, results: Iterable[ToolResult]
) -> None:
    """Raises `Forbidden` for the result of an open call whose tool is not among the token's."""
    check_writes(grant)
    execution = (await context.services.sessions.state(request.project, session_id)).execution
    if execution is None:
        return
    for result in results:
        call = execution.calls.get(result.tool_call_id)
        if call is not None and not call.settled and tool_name(execution, call) not in grant.tools:
            raise Forbidden(
                f"This token may not answer {tool_name(execution, call)}: mint it with that name in clientTools"
            )


def tool_name(execution: Execution, call: Call) -> str:
    """The name a call's tool has for the caller: a worker may know it by another."""
    return execution.frames[call.frame].tools.get(call.tool, call.tool)


def check_trigger(grant: Grant, trigger: str | None) -> None:
    """Raises `Forbidden` for a trigger that is not among a token's."""
    name = trigger or DEFAULT_TRIGGER
    if grant.triggers is not None and name not in grant.triggers:
        raise Forbidden(
            f"This token may not start {name}; it may: {', '.join(grant.triggers) or 'read only'}"
        )


def check_tools(grant: Grant, tools: Iterable[dict[str, Json]]) -> None:
    """Raises `Forbidden` for a tool that a token brings and whose results it may not bring."""
    for tool in tools:
        if tool["name"] not in grant.tools:
            raise Forbidden(
                f"This token may not offer the tool {tool['name']}: mint it with that name in clientTools"
            )


def check_writes(grant: Grant) -> None:
    """Raises `Forbidden` for a token that may only read."""
    if grant.triggers == ():
        raise Forbidden("This token may only read")


async def _new_session(context: Context, request: Request, grant: Grant, *, agent: str) -> None:
    if grant.session_id is not None:
        raise Forbidden("This token is for one session; it opens no other")
    check_writes(grant)
    if agent == grant.agent_id:
        return
    if (await context.services.agents.get(request.project, agent)).id != grant.agent_id:
        raise Forbidden("This token is for another agent")


async def _conversation(context: Context, request: Request, grant: Grant, *, name: str) -> None:
    """Names are common to everybody who talks to the agent: a token has to know the session by its id."""
    if not name.startswith("ses_"):
        raise Forbidden("With a token, a conversation is named by the id of its session")
    await check_session(context, request, grant, session_id=name)
