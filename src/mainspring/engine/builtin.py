"""Owns the tools that the engine itself answers: references, the todo list, the list of servers."""

from __future__ import annotations

from typing import Literal

import msgspec

from mainspring.engine.served import list_servers
from mainspring.engine.turn import Turn
from mainspring.model.generation import ToolSpec
from mainspring.model.program import Program
from mainspring.model.served import LIST
from mainspring.model.session import Frame, Thread
from mainspring.model.stream_events import TodoItem, TodoUpdate
from mainspring.model.values import Json

REFERENCE_LIST = "octavus_reference_list"
REFERENCE_READ = "octavus_reference_read"
TODO_WRITE = "octavus_todo_write"

_TODO_STATUSES = ["pending", "in_progress", "completed", "cancelled"]


class ToolRefused(Exception):
    """A built-in tool cannot do what the model asked; the text goes back to the model."""


class _TodoEntry(msgspec.Struct, frozen=True):
    id: str
    content: str | None = None
    status: Literal["pending", "in_progress", "completed", "cancelled"] | None = None


class _TodoWrite(msgspec.Struct, frozen=True):
    todos: list[_TodoEntry]
    merge: bool = False


def builtin_specs(thread: Thread) -> list[ToolSpec]:
    """The built-in tools a thread's settings switch on."""
    specs: list[ToolSpec] = []
    if thread.names("references"):
        specs.append(
            ToolSpec(
                name=REFERENCE_LIST,
                description="List the reference documents you may read, with what each is about.",
                schema={"type": "object", "properties": {}, "additionalProperties": False},
            )
        )
        specs.append(
            ToolSpec(
                name=REFERENCE_READ,
                description="Read a reference document by its name.",
                schema={
                    "type": "object",
                    "properties": {"name": {"type": "string", "enum": list(thread.names("references"))}},
                    "required": ["name"],
                    "additionalProperties": False,
                },
            )
        )
    if thread.settings.get("todoList"):
        specs.append(_todo_spec())
    return specs


def _todo_spec() -> ToolSpec:
    item = {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "content": {"type": "string"},
            "status": {"type": "string", "enum": _TODO_STATUSES},
        },
        "required": ["id", "content", "status"],
        "additionalProperties": False,
    }
    return ToolSpec(
        name=TODO_WRITE,
        description="Keep the todo list of this task: with merge by id, else replacing it.",
        schema={
            "type": "object",
            "properties": {"todos": {"type": "array", "items": item}, "merge": {"type": "boolean"}},
            "required": ["todos"],
            "additionalProperties": False,
        },
    )


def run_builtin(turn: Turn, frame: Frame, name: str, args: dict[str, Json]) -> Json:
    """The output of a built-in tool; raises `ToolRefused` with a text for the model."""
    if name == LIST:
        return list_servers(turn, frame, _thread(turn, frame))
    if name == REFERENCE_LIST:
        return _list_references(turn.program(frame), _thread(turn, frame))
    if name == REFERENCE_READ:
        return _read_reference(turn.program(frame), _thread(turn, frame), args)
    return _write_todos(turn, frame, args)


def _thread(turn: Turn, frame: Frame) -> Thread:
    generation = frame.generation
    if generation is None:
        raise ValueError(f"frame {frame.id} has no tool round")
    return turn.scope(frame.id).threads[generation.thread]


def _allowed(program: Program, thread: Thread) -> dict[str, str]:
    names = thread.names("references")
    return {name: program.references[name].description for name in names if name in program.references}


def _list_references(program: Program, thread: Thread) -> Json:
    return [{"name": name, "description": text} for name, text in _allowed(program, thread).items()]


def _read_reference(program: Program, thread: Thread, args: dict[str, Json]) -> Json:
    allowed = _allowed(program, thread)
    name = args.get("name")
    if not isinstance(name, str) or name not in allowed:
        raise ToolRefused(f"There is no reference {name!r}. References: {', '.join(allowed) or 'none'}.")
    reference = program.references[name]
    return {"name": reference.name, "content": reference.content}


def _write_todos(turn: Turn, frame: Frame, args: dict[str, Json]) -> Json:
    try:
        request = msgspec.convert(args, _TodoWrite)
    except msgspec.ValidationError as error:
        raise ToolRefused(f"The todo list was not changed: {error}.") from None
    before = {item.id: item for item in turn.scope(frame.id).todos} if request.merge else {}
    todos = dict(before)
    for entry in request.todos:
        known = before.get(entry.id)
        todos[entry.id] = TodoItem(
            id=entry.id,
            content=entry.content if entry.content is not None else (known.content if known else ""),
            status=entry.status or (known.status if known else "pending"),
        )
    if turn.visible(frame):
        turn.emit(TodoUpdate(todos=tuple(todos.values()), worker_id=turn.worker_id(frame)))
    return {"todos": [msgspec.to_builtins(item) for item in todos.values()]}
