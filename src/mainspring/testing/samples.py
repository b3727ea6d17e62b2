"""Owns sample journals: sessions, rows and whole turns as a host would append them."""

from __future__ import annotations

from typing import Any

from mainspring.model.agents import AgentRecord, AgentSettings, AgentSource, PromptFile
from mainspring.model.events import Event, encode_event
from mainspring.model.facts import BlockDone, ExecutionEnded, GenerationSettled, GenerationStarted
from mainspring.model.generation import Usage
from mainspring.model.messages import Message
from mainspring.model.parts import Part, TextPart, ToolCallPart
from mainspring.model.rows import DELTAS, FACT, Row
from mainspring.model.stream_events import AttemptSuperseded, TextDelta, ToolInputDelta
from mainspring.runtime.ports import Append, KeyRecord, SessionPatch, SessionRecord, Store, TokenRecord


def session(session_id: str = "session-1", **members: Any) -> SessionRecord:
    """A session of project `project-1`; `members` replace what it would have."""
    record: dict[str, Any] = {
        "project_id": "project-1",
        "agent_id": "agent-1",
        "agent_slug": "support",
        "version": "v1",
        "format": "interactive",
        "status": "active",
        "created_at": 1000.0,
        "updated_at": 1000.0,
        "expires_at": 5000.0,
    }
    return SessionRecord(id=session_id, **{**record, **members})


def fact(cursor: int, event: Event | bytes | None = None, *, at: float = 1000.0) -> Row:
    """A fact at a cursor; without an event one that says nothing."""
    event = BlockDone(frame="f", index=cursor) if event is None else event
    return Row(cursor, cursor, FACT, event if isinstance(event, bytes) else encode_event(event), at)


def facts(first: int, last: int, *, at: float = 1000.0) -> tuple[Row, ...]:
    """Facts at the cursors `first` to `last`."""
    return tuple(fact(cursor, at=at) for cursor in range(first, last + 1))


def deltas(first: int, *texts: str, part: str = "part-1", at: float = 1000.0) -> Row:
    """One row of text deltas, a cursor each."""
    data = b"\n".join(encode_event(TextDelta(id=part, delta=text)) for text in texts)
    return Row(first, first + len(texts) - 1, DELTAS, data, at)


def tool_deltas(first: int, *texts: str, call: str = "call-1", at: float = 1000.0) -> Row:
    """One row of tool input deltas, a cursor each."""
    data = b"\n".join(
        encode_event(ToolInputDelta(tool_call_id=call, input_text_delta=text)) for text in texts
    )
    return Row(first, first + len(texts) - 1, DELTAS, data, at)


def started(generation: str = "generation-1") -> GenerationStarted:
    """A model call begins."""
    return GenerationStarted(generation_id=generation, frame="f", thread="main", step=1, model="m")


def settled(*parts: str, text: str = "", calls: tuple[str, ...] = ()) -> GenerationSettled:
    """A model call ended; `parts` streamed, `calls` are the tools it asked for."""
    pieces: tuple[Part, ...] = (
        TextPart(text=text),
        *(ToolCallPart(call_id=call, tool="t", args={}) for call in calls),
    )
    return GenerationSettled(
        generation_id="generation-1",
        frame="f",
        thread="main",
        message=Message(id="m1", role="assistant", parts=pieces, at=1000.0),
        part_ids=parts,
        finish_reason="stop",
        usage=Usage(),
        model="m",
    )


def superseded(*parts: str) -> AttemptSuperseded:
    """A model call is made anew."""
    return AttemptSuperseded(generation_id="generation-1", attempt=2, parts=parts)


def ended(execution: str = "execution-1") -> ExecutionEnded:
    """An execution is over."""
    return ExecutionEnded(execution_id=execution, outcome="finished", usage=Usage(), at=1000.0)


def addition(*rows: Row, session_id: str = "session-1", epoch: int = 0, **members: Any) -> Append:
    """An append of these rows."""
    return Append(session_id=session_id, epoch=epoch, rows=rows, **members)


def claim(
    *rows: Row, execution: str = "execution-1", session_id: str = "session-1", epoch: int = 0
) -> Append:
    """An append that starts an execution."""
    patch = SessionPatch(active_execution=execution)
    return Append(session_id=session_id, epoch=epoch, rows=rows, patch=patch, claim=True)


def agent(version: str = "v1", **members: Any) -> AgentRecord:
    """A published agent `support`; `slug` and `text` go into its source."""
    source = AgentSource(
        settings=AgentSettings(slug=members.pop("slug", "support"), name="Support"),
        protocol=members.pop("text", f"# {version}"),
        prompts=(PromptFile(name="system", content="Be brief."),),
    )
    record: dict[str, Any] = {
        "id": "agent-1",
        "project_id": "project-1",
        "created_at": 1.0,
        "updated_at": 1.0,
    }
    return AgentRecord(version=version, source=source, **{**record, **members})


def key(key_id: str = "key-1", **members: Any) -> KeyRecord:
    """An API key."""
    record: dict[str, Any] = {
        "project_id": "project-1",
        "name": "Laptop",
        "prefix": "ms_abc",
        "digest": key_id.encode() * 4,
        "scopes": ("sessions:write",),
        "created_at": 1.0,
    }
    return KeyRecord(id=key_id, **{**record, **members})


def token(record_id: str = "token-1", **members: Any) -> TokenRecord:
    """An ephemeral token of `key-1`."""
    record: dict[str, Any] = {
        "project_id": "project-1",
        "key_id": "key-1",
        "digest": b"\x00\xff" * 16,
        "agent_id": "agent-1",
        "session_id": None,
        "created_at": 1.0,
        "expires_at": 9.0,
    }
    return TokenRecord(id=record_id, **{**record, **members})


async def cursors(store: Store, session_id: str = "session-1") -> list[int]:
    """Every cursor of a journal, as its rows cover them."""
    rows = await store.read(session_id, 0, 1_000_000)
    return [cursor for row in rows for cursor in range(row.first, row.last + 1)]
