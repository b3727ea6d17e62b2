"""Owns a server inside this process, on a thread of its own: real HTTP on loopback, with a key made for it."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Final

from mainspring.assembly import Mainspring, World, assemble, http_app
from mainspring.cli.listening import listening_failed, url_of
from mainspring.server.serving import Listening, bind, loop_factory
from mainspring.server.uvicorn_server import Server, make_server
from mainspring.settings import Settings

SCOPES: Final = ("agents", "sessions", "tokens")


class EmbeddedServer:
    """A running server while the `with` block lasts; `url` and `key` say how to reach it.

    Entering raises what starting it raises.
    """

    def __init__(self, settings: Settings, world: World) -> None:
        self.url = ""
        self.key = ""
        self._settings = settings
        self._world = world
        self._server: Server | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="mainspring-server", daemon=True)

    def __enter__(self) -> EmbeddedServer:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join()

    def wait(self) -> None:
        """Returns when the server has ended by itself; signals interrupt it."""
        while self._thread.is_alive():
            self._thread.join(0.2)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised again on the thread that waits
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        mainspring = assemble(self._settings, self._world)
        await mainspring.open()
        try:
            project = self._settings.project
            self.key, record = await mainspring.keys.create(project, name="made for you", scopes=SCOPES)
            try:
                await self._listen(mainspring)
            finally:
                await mainspring.keys.revoke(project, record.id)
        finally:
            await mainspring.close()

    async def _listen(self, mainspring: Mainspring) -> None:
        settings = self._settings
        with listening_failed(settings.host, settings.port):
            listener = bind(settings.host, settings.port)
        try:
            listening = Listening(
                host=settings.host, port=settings.port, grace=settings.graceful_timeout, told=self._told
            )
            self._server = make_server(http_app(mainspring), listening)
            await self._server.serve([listener])
        finally:
            listener.close()

    def _told(self, host: str, port: int) -> None:
        self.url = url_of(host, port)
        self._ready.set()
