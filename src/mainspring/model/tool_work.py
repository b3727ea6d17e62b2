"""Owns what a connected worker and the server say to each other: announcing tools, pulling calls, answering them."""

from __future__ import annotations

from mainspring.model.messages import Sender
from mainspring.model.parts import FileReference
from mainspring.model.values import Json, Value

WORKER_UNKNOWN = "WORKER_UNKNOWN"
"""The code of the refusal that makes a worker announce itself again."""


class RemoteTool(Value, frozen=True, kw_only=True):
    """A tool of a worker. `digest`: the SHA-256 of its schema, hex, so that two versions can be told apart."""

    name: str
    digest: str = ""
    description: str = ""
    input_schema: dict[str, Json] = {}


class RunningCall(Value, frozen=True, kw_only=True):
    """A call that a worker runs, or has an answer to that was not taken yet."""

    call_id: str
    attempt: int = 1


class Announcement(Value, frozen=True, kw_only=True):
    """A worker and its tools. `workerId`: random, chosen by the worker, the same for as long as its process lives.

    `running`: what it runs from before, when it was cut off or the server began anew.
    """

    worker_id: str
    tools: tuple[RemoteTool, ...]
    name: str = ""
    running: tuple[RunningCall, ...] = ()


class Welcome(Value, frozen=True, kw_only=True):
    """What a worker has to keep to, in seconds: without a word for `lease` it counts as lost.

    `heartbeat`: how often to say what runs; `poll`: the longest that a pull is held open. `drop`: calls of `running`
    that somebody else has by now.
    """

    lease: float
    heartbeat: float
    poll: float
    drop: tuple[str, ...] = ()


class Pull(Value, frozen=True, kw_only=True):
    """A worker takes up to `most` calls. `number`: 1, 2, 3 ...; the same number again gets the same calls again.

    The next number says that the calls of the one before arrived. `wait`: seconds it may be held open.
    """

    number: int
    most: int = 1
    wait: float = 20.0


class PulledCall(Value, frozen=True, kw_only=True):
    """A call to run. `callId` is the same at every attempt: the key of its effect. `deadline`: Unix seconds."""

    call_id: str
    attempt: int
    tool: str
    args: dict[str, Json]
    session_id: str
    execution_id: str
    agent: str
    deadline: float | None = None
    sender: Sender | None = None


class Pulled(Value, frozen=True, kw_only=True):
    """The calls of a pull. `drop`: calls whose answers nobody waits for any more."""

    calls: tuple[PulledCall, ...] = ()
    drop: tuple[str, ...] = ()


class Heartbeat(Value, frozen=True, kw_only=True):
    """A worker lives. `received`: the last pull whose calls arrived; `running`: call ids not yet answered."""

    received: int = 0
    running: tuple[str, ...] = ()


class Beat(Value, frozen=True, kw_only=True):
    """What a worker should stop running."""

    drop: tuple[str, ...] = ()


class CallAnswer(Value, frozen=True, kw_only=True):
    """What a call came to: `result`, or the text of an `error`.

    `retryable`: nothing was done, or it may be done again without harm; `retryAfter`: seconds before that.
    """

    call_id: str
    session_id: str
    execution_id: str
    attempt: int = 1
    result: Json = None
    error: str | None = None
    files: tuple[FileReference, ...] = ()
    retryable: bool = False
    retry_after: float | None = None


class AnswersGiven(Value, frozen=True, kw_only=True):
    """Answers of a worker, in any order."""

    answers: tuple[CallAnswer, ...]


class AnswerTaken(Value, frozen=True, kw_only=True):
    """What became of one answer. `status`: 200 taken and on disk (perhaps before), 404, 409, 503 (give it again)."""

    call_id: str
    status: int = 200
    code: str | None = None
    error: str | None = None


class AnswersTaken(Value, frozen=True, kw_only=True):
    """What became of each answer, in their order."""

    answers: tuple[AnswerTaken, ...]


class Leave(Value, frozen=True, kw_only=True):
    """A worker goes. `received`: the last pull whose calls arrived: later ones never began and go to others."""

    received: int = 0


class WorkerView(Value, frozen=True, kw_only=True):
    """A connected worker as people see it. `seen`: Unix seconds."""

    worker_id: str
    name: str
    tools: tuple[str, ...]
    running: int
    seen: float


class WorkerList(Value, frozen=True, kw_only=True):
    """The connected workers of a project, and how many calls wait for one, by tool."""

    workers: tuple[WorkerView, ...]
    waiting: dict[str, int] = {}
