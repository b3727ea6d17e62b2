"""Owns trying again: which failures are worth it, how often, and how long to wait between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from mainspring.client.errors import ApiError, ConnectionFailed, UnexpectedAnswer, api_error
from mainspring.client.steps import Answer, Broken, Pause, Request, Send, Steps

T = TypeVar("T")

FIRST_WAIT: Final = 0.25
LONGEST_WAIT: Final = 8.0
NOT_DONE: Final = frozenset((408, 429, 503))
"""The server says that it did nothing."""
GATEWAY: Final = frozenset((502, 504))
"""Somebody between does not know what the server did."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request, and a stream that breaks without having said anything new, is tried again."""

    requests: int = 3
    streams: int = 10


def backoff(attempt: int) -> float:
    """Seconds before the next attempt; the first is 0."""
    return float(min(FIRST_WAIT * 2**attempt, LONGEST_WAIT))


def attempt(step: Send, most: int) -> Steps[Answer]:
    """The answer to a request, tried again up to `most` times. Raises `ConnectionFailed`."""
    count = 0
    while True:
        reply: Answer | Broken = yield step
        wait = _wait(step.request, reply, count)
        if wait is None or count >= most:
            break
        yield Pause(wait)
        count += 1
    if isinstance(reply, Broken):
        raise ConnectionFailed(reply.message)
    return reply


def _wait(request: Request, reply: Answer | Broken, count: int) -> float | None:
    """Seconds before it is tried again; None: it is not."""
    if isinstance(reply, Broken):
        return backoff(count) if request.repeatable or not reply.sent else None
    if reply.status in NOT_DONE or (reply.status in GATEWAY and request.repeatable):
        asked = retry_after(reply)
        return backoff(count) if asked is None else min(asked, LONGEST_WAIT)
    return None


def retry_after(answer: Answer) -> float | None:
    """The seconds the server asks for; dates are not understood."""
    given = answer.headers.get("retry-after", "")
    return float(given) if given.isdecimal() else None


def refusal(answer: Answer) -> ApiError:
    """The error of an answer that is not a success."""
    return api_error(answer.status, answer.body, retry_after=retry_after(answer))


def ask(request: Request, type_: type[T], retries: Retries) -> Steps[T]:
    """The JSON answer to a request. Raises `ApiError`, `ConnectionFailed`, `UnexpectedAnswer`."""
    answer = yield from attempt(Send(request), retries.requests)
    if not 200 <= answer.status < 300:
        raise refusal(answer)
    try:
        return msgspec.json.decode(answer.body, type=type_)
    except (msgspec.MsgspecError, RecursionError) as error:
        message = f"{request.method} {request.path} does not answer as a Mainspring server does: {error}"
        raise UnexpectedAnswer(message) from None
