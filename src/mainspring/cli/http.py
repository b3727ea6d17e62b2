"""Owns the command line's way to a server: requests, streams of events, and what their failures are called."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, NamedTuple, cast
from urllib.parse import quote, urlsplit

import httpx2
import msgspec

from mainspring import __version__
from mainspring.cli.exits import NoServer, ServerRefused
from mainspring.model.errors import InvalidRequest, Unavailable
from mainspring.model.values import Json, encode_json

CONNECT_SECONDS: Final = 5.0
SILENT_SECONDS: Final = 90.0
"""A server's streams are never silent for longer than a heartbeat."""
SHAPE: Final = "6"
"""The version of the wire that is asked for: the newest, with workers and todo lists."""

_decode: Final = msgspec.json.Decoder().decode


class Received(NamedTuple):
    """One event: as a dictionary, as it came, and its cursor (empty where a stream has none)."""

    data: dict[str, Any]
    text: str
    cursor: str


class Api:
    """A server's HTTP API with one key. Raises `NoServer`, `ServerRefused`, `Unavailable`."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidRequest(
                f"{url!r} is not an address such as http://127.0.0.1:4747", code="INVALID_URL"
            )
        self.url = url.rstrip("/")
        headers = {"user-agent": f"mainspring/{__version__}", "x-octavus-sdk-version": SHAPE}
        if key:
            headers["authorization"] = f"Bearer {key}"
        # A proxy of the environment is for the world outside, never for this machine.
        outside = parts.hostname not in ("127.0.0.1", "localhost", "::1")
        timeout = httpx2.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx2.Client(headers=headers, timeout=timeout, trust_env=outside)

    def __enter__(self) -> Api:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """The JSON object at a path."""
        return self._request("GET", path, query=query)

    def post(self, path: str, body: Json) -> dict[str, Any]:
        """Posts a JSON body."""
        return self._request("POST", path, body=body)

    def events(
        self, method: str, path: str, *, body: Json = None, query: Mapping[str, str | int] | None = None
    ) -> Generator[Received]:
        """The events of a stream, to its end. Closing the iterator leaves the stream."""
        content = None if body is None else encode_json(body)
        with (
            self._translated(),
            self._client.stream(
                method, self.url + path, content=content, params=query, headers=_JSON_BODY
            ) as answer,
        ):
            if answer.status_code != 200:
                answer.read()
                raise self._refused(answer)
            for event in httpx2.EventSource(answer, max_event_size=None):
                if event.data and event.data != "[DONE]":
                    yield Received(cast("dict[str, Any]", _decode(event.data)), event.data, event.id)

    def _request(
        self, method: str, path: str, *, body: Json = None, query: Mapping[str, str | int] | None = None
    ) -> dict[str, Any]:
        content = None if body is None else encode_json(body)
        with self._translated():
            answer = self._client.request(
                method, self.url + path, content=content, params=query, headers=_JSON_BODY
            )
        if answer.status_code >= 400:
            raise self._refused(answer)
        return self._object(answer)

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            raise NoServer(f"No server answers at {self.url}.") from None
        except httpx2.TimeoutException:
            raise Unavailable(f"{self.url} was silent for too long.") from None
        except httpx2.TransportError as error:
            raise Unavailable(f"The connection to {self.url} broke: {error}") from None

    def _object(self, answer: httpx2.Response) -> dict[str, Any]:
        try:
            body = _decode(answer.content)
        except msgspec.DecodeError:
            body = None
        if not isinstance(body, dict):
            raise Unavailable(
                f"{self.url} does not answer as a Mainspring server does.", code="NOT_MAINSPRING"
            )
        return cast("dict[str, Any]", body)

    def _refused(self, answer: httpx2.Response) -> ServerRefused:
        body = self._object(answer)
        return ServerRefused(
            str(body.get("error", f"The server answered {answer.status_code}.")),
            code=str(body.get("code", "UNKNOWN")),
            status=answer.status_code,
        )


_JSON_BODY: Final = {"content-type": "application/json"}


def segment(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")
