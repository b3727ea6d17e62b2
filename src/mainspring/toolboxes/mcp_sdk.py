"""Owns the library that speaks MCP: connections over standard streams and streamable HTTP, within the egress rules.

This module alone imports `mcp`; it is loaded when servers are configured. A process gets its own variables and
a handful of harmless ones, never this server's; a URL is connected to as `Egress` allows, and redirects to other
origins fail.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Final

import anyio
import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage
from mcp_types import CONNECTION_CLOSED, INVALID_REQUEST
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from mainspring import __version__
from mainspring.model.values import Json
from mainspring.toolboxes.egress import Egress
from mainspring.toolboxes.mcp_peer import ListedTool, Peer, PeerGone, PeerRefused, innermost
from mainspring.toolboxes.mcp_settings import McpServer

log = logging.getLogger("mainspring.mcp")
LARGEST_MESSAGE: Final = 16_000_000
"""Bytes of one message of a server."""
MOST_PAGES: Final = 100
TERMINATED: Final = "Session terminated"
Told = Callable[[str], None]
Streams = tuple[Any, Any]


class SdkDial:
    """A `Dial` by the library."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        # It tells of every request, with its address.
        logging.getLogger("httpx2").setLevel(logging.WARNING)

    def __call__(
        self, server: McpServer, /, *, changed: Callable[[], None], ended: Told
    ) -> AbstractAsyncContextManager[Peer]:
        """See `Dial`."""
        return self._connected(server, changed, ended)

    @asynccontextmanager
    async def _connected(
        self, server: McpServer, changed: Callable[[], None], ended: Told
    ) -> AsyncGenerator[Peer, None]:
        async def heard(message: Any) -> None:
            if isinstance(message, types.ToolListChangedNotification):
                changed()

        client = Client(
            _Watched(self._transport(server), ended),
            mode=server.protocol,
            cache=None,
            message_handler=heard,
            client_info=types.Implementation(name="mainspring", version=__version__),
        )
        try:
            async with client, anyio.create_task_group() as listening:
                listening.start_soon(_listen, client, changed)
                yield SdkPeer(client)
                listening.cancel_scope.cancel()
        except Exception as error:
            raise PeerGone(innermost(error), sent=False) from error

    def _transport(self, server: McpServer) -> AbstractAsyncContextManager[Streams]:
        if server.command:
            parameters = StdioServerParameters(
                command=server.command[0], args=list(server.command[1:]), env=server.env, cwd=server.cwd
            )
            return stdio_client(parameters)
        return self._http(server)

    @asynccontextmanager
    async def _http(self, server: McpServer) -> AsyncGenerator[Streams, None]:
        http = httpx2.AsyncClient(
            headers={"accept-encoding": "identity", **server.headers},
            timeout=httpx2.Timeout(server.connect_seconds, read=None),
            transport=GuardedTransport(self._egress),
            trust_env=False,
        )
        async with (
            http,
            streamable_http_client(
                server.url, http_client=http, max_sse_event_size=LARGEST_MESSAGE
            ) as streams,
        ):
            yield streams


async def _listen(client: Client, changed: Callable[[], None]) -> None:
    """Hears of other tools on servers of the revisions that have subscriptions for it."""
    tools = client.server_capabilities.tools
    if client.protocol_version not in MODERN_PROTOCOL_VERSIONS or tools is None or not tools.list_changed:
        return
    try:
        async with client.listen(tools_list_changed=True) as events:
            async for _ in events:
                changed()
    except (MCPError, SubscriptionLost, ListenNotSupportedError) as error:
        log.info("an MCP server no longer tells of changes: %s", error)


class SdkPeer:
    """A `Peer` by the library."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def version(self) -> str:
        """See `Peer`."""
        return self._client.protocol_version

    async def tools(self) -> list[ListedTool]:
        """See `Peer`."""
        found: list[ListedTool] = []
        cursor: str | None = None
        try:
            for _ in range(MOST_PAGES):
                page = await self._client.list_tools(cursor=cursor)
                found += [_listed(tool) for tool in page.tools if not _needs_a_task(tool)]
                cursor = page.next_cursor
                if cursor is None:
                    break
        except Exception as error:
            raise _translated(error) from error
        return found

    async def call(self, name: str, args: dict[str, Json], /) -> dict[str, Json]:
        """See `Peer`."""
        try:
            result = await self._client.call_tool(name, args)
        except Exception as error:
            raise _translated(error) from error
        told: dict[str, Json] = result.model_dump(by_alias=True, mode="json", exclude_none=True)
        return told


def _listed(tool: types.Tool) -> ListedTool:
    return ListedTool(
        name=tool.name, description=tool.description or tool.title or "", schema=dict(tool.input_schema)
    )


def _needs_a_task(tool: types.Tool) -> bool:
    execution = getattr(tool, "execution", None)
    return getattr(execution, "task_support", None) == "required"


def _translated(error: Exception) -> PeerGone | PeerRefused:
    if isinstance(error, MCPError):
        if error.code == CONNECTION_CLOSED:
            return PeerGone("the connection was closed.", sent=True)
        if error.code == INVALID_REQUEST and str(error) == TERMINATED:
            return PeerGone("it has forgotten the session.", sent=False)
        return PeerRefused(str(error))
    if isinstance(error, (anyio.ClosedResourceError, anyio.BrokenResourceError)):
        return PeerGone("the connection was closed.", sent=False)
    return PeerRefused(f"The answer does not fit the protocol: {innermost(error)}")


# ---- transports ---------------------------------------------------------------------------------------------


class _Watched:
    """A transport that tells when the server's side of it has ended."""

    def __init__(self, inner: AbstractAsyncContextManager[Streams], ended: Told) -> None:
        self._inner = inner
        self._ended = ended

    async def __aenter__(self) -> Streams:
        read, write = await self._inner.__aenter__()
        return _WatchedStream(read, self._ended), write

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return await self._inner.__aexit__(kind, error, trace)


class _WatchedStream:
    """What a server says; the end of it is told."""

    def __init__(self, inner: Any, ended: Told) -> None:
        self._inner = inner
        self._ended = ended

    @property
    def last_context(self) -> Any:
        """Of the message that was read last, for the library."""
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        """The next message."""
        try:
            return await self._inner.receive()  # type: ignore[no-any-return]  # the streams of the library
        except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._ended("the server has ended.")
            raise

    def __aiter__(self) -> _WatchedStream:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Reads no more."""
        await self._inner.aclose()

    async def __aenter__(self) -> _WatchedStream:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *trace: Any) -> bool | None:
        ended: bool | None = await self._inner.__aexit__(*trace)
        return ended


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Connects to checked addresses alone, and bounds what comes back."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends a request to the first address of its host; the certificate is still judged by the host's name."""
        host, secure = request.url.host, request.url.scheme == "https"
        port = request.url.port or (443 if secure else 80)
        try:
            addresses = await self._egress.addresses(host, port, secure=secure)
        except OSError as error:
            raise httpx2.ConnectError(str(error)) from error
        request.url = request.url.copy_with(host=addresses[0])
        request.extensions = {**request.extensions, "sni_hostname": host}
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx2.ReadError("the server compressed what was asked for as it is")
        if "event-stream" not in response.headers.get("content-type", ""):
            response.stream = _Bounded(response.stream)
        return response

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._inner.aclose()


class _Bounded(httpx2.AsyncByteStream):
    """A body that may not grow beyond one message."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        room = LARGEST_MESSAGE
        async for piece in self._inner:
            room -= len(piece)
            if room < 0:
                raise httpx2.ReadError(f"the server answered more than {LARGEST_MESSAGE} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()
