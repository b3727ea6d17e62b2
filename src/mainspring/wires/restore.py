"""Owns taking stored conversations back: UI messages from a consumer's database, as a session can go on from them.

What consumers send is untrusted: two roles, documented parts, no system text, no provider state; every tool call
gets exactly one result, so that a model accepts the history.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, cast

import msgspec

from mainspring.model.errors import InvalidRequest, TooLarge
from mainspring.model.messages import Message, Role, Sender
from mainspring.model.parts import FilePart, Part, TextPart, ToolCallPart, ToolResultPart
from mainspring.model.values import Json, Value, encode_json
from mainspring.wires.checking import Fields, check_depth, read_file
from mainspring.wires.native_events import CANCELLED
from mainspring.wires.restore_parts import Shown, read_parts
from mainspring.wires.ui_messages import iso

MAX_MESSAGES: Final = 10_000
MAX_BYTES: Final = 16 * 1024 * 1024
"""How much JSON a conversation may be."""
MAX_ID: Final = 256

NOT_KEPT: Final = "The result of this call was not kept."
FAILED: Final = "The tool failed."

_CALL_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Restored(Value, frozen=True, kw_only=True):
    """A conversation taken back: what a user interface shows, and what the model sees of the main thread."""

    ui_messages: tuple[dict[str, Json], ...]
    messages: tuple[Message, ...]


def restore(messages: Sequence[Json], *, at: float) -> Restored:
    """Checks and normalises stored UI messages of either version; `at` (Unix seconds) dates those without a date.

    Raises `InvalidRequest` naming the place (`messages[3].parts[0].toolCallId must be a string`), or `TooLarge`.
    """
    if len(messages) > MAX_MESSAGES:
        raise TooLarge(f"messages has {len(messages)} elements, {MAX_MESSAGES} are allowed")
    for index, message in enumerate(messages):
        check_depth(message, f"messages[{index}]")
    if len(encode_json(messages)) > MAX_BYTES:
        raise TooLarge(f"messages are more than {MAX_BYTES} bytes")
    shown = [_ui_message(Fields(message, f"messages[{index}]"), at) for index, message in enumerate(messages)]
    _check_ids(shown)
    return Restored(ui_messages=tuple(shown), messages=_ModelView().of(shown))


def _ui_message(fields: Fields, at: float) -> Shown:
    identity = fields.name("id")
    if len(identity) > MAX_ID:
        raise fields.refuse("id", f"is longer than {MAX_ID} characters")
    role = fields.choice("role", ("user", "assistant"))
    if fields.has("status"):
        fields.choice("status", ("streaming", "done"))
    message: Shown = {
        "id": identity,
        "role": role,
        "parts": read_parts(fields, of_user=role == "user"),
        "status": "done",
        "createdAt": _created_at(fields, at),
    }
    if fields.has("sender"):
        sender = fields.inner("sender")
        names = ("id", "name", "image")
        message["sender"] = {name: sender.text(name) for name in names if sender.has(name)}
    return message


def _created_at(fields: Fields, at: float) -> str:
    """The date as ISO 8601 in UTC, of a string or of JavaScript's milliseconds."""
    if not fields.has("createdAt"):
        return iso(at)
    value = fields.members["createdAt"]
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return iso(value / 1000)
        date = datetime.fromisoformat(fields.text("createdAt"))
        return iso((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError, OSError):
        raise fields.refuse("createdAt", "must be an ISO 8601 date") from None


def _check_ids(messages: list[Shown]) -> None:
    seen: set[str] = set()
    calls: set[str] = set()
    for index, message in enumerate(messages):
        if message["id"] in seen:
            raise InvalidRequest(f"messages[{index}].id repeats {message['id']}")
        seen.add(message["id"])
        for part in message["parts"]:
            if part["type"] != "tool-call":
                continue
            if part["toolCallId"] in calls:
                raise InvalidRequest(f"messages[{index}] repeats the tool call {part['toolCallId']}")
            calls.add(part["toolCallId"])


class _ModelView:
    """Draws the main thread from UI messages; a turn's one message becomes its rounds again."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._parts: list[Part] = []
        self._results: list[ToolResultPart] = []
        self._rounds = 0
        self._renamed = 0

    def of(self, shown: list[Shown]) -> tuple[Message, ...]:
        for message in shown:
            parts = [part for part in message["parts"] if "thread" not in part]
            if message["role"] == "user":
                self._user(message, parts)
            else:
                self._turn(message, parts)
        return tuple(self._messages)

    def _user(self, message: Shown, shown: list[Shown]) -> None:
        parts = [part for one in shown if (part := _user_part(one)) is not None]
        if parts:
            self._add(message, "user", tuple(parts), suffix="")

    def _turn(self, message: Shown, shown: list[Shown]) -> None:
        self._rounds = 0
        for part in shown:
            kind = part["type"]
            if kind == "tool-call":
                self._call(part)
                continue
            if kind == "step-start":
                self._close_round(message)
                continue
            text = _text_of(part)
            if not text:
                continue
            if self._results:
                # Version 2 stores no boundaries: what is said after a call was said with its result known.
                self._close_round(message)
            self._parts.append(TextPart(text=text))
        self._close_round(message)

    def _call(self, part: Shown) -> None:
        call_id = cast("str", part["toolCallId"])
        if not _CALL_ID.fullmatch(call_id):
            # Providers refuse such ids.
            self._renamed += 1
            call_id = f"call_restored_{self._renamed}"
        self._parts.append(ToolCallPart(call_id=call_id, tool=part["toolName"], args=part["args"]))
        self._results.append(_result(part, call_id))

    def _close_round(self, message: Shown) -> None:
        if not self._parts:
            return
        self._rounds += 1
        self._add(message, "assistant", tuple(self._parts), suffix=f"_{self._rounds}")
        if self._results:
            self._add(message, "tool", tuple(self._results), suffix=f"_{self._rounds}_results")
        self._parts = []
        self._results = []

    def _add(self, message: Shown, role: Role, parts: tuple[Part, ...], *, suffix: str) -> None:
        self._messages.append(
            Message(
                id=message["id"] + suffix,
                role=role,
                parts=parts,
                at=datetime.fromisoformat(message["createdAt"]).timestamp(),
                turn_id=message["id"],
                sender=msgspec.convert(message["sender"], Sender) if "sender" in message else None,
            )
        )


def _user_part(part: Shown) -> Part | None:
    if part["type"] == "file":
        return FilePart(file=read_file(Fields(part)))
    text = _text_of(part)
    return TextPart(text=text) if text else None


def _text_of(part: Shown) -> str:
    """What a part says to the model. Reasoning says nothing without the signature that was its proof."""
    if part["type"] == "text":
        return cast("str", part["text"])
    if part["type"] == "object" and part.get("object") is not None:
        return encode_json(part["object"]).decode()
    return ""


def _result(part: Shown, call_id: str) -> ToolResultPart:
    tool = cast("str", part["toolName"])
    if part["status"] == "cancelled":
        return ToolResultPart(call_id=call_id, tool=tool, error=CANCELLED)
    if part["status"] == "error":
        return ToolResultPart(call_id=call_id, tool=tool, error=part.get("error") or FAILED)
    return ToolResultPart(call_id=call_id, tool=tool, output=part.get("result", NOT_KEPT))
