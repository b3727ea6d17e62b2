"""Owns the connections to providers: one pool, bounded times and sizes, no redirects, closed at once when nobody reads.

Importing this module loads aiohttp: the registry does so at the first call that needs it.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Final

import aiohttp

from mainspring.model.errors import ProviderError
from mainspring.model.generation import ModelChunk
from mainspring.providers.failures import Failures
from mainspring.providers.wire import AnswerReader, HttpCall, Times

MAX_ERROR_BODY: Final = 64 * 1024
MAX_BODY: Final = 32 * 1024 * 1024
MAX_RATIO: Final = 100
_FREE_RATIO: Final = 1024 * 1024
_DRAIN: Final = 0.25
_GONE: Final = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)
_TROUBLE: Final = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


class ProviderHttp:
    """The pool of connections; made at the first call, for the event loop of that call. `now`: Unix seconds."""

    def __init__(self, times: Times | None = None, *, now: Callable[[], float] | None = None) -> None:
        self._times = times or Times()
        self.now = now
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def exchange(
        self, call: HttpCall, reader: AnswerReader, failures: Failures
    ) -> AsyncGenerator[list[ModelChunk]]:
        """Makes a call and gives its answer, one list for each read that brought something.

        Raises `ProviderError`. Closing the iterator closes the connection, unless the answer was read to its end.
        """
        deadline = _Deadline(self._times)
        response = await self._post(call, failures, deadline)
        try:
            body = await _accepted(response, failures, deadline)
            if response.content_type == "application/json":
                yield reader.whole(await body.all(MAX_BODY))
            seen = 0
            while not reader.done:
                data = await body.read()
                chunks = reader.read(data) if data else reader.end()
                if reader.events != seen:
                    seen = reader.events
                    deadline.progress()
                if chunks:
                    yield chunks
                if reader.failure is not None:
                    raise reader.failure
            await _drain(response)
        except ProviderError as error:
            error.usage = reader.spent
            raise
        finally:
            response.close()

    async def _post(self, call: HttpCall, failures: Failures, deadline: _Deadline) -> aiohttp.ClientResponse:
        """Sends the request. A kept connection may be gone by then without a word: that says nothing of the provider,
        and the request goes out again on another one.
        """
        session = self._pool()
        while True:
            reused: list[bool] = []
            try:
                async with deadline():
                    return await session.post(
                        call.url,
                        data=call.body,
                        headers=call.headers,
                        allow_redirects=False,
                        trace_request_ctx=reused,
                    )
            except _TROUBLE as error:
                if not (reused and isinstance(error, _GONE)):
                    raise _translated(error, failures) from None

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60, ttl_dns_cache=60),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._times.connect),
                headers={"Accept-Encoding": "identity", "User-Agent": "mainspring"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trace_configs=[_noting_reuse()],
            )
        return self._session


def _noting_reuse() -> aiohttp.TraceConfig:
    """Adds to the list that a request carries when it goes out on a connection that was used before."""

    async def note(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        context.trace_request_ctx.append(True)

    config = aiohttp.TraceConfig()
    config.on_connection_reuseconn.append(note)
    return config


class _Deadline:
    """Until when the next event has to come, by the time of the event loop."""

    def __init__(self, times: Times) -> None:
        self._loop = asyncio.get_running_loop()
        self._idle = times.idle
        now = self._loop.time()
        self._total = now + times.total
        self._next = now + times.first

    def progress(self) -> None:
        """An event came."""
        self._next = self._loop.time() + self._idle

    def __call__(self) -> asyncio.Timeout:
        return asyncio.timeout_at(min(self._next, self._total))


class Inflater:
    """Undoes gzip or deflate within a ratio: a small answer cannot become a huge one."""

    def __init__(self, failures: Failures) -> None:
        self._inflate = zlib.decompressobj(wbits=47)
        self._failures = failures
        self._room = _FREE_RATIO

    def feed(self, data: bytes) -> bytes:
        """The plain bytes, maybe none yet; raises `ProviderError` for far too many, and for damage."""
        self._room += len(data) * MAX_RATIO
        try:
            plain = self._inflate.decompress(data, self._room)
        except zlib.error:
            raise self._failures.malformed("the compressed answer is damaged") from None
        self._room -= len(plain)
        if self._inflate.unconsumed_tail or self._room <= 0:
            raise self._failures.too_large("the compressed answer is suspiciously large")
        return plain


class _Body:
    """The body of a response as it arrives."""

    def __init__(self, response: aiohttp.ClientResponse, failures: Failures, deadline: _Deadline) -> None:
        self._content = response.content
        self._failures = failures
        self._deadline = deadline
        self._inflater: Inflater | None = None
        coding = response.headers.get("Content-Encoding", "identity").lower()
        if coding in {"gzip", "deflate"}:
            self._inflater = Inflater(failures)
        elif coding != "identity":
            raise failures.malformed(f"its content coding {coding} was not asked for")

    async def read(self) -> bytes:
        """What has arrived since the last read; nothing at the end."""
        while True:
            try:
                async with self._deadline():
                    data = await self._content.readany()
            except _TROUBLE as error:
                raise _translated(error, self._failures) from None
            if self._inflater is None or not data:
                return data
            plain = self._inflater.feed(data)
            if plain:
                return plain

    async def all(self, limit: int) -> bytes:
        """The whole body; raises `ProviderError` if it is longer than `limit`."""
        found = bytearray()
        while data := await self.read():
            found += data
            if len(found) > limit:
                raise self._failures.too_large(f"the answer is larger than {limit} bytes")
        return bytes(found)


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read what follows the answer (the end of the body), so that the connection can be used again."""
    with suppress(*_TROUBLE):
        async with asyncio.timeout(_DRAIN):
            while not response.content.at_eof():
                await response.content.readany()


async def _accepted(response: aiohttp.ClientResponse, failures: Failures, deadline: _Deadline) -> _Body:
    """The body of a success; raises `ProviderError` for anything else."""
    body = _Body(response, failures, deadline)
    if response.status != 200:
        raise await _refusal(response, body, failures)
    if response.content_type == "text/html":
        raise failures.web_page()
    return body


async def _refusal(response: aiohttp.ClientResponse, body: _Body, failures: Failures) -> ProviderError:
    """The failure of a response that is no success."""
    if 300 <= response.status < 400:
        return failures.redirect(response.status)
    try:
        text = await body.all(MAX_ERROR_BODY)
    except ProviderError:
        text = b""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return failures.response(response.status, headers, text)


def _translated(error: Exception, failures: Failures) -> ProviderError:
    """A failure of the network in our words."""
    match error:
        case aiohttp.ClientSSLError() | aiohttp.ClientConnectorCertificateError():
            return failures.untrusted(str(error))
        case TimeoutError():
            return failures.timeout("")
        case aiohttp.ClientConnectorError():
            return failures.unreachable(error.os_error.strerror or "")
        case ValueError():
            message = f"the base URL or the API key of {failures.provider} cannot be used: check the settings"
            return failures.refused("validation_error", "SETTINGS", message)
        case _:
            return failures.lost("")
