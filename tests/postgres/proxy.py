"""Owns a small proxy in front of a server: it cuts connections at a chosen word, and can rewrite what passes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

COMMIT = b"COMMIT\x00"


@dataclass
class Proxy:
    """Listens on `port`. `cut_before`: a client that says it is cut off, the server never hears it; `cut_after`: the
    server hears it, the client never gets the answer. Each happens once.
    """

    target: int
    port: int = 0
    cut_before: bytes | None = None
    cut_after: bytes | None = None
    closed: bool = False
    rewrite: Callable[[bytes], bytes] = field(default=lambda data: data)
    cuts: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        if self.closed:
            writer.close()
            return
        there_reader, there = await asyncio.open_connection("127.0.0.1", self.target)
        self._open |= {writer, there}
        mute = asyncio.Event()
        back = asyncio.create_task(self._back(there_reader, writer, mute))
        try:
            while data := await reader.read(65536):
                if self.cut_before and self.cut_before in data:
                    self.cut_before = None
                    self.cuts += 1
                    break
                if self.cut_after and self.cut_after in data:
                    self.cut_after = None
                    self.cuts += 1
                    mute.set()
                    there.write(data)
                    await there.drain()
                    await asyncio.wait([back], timeout=0.2)
                    break
                there.write(data)
                await there.drain()
        except OSError:
            pass
        finally:
            back.cancel()
            self._open -= {writer, there}
            for side in (writer, there):
                side.transport.abort()

    async def _back(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mute: asyncio.Event
    ) -> None:
        try:
            while data := await reader.read(65536):
                if not mute.is_set():
                    writer.write(self.rewrite(data))
                    await writer.drain()
        except OSError:
            pass
        finally:
            writer.transport.abort()

    def cut_all(self) -> None:
        """Cuts every connection there is."""
        for side in list(self._open):
            side.transport.abort()


@asynccontextmanager
async def proxy_to(port: int) -> AsyncIterator[Proxy]:
    """A proxy to a port of this machine, until the end of the block."""
    proxy = Proxy(target=port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut_all()
