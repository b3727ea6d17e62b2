"""Owns the plain client of the tests: JSON requests and event streams over bare sockets, nothing hidden."""

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Json = Any
PATIENCE = 30.0
"""Seconds without a byte after which a read gives up."""
BROKEN = (OSError, http.client.HTTPException, AssertionError)
"""What a client raises whose server went away, or refuses."""


@dataclass(frozen=True)
class Answer:
    """A JSON answer."""

    status: int
    headers: dict[str, str]
    body: Json


@dataclass(frozen=True)
class Event:
    """An event of a stream: its cursor, if the stream says it, and its object."""

    cursor: int | None
    data: dict[str, Any]

    @property
    def type(self) -> str:
        """The event's type."""
        return self.data["type"]


@dataclass
class Stream:
    """An open event stream: iterate it, `take` some of it, or `close` it in the middle."""

    connection: http.client.HTTPConnection
    response: http.client.HTTPResponse
    headers: dict[str, str]
    seen: list[Event] = field(default_factory=list)
    comments: int = 0
    done: bool = False
    """Whether `[DONE]` came."""
    broken: bool = False
    """Whether the connection ended without the end of the body."""
    cursor: int | None = None

    def __iter__(self) -> Iterator[Event]:
        while True:
            try:
                line = self.response.readline()
            except (OSError, http.client.HTTPException):
                self.broken = True
                line = b""
            if not line:
                self.close()
                return
            if event := self.read(line.decode().rstrip("\n")):
                self.seen.append(event)
                yield event

    def read(self, line: str) -> Event | None:
        """What one line of the stream says."""
        assert not line.endswith("\r"), "CRLF framing"
        if line.startswith(":"):
            self.comments += 1
        elif line.startswith("id:"):
            self.cursor = int(line[3:])
        elif line == "data: [DONE]":
            self.done = True
        elif line.startswith("data: "):
            return Event(self.cursor, json.loads(line[6:]))
        return None

    def until(self, stop: Callable[[Event], bool]) -> Event:
        """Reads up to the first event for which `stop` holds."""
        for event in self:
            if stop(event):
                return event
        raise AssertionError(f"the stream ended after {[event.type for event in self.seen]}")

    def rest(self) -> list[Event]:
        """Reads to the end; every event of the stream."""
        for _ in self:
            pass
        return self.seen

    def close(self) -> None:
        """Hangs up."""
        self.response.close()
        self.connection.close()


@dataclass(frozen=True)
class Client:
    """Speaks to one server with one key. `version`: the header that 6.x clients send; None: a 2.x client."""

    url: str
    key: str | None
    version: str | None = None

    def open(self, method: str, path: str, body: Json = None, **headers: str) -> tuple[Any, Any]:
        """Sends a request; its connection and its response, unread."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=PATIENCE)
        sent = {"Content-Type": "application/json", **headers}
        if self.key is not None:
            sent["Authorization"] = f"Bearer {self.key}"
        if self.version is not None:
            sent["X-Octavus-Sdk-Version"] = self.version
        try:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            return connection, connection.getresponse()
        except BaseException:
            connection.close()
            raise

    def ask(self, method: str, path: str, body: Json = None, **headers: str) -> Answer:
        """Sends a request and reads its JSON answer."""
        connection, response = self.open(method, path, body, **headers)
        try:
            data = response.read()
        finally:
            response.close()
            connection.close()
        got = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, got, json.loads(data) if data else None)

    def stream(self, method: str, path: str, body: Json = None, **headers: str) -> Stream:
        """Sends a request whose answer must be an event stream."""
        connection, response = self.open(method, path, body, **headers)
        got = {name.lower(): value for name, value in response.getheaders()}
        if response.status != 200:
            text = response.read()
            response.close()
            connection.close()
            raise AssertionError(f"{path}: {response.status} {text!r}")
        assert got["content-type"].startswith("text/event-stream"), got
        return Stream(connection, response, got)

    def create(self, agent: str, **given: Json) -> str:
        """A new session of `agent`; its id."""
        body = {"agentId": agent} | ({"input": given} if given else {})
        answer = self.ask("POST", "/api/agent-sessions", body)
        assert answer.status == 201, answer
        return answer.body["sessionId"]

    def trigger(self, session: str, text: str = "Hello", **more: Json) -> Stream:
        """Triggers `user-message` with `text`."""
        body = {"triggerName": "user-message", "input": {"USER_MESSAGE": text}} | more
        return self.stream("POST", f"/api/agent-sessions/{session}/trigger", body)

    def resume(self, session: str, execution: str, results: list[Json]) -> Stream:
        """Posts tool results."""
        body = {"executionId": execution, "toolResults": results}
        return self.stream("POST", f"/api/agent-sessions/{session}/trigger", body)

    def messages(self, session: str) -> list[Json]:
        """The session's UI messages."""
        answer = self.ask("GET", f"/api/agent-sessions/{session}?format=ui")
        assert answer.status == 200, answer
        return answer.body["messages"]

    def follow(self, session: str, after: int = 0) -> Stream:
        """Reads the session's journal after a cursor, and follows it."""
        return self.stream("GET", f"/api/agent-sessions/{session}/events?after={after}")
