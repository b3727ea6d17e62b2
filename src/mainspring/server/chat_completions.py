"""Owns OpenAI's chat completion: messages in, one answer out, streamed or whole."""

from __future__ import annotations

from typing import Final

from mainspring.model.stream_events import ErrorEvent
from mainspring.model.values import encode_json
from mainspring.server.collecting import collect
from mainspring.server.conversations import CUT, seat_for, stopping
from mainspring.server.openai_turns import open_turn
from mainspring.server.operation import Context
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.server.sse import EventStream
from mainspring.wires.chat_completions import ChatCompletionsWriter, Completing, failure_body, farewell
from mainspring.wires.chat_completions_requests import parse_completion_request

PREFIX: Final = "chatcmpl-"
FAREWELL: Final = farewell(CUT)
_STATUS: Final = {"rate_limit_error": 429, "quota_exceeded_error": 429, "validation_error": 400}
_NO_RETRY: Final = (b"x-should-retry", b"false")
"""What was worth another try has been tried: OpenAI's clients would run the whole turn again."""


async def create_completion(context: Context, request: Request) -> EventStream | Reply:
    """Messages for the agent. A reader that leaves stops the turn: this wire has no way back to it."""
    parsed = parse_completion_request(await request.body())
    seat = seat_for(context, request, goes_on=bool(parsed.results))
    opened = await open_turn(context, request, parsed)
    completing = Completing(id=PREFIX + opened.name, model=opened.model, usage=parsed.usage)
    writer = ChatCompletionsWriter(opened.turn, completing)
    batches = context.services.sessions.follow(opened.turn.session_id, opened.turn.begin)
    left = stopping(context, request, opened.turn)
    if parsed.stream:
        return EventStream(writer=writer, batches=batches, seat=seat, farewell=FAREWELL, left=left)
    await collect(context, request, writer, seat=seat, batches=batches, left=left)
    return reply(writer.completion()) if writer.failure is None else _failed(writer.failure)


def _failed(failure: ErrorEvent) -> Reply:
    status = _STATUS.get(failure.error_type, 500)
    return Reply(status, encode_json({"error": failure_body(failure)}), (_NO_RETRY,))
