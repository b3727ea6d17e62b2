"""Owns what we add to uvicorn's WebSockets; imported by the first one that is opened."""

from __future__ import annotations

from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from mainspring.server.sse import ABORT


class SocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket that can be dropped, and that the application closes when the server ends."""

    async def run_asgi(self) -> None:
        """Lends the application the means to drop the connection."""
        extensions = cast("dict[str, Any]", self.scope.setdefault("extensions", {}))
        extensions[ABORT] = self.transport.abort
        await super().run_asgi()

    def shutdown(self) -> None:
        """What is open may finish its answer: draining closes it. One without a handshake has nothing to finish."""
        if not self.handshake_complete:
            super().shutdown()
