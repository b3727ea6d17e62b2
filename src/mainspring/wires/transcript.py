"""Owns the order of a conversation: the one fold of a journal that both message views are drawn from.

An entry is what clients call a message: a user's message, a system message, or everything the agent says in one turn.
Linear in the journal: a row of deltas costs nothing once its part is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar, Final, Literal, TypeAlias

import msgspec

from mainspring.model.events import Event, decode_event
from mainspring.model.facts import (
    ExecutionEnded,
    GenerationSettled,
    MessageAdded,
    RolledBack,
    RoundClosed,
    SessionExpired,
    SessionRestored,
    ToolCalled,
    ToolSettled,
    Triggered,
)
from mainspring.model.messages import Message, Sender
from mainspring.model.parts import ToolResultPart
from mainspring.model.program import Display
from mainspring.model.rows import DELTAS, FACT, Row
from mainspring.model.stream_events import Start, ToolApprovalRequest, ToolApprovalResponse
from mainspring.model.values import Json
from mainspring.wires.native_events import tag_of
from mainspring.wires.screen import MAIN, Screen, Shown, user_parts

Source: TypeAlias = Iterable[Row] | Iterable[Event]
"""A journal from its first event on: rows as stored (facts alone will do), or decoded events."""

EntryRole = Literal["user", "assistant", "system"]

_NOTHING_TO_SEE: Final = frozenset(
    (
        b"session-created",
        b"version-changed",
        b"tool-schemas-given",
        b"block-began",
        b"block-done",
        b"thread-started",
        b"variable-set",
        b"generation-failed",
        b"frame-opened",
        b"frame-closed",
        b"resumed",
        b"finish",
        b"error",
        b"tool-request",
        b"resource-update",
        b"tool-input-end",
        b"worker-input-delta",
        b"tool-input-delta",
    )
)
"""Facts that no view of the messages needs: they are not even decoded."""


class Entry:
    """One message of the conversation.

    `shown`: its UI parts. `said`: the thread's messages behind it, for the full view. `at`: Unix seconds.
    `visible`: people see it (`octavus-http.md` §9.1). `open`: its turn still runs.
    """

    __slots__ = ("at", "id", "open", "role", "said", "sender", "shown", "visible")

    def __init__(self, *, id: str, role: EntryRole, at: float, shown: list[Shown]) -> None:
        self.id = id
        self.role = role
        self.at = at
        self.shown = shown
        self.said: list[Message] = []
        self.sender: Sender | None = None
        self.visible = True
        self.open = False


class _Begun:
    """A turn in the middle: what it had said by then, and where a rollback to it would have led."""

    __slots__ = ("_end", "_said", "_shown", "turn")

    def __init__(self, turn: Entry, end: int) -> None:
        self.turn = turn
        self._end = end
        self._said = len(turn.said)
        self._shown = len(turn.shown)

    def back(self) -> int:
        """Forgets what the turn said later; returns where a rollback to it leads again."""
        del self.turn.said[self._said :]
        del self.turn.shown[self._shown :]
        return self._end


class Asking:
    """What a person is asked about a call, and what was said to it."""

    __slots__ = ("request", "response")

    def __init__(self, request: ToolApprovalRequest) -> None:
        self.request = request
        self.response: ToolApprovalResponse | None = None


class Transcript:
    """A conversation as far as its journal goes."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.results: dict[str, ToolSettled] = {}
        """What each call of the conversation came to."""
        self.asked: dict[str, Asking] = {}
        """The last thing that a person was asked about each call."""
        self.displays: dict[str, Display] = {}
        self.streamed: dict[str, frozenset[str]] = {}
        """By message of the model: which of its parts clients saw while they came."""
        self.part_ids: dict[str, tuple[str, ...]] = {}
        """By message of the model: the ids its parts came under."""
        self._ends: dict[str, int] = {}
        self._begun: dict[str, _Begun] = {}
        """By message that somebody added in the middle of a turn: how far the turn was."""
        self._screen = Screen()
        self._turn: Entry | None = None
        self._turn_id = ""
        self._turn_at = 0.0

    def read(self, source: Source) -> Transcript:
        """Takes in a journal, or what follows of it; gives itself back."""
        for item in source:
            if isinstance(item, Row):
                self._row(item)
            else:
                self._see(item)
        self._screen.resolve()
        return self

    def _row(self, row: Row) -> None:
        if row.kind == DELTAS:
            self._screen.hear(row.data)
        elif row.kind == FACT and tag_of(row.data) not in _NOTHING_TO_SEE:
            self._see(decode_event(row.data))

    def _see(self, event: Event) -> None:
        handler = self._HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)
        self._screen.see(event)
        if self._turn is None and self._screen.parts:
            self._open_turn()

    # ---- turns

    def _triggered(self, event: Triggered) -> None:
        self._begin_turn(event.execution_id, event.at)

    def _started(self, event: Start) -> None:
        self._turn_id = event.message_id

    def _begin_turn(self, turn_id: str, at: float) -> None:
        self._screen = Screen()
        self._turn = None
        self._turn_id = turn_id
        self._turn_at = at

    def _open_turn(self) -> Entry:
        """The entry of what the agent says in this turn, which stands where it first says something."""
        if self._turn is None:
            self._turn = Entry(id=self._turn_id, role="assistant", at=self._turn_at, shown=self._screen.parts)
            self._turn.open = True
            self._add(self._turn)
        return self._turn

    def _ended(self, event: ExecutionEnded) -> None:
        self._screen.close()
        if self._turn is not None:
            self._turn.open = False
        self._begin_turn("", event.at)

    # ---- messages

    def _mark(self, message_id: str) -> None:
        """A rollback to this message keeps what is here by now. Marks stand in order of what they keep."""
        self._ends.pop(message_id, None)
        self._ends[message_id] = len(self.entries)

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._mark(entry.id)

    def _add_own(self, entry: Entry) -> None:
        """A message that answers nothing yet said: it stands before the turn's answer, as in the thread."""
        turn = self._turn
        if turn is not None and turn.said:
            self._begun[entry.id] = _Begun(turn, self._ends[turn.id])
        self._add(entry)
        if turn is not None and not turn.said and self.entries[-2] is turn:
            self.entries[-2:] = [entry, turn]
            self._ends[entry.id] = len(self.entries) - 1
            self._mark(turn.id)

    def _message_added(self, event: MessageAdded) -> None:
        message = event.message
        if event.frame != MAIN or event.thread != MAIN:
            return
        if message.role != "assistant":
            self._add_own(_own_entry(message))
            return
        if message.visible:
            self._screen.add_text(message.text)
        self._say(message)

    def _say(self, message: Message) -> None:
        turn = self._open_turn()
        if not turn.said:
            turn.at = message.at
        turn.said.append(message)
        self._mark(message.id)
        self._mark(turn.id)

    def _settled(self, event: GenerationSettled) -> None:
        if event.frame != MAIN or event.thread != MAIN or not event.message.parts:
            return
        self.streamed[event.message.id] = frozenset(self._screen.streamed.intersection(event.part_ids))
        self.part_ids[event.message.id] = event.part_ids
        self._say(event.message)

    def _round_closed(self, event: RoundClosed) -> None:
        if event.frame == MAIN and event.thread == MAIN:
            self._mark(event.message_id)

    def _called(self, event: ToolCalled) -> None:
        self.displays[event.call_id] = event.display

    def _tool_settled(self, event: ToolSettled) -> None:
        self.results[event.call_id] = event

    def _asked(self, event: ToolApprovalRequest) -> None:
        self.asked[event.tool_call_id] = Asking(event)

    def _answered(self, event: ToolApprovalResponse) -> None:
        self.asked[event.tool_call_id].response = event

    # ---- what changes the past

    def _rolled_back(self, event: RolledBack) -> None:
        after = event.after_message_id
        keep = 0 if after is None else self._ends.get(after)
        if keep is None:
            return
        del self.entries[keep:]
        while self._ends and next(reversed(self._ends.values())) > keep:
            self._ends.popitem()
        begun = None if after is None else self._begun.get(after)
        if begun is not None:
            self._ends[begun.turn.id] = begun.back()

    def _clear(self, _: SessionExpired | None = None) -> None:
        self.entries.clear()
        self.results.clear()
        self.asked.clear()
        self._ends.clear()
        self._begun.clear()

    def _restored(self, event: SessionRestored) -> None:
        self._clear()
        said: dict[str, list[Message]] = {}
        for message in event.messages:
            said.setdefault(message.turn_id, []).append(message)
            for part in message.parts:
                if isinstance(part, ToolResultPart):
                    self.results[part.call_id] = _restored_result(part)
        for ui_message in event.ui_messages:
            entry = _restored_entry(ui_message)
            entry.said = said.get(entry.id, [])
            self._add(entry)

    _HANDLERS: ClassVar[dict[type, Callable[[Transcript, Any], None]]] = {
        Triggered: _triggered,
        Start: _started,
        MessageAdded: _message_added,
        GenerationSettled: _settled,
        RoundClosed: _round_closed,
        ToolCalled: _called,
        ToolSettled: _tool_settled,
        ToolApprovalRequest: _asked,
        ToolApprovalResponse: _answered,
        RolledBack: _rolled_back,
        ExecutionEnded: _ended,
        SessionExpired: _clear,
        SessionRestored: _restored,
    }


def _own_entry(message: Message) -> Entry:
    """The entry of a message that somebody added: a user's, or the system's."""
    role: EntryRole = "user" if message.role == "user" else "system"
    entry = Entry(id=message.id, role=role, at=message.at, shown=user_parts(message))
    entry.visible = message.visible and role == "user"
    entry.sender = message.sender
    entry.said.append(message)
    return entry


def _restored_entry(message: dict[str, Json]) -> Entry:
    entry = Entry(
        id=message["id"],
        role=message["role"],
        at=datetime.fromisoformat(message["createdAt"]).timestamp(),
        shown=message["parts"],
    )
    if "sender" in message:
        entry.sender = msgspec.convert(message["sender"], Sender)
    return entry


def _restored_result(part: ToolResultPart) -> ToolSettled:
    return ToolSettled(
        call_id=part.call_id, tool=part.tool, ran="synthetic", output=part.output, error=part.error
    )
