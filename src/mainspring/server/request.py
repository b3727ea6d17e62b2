"""Owns one HTTP request as the handlers see it: who asks, for what, with which parameters."""

from __future__ import annotations

import re
from typing import Final, Literal, cast
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from mainspring.model.errors import InvalidRequest, NotFound
from mainspring.model.values import Json
from mainspring.runtime.requests import Principal
from mainspring.server.bodies import parse_body, read_body
from mainspring.server.options import ServerOptions
from mainspring.server.seats import Seat

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
NOBODY: Final = Principal(project_id="", key_id="", scopes=frozenset())
"""The principal of a route that needs no key."""


class Request:
    """A request. `principal` and `secret` are set once its key is verified. Readers raise `InvalidRequest`."""

    __slots__ = ("_body", "_query", "id", "options", "principal", "receive", "scope", "seat", "secret")

    def __init__(self, scope: Scope, receive: Receive, options: ServerOptions) -> None:
        self.scope = scope
        self.receive = receive
        self.options = options
        self.id = ""
        self.principal = NOBODY
        self.secret = ""
        self.seat: Seat | None = None
        self._query: dict[str, str] | None = None
        self._body: dict[str, Json] | None = None

    @property
    def method(self) -> str:
        """`GET`, `POST` ..."""
        return str(self.scope["method"])

    @property
    def project(self) -> str:
        """The project the key belongs to."""
        return self.principal.project_id

    def header(self, name: bytes) -> str | None:
        """The first header of that name (given in lower case)."""
        for key, value in cast("list[tuple[bytes, bytes]]", self.scope["headers"]):
            if key == name:
                return value.decode("latin-1")
        return None

    def given_id(self) -> str | None:
        """The request id the caller chose, if it is a plain one."""
        chosen = self.header(b"x-request-id")
        return chosen if chosen is not None and _REQUEST_ID.fullmatch(chosen) else None

    def param(self, name: str) -> str:
        """A part of the path; what no id can be is `NotFound`."""
        value = str(self.scope["path_params"][name])
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotFound("There is nothing at this path") from None
        return value

    def query(self, name: str) -> str | None:
        """A parameter of the query; given twice, the last one."""
        if self._query is None:
            text = cast("bytes", self.scope["query_string"]).decode("latin-1")
            self._query = dict(parse_qsl(text, keep_blank_values=True))
        return self._query.get(name)

    def number(self, name: str) -> int | None:
        """A whole number of the query, 0 or more."""
        value = self.query(name)
        return None if value is None else whole_number(value, name)

    def flag(self, name: str, *, default: bool) -> bool:
        """`true` or `false` of the query."""
        value = self.query(name)
        if value is None:
            return default
        if value not in ("true", "false"):
            raise InvalidRequest(f"{name} must be true or false")
        return value == "true"

    @property
    def version(self) -> Literal[2, 4]:
        """The shape the client reads: SDKs of version 2 send no version header."""
        given = self.header(b"x-octavus-sdk-version")
        return 2 if given is None or given in ("1", "2", "3") else 4

    async def body(self) -> dict[str, Json]:
        """The JSON object of the body, read once; see `bodies` for what is refused."""
        if self._body is None:
            body = await read_body(
                self.receive,
                (self.header(b"content-length") or "").encode("latin-1"),
                limit=self.options.max_body,
                seconds=self.options.body_timeout,
            )
            self._body = parse_body(body)
        return self._body


def whole_number(value: str, name: str) -> int:
    """The number that `value` spells."""
    if not _NUMBER.fullmatch(value):
        raise InvalidRequest(f"{name} must be a whole number, 0 or more")
    return int(value)
