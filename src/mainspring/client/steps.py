"""Owns the steps of a conversation with the server: what the one generator asks for, and what a shell answers.

The generator decides; the sync and the async shell only perform. What a step needs is in it; what came of it is sent
back as a value, failures of the connection too.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from mainspring.client.events import Event
from mainspring.model.stream_events import PendingToolCall

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. `repeatable`: doing it twice is doing it once."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes | None = None
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the server; `body` is empty where it streams. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Broken:
    """No answer, or only a part of it. `sent`: the server may have seen the request."""

    message: str
    sent: bool = True


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request; answered with `Answer` or `Broken`. `streams`: what a success brings is to be read on."""

    request: Request
    streams: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """Read on in the open stream; answered with bytes, None at its end, or `Broken`."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Close the stream. `ends`: the server is about to end it, so the connection can be kept."""

    ends: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait that many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RunTools:
    """Run the functions of these calls in parallel; answered with their results, in the same order."""

    calls: tuple[PendingToolCall, ...]
    session_id: str
    execution_id: str


@dataclass(frozen=True, slots=True)
class Show:
    """Give these events, each with its cursor, to the caller."""

    events: list[tuple[int, Event]]


Act: TypeAlias = Send | Read | Leave | Pause | RunTools
"""What a shell performs."""
Step: TypeAlias = Act | Show
Steps: TypeAlias = Generator[Step, Any, T]
