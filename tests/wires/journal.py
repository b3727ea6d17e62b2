"""Owns journals written by hand: events in, rows out, as a store would keep them."""

from __future__ import annotations

from typing import Any

from mainspring.model.events import Event, encode_event
from mainspring.model.facts import (
    BlockBegan,
    BlockDone,
    ExecutionEnded,
    GenerationSettled,
    GenerationStarted,
    MessageAdded,
    RoundClosed,
    ToolCalled,
    ToolSettled,
    Triggered,
)
from mainspring.model.generation import Usage
from mainspring.model.messages import Message
from mainspring.model.parts import Part, TextPart, ToolCallPart
from mainspring.model.rows import DELTAS, FACT, Row
from mainspring.model.stream_events import (
    BlockEnd,
    BlockStart,
    Finish,
    PendingToolCall,
    Start,
    TextDelta,
    TextEnded,
    TextStarted,
    ToolInputAvailable,
    ToolInputDelta,
    ToolInputEnded,
    ToolInputStarted,
    ToolRequest,
)

AT = 1_700_000_000.0


class Journal:
    """Collects rows; every event takes the next cursor."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    @property
    def cursor(self) -> int:
        """The last cursor used."""
        return self.rows[-1].last if self.rows else 0

    def add(self, *events: Event) -> Journal:
        """Facts, a row each."""
        for event in events:
            cursor = self.cursor + 1
            self.rows.append(Row(cursor, cursor, FACT, encode_event(event), AT + cursor))
        return self

    def deltas(self, *events: Event) -> Journal:
        """Deltas of one part, together in a row."""
        first = self.cursor + 1
        last = self.cursor + len(events)
        self.rows.append(Row(first, last, DELTAS, b"\n".join(map(encode_event, events)), AT + last))
        return self

    def text(self, part_id: str, *pieces: str, worker_id: str | None = None) -> Journal:
        """A text part, from its start to its end."""
        self.add(TextStarted(id=part_id, worker_id=worker_id))
        self.deltas(*(TextDelta(id=part_id, delta=piece, worker_id=worker_id) for piece in pieces))
        return self.add(TextEnded(id=part_id, worker_id=worker_id))

    def call(self, call_id: str, tool: str, *pieces: str, **given: Any) -> Journal:
        """A tool call as the model writes it, up to the end of its arguments; `given` goes to its first event."""
        worker_id = given.get("worker_id")
        self.add(ToolInputStarted(tool_call_id=call_id, tool_name=tool, **given))
        self.deltas(
            *(
                ToolInputDelta(tool_call_id=call_id, input_text_delta=piece, worker_id=worker_id)
                for piece in pieces
            )
        )
        return self.add(ToolInputEnded(tool_call_id=call_id, worker_id=worker_id))


def begun(number: int = 1, **given: Any) -> tuple[Event, ...]:
    """The first two facts of turn `number`; `given` goes to `start`."""
    return (
        Triggered(
            execution_id=f"e{number}", token=f"t{number}", trigger="user-message", input={}, at=AT + number
        ),
        Start(execution_id=f"e{number}", message_id=f"m{number}", session_id="s1", **given),
    )


def ended(number: int = 1, outcome: Any = "finished", usage: Usage | None = None) -> ExecutionEnded:
    """The last fact of turn `number`."""
    return ExecutionEnded(execution_id=f"e{number}", outcome=outcome, usage=usage or Usage(), at=AT + 100)


def finished(number: int = 1, reason: Any = "stop") -> tuple[Event, ...]:
    """The last two facts of turn `number`."""
    return Finish(finish_reason=reason, execution_id=f"e{number}"), ended(number)


def block(number: int = 1, **given: Any) -> tuple[Event, ...]:
    """The beginning of a next-message block, or of what `given` says."""
    members: dict[str, Any] = {"block_name": "Respond", "block_type": "next-message", "display": "stream"}
    frame = given.get("worker_id") or "main"
    return (
        BlockBegan(frame=frame, index=number, block_id=f"b{number}"),
        BlockStart(block_id=f"b{number}", **{**members, **given}),
    )


def block_over(number: int = 1, worker_id: str | None = None) -> tuple[Event, ...]:
    """The end of a block."""
    return BlockEnd(block_id=f"b{number}", worker_id=worker_id), BlockDone(
        frame=worker_id or "main", index=number
    )


def asked(number: int = 1, **given: Any) -> GenerationStarted:
    """A model call begins."""
    members: dict[str, Any] = {"frame": "main", "thread": "main", "step": number, "model": "fake/one"}
    return GenerationStarted(generation_id=f"g{number}", **{**members, **given})


def said(*parts: tuple[str, Part], number: int = 1, **given: Any) -> GenerationSettled:
    """A model call settles with these parts, each under the id it streamed as. `turn`, `visible` ...: the message's."""
    message = {"turn_id": f"m{given.pop('turn', 1)}", "visible": given.pop("visible", True)}
    response_type = given.pop("response_type", None)
    members: dict[str, Any] = {
        "frame": "main",
        "thread": "main",
        "finish_reason": "stop",
        "usage": Usage(input_tokens=3, output_tokens=2),
        "model": "fake/one",
    }
    return GenerationSettled(
        generation_id=f"g{number}",
        message=Message(
            id=f"{message['turn_id']}_{number}",
            role="assistant",
            parts=tuple(part for _, part in parts),
            at=AT + 10,
            response_type=response_type,
            **message,  # type: ignore[arg-type]  # a plain mapping of the two
        ),
        part_ids=tuple(part_id for part_id, _ in parts),
        **{**members, **given},
    )


def text(value: str) -> TextPart:
    """A text of the model."""
    return TextPart(text=value)


def tool(call_id: str, name: str, **args: Any) -> ToolCallPart:
    """A tool call of the model."""
    return ToolCallPart(call_id=call_id, tool=name, args=args)


def called(call_id: str, name: str, **given: Any) -> ToolCalled:
    """The ledger's entry of a call."""
    members: dict[str, Any] = {
        "frame": "main",
        "args": {},
        "source": "llm",
        "block_index": 0,
        "thread": "main",
    }
    return ToolCalled(call_id=call_id, tool=name, **{**members, **given})


def available(call_id: str, name: str, worker_id: str | None = None, **args: Any) -> ToolInputAvailable:
    """The arguments of a call."""
    return ToolInputAvailable(tool_call_id=call_id, tool_name=name, input=args, worker_id=worker_id)


def settled(call_id: str, name: str = "get-time", ran: Any = "caller", **given: Any) -> ToolSettled:
    """The result of a call."""
    return ToolSettled(call_id=call_id, tool=name, ran=ran, **given)


def requested(*call_ids: str, number: int = 1) -> ToolRequest:
    """The caller is asked for these calls."""
    calls = tuple(
        PendingToolCall(tool_call_id=call_id, tool_name="get-time", args={}, source="llm")
        for call_id in call_ids
    )
    return ToolRequest(tool_calls=calls, execution_id=f"e{number}")


def round_closed(turn: int = 1) -> RoundClosed:
    """The results join the thread."""
    return RoundClosed(
        frame="main", thread="main", generation_id="g1", message_id=f"m{turn}_1_results", at=AT + 11
    )


def added(
    message_id: str, *parts: Part, role: Any = "user", thread: str = "main", **given: Any
) -> MessageAdded:
    """A message that a block adds."""
    members: dict[str, Any] = {"turn_id": message_id, **given}
    return MessageAdded(
        frame="main",
        thread=thread,
        message=Message(id=message_id, role=role, parts=parts, at=AT + 5, **members),
    )


def turn_with_tool() -> Journal:
    """A turn whose model calls the caller's tool once: leg one up to the request, leg two to the end."""
    journal = Journal()
    journal.add(*begun(last_message_id="m0"), added("u1", text("What time is it?")), *block(), asked())
    journal.text("x1", "Let ", "me ", "look.")
    journal.call("c1", "get-time", '{"zone":', '"UTC"}', title="The time", display="description")
    journal.add(
        said(("x1", text("Let me look.")), ("c1", tool("c1", "get-time", zone="UTC"))),
        called("c1", "get-time", args={"zone": "UTC"}),
        available("c1", "get-time", zone="UTC"),
        requested("c1"),
        settled("c1", output="noon"),
        round_closed(),
        asked(2),
    )
    journal.text("x2", "It is ", "noon.")
    journal.add(said(("x2", text("It is noon.")), number=2), *block_over(), *finished())
    return journal
