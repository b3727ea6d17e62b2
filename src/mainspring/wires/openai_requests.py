"""Owns what requests of OpenAI's two wires have in common: the turn they mean, the talk before it, its tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

import msgspec
from msgspec.structs import replace

from mainspring.model.errors import InvalidRequest
from mainspring.model.parts import FileReference
from mainspring.model.signals import ApprovalAnswer, ToolResult
from mainspring.model.values import Json, Value
from mainspring.wires.checking import Fields, value_of_text
from mainspring.wires.openai_items import call_and_session

MAX_ITEMS: Final = 10_000
MAX_TOOLS: Final = 1000
MAX_METADATA: Final = 16
OWN: Final = "mainspring"
"""The member of a request for what OpenAI has no words for: the session's input, another trigger."""

_KINDS: Final = {"image": "image/*", "file": "application/octet-stream"}
_Refused = Mapping[str, tuple[tuple[Json, ...], str]]
"""By member: the values that are allowed, and why no other is."""


class ParsedTurn(Value, frozen=True, kw_only=True):
    """A request: a message to answer, or `results` of the caller's tools and `approvals` of people.

    `session`: that of the results and approvals, if they say so. `history`: the talk before the message, as UI
    messages, for a session that begins with it. `input`: the session's, `trigger`, `inputs`: another trigger and
    more inputs.
    """

    model: str
    stream: bool
    text: str = ""
    files: tuple[FileReference, ...] = ()
    results: tuple[ToolResult, ...] = ()
    approvals: tuple[ApprovalAnswer, ...] = ()
    session: str | None = None
    history: tuple[dict[str, Json], ...] = ()
    instructions: str = ""
    tools: tuple[dict[str, Json], ...] = ()
    conversation: str | None = None
    previous: str | None = None
    rollback: bool = False
    background: bool = False
    usage: bool = False
    trigger: str | None = None
    inputs: dict[str, Json] = {}
    input: dict[str, Json] = {}

    @property
    def answers(self) -> bool:
        """Whether it moves on a turn that waits, rather than begins one."""
        return bool(self.results or self.approvals)


class Content(Value, frozen=True, kw_only=True):
    """What one message says."""

    text: str
    files: tuple[FileReference, ...] = ()


class Talk:
    """Gathers the items of a request in order; what comes last in it is the turn."""

    def __init__(self) -> None:
        self.last: Content | None = None
        """The user's message, if nothing came after it."""
        self.results: list[ToolResult] = []
        """The results that came last."""
        self.approvals: list[ApprovalAnswer] = []
        """The answers to approval requests that came last."""
        self.instructions: list[str] = []
        self._sessions: set[str] = set()
        self._messages: list[dict[str, Json]] = []
        self._calls: dict[str, dict[str, Json]] = {}

    @property
    def history(self) -> tuple[dict[str, Json], ...]:
        """What comes before the turn."""
        return tuple(self._messages)

    @property
    def session(self) -> str | None:
        """The session that results and approvals name; raises `InvalidRequest` if they name several."""
        if len(self._sessions) > 1:
            raise InvalidRequest(
                "The tool results and approvals belong to several sessions; send those of one"
            )
        return next(iter(self._sessions), None)

    def user(self, content: Content) -> None:
        """A message of the user."""
        self._keep_last()
        self.last = content

    def assistant(self, text: str) -> None:
        """A message of the agent."""
        self._keep_last()
        if text:
            self._answer().append({"type": "text", "text": text})

    def call(self, call_id: str, name: str, arguments: str) -> None:
        """A call of the agent; its result comes later."""
        self._keep_last()
        given = value_of_text(arguments)
        args = cast("dict[str, Json]", given) if isinstance(given, dict) else {}
        ours, _ = call_and_session(call_id)
        part: dict[str, Json] = {"type": "tool-call", "toolCallId": ours, "toolName": name, "args": args}
        part["status"] = "cancelled"
        self._calls[ours] = part
        self._answer().append(part)

    def result(self, call_id: str, output: Json) -> None:
        """The result of a call."""
        if self.last is not None:
            self._keep_last()
        ours, session = call_and_session(call_id)
        value = value_of_text(output) if isinstance(output, str) else output
        self.results.append(ToolResult(tool_call_id=ours, result=value))
        if session is not None:
            self._sessions.add(session)

    def approval(self, answer: ApprovalAnswer) -> None:
        """An answer to an approval request, whose id is still the client's."""
        if self.last is not None:
            self._keep_last()
        ours, session = call_and_session(answer.approval_id)
        self.approvals.append(replace(answer, approval_id=ours))
        if session is not None:
            self._sessions.add(session)

    def _keep_last(self) -> None:
        """What was last is history: something follows it."""
        for result in self.results:
            part = self._calls.get(result.tool_call_id)
            if part is not None:
                part |= {"status": "done", "result": result.result}
        self.results.clear()
        self.approvals.clear()
        self._sessions.clear()
        if self.last is not None:
            said = [{"type": "text", "text": self.last.text}] if self.last.text else []
            files = [{"type": "file", **msgspec.to_builtins(file)} for file in self.last.files]
            self._add("user", [*files, *said])
            self.last = None

    def _add(self, role: str, parts: list[Json]) -> None:
        self._messages.append({"id": f"before_{len(self._messages)}", "role": role, "parts": parts})

    def _answer(self) -> list[Json]:
        """The parts of the agent's message that goes on."""
        if not self._messages or self._messages[-1]["role"] != "assistant":
            self._add("assistant", [])
        parts: list[Json] = self._messages[-1]["parts"]
        return parts


def common_members(fields: Fields, refused: _Refused) -> dict[str, Json]:
    """The members of a `ParsedTurn` that both wires spell alike; raises `InvalidRequest`."""
    for name, (allowed, why) in refused.items():
        if fields.has(name) and fields.members[name] not in allowed:
            raise unsupported(fields, name, why)
    _check_metadata(fields)
    own = Fields(fields.mapping_or_empty(OWN), OWN)
    return {
        "model": fields.name("model"),
        "stream": flag(fields, "stream"),
        "conversation": own.text_or_none("conversation"),
        "rollback": flag(own, "rollback"),
        "trigger": own.text_or_none("trigger"),
        "inputs": own.mapping_or_empty("triggerInput"),
        "input": own.mapping_or_empty("input"),
    }


def unsupported(fields: Fields, name: str, why: str) -> InvalidRequest:
    """The error about a member that has no meaning here."""
    place = fields.at(name)
    return InvalidRequest(f"{place}: {why}", code="UNSUPPORTED_PARAMETER", details={"param": place})


def flag(fields: Fields, name: str) -> bool:
    """True or false; nothing is false."""
    value = fields.members.get(name)
    if value is not None and not isinstance(value, bool):
        raise fields.refuse(name, "must be true or false")
    return value is True


def _check_metadata(fields: Fields) -> None:
    metadata = fields.mapping_or_empty("metadata")
    if len(metadata) > MAX_METADATA:
        raise fields.refuse("metadata", f"has {len(metadata)} members, {MAX_METADATA} are allowed")
    for name, value in metadata.items():
        if not isinstance(value, str):
            raise fields.refuse("metadata", f"must have strings only, {name} is none")


def function_tool(fields: Fields) -> dict[str, Json]:
    """A tool that the caller offers."""
    return {
        "name": fields.name("name"),
        "description": fields.text_or_none("description") or "",
        "inputSchema": fields.mapping_or_empty("parameters"),
        "plain": True,
    }


def file_of(url: str, *, kind: str, file_id: str, filename: str | None = None) -> FileReference:
    """A file by its address; one inside the request is a `data:` address."""
    media_type = _KINDS[kind]
    if url.startswith("data:"):
        media_type = url[5:].partition(",")[0].partition(";")[0] or media_type
    return FileReference(id=file_id, media_type=media_type, url=url, filename=filename)
