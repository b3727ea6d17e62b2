"""Owns the AI SDK's resource, the chat: a message, outputs of client tools, resuming, the messages so far, a stop."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mainspring.model.errors import NotFound
from mainspring.model.values import Json
from mainspring.runtime.requests import Leg, TriggerRequest
from mainspring.server.conversations import (
    CUT,
    begun,
    continued,
    find_conversation,
    give_results,
    newest_known,
    open_conversation,
    replayed,
    seat_for,
    stopping,
)
from mainspring.server.operation import Context
from mainspring.server.replies import Nothing, Reply, reply
from mainspring.server.request import Request
from mainspring.server.schemas import ChatMessages, SessionStopped
from mainspring.server.seats import Seat
from mainspring.server.sessions import shown_rows
from mainspring.server.sse import EventStream
from mainspring.wires.ai_sdk import HEADERS, AiSdkWriter, farewell
from mainspring.wires.ai_sdk_messages import ai_sdk_messages
from mainspring.wires.ai_sdk_requests import ParsedOutputs, ParsedSay, parse_chat
from mainspring.wires.turns import Turn
from mainspring.wires.user_turns import turn_input

FAREWELL: Final = farewell(CUT)


async def chat(context: Context, request: Request) -> EventStream:
    """A message for the agent, or outputs of the client's tools, or approvals: then the answer goes on."""
    parsed = parse_chat(await request.body())
    if isinstance(parsed, ParsedOutputs):
        seat = seat_for(context, request, goes_on=True)
        turn = await continued(context, await _give(context, request, parsed))
    else:
        seat = seat_for(context, request)
        turn = begun(await _say(context, request, parsed))
    stream = _stream(context, turn, seat)
    if request.query("leaving") == "stop":
        return replace(stream, left=stopping(context, request, turn))
    return stream


def _stream(context: Context, turn: Turn, seat: Seat) -> EventStream:
    return EventStream(
        writer=AiSdkWriter(turn),
        batches=context.services.sessions.follow(turn.session_id, turn.begin),
        seat=seat,
        farewell=FAREWELL,
        headers=HEADERS,
    )


async def _say(context: Context, request: Request, parsed: ParsedSay) -> Leg:
    sessions = context.services.sessions
    record = await open_conversation(
        context, request, request.param("id"), name=parsed.id, given=parsed.input
    )
    program = await sessions.program(record)
    given = turn_input(program, parsed.trigger, text=parsed.text, files=parsed.files, given=parsed.inputs)
    after = None
    if parsed.rollback:
        after = newest_known(await sessions.state(request.project, record.id), parsed.earlier)
    trigger = TriggerRequest(
        trigger=parsed.trigger, input=given, rollback=parsed.rollback, rollback_after=after
    )
    return await sessions.trigger(request.project, record.id, trigger)


async def _give(context: Context, request: Request, parsed: ParsedOutputs) -> Leg:
    session_id = await _known(context, request, parsed.id)
    return await give_results(context, request, session_id, parsed.results, parsed.approvals)


async def _known(context: Context, request: Request, name: str) -> str:
    record = await find_conversation(context, request, request.param("id"), name)
    if record is None:
        raise NotFound(f"There is no chat {name!r} with this agent.", code="CHAT_NOT_FOUND")
    return record.id


async def resume_chat(context: Context, request: Request) -> EventStream | Nothing:
    """The turn that runs, or waits for the client's tools, from its `start`; nothing if there is none."""
    record = await find_conversation(context, request, request.param("id"), request.param("chat"))
    if record is None or record.active_execution is None:
        return Nothing()
    state = await context.services.sessions.state(request.project, record.id)
    if state.execution is None:
        return Nothing()
    seat = seat_for(context, request)
    return _stream(context, await replayed(context, state, state.execution), seat)


async def get_chat_messages(context: Context, request: Request) -> Reply:
    """The messages of a chat, as `useChat` takes them; none if nothing was said in it."""
    name = request.param("chat")
    record = await find_conversation(context, request, request.param("id"), name)
    messages: list[dict[str, Json]] = []
    if record is not None:
        messages = ai_sdk_messages(await shown_rows(context, record))
    return reply(ChatMessages(id=name, messages=tuple(messages)))


async def stop_chat(context: Context, request: Request) -> Reply:
    """Stops the turn that runs; again is no error."""
    session_id = await _known(context, request, request.param("chat"))
    stopped = await context.services.sessions.stop(request.project, session_id)
    return reply(SessionStopped(session_id=session_id, stopped=stopped))
