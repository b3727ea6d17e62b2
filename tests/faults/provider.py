"""Owns the provider that fails: one loopback socket for every wire, strict about requests, exact in its answers."""

import asyncio
import json
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

from mainspring.system import SystemClock
from tests.faults.cases import Case
from tests.faults.strict import violations

SPARE = "the-spare"
"""The model that always answers, on the chat wire."""

ANSWERS = {
    "chat": (
        'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Fine."}}]}\n\n'
        'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
        "data: [DONE]\n\n"
    ),
    "anthropic": (
        'event: message_start\ndata: {"type":"message_start","message":{"id":"m","content":[],"model":"m"}}\n\n'
        "event: content_block_start\n"
        'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Fine."}}\n\n'
        'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
        'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\n'
        'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    ),
    "responses": (
        'data: {"type":"response.output_text.delta","item_id":"m","output_index":0,"delta":"Fine."}\n\n'
        'data: {"type":"response.completed","response":{"id":"r","status":"completed","output":[]}}\n\n'
    ),
    "gemini": (
        'data: {"candidates":[{"content":{"role":"model","parts":[{"text":"Fine."}]},"finishReason":"STOP"}]}\n\n'
    ),
}
WIRES = {
    "/messages": "anthropic",
    "enerateContent": "gemini",
    "/responses": "responses",
    "/chat/completions": "chat",
}
CLOCK = SystemClock()
STREAM = {"content-type": "text/event-stream"}


@dataclass
class Asked:
    """One request: who was asked, and what a strict provider finds wrong with it."""

    wire: str
    model: str
    body: dict[str, Any]
    wrong: list[str]


@dataclass
class Provider:
    """What was asked so far. `fails`: whether a request gets the failure, or an answer."""

    case: Case
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    fails: Callable[[Asked], bool] = lambda asked: not _answers(asked)
    left: int = 0
    """How often the caller hung up in the middle of an answer."""

    def of(self, model: str) -> list[Asked]:
        """The requests to one model."""
        return [asked for asked in self.asked if asked.model == model]


def _answers(asked: Asked) -> bool:
    """After a round of tools the model is content: what is tested is what led there."""
    turns = asked.body.get("messages") or asked.body.get("contents") or asked.body.get("input") or []
    last = json.dumps(turns[-1]) if turns else ""
    return any(
        word in last
        for word in ('"role": "tool"', '"tool_result"', '"functionResponse"', '"function_call_output"')
    )


@asynccontextmanager
async def provider(case: Case) -> AsyncIterator[Provider]:
    """Serves one case until the block ends."""
    serving = Provider(case)
    tasks: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            asked = await _request(reader, serving)
            serving.asked.append(asked)
            answering = asyncio.create_task(_answer(asked, serving, writer))
            tasks.add(answering)
            leaving = asyncio.create_task(reader.read(1))
            tasks.add(leaving)
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            serving.left += not answering.done()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=trusted_by_nobody(case))
    serving.port = server.sockets[0].getsockname()[1]
    try:
        yield serving
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def trusted_by_nobody(case: Case) -> ssl.SSLContext | None:
    """A context with a certificate that was made a moment ago, where the case asks for one."""
    if case.fault != "tls_self_signed":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        key, certificate = f"{folder}/key.pem", f"{folder}/certificate.pem"
        made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
        subprocess.run(
            ["openssl", *made, "-keyout", key, "-out", certificate], check=True, capture_output=True
        )
        context.load_cert_chain(certificate, key)
    return context


async def _request(reader: asyncio.StreamReader, serving: Provider) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = [line.split(": ", 1) for line in head.rstrip("\r\n").split("\r\n")[1:]]
    headers = {name.lower(): value for name, value in lines}
    body = json.loads(await reader.readexactly(int(headers["content-length"])))
    path = head.split(" ", 2)[1]
    wire = next(wire for mark, wire in WIRES.items() if mark in path)
    model = path.rpartition("/models/")[2].partition(":")[0] if wire == "gemini" else body["model"]
    whose = "spare" if model == SPARE else serving.case.provider
    return Asked(wire, model, body, violations(wire, whose, body))


async def _answer(asked: Asked, serving: Provider, writer: asyncio.StreamWriter) -> None:
    case = serving.case
    if asked.wrong:
        refused = {"error": {"type": "invalid_request_error", "message": "; ".join(asked.wrong)}}
        await _whole(writer, 400, {"content-type": "application/json"}, json.dumps(refused).encode())
    elif asked.model == SPARE or not serving.fails(asked):
        await _whole(writer, 200, STREAM, ANSWERS[asked.wire].encode())
    else:
        await _fail(case, writer)


async def _fail(case: Case, writer: asyncio.StreamWriter) -> None:
    match case.fault:
        case "reset_before_response":
            writer.transport.abort()
        case "fin_before_response":
            return
        case "stall_before_response":
            await asyncio.Event().wait()
        case "none" if "repeat_body_char" not in case.network:
            await _whole(writer, case.status or 200, case.headers, case.body.encode())
        case _:
            await _cut(case, writer)


async def _cut(case: Case, writer: asyncio.StreamWriter) -> None:
    """An answer that begins and does not end as it should."""
    if case.fault == "content_length_short":
        length = {"content-length": str(len(case.body) + 100)}
        writer.write(_head(case.status or 200, {**case.headers, **length}) + case.body.encode())
        await writer.drain()
        return
    writer.write(_head(case.status or 200, {**case.headers, "transfer-encoding": "chunked"}))
    for piece in _pieces(case):
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        await writer.drain()
    match case.fault:
        case "reset_after_body":
            await CLOCK.sleep(0.05)  # what was sent has to be read before the connection is reset
            writer.transport.abort()
        case "fin_without_last_chunk":
            return
        case "repeat_comment":
            while True:
                text = case.network["text"].encode()
                writer.write(b"%x\r\n%s\r\n" % (len(text), text))
                await writer.drain()
                await CLOCK.sleep(0.02)
        case _:
            await asyncio.Event().wait()


def _pieces(case: Case) -> list[bytes]:
    """The body; a character that is to be repeated many times comes in pieces of a megabyte."""
    repeat = case.network.get("repeat_body_char")
    if repeat is None:
        return [case.body.encode()] if case.body else []
    before, _, after = case.body.partition("<64 MiB of a>")
    many = repeat["char"].encode() * 2**20
    return [before.encode(), *[many] * (repeat["count"] // 2**20), after.encode()]


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode()


async def _whole(writer: asyncio.StreamWriter, status: int, headers: dict[str, str], body: bytes) -> None:
    """A whole answer; a stream is sent a few bytes at a time, so that it is cut at odd places."""
    dropped = {"content-length", "transfer-encoding", "connection", "content-encoding"}
    kept = {name: value for name, value in headers.items() if name.lower() not in dropped}
    writer.write(_head(status, {**kept, "content-length": str(len(body))}))
    step = max(len(body) // 7, 1) if "event-stream" in headers.get("content-type", "") else max(len(body), 1)
    for start in range(0, len(body), step):
        writer.write(body[start : start + step])
        await writer.drain()
        await CLOCK.sleep(0)
