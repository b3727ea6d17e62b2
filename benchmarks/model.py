"""Owns the fake model: an OpenAI chat server that streams prepared bytes, in a burst or paced.

The model's name says what it answers: `bench-200` bursts 200 deltas, `bench-paced-200` sends 50 a second with the
time in each, `bench-tool-50` asks for a tool first and bursts 50 once it has the result.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Mapping
from typing import cast

import uvloop

PACE = 0.02
"""Seconds between two paced deltas."""
GROUP = 20
"""Deltas a write, in a burst."""
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
MODEL = re.compile(rb'"model": *"bench-(paced-|tool-)?(\d+)"')
ROLE = re.compile(rb'"role": *"(\w+)"')


def chunk(*events: str) -> bytes:
    """Events as one piece of a chunked body."""
    data = "".join(f"data: {event}\n\n" for event in events).encode()
    return b"%x\r\n%b\r\n" % (len(data), data)


def delta(member: Mapping[str, object], finish: str | None = None) -> str:
    """One event of a chat completion."""
    choice = {"index": 0, "delta": member, "finish_reason": finish}
    head = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1, "model": "bench"}
    return json.dumps({**head, "choices": [choice]})


def ending(finish: str) -> bytes:
    """The last events, and the end of the body."""
    return chunk(delta({}, finish), "[DONE]") + b"0\r\n\r\n"


def burst(count: int) -> list[bytes]:
    """A text of `count` deltas, in groups."""
    groups = [range(start, min(start + GROUP, count)) for start in range(0, count, GROUP)]
    pieces = [chunk(*(delta({"content": f" word{n}"}) for n in group)) for group in groups]
    return [*pieces, ending("stop")]


def tool_call() -> list[bytes]:
    """A call of the tool `look`."""
    function = {"name": "look", "arguments": '{"at": "the'}
    opened = {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]}
    more = {"tool_calls": [{"index": 0, "function": {"arguments": ' sea"}'}}]}
    return [chunk(delta(opened)), chunk(delta(more)), ending("tool_calls")]


class Model(asyncio.Protocol):
    """One connection; requests on it come one after another."""

    prepared: dict[int, list[bytes]] = {}

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answers once a request is whole."""
        self.buffer += data
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        length = LENGTH.search(head) if separator else None
        if length is None or len(body) < int(length[1]):
            return
        self.buffer = b""
        named = MODEL.search(body)
        assert named is not None, body[:200]
        kind, count = named[1], int(named[2])
        self.transport.write(HEAD)
        if kind == b"paced-":
            self.pace(count, self.loop.time())
        elif kind == b"tool-" and ROLE.findall(body)[-1] != b"tool":
            self.send(tool_call())
        else:
            self.send(list(self.prepared.setdefault(count, burst(count))))

    def send(self, pieces: list[bytes]) -> None:
        """Writes a piece, then lets others in."""
        if self.transport.is_closing():
            return
        self.transport.write(pieces.pop(0))
        if pieces:
            self.loop.call_soon(self.send, pieces)

    def pace(self, left: int, due: float) -> None:
        """Writes a delta with the time in it, and the next when it is due."""
        if self.transport.is_closing():
            return
        if not left:
            self.transport.write(ending("stop"))
            return
        self.transport.write(chunk(delta({"content": f"{time.monotonic():.6f} "})))
        self.loop.call_at(due + PACE, self.pace, left - 1, due + PACE)


async def serve() -> None:
    """Serves on a free port, printed first, until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Model, "127.0.0.1", 0, backlog=1024)
    print(json.dumps({"url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    sys.exit(uvloop.run(serve()))
