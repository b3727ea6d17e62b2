"""Owns one turn as a generator of steps: posted, read, its tools answered, read on after every cut, to its end.

Every event is read with its cursor. A stream that breaks is read on from the last cursor that arrived whole, so no
event is lost or seen twice; what is posted twice counts once, by its idempotency key or by the ledger of tool calls.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from mainspring.client.errors import ConnectionFailed, StreamError, UnexpectedAnswer
from mainspring.client.events import (
    Event,
    ToolOutputAvailable,
    ToolOutputError,
    UsageEvent,
    asked_of_client,
)
from mainspring.client.following import open_events, read_event
from mainspring.client.retries import Retries, attempt, backoff, refusal
from mainspring.client.routes import Route, continue_route, session_route, stop_request
from mainspring.client.sse import EventReader
from mainspring.client.steps import (
    Answer,
    Broken,
    Leave,
    Pause,
    Read,
    Request,
    RunTools,
    Send,
    Show,
    Steps,
)
from mainspring.client.trigger import Continue
from mainspring.model.facts import Paused
from mainspring.model.signals import ToolResult
from mainspring.model.stream_events import (
    ErrorEvent,
    Finish,
    PendingToolCall,
    Start,
    ToolApprovalRequest,
    ToolApprovalResponse,
    ToolRequest,
)

ENDED: Final = frozenset((404, 409))
"""What results are answered with when the execution, or the call, is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOptions:
    """How a turn is driven. `tools`: what has a function. `client_tools`: what the caller answers; None: all else."""

    retries: Retries
    tools: Collection[str] = ()
    client_tools: Collection[str] | None = None


@dataclass(slots=True)
class Place:
    """Where a turn is. `shown`: the last cursor that the caller has; `read`: the last that arrived."""

    session_id: str = ""
    execution_id: str = ""
    read: int | None = None
    shown: int | None = None
    settled: bool = False
    """Its `finish` or `error` has come: there is nothing left to stop."""
    over: bool = False
    waiting: bool = False
    """It has asked the caller for results."""
    paused: bool = False
    """Only people move it on: those who are asked in `asked`."""
    failure: ErrorEvent | None = None
    asked: dict[str, ToolApprovalRequest] = field(default_factory=dict[str, ToolApprovalRequest])
    open_calls: dict[str, PendingToolCall] = field(default_factory=dict[str, PendingToolCall])


class TurnDriver:
    """Drives one turn. `route`: where it goes on; None: at the session that its first answer names.

    Without a `first` request it is picked up again.
    """

    def __init__(
        self, route: Route | None, options: TurnOptions, *, first: Request | None, place: Place
    ) -> None:
        self._route = route
        self._options = options
        self._first = first
        self.place = place
        self._reader = EventReader()
        self._ends = False
        self._known: dict[str, ToolResult] = {}
        self._unshown: dict[str, ToolApprovalRequest] = {}
        """What people were asked before this caller began to look."""

    def run(self) -> Steps[None]:
        """The whole turn. Raises `ApiError`, `ConnectionFailed`, `UnexpectedAnswer`, and `StreamError` at its end."""
        if self._first is not None:
            yield from self._post(self._first)
        else:
            yield from self._pick_up()
        while not self.place.over:
            yield from self._read()
            calls = tuple(self.place.open_calls.values())
            if not calls:
                if self.place.paused:
                    yield self._pause()
                    return
                continue
            done = yield from self._results(calls)
            if not done:
                yield self._hand_over(calls)
                return
            yield from self._answer(done)
        if self.place.failure is not None:
            raise StreamError(self.place.failure)

    def leaving(self) -> Request | None:
        """How to stop what still runs, if anything does."""
        place = self.place
        if not place.execution_id or place.settled or place.waiting:
            return None
        return stop_request(place.session_id, place.execution_id)

    # ---- posting --------------------------------------------------------------------------------------------

    def _post(self, request: Request) -> Steps[None]:
        answer = yield from attempt(Send(request, streams=True), self._options.retries.requests)
        if answer.status != 200:
            raise refusal(answer)
        self._opened(answer)

    def _opened(self, answer: Answer) -> None:
        place = self.place
        try:
            begins = int(answer.headers["x-mainspring-cursor"])
            place.execution_id = answer.headers["x-mainspring-execution-id"]
            place.session_id = answer.headers["x-mainspring-session-id"]
        except (KeyError, ValueError):
            raise UnexpectedAnswer("What answers does not stream as a Mainspring server does") from None
        if place.read is None:
            place.read = begins
        self._reader = EventReader()
        self._ends = True

    def _answer(self, results: tuple[ToolResult, ...]) -> Steps[None]:
        """Posts results; if they are refused because the execution went on without them, reads what happened."""
        place = self.place
        route = self._route or session_route(place.session_id)
        given = Continue(execution_id=place.execution_id, results=results)
        request = continue_route(route, given, after=place.read)
        answer = yield from attempt(Send(request, streams=True), self._options.retries.requests)
        place.open_calls.clear()
        if answer.status == 200:
            self._opened(answer)
            return
        error = refusal(answer)
        if answer.status not in ENDED:
            raise error
        yield from self._catch_up()
        if place.over:
            return
        # Somebody else has answered one of the calls: his result counts, the others are asked for again.
        if error.code != "RESULT_CONFLICT":
            raise error
        if not (place.open_calls or place.paused):
            yield from self._follow()

    # ---- reading --------------------------------------------------------------------------------------------

    def _read(self) -> Steps[None]:
        """Reads until the execution is over or asks for tools that nobody has answered."""
        cuts = 0
        place = self.place
        while not (place.over or place.open_calls or place.paused):
            piece: bytes | Broken | None = yield Read()
            if isinstance(piece, bytes):
                shown, arrived = self._take(piece)
                cuts = 0 if arrived else cuts
                if shown:
                    yield Show(shown)
                continue
            yield Leave()
            cuts += 1
            if cuts > self._options.retries.streams:
                why = piece.message if piece is not None else "it ended too early, again and again"
                raise ConnectionFailed(
                    f"The stream broke: {why}", execution_id=place.execution_id, cursor=place.read
                )
            if cuts > 1:
                yield Pause(backoff(cuts - 2))
            yield from self._follow()
        yield Leave(ends=self._ends)

    def _take(self, piece: bytes) -> tuple[list[tuple[int, Event]], bool]:
        """What these bytes bring: the events to show, and whether any arrived."""
        shown: list[tuple[int, Event]] = []
        arrived = self._reader.feed(piece)
        for cursor, data in arrived:
            event = read_event(data)
            if cursor is not None:
                self.place.read = cursor
            if self._see(event):
                shown.append((self.place.read or 0, event))
            if self.place.over:
                break
        return shown, bool(arrived)

    def _see(self, event: Event) -> bool:
        """Takes note of an event; whether the caller sees it."""
        place = self.place
        place.paused = isinstance(event, Paused)
        match event:
            case ToolRequest():
                place.execution_id = place.execution_id or event.execution_id
                place.open_calls = {call.tool_call_id: call for call in event.tool_calls}
                return False
            case ToolOutputAvailable() | ToolOutputError():
                place.open_calls.pop(event.tool_call_id, None)
            case Start():
                place.execution_id = place.execution_id or event.execution_id
            case Finish():
                place.settled = True
            case ErrorEvent():
                place.settled = True
                place.failure = event
            case UsageEvent():
                self._see_end(event)
            case ToolApprovalRequest() | ToolApprovalResponse() | Paused():
                return self._see_people(event)
            case _:
                pass
        return True

    def _see_people(self, event: ToolApprovalRequest | ToolApprovalResponse | Paused) -> bool:
        if isinstance(event, ToolApprovalRequest):
            self.place.asked[event.approval_id] = event
        elif isinstance(event, ToolApprovalResponse):
            self.place.asked.pop(event.approval_id, None)
            self._unshown.pop(event.approval_id, None)
        else:
            self.place.execution_id = self.place.execution_id or event.execution_id
            return False
        return True

    def _see_end(self, event: UsageEvent) -> None:
        """An execution is over: this one, or while a journal is replayed one before it."""
        place = self.place
        place.open_calls.clear()
        place.asked.clear()
        place.over = place.execution_id in ("", event.execution_id)
        place.execution_id = place.execution_id or event.execution_id
        if not place.over:
            place.settled = False
            place.failure = None

    def _follow(self, *, on: bool = True) -> Steps[Answer]:
        """Opens the session's events after what was read; `on`: with what is to come."""
        place = self.place
        most = self._options.retries.streams
        try:
            answer = yield from open_events(place.session_id, after=place.read or 0, follow=on, most=most)
        except ConnectionFailed as error:
            error.execution_id = place.execution_id or None
            raise
        self._reader = EventReader()
        self._ends = False
        return answer

    def _catch_up(self, *, show: bool = True) -> Steps[str]:
        """Reads what the journal holds after what was read; the execution that runs, if any."""
        cuts = 0
        while True:
            answer = yield from self._follow(on=False)
            running = answer.headers.get("x-mainspring-execution-id", "")
            if not show:
                self.place.execution_id = running
                self.place.over = not running
            ended = yield from self._read_out(show=show)
            if ended or cuts >= self._options.retries.streams:
                return running
            cuts += 1
            yield Pause(backoff(cuts))

    def _read_out(self, *, show: bool) -> Steps[bool]:
        """Reads a stream that ends by itself; whether it was read to its end."""
        while not self.place.over:
            piece: bytes | Broken | None = yield Read()
            if not isinstance(piece, bytes):
                yield Leave()
                return piece is None
            shown, _ = self._take(piece)
            if shown and show:
                yield Show(shown)
        yield Leave()
        return True

    def _pick_up(self) -> Steps[None]:
        """Finds out where an execution stands that another process, or an earlier life of this one, has driven.

        After a cursor it is the execution that the cursor lies in; without one, what runs now, and its past is not
        shown.
        """
        place = self.place
        known = place.read is not None
        running = yield from self._catch_up(show=known)
        self._unshown = {} if known else dict(place.asked)
        if place.over or place.open_calls or place.paused:
            return
        place.execution_id = place.execution_id or running
        place.over = not running
        if running:
            yield from self._follow()

    # ---- tools ----------------------------------------------------------------------------------------------

    def _results(self, calls: tuple[PendingToolCall, ...]) -> Steps[tuple[ToolResult, ...]]:
        """The results of the calls that are ours; those that are nobody's are refused. Nothing is run twice."""
        options = self._options
        ours = tuple(call for call in calls if call.tool_name in options.tools)
        fresh = tuple(call for call in ours if call.tool_call_id not in self._known)
        if fresh:
            done: tuple[ToolResult, ...] = yield RunTools(
                fresh, self.place.session_id, self.place.execution_id
            )
            self._known.update((result.tool_call_id, result) for result in done)
        results = tuple(self._known[call.tool_call_id] for call in ours)
        if options.client_tools is None:
            return results
        nobodys = (call for call in calls if call not in ours and call.tool_name not in options.client_tools)
        return (*results, *(_refused(call) for call in nobodys))

    def _hand_over(self, calls: tuple[PendingToolCall, ...]) -> Show:
        place = self.place
        place.waiting = True
        return self._last(*asked_of_client(place.execution_id, calls))

    def _pause(self) -> Show:
        place = self.place
        place.waiting = True
        return self._last(Finish(finish_reason="tool-calls", execution_id=place.execution_id))

    def _last(self, *events: Event) -> Show:
        """How a turn ends that waits: first what people were asked before this caller looked."""
        shown: list[Event] = [*self._unshown.values(), *events]
        return Show([(self.place.read or 0, event) for event in shown])


def _refused(call: PendingToolCall) -> ToolResult:
    said = f'Tool "{call.tool_name}" is not available: nothing answers it here.'
    return ToolResult(tool_call_id=call.tool_call_id, tool_name=call.tool_name, error=said)
