"""Owns serving functions as tools from a program of yours, blocking or on asyncio."""

from __future__ import annotations

import asyncio
import signal
import threading

from mainspring.client.configuration import Configuration
from mainspring.client.tool_server import CONCURRENCY, GRACE, ToolServer
from mainspring.client.tools import ToolsGiven


class AsyncToolWorkers:
    """Connected workers, on asyncio."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def server(
        self, tools: ToolsGiven, *, name: str = "", concurrency: int = CONCURRENCY, grace: float = GRACE
    ) -> ToolServer:
        """A worker with these functions: `await server.run()` serves, `server.stop()` ends it.

        Raises `InvalidTool`.
        """
        return ToolServer(self._configuration, tools, name=name, concurrency=concurrency, grace=grace)

    async def serve(
        self, tools: ToolsGiven, *, name: str = "", concurrency: int = CONCURRENCY, grace: float = GRACE
    ) -> None:
        """Serves these functions until it is cancelled; then what runs is given up at once."""
        await self.server(tools, name=name, concurrency=concurrency, grace=grace).run()


class ToolWorkers:
    """Connected workers, blocking."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def serve(
        self, tools: ToolsGiven, *, name: str = "", concurrency: int = CONCURRENCY, grace: float = GRACE
    ) -> None:
        """Serves these functions until SIGTERM or Ctrl-C; then what runs is finished and answered first.

        A second signal ends it at once. Signals are heard on the main thread only. Raises `InvalidTool`,
        `Unauthorized`, `Forbidden`.
        """
        asyncio.run(self._serve(tools, name=name, concurrency=concurrency, grace=grace))

    async def _serve(self, tools: ToolsGiven, *, name: str, concurrency: int, grace: float) -> None:
        server = ToolServer(self._configuration, tools, name=name, concurrency=concurrency, grace=grace)
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()

        def end() -> None:
            if server.stopping and task is not None:
                task.cancel()
            server.stop()

        heard = threading.current_thread() is threading.main_thread()
        for number in (signal.SIGTERM, signal.SIGINT) if heard else ():
            loop.add_signal_handler(number, end)
        await server.run()
