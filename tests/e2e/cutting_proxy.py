"""Owns a TCP proxy that cuts connections after a random number of bytes of their answers."""

import asyncio
import random
import threading
from types import TracebackType


class CuttingProxy:
    """Forwards to `port`; `cuts` connections more are cut, each after up to `most` bytes of what the server says."""

    def __init__(self, port: int, *, seed: int, most: int) -> None:
        self._target = port
        self._chance = random.Random(seed)
        self._most = most
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.cuts = 0
        self.done = 0
        self.port = 0

    @property
    def url(self) -> str:
        """Where the proxy listens."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "CuttingProxy":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._over = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        left = self._chance.randrange(self._most) if self.done < self.cuts else None
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        there = asyncio.ensure_future(self._copy(reader, far_writer, None))
        try:
            await self._copy(far_reader, writer, left)
        finally:
            there.cancel()
            writer.transport.abort()
            far_writer.transport.abort()
            self._open.discard(task)

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: int | None
    ) -> None:
        """Forwards until an end; `left`: no more than that many bytes."""
        try:
            while data := await reader.read(65536):
                if left is not None and len(data) >= left:
                    writer.write(data[:left])
                    await writer.drain()
                    self.done += 1
                    return
                left = None if left is None else left - len(data)
                writer.write(data)
                await writer.drain()
        except OSError:
            return
