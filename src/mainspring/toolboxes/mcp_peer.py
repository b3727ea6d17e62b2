"""Owns what the MCP tool box wants of the protocol's library: an open connection, and the ways it fails."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, cast

from mainspring.model.values import Json, Value
from mainspring.toolboxes.mcp_settings import McpServer


class PeerGone(Exception):
    """The connection is lost, or could not be made; the text says why.

    `sent`: what was asked may have arrived before.
    """

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class PeerRefused(Exception):
    """The server answered with an error of the protocol; the text is its own."""


def innermost(error: BaseException) -> str:
    """What went wrong, out of the groups that groups of tasks wrap it in."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return str(error) or type(error).__name__


class ListedTool(Value, frozen=True, kw_only=True):
    """A tool as a server lists it. `schema`: of its arguments."""

    name: str
    description: str = ""
    schema: dict[str, Json] = {}


class Peer(Protocol):
    """An open connection to a server."""

    @property
    def version(self) -> str:
        """The revision of the protocol that both speak."""
        ...

    async def tools(self) -> list[ListedTool]:
        """All tools. Raises `PeerGone`, `PeerRefused`."""
        ...

    async def call(self, name: str, args: dict[str, Json], /) -> dict[str, Json]:
        """The `CallToolResult`, as JSON. Raises `PeerGone`, `PeerRefused`; cancelling tells the server."""
        ...


class Dial(Protocol):
    """Connects to servers."""

    def __call__(
        self, server: McpServer, /, *, changed: Callable[[], None], ended: Callable[[str], None]
    ) -> AbstractAsyncContextManager[Peer]:
        """The connection, open inside the context; entering raises `PeerGone`.

        `changed`: called when the server says that its tools are others now; `ended`: when the connection is lost.
        """
        ...
