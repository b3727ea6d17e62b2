"""Owns the fake model provider: OpenAI chat over real HTTP, strict about requests, scripted in its answers.

A test scripts the answers of a model name of its own, so that many tests share one server. An answer is a list of
steps; a `Gate` in it holds the stream until the test opens it.
"""

import json
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.e2e.strict_chat import violations

KEY = "sk-strict-provider"
WAIT = 30.0
"""Seconds after which a gate that nobody opens lets go."""


@dataclass(frozen=True)
class Say:
    """Text, one delta an item."""

    deltas: tuple[str, ...]


@dataclass(frozen=True)
class Think:
    """Reasoning, one delta an item."""

    deltas: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """A tool call: its arguments come in two pieces; `arguments` may be broken JSON text."""

    name: str
    arguments: dict[str, Any] | str
    id: str | None = None


@dataclass(frozen=True)
class Refuse:
    """Instead of a stream: an HTTP error."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Frame:
    """Bytes as they are, in the middle of the stream."""

    data: str


@dataclass(frozen=True)
class Cut:
    """The connection ends here, without a word."""


@dataclass(frozen=True)
class End:
    """The finish reason, if another than the natural one."""

    reason: str


@dataclass(frozen=True)
class Gate:
    """Holds the answer: `reached` is set when the provider stands here, and it goes on once `opened` is."""

    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        """Returns when the provider stands here."""
        assert self.reached.wait(WAIT), "the model was not asked, or its answer did not come this far"


@dataclass(frozen=True)
class Rest:
    """A pause of some seconds."""

    seconds: float


Step = Say | Think | Call | Refuse | Frame | Cut | End | Gate | Rest
Reply = Sequence[Step]


def said(*deltas: str) -> Reply:
    """An answer of text only."""
    return [Say(deltas)]


@dataclass
class Asked:
    """One request as it came: its body, what is wrong with it, and whether the caller hung up."""

    body: dict[str, Any]
    wrong: list[str]
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of the request."""
        return self.body["messages"]


class ModelServer:
    """The provider: start with `with`, script with `script`, read with `asked`."""

    def __init__(self) -> None:
        self.scripts: dict[str, deque[Reply]] = {}
        self.rules: dict[str, Callable[[Asked], Reply]] = {}
        self.log: list[Asked] = []
        self.lock = threading.Lock()
        self.arrived = threading.Condition(self.lock)
        self.http = _Http(("127.0.0.1", 0), _Handler)
        self.http.models = self

    def __enter__(self) -> "ModelServer":
        self.thread = threading.Thread(
            target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    @property
    def base_url(self) -> str:
        """What goes into `OPENAI_BASE_URL`."""
        return f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def script(self, model: str, *replies: Reply) -> None:
        """Queues answers for the model id `model` (without a provider prefix)."""
        with self.lock:
            self.scripts.setdefault(model, deque()).extend(replies)

    def rule(self, model: str, rule: "Callable[[Asked], Reply]") -> None:
        """Lets `rule` answer for a model id once nothing is queued for it."""
        self.rules[model] = rule

    def take(self, asked: Asked) -> Reply:
        """Records a request and finds its answer."""
        with self.arrived:
            self.log.append(asked)
            self.arrived.notify_all()
            queue = self.scripts.get(str(asked.body.get("model")))
            if asked.wrong:
                return [_bad_request("; ".join(asked.wrong))]
            if not queue and str(asked.body.get("model")) in self.rules:
                return self.rules[str(asked.body["model"])](asked)
            if not queue:
                asked.wrong.append("nothing was scripted for this request")
                return [_bad_request(asked.wrong[-1])]
            return queue.popleft()

    def asked(self, model: str) -> list[Asked]:
        """Every request for `model` so far, in order."""
        with self.lock:
            return [asked for asked in self.log if asked.body.get("model") == model]

    def wait_for(self, model: str, count: int) -> list[Asked]:
        """The first `count` requests for `model`, as soon as they are there."""

        def enough() -> bool:
            return sum(asked.body.get("model") == model for asked in self.log) >= count

        with self.arrived:
            assert self.arrived.wait_for(enough, WAIT), f"{model} was asked fewer than {count} times"
        return self.asked(model)[:count]

    def wrong(self) -> list[str]:
        """Every violation of every request so far."""
        with self.lock:
            return [f"{asked.body.get('model')}: {text}" for asked in self.log for text in asked.wrong]


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    models: ModelServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up is part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keeps quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked = Asked(body, violations(body))
        if self.headers["authorization"] != f"Bearer {KEY}":
            asked.wrong.append(f"the key is {self.headers['authorization']!r}")
        if not self.path.endswith("/chat/completions"):
            asked.wrong.append(f"the path is {self.path}")
        try:
            assert isinstance(self.server, _Http)
            self.answer(self.server.models.take(asked), asked)
        except OSError:
            asked.gone.set()
            self.close_connection = True

    def answer(self, reply: Reply, asked: Asked) -> None:
        """Plays `reply`."""
        while reply and isinstance(reply[0], Gate):
            self.stand(reply[0], asked)  # before the first byte
            reply = reply[1:]
        if reply and isinstance(reply[0], Refuse):
            self.refuse(reply[0])
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.send_header("x-request-id", f"req_{id(asked):x}")
        self.end_headers()
        for step in reply:
            if isinstance(step, Cut):
                self.cut()
                return
            self.step(step, reply, asked)
        for frame in _ending(reply, asked.body):
            self.chunk(frame)
        self.wfile.write(b"0\r\n\r\n")

    def step(self, step: Step, reply: Reply, asked: Asked) -> None:
        """Plays one step of a stream."""
        if isinstance(step, Gate):
            self.stand(step, asked)
        elif isinstance(step, Rest):
            time.sleep(step.seconds)
        else:
            for frame in _frames(step, str(asked.body["model"]), reply):
                self.chunk(frame)

    def refuse(self, step: Refuse) -> None:
        """Answers with an HTTP error."""
        data = json.dumps(step.body).encode() if not isinstance(step.body, str) else step.body.encode()
        self.send_response(step.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in step.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def chunk(self, frame: str) -> None:
        """Sends one piece of the body at once."""
        data = frame.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def cut(self) -> None:
        """Resets the connection."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def stand(self, gate: Gate, asked: Asked) -> None:
        """Waits at `gate`, and notices when the caller hangs up."""
        gate.reached.set()
        for _ in range(int(WAIT / 0.02)):
            if gate.opened.wait(0.02):
                return
            readable, _, _ = select.select([self.connection], [], [], 0)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise ConnectionAbortedError


def _bad_request(message: str) -> Refuse:
    return Refuse(
        400, {"error": {"message": message, "type": "invalid_request_error", "code": None, "param": None}}
    )


def _event(model: str, delta: dict[str, Any], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": model,
        "choices": [choice],
    }
    return f"data: {json.dumps(body)}\n\n"


def _frames(step: Step, model: str, reply: Reply) -> Iterator[str]:
    if isinstance(step, Say):
        yield from (_event(model, {"role": "assistant", "content": delta}) for delta in step.deltas)
    elif isinstance(step, Think):
        yield from (_event(model, {"reasoning_content": delta}) for delta in step.deltas)
    elif isinstance(step, Frame):
        yield step.data
    elif isinstance(step, Call):
        index = [each for each in reply if isinstance(each, Call)].index(step)
        text = step.arguments if isinstance(step.arguments, str) else json.dumps(step.arguments)
        head = {"index": index, "id": step.id or f"call_{index}_{id(step):x}", "type": "function"}
        opened = {**head, "function": {"name": step.name, "arguments": ""}}
        yield _event(model, {"tool_calls": [opened]})
        half = len(text) // 2
        for piece in (text[:half], text[half:]):
            yield _event(model, {"tool_calls": [{"index": index, "function": {"arguments": piece}}]})


def _ending(reply: Reply, body: dict[str, Any]) -> Iterator[str]:
    model = str(body["model"])
    natural = "tool_calls" if any(isinstance(step, Call) for step in reply) else "stop"
    reason = next((step.reason for step in reply if isinstance(step, End)), natural)
    yield _event(model, {}, reason)
    if (body.get("stream_options") or {}).get("include_usage"):
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        last = {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": model,
            "choices": [],
        }
        yield f"data: {json.dumps({**last, 'usage': usage})}\n\n"
    yield "data: [DONE]\n\n"
