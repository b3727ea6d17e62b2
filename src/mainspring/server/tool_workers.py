"""Owns the routes of connected workers: they announce their tools, pull calls, and answer them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final, TypeVar

import msgspec

from mainspring.model.errors import InvalidRequest, MainspringError, NotFound, Unavailable
from mainspring.model.tool_work import (
    Announcement,
    AnswersGiven,
    AnswersTaken,
    AnswerTaken,
    Beat,
    CallAnswer,
    Heartbeat,
    Leave,
    Pull,
    Pulled,
)
from mainspring.model.values import Json
from mainspring.server.bodies import ClientLeft
from mainspring.server.operation import Context
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.wires.checking import check_depth

T = TypeVar("T")

MOST_TOOLS: Final = 1_000
MOST_CALLS: Final = 1_000
"""How many calls a pull brings at most, and how many answers are taken at once."""
LONGEST_ID: Final = 128


async def announce_worker(context: Context, request: Request) -> Reply:
    """A worker is there; a second time it says what it has now, and what it still runs."""
    given = await _read(request, Announcement)
    if not 0 < len(given.worker_id) <= LONGEST_ID:
        raise InvalidRequest(f"workerId must have 1 to {LONGEST_ID} characters")
    if len(given.tools) > MOST_TOOLS or any(not tool.name for tool in given.tools):
        raise InvalidRequest(f"tools: up to {MOST_TOOLS}, each with a name")
    return reply(await context.services.calls.announce(request.project, given))


async def pull_calls(context: Context, request: Request) -> Reply:
    """Calls to run: at once if there are some, else as soon as one comes; none after `wait` seconds."""
    pull = await _read(request, Pull)
    if pull.number < 1 or not 1 <= pull.most <= MOST_CALLS:
        raise InvalidRequest(f"number counts from 1; most is 1 to {MOST_CALLS}")
    return reply(await _or_left(context, request, pull))


async def _or_left(context: Context, request: Request, pull: Pull) -> Pulled:
    """The calls of a pull; if the worker hangs up, it has had none."""
    pulling = asyncio.ensure_future(context.services.calls.pull(request.project, request.param("id"), pull))
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((pulling, gone), return_when=asyncio.FIRST_COMPLETED)
        if not pulling.done():
            raise ClientLeft("The worker hung up")
        return pulling.result()
    finally:
        gone.cancel()
        pulling.cancel()


async def beat_worker(context: Context, request: Request) -> Reply:
    """A worker lives, and says what it runs."""
    beat = await _read(request, Heartbeat)
    return reply(await context.services.calls.heartbeat(request.project, request.param("id"), beat))


async def answer_calls(context: Context, request: Request) -> Reply:
    """Answers to calls; each is told by itself whether it was taken. What is told 503 is to be given again."""
    given = await _read(request, AnswersGiven)
    if len(given.answers) > MOST_CALLS:
        raise InvalidRequest(f"answers: up to {MOST_CALLS} at once")
    for answer in given.answers:
        check_depth(answer.result, "result")
    # Told apart before anything waits: an unknown worker has to announce itself first.
    tools = await context.services.calls.tools_of(request.project, request.param("id"))
    taken = await asyncio.gather(*(_answer(context, request, one, tools) for one in given.answers))
    return reply(AnswersTaken(answers=tuple(taken)))


async def _answer(
    context: Context, request: Request, answer: CallAnswer, tools: frozenset[str]
) -> AnswerTaken:
    services = context.services
    try:
        taken = await services.calls.answer(request.project, request.param("id"), answer)
        if taken is None:
            await services.late_answers.take(request.project, answer, tools)
    except MainspringError as error:
        status = 503 if isinstance(error, Unavailable) else error.status
        return AnswerTaken(call_id=answer.call_id, status=status, code=error.code, error=error.message)
    return taken or AnswerTaken(call_id=answer.call_id)


async def dismiss_worker(context: Context, request: Request) -> Reply:
    """A worker goes. What it never received others get at once; again is no error."""
    leave = await _read(request, Leave)
    with suppress(NotFound):
        await context.services.calls.leave(request.project, request.param("id"), leave)
    return reply(Beat())


async def list_workers(context: Context, request: Request) -> Reply:
    """Who is connected, and what waits."""
    return reply(await context.services.calls.workers(request.project))


async def _read(request: Request, type_: type[T]) -> T:
    body: dict[str, Json] = await request.body()
    try:
        return msgspec.convert(body, type_)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"The body: {error}") from None
