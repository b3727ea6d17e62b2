"""Owns what requests of OpenAI's wires begin: the agent a model names, the session of a turn, the leg that answers."""

from __future__ import annotations

import re
from typing import Final

from mainspring.model.agents import AgentRecord
from mainspring.model.errors import Conflict, InvalidRequest, NotFound
from mainspring.model.program import Program
from mainspring.model.values import Json, Value
from mainspring.runtime.ports import SessionRecord
from mainspring.runtime.requests import Leg, TriggerRequest
from mainspring.server.conversations import (
    begun,
    continued,
    find_conversation,
    give_results,
    newest_known,
    open_conversation,
)
from mainspring.server.operation import Context
from mainspring.server.request import Request
from mainspring.wires.openai_requests import ParsedTurn
from mainspring.wires.turns import Turn
from mainspring.wires.user_turns import DEFAULT_TRIGGER, turn_input

MODEL: Final = "agent:"
"""How the name of a model begins that is an agent."""
INSTRUCTIONS: Final = "INSTRUCTIONS"
"""The input of a trigger that takes the caller's instructions."""

_SESSION: Final = "ses_"
_EXECUTION: Final = "exe_"
_LEG: Final = re.compile(r"([0-9A-Za-z]{1,64})_([0-9A-Za-z]{1,64})_([0-9]{1,10})")
_TRIGGERED: Final = b'{"type":"triggered"'
_ANSWERED: Final = (b'{"type":"tool-settled"', b'{"type":"tool-approval-response"')
"""How the first row of a leg begins that goes on with a turn."""


class Opened(Value, frozen=True, kw_only=True):
    """A leg to read: `name` is the part that the ids of responses and completions have in common."""

    turn: Turn
    name: str
    model: str


def _opened(record: SessionRecord, turn: Turn) -> Opened:
    session, execution = turn.session_id.removeprefix(_SESSION), turn.execution_id.removeprefix(_EXECUTION)
    return Opened(turn=turn, name=f"{session}_{execution}_{turn.after}", model=MODEL + record.agent_slug)


async def find_leg(context: Context, request: Request, name: str) -> tuple[SessionRecord, Turn]:
    """The session and the leg that an id names; raises `NotFound`."""
    unknown = NotFound("There is no response of this id", code="RESPONSE_NOT_FOUND")
    parts = _LEG.fullmatch(name)
    if parts is None:
        raise unknown
    session_id, execution_id, after = _SESSION + parts[1], _EXECUTION + parts[2], int(parts[3])
    try:
        record = await context.services.sessions.record(request.project, session_id)
    except NotFound:
        raise unknown from None
    rows = await context.services.store.read(session_id, after, 1)
    if record.status == "expired" or not rows or rows[0].first != after + 1:
        raise unknown
    leg = Leg(session_id=session_id, execution_id=execution_id, after=after)
    if rows[0].data.startswith(_TRIGGERED + f',"executionId":"{execution_id}"'.encode()):
        return record, begun(leg)
    turn = await continued(context, leg)
    if not rows[0].data.startswith(_ANSWERED) or not turn.continuation:
        raise unknown
    return record, turn


async def opened_leg(context: Context, request: Request, name: str) -> Opened:
    """As `find_leg`, to be read again."""
    return _opened(*await find_leg(context, request, name))


async def find_agent(context: Context, request: Request, model: str) -> AgentRecord:
    """The agent that a model names: `agent:` and its slug, or only its slug or id."""
    try:
        found = await context.services.agents.get(request.project, model.removeprefix(MODEL))
    except NotFound:
        told = f"The model {model!r} does not exist: a model is an agent of yours, as agent:support-chat"
        raise NotFound(told, code="MODEL_NOT_FOUND", details={"param": "model"}) from None
    if found.source.settings.format == "worker":
        told = (
            f"The model {model!r} is a worker, which is no partner to talk to: see /api/agents/{{id}}/execute"
        )
        raise InvalidRequest(told, code="UNSUPPORTED_MODEL", details={"param": "model"})
    return found


async def open_turn(context: Context, request: Request, parsed: ParsedTurn) -> Opened:
    """Begins what a request asks for, or goes on with the results that it brings."""
    agent = await find_agent(context, request, parsed.model)
    record, after = await _session(context, request, parsed, agent)
    if parsed.answers:
        if record is None:
            told = "Results and approvals need their session: previous_response_id, or the ids as they were given"
            raise InvalidRequest(told, details={"param": "previous_response_id"})
        leg = await give_results(context, request, record.id, parsed.results, parsed.approvals)
        return _opened(record, await continued(context, leg))
    return await _ask(context, request, parsed, agent=agent, found=(record, after))


async def _session(
    context: Context, request: Request, parsed: ParsedTurn, agent: AgentRecord
) -> tuple[SessionRecord | None, str | None]:
    """The session of a request, if there is one yet, and the message to go on after, if not after the last."""
    if parsed.conversation is not None:
        return await find_conversation(context, request, agent.id, parsed.conversation), None
    if parsed.previous is not None:
        record, turn = await find_leg(context, request, parsed.previous.removeprefix("resp_"))
        after = await _going_on_after(context, request, parsed, turn)
    elif parsed.session is not None:
        record, after = await context.services.sessions.record(request.project, parsed.session), None
    else:
        return None, None
    if record.agent_id != agent.id:
        told = f"The session of this request is one of {MODEL}{record.agent_slug}"
        raise InvalidRequest(told, details={"param": "model"})
    return record, after


async def _going_on_after(context: Context, request: Request, parsed: ParsedTurn, turn: Turn) -> str | None:
    """A session is one line of talk: it goes on after its last turn, or what came after another one is forgotten."""
    state = await context.services.sessions.state(request.project, turn.session_id)
    latest = state.last_execution_id if state.execution is None else state.execution.id
    if parsed.answers or latest == turn.execution_id:
        return None
    if not parsed.rollback:
        raise Conflict(
            "The talk has gone on since this response: go on after its last one, or set mainspring.rollback to "
            "forget what came after this one",
            code="RESPONSE_NOT_LAST",
            details={"param": "previous_response_id"},
        )
    first = Leg(session_id=turn.session_id, execution_id=turn.execution_id, after=turn.after)
    return newest_known(state, ((await continued(context, first)).message_id,))


async def _ask(
    context: Context,
    request: Request,
    parsed: ParsedTurn,
    *,
    agent: AgentRecord,
    found: tuple[SessionRecord | None, str | None],
) -> Opened:
    services = context.services
    record, after = found
    if record is None:
        program = await services.agents.program(request.project, agent.id, agent.version)
    else:
        program = await services.sessions.program(record)
    given = turn_input(
        program, parsed.trigger, text=parsed.text, files=parsed.files, given=_inputs(program, parsed)
    )
    key = request.header(b"idempotency-key")
    if record is None:
        record = await _begin(context, request, parsed, agent=agent, key=key)
    trigger = TriggerRequest(
        trigger=parsed.trigger,
        input=given,
        rollback=after is not None,
        rollback_after=after,
        tool_schemas=parsed.tools,
        key=None if key is None else f"openai:{key}",
    )
    return _opened(record, begun(await services.sessions.trigger(request.project, record.id, trigger)))


async def _begin(
    context: Context, request: Request, parsed: ParsedTurn, *, agent: AgentRecord, key: str | None
) -> SessionRecord:
    """A new session: one that has a name, or one that begins with the talk that the request tells."""
    if parsed.conversation is not None:
        return await open_conversation(
            context, request, agent.id, name=parsed.conversation, given=parsed.input
        )
    start_key = None if key is None else f"openai:{agent.id}:{key}"
    sessions = context.services.sessions
    record = await sessions.create(request.project, agent.id, parsed.input, start_key=start_key)
    if parsed.history:
        await sessions.begin_with(request.project, record.id, parsed.history)
    return record


def _inputs(program: Program, parsed: ParsedTurn) -> dict[str, Json]:
    if not parsed.instructions:
        return parsed.inputs
    name = parsed.trigger or DEFAULT_TRIGGER
    declared = program.triggers.get(name)
    if declared is not None and INSTRUCTIONS not in declared.input:
        told = (
            f"The agent {program.slug} has its own instructions. A trigger takes the caller's (also messages of system "
            f"and developer) if it declares an input {INSTRUCTIONS}; {name} does not"
        )
        raise InvalidRequest(told, code="UNSUPPORTED_PARAMETER", details={"param": "instructions"})
    return {INSTRUCTIONS: parsed.instructions, **parsed.inputs}
