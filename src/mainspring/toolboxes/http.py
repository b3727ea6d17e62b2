"""Owns the tool box of addresses: calls are posted to a URL of the customer's, signed, and the answer is the outcome.

What is certain not to have been done may be tried again; what may have been done is `unknown`, and the tool's policy
decides. 202 says that the answer comes later, as a result of the execution from whoever knows it.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from typing import Final, cast
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult

from mainspring import __version__
from mainspring.client.webhooks import ID, SIGNATURE, TIMESTAMP, TYPE, CallPosted, sign
from mainspring.model.json_shape import is_object
from mainspring.model.parts import FileReference
from mainspring.model.tool_work import PulledCall
from mainspring.model.values import Json, encode_json
from mainspring.runtime.ports import Clock
from mainspring.runtime.tool_calls import ToolCall, ToolOffer, ToolOfferMap, ToolOutcome
from mainspring.toolboxes.egress import Egress
from mainspring.toolboxes.http_settings import HttpTools

SHOWN: Final = 500
"""Characters of an answer that is an error of its server, told to the model."""
CONNECT: Final = 10.0
CUT: Final = "The server was ended while this call ran."
LATER: Final = "The tool has taken the call, and answers later."
_NOT_DONE: Final = frozenset((408, 425, 429, 503))
_UNSURE: Final = frozenset((502, 504))
_decode = msgspec.json.Decoder().decode


class _CheckedResolver(AbstractResolver):
    """Looks names up, and gives only addresses that may be connected to."""

    def __init__(self, egress: Egress, *, secure: bool) -> None:
        self._egress = egress
        self._secure = secure

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The checked addresses; the connection is made to one of them."""
        found = await self._egress.addresses(host, port, secure=self._secure)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""


class HttpBox:
    """A `Toolbox` of the addresses that the operator has configured."""

    name = "HTTP tools"
    outlives = False

    def __init__(self, tables: Mapping[str, HttpTools], *, clock: Clock, egress: Egress) -> None:
        self._tables = tuple(tables.values())
        self._clock = clock
        self._egress = egress
        self._offers: dict[tuple[str, str], ToolOfferMap] = {}
        self._pools: dict[bool, aiohttp.ClientSession] = {}

    def offers(self, project_id: str, agent: str, /) -> ToolOfferMap:
        """The tools that are posted for an agent."""
        found = self._offers.get((project_id, agent))
        if found is None:
            mine = [table for table in self._tables if table.serves(project_id, agent)]
            found = {name: ToolOffer(name=name) for table in mine for name in table.tools}
            self._offers[project_id, agent] = found
        return found

    async def call(self, call: ToolCall, /) -> ToolOutcome:
        """Posts a call; one that was cut by the end of a process is `unknown`."""
        if call.resumed:
            return ToolOutcome(error=CUT, unknown=True)
        for table in self._tables:
            if call.tool in table.tools and table.serves(call.project_id, call.agent):
                return await self._post(table, call)
        return ToolOutcome(error=f"No address is configured for {call.tool}.")

    async def _post(self, table: HttpTools, call: ToolCall) -> ToolOutcome:
        body, headers = self._signed(table, call)
        try:
            await self._check(table.url)
            pool = self._pool(urlsplit(table.url).scheme == "https")
            timeout = aiohttp.ClientTimeout(total=table.seconds, sock_connect=min(CONNECT, table.seconds))
            async with pool.post(
                table.url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                return await _outcome(response, table.max_result)
        except aiohttp.ClientConnectorError as error:
            return ToolOutcome(error=f"{call.tool} cannot be reached: {error.os_error}", retryable=True)
        except aiohttp.ConnectionTimeoutError:
            return ToolOutcome(error=f"{call.tool} cannot be reached: it takes too long.", retryable=True)
        except TimeoutError:
            return ToolOutcome(error=f"{call.tool} did not answer within {table.seconds:g} s.", unknown=True)
        except aiohttp.ClientError as error:
            told = str(error) or type(error).__name__
            return ToolOutcome(error=f"The connection to {call.tool} was lost: {told}", unknown=True)
        except OSError as error:
            return ToolOutcome(error=f"{call.tool} cannot be reached: {error}", retryable=True)

    def _signed(self, table: HttpTools, call: ToolCall) -> tuple[bytes, dict[str, str]]:
        now = int(self._clock.now())
        body = encode_json(CallPosted(type=TYPE, timestamp=now, data=_posted(call)))
        return body, {
            **table.headers,
            "content-type": "application/json",
            "accept-encoding": "identity",
            "user-agent": f"mainspring/{__version__}",
            ID: call.call_id,
            TIMESTAMP: str(now),
            SIGNATURE: sign(table.secret, call.call_id, now, body),
        }

    async def _check(self, url: str) -> None:
        """Checks an address that is written as a number: those are connected to without being looked up."""
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return
        await self._egress.addresses(host, parts.port or (443 if secure else 80), secure=secure)

    def _pool(self, secure: bool) -> aiohttp.ClientSession:
        if secure not in self._pools:
            self._pools[secure] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0, resolver=_CheckedResolver(self._egress, secure=secure), use_dns_cache=False
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._pools[secure]

    async def probe(self, call: ToolCall, /) -> ToolOutcome | None:
        """An address is asked by posting the call again, under the same id: that is for policies to say."""
        return None

    def settled(self, call: ToolCall, /, *, durable: bool) -> None:
        """Nobody there waits for that."""

    async def close(self) -> None:
        """Closes the connections."""
        for pool in self._pools.values():
            await pool.close()


def _posted(call: ToolCall) -> PulledCall:
    return PulledCall(
        call_id=call.call_id,
        attempt=call.attempt,
        tool=call.tool,
        args=call.args,
        session_id=call.session_id,
        execution_id=call.execution_id,
        agent=call.agent,
        deadline=call.deadline,
        sender=call.sender,
    )


async def _outcome(response: aiohttp.ClientResponse, most: int) -> ToolOutcome:
    status = response.status
    body = await _read(response, most)
    if body is None:
        return ToolOutcome(error=f"The tool answered more than {most} bytes.")
    if status == 202:
        return ToolOutcome(error=LATER, unknown=True)
    if status == 204:
        return ToolOutcome()
    if 200 <= status < 300:
        return _answered(body)
    if 300 <= status < 400:
        return ToolOutcome(error=f"The tool answered {status}: redirects are not followed.")
    said = _said(body)
    return ToolOutcome(
        error=f"The tool answered {status}{': ' + said if said else '.'}",
        retryable=status in _NOT_DONE,
        unknown=status in _UNSURE,
        retry_after=_seconds(response.headers.get("retry-after", "")),
    )


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """The body, or None if it is larger than `most`."""
    found = bytearray()
    async for piece in response.content.iter_any():
        found += piece
        if len(found) > most:
            return None
    return bytes(found)


def _seconds(text: str) -> float | None:
    return float(text) if text.isdecimal() else None


def _said(body: bytes) -> str:
    try:
        value = _decode(body)
    except (msgspec.DecodeError, RecursionError):
        return body[:SHOWN].decode("utf-8", "replace")
    error = cast("Json", value.get("error")) if is_object(value) else None
    return str(error if error is not None else value)[:SHOWN]


class _Answer(msgspec.Struct, rename="camel"):
    """The body of an answer."""

    result: Json = None
    error: str | None = None
    files: tuple[FileReference, ...] = ()
    retryable: bool = False
    retry_after: float | None = None


def _answered(body: bytes) -> ToolOutcome:
    try:
        answer = msgspec.json.decode(body or b"{}", type=_Answer)
    except (msgspec.DecodeError, RecursionError) as error:
        return ToolOutcome(error=f"The tool's answer is not {{result}} or {{error}}: {error}")
    if answer.error is not None:
        return ToolOutcome(error=answer.error, retryable=answer.retryable, retry_after=answer.retry_after)
    return ToolOutcome(output=answer.result, files=answer.files)
