"""Owns the port of tool boxes: a call that runs on the server's side of the boundary, what came of it, who runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

from mainspring.model.messages import Sender
from mainspring.model.parts import FileReference
from mainspring.model.values import Json, Value


class ToolCall(Value, frozen=True, kw_only=True):
    """One attempt at a tool call. `call_id` is the same for every attempt: the key of its effect.

    `agent`: the slug of the session's agent; `deadline`: Unix seconds, None: there is none. `resumed`: a process that
    has ended since may have begun this attempt.
    """

    call_id: str
    attempt: int
    tool: str
    args: dict[str, Json]
    project_id: str
    session_id: str
    execution_id: str
    agent: str
    deadline: float | None = None
    sender: Sender | None = None
    resumed: bool = False


class ToolOutcome(Value, frozen=True, kw_only=True):
    """What an attempt came to: an `output`, or the text of an `error`.

    `retryable`: it did not take effect, or may be tried again without harm; `retry_after`: seconds before that.
    `unknown`: nobody knows whether it took effect; `error` says why.
    """

    output: Json = None
    error: str | None = None
    files: tuple[FileReference, ...] = ()
    retryable: bool = False
    unknown: bool = False
    retry_after: float | None = None


class ToolOffer(Value, frozen=True, kw_only=True):
    """A tool of a box. `schema`: the JSON Schema of its arguments object; empty: anything."""

    name: str
    description: str = ""
    schema: dict[str, Json] = {}


ToolOfferMap: TypeAlias = Mapping[str, ToolOffer]
"""Offers by the names of their tools."""


class Toolbox(Protocol):
    """A place where tools run. No method raises anything but `CancelledError`."""

    @property
    def name(self) -> str:
        """What logs and complaints call it."""
        ...

    @property
    def outlives(self) -> bool:
        """Whether its calls run outside this process, and go on when it ends; its tools come and go with them."""
        ...

    def offers(self, project_id: str, agent: str, /) -> ToolOfferMap:
        """The tools it runs for an agent, by name; asked for at every decision, so without I/O."""
        ...

    async def call(self, call: ToolCall, /) -> ToolOutcome:
        """Runs a call. Cancelled when nobody wants its outcome any more."""
        ...

    async def probe(self, call: ToolCall, /) -> ToolOutcome | None:
        """What came of an attempt before: its output, or an error that is `retryable` if it has not run.

        None: this box cannot tell.
        """
        ...

    def settled(self, call: ToolCall, /, *, durable: bool) -> None:
        """What `call` returned is on disk (`durable`), or could not be written."""
        ...

    async def close(self) -> None:
        """Ends what runs."""
        ...
