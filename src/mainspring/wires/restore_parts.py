"""Owns the parts of stored UI messages: which are taken back, and in what shape (`octavus-http.md` §9.1).

Only documented parts and members pass; parts of unknown types are left out. Whatever was still going on when it was
stored is over: open texts are done, open calls are cancelled. Provider metadata is not taken back: it cannot be
verified.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from mainspring.model.values import Json
from mainspring.wires.checking import Fields

MAX_PARTS: Final = 10_000
MAX_TODOS: Final = 1000

Shown = dict[str, Json]

_TOOL_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TEXT_STATUS: Final = ("streaming", "done")
_CALL_STATUS: Final = ("pending", "running", "done", "error", "cancelled")
_OPERATION_STATUS: Final = ("running", "done", "cancelled")
_OBJECT_STATUS: Final = ("streaming", "done", "error")
_WORKER_STATUS: Final = ("running", "done", "error", "cancelled")
_TODO_STATUS: Final = ("pending", "in_progress", "completed", "cancelled")
_DISPLAYS: Final = ("hidden", "name", "description", "stream", "title")
_OPEN: Final = frozenset(("pending", "running"))


def read_parts(fields: Fields, *, of_user: bool, nested: bool = False) -> list[Shown]:
    """The `parts` of a message (or, `nested`, of a worker), normalised; raises `InvalidRequest` naming the place."""
    parts: list[Shown] = []
    for value, place in fields.items("parts", most=MAX_PARTS):
        part = Fields(value, place)
        kind = part.text("type")
        read = _READERS.get(kind)
        if read is None or (nested and kind == "worker"):
            continue
        if of_user and kind not in _OF_USER:
            raise part.refuse("type", f"is {kind}, which no user's message has")
        parts.append(_threaded(part, {"type": kind, **read(part)}))
    return parts


def _threaded(fields: Fields, part: Shown) -> Shown:
    thread = fields.text_or_none("thread")
    if thread is not None and thread != "main":
        part["thread"] = thread
    return part


def _optional_texts(fields: Fields, *names: str) -> Shown:
    return {name: fields.text(name) for name in names if fields.has(name)}


def _status(fields: Fields, allowed: tuple[str, ...]) -> str:
    """The status, closed; a part without one is done."""
    if not fields.has("status"):
        return "done"
    status = fields.choice("status", allowed)
    if status in _OPEN:
        return "cancelled"
    return "done" if status == "streaming" else status


def _text(fields: Fields) -> Shown:
    return {"text": fields.text("text"), "status": _status(fields, _TEXT_STATUS)}


def _tool_call(fields: Fields) -> Shown:
    name = fields.text("toolName")
    if not _TOOL_NAME.fullmatch(name):
        raise fields.refuse("toolName", "must be a tool's name")
    # A client that was cut while arguments came may have stored half of them, as anything.
    args = fields.anything("args")
    part: Shown = {
        "toolCallId": fields.name("toolCallId"),
        "toolName": name,
        "args": args if isinstance(args, dict) else {},
        "status": _status(fields, _CALL_STATUS),
        **_optional_texts(fields, "displayName", "error"),
    }
    if "result" in fields.members:
        part["result"] = fields.anything("result")
    if fields.has("display"):
        part["display"] = fields.choice("display", _DISPLAYS)
    return part


def _operation(fields: Fields) -> Shown:
    return {
        "operationId": fields.text("operationId"),
        "name": fields.text("name"),
        "operationType": fields.text("operationType"),
        "status": _status(fields, _OPERATION_STATUS),
    }


def _source(fields: Fields) -> Shown:
    if fields.choice("sourceType", ("url", "document")) == "url":
        part: Shown = {"sourceType": "url", "id": fields.text("id"), "url": fields.text("url")}
        return {**part, **_optional_texts(fields, "title")}
    return {
        "sourceType": "document",
        "id": fields.text("id"),
        "mediaType": fields.text("mediaType"),
        "title": fields.text("title"),
        **_optional_texts(fields, "filename"),
    }


def _file(fields: Fields) -> Shown:
    part: Shown = {
        "id": fields.text("id"),
        "mediaType": fields.text("mediaType"),
        "url": fields.text("url"),
        **_optional_texts(fields, "filename", "toolCallId"),
    }
    size = fields.number_or_none("size")
    return part if size is None else {**part, "size": size}


def _object(fields: Fields) -> Shown:
    part: Shown = {
        "id": fields.text("id"),
        "typeName": fields.text("typeName"),
        "status": _status(fields, _OBJECT_STATUS),
        **_optional_texts(fields, "error"),
    }
    for name in ("object", "partial"):
        if name in fields.members:
            part[name] = fields.anything(name)
    return part


def _todo(fields: Fields) -> Shown:
    todos = [
        {
            "id": todo.text("id"),
            "content": todo.text("content"),
            "status": todo.choice("status", _TODO_STATUS),
        }
        for todo in fields.objects("todos", most=MAX_TODOS)
    ]
    return {"todos": todos, "status": _status(fields, _TEXT_STATUS)}


def _step(_: Fields) -> Shown:
    return {}


def _worker(fields: Fields) -> Shown:
    part: Shown = {
        "workerId": fields.text("workerId"),
        "workerSlug": fields.text("workerSlug"),
        **_optional_texts(fields, "description"),
        "parts": read_parts(fields, of_user=False, nested=True),
        "status": _status(fields, _WORKER_STATUS),
        **_optional_texts(fields, "error"),
    }
    if fields.has("input"):
        part["input"] = fields.mapping("input")
    if fields.has("output"):
        part["output"] = fields.anything("output")
    return part


_OF_USER: Final = frozenset(("text", "file", "object"))

_READERS: Final[dict[str, Callable[[Fields], Shown]]] = {
    "text": _text,
    "reasoning": _text,
    "tool-call": _tool_call,
    "operation": _operation,
    "source": _source,
    "file": _file,
    "object": _object,
    "todo": _todo,
    "step-start": _step,
    "worker": _worker,
}
