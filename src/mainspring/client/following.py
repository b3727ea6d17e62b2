"""Owns following a session's journal as a generator of steps: every event after a cursor, once, over every cut."""

from __future__ import annotations

import msgspec

from mainspring.client.errors import ConnectionFailed, UnexpectedAnswer
from mainspring.client.events import Event, decode
from mainspring.client.retries import Retries, attempt, backoff, refusal
from mainspring.client.routes import events_request
from mainspring.client.sse import EventReader
from mainspring.client.steps import Answer, Broken, Leave, Pause, Read, Send, Show, Steps


def open_events(session_id: str, *, after: int, follow: bool, most: int) -> Steps[Answer]:
    """Opens the events after a cursor. Raises `ApiError`, and `ConnectionFailed` with the cursor."""
    request = events_request(session_id, after=after, follow=follow)
    try:
        answer = yield from attempt(Send(request, streams=True), most)
    except ConnectionFailed as error:
        raise ConnectionFailed(error.message, cursor=after) from None
    if answer.status != 200:
        raise refusal(answer)
    return answer


def read_event(data: bytes) -> Event:
    """The event of its JSON."""
    try:
        return decode(data)
    except msgspec.DecodeError as error:
        raise UnexpectedAnswer(f"An event is no JSON object: {error}") from None


def follow_journal(session_id: str, *, after: int, on: bool, retries: Retries) -> Steps[None]:
    """Shows every event after a cursor; `on`: without end. Raises `ApiError`, `ConnectionFailed`."""
    cursor = after
    cuts = 0
    while True:
        yield from open_events(session_id, after=cursor, follow=on, most=retries.streams)
        before = cursor
        cursor, ended = yield from _read_events(cursor)
        if ended and not on:
            return
        cuts = 1 if cursor > before else cuts + 1
        if cuts > retries.streams:
            raise ConnectionFailed(f"The stream of {session_id} breaks again and again", cursor=cursor)
        if cuts > 1:
            yield Pause(backoff(cuts - 2))


def _read_events(cursor: int) -> Steps[tuple[int, bool]]:
    """Shows what the open stream brings; its last cursor, and whether it ended by itself."""
    reader = EventReader()
    while True:
        piece: bytes | Broken | None = yield Read()
        if not isinstance(piece, bytes):
            yield Leave()
            return cursor, piece is None
        shown: list[tuple[int, Event]] = []
        for given, data in reader.feed(piece):
            cursor = cursor if given is None else given
            shown.append((cursor, read_event(data)))
        if shown:
            yield Show(shown)
