"""Owns one live session: its state, the end of its journal, and the model calls that run for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import zlib
from functools import partial
from typing import Protocol

import msgspec
from msgspec.structs import replace

from mainspring.engine.decide import decide
from mainspring.engine.generations import Presentation, presentation
from mainspring.engine.outstanding import is_waiting, outstanding, wake_at
from mainspring.engine.served import direct_servers
from mainspring.engine.turn import Library, Turn
from mainspring.model.errors import StaleWriter
from mainspring.model.events import Event
from mainspring.model.facts import ExecutionEnded
from mainspring.model.generation import ModelRequest
from mainspring.model.parts import ReasoningPart, TextPart
from mainspring.model.rows import Row
from mainspring.model.session import State, Thread
from mainspring.model.signals import (
    AttemptSignal,
    CallTool,
    Complete,
    Effect,
    Signal,
    StopSignal,
    TickSignal,
)
from mainspring.model.values import Value
from mainspring.runtime.asking import Asking
from mainspring.runtime.connecting import Connecting
from mainspring.runtime.context import Telling, build_request
from mainspring.runtime.failpoints import ARMED, reach
from mainspring.runtime.host_ports import HostPorts
from mainspring.runtime.journal import Position, SessionJournal
from mainspring.runtime.living_history import Histories
from mainspring.runtime.ports import SessionPatch
from mainspring.runtime.recorder import Recorder
from mainspring.runtime.streams import Stream
from mainspring.runtime.timer import Timer
from mainspring.runtime.tool_calls import ToolCall, ToolOutcome
from mainspring.runtime.tool_runs import Key, ToolRuns, key_of

log = logging.getLogger("mainspring.host")
_OURS = "session %s failed in our own code where nobody waits; it is loaded again and ends if it gets nowhere"
SNAPSHOT_MIN_BYTES = 16_384
_encode_state = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(State).decode


def encode_snapshot(state: State) -> bytes:
    """A state as it is stored: JSON, deflated."""
    return zlib.compress(_encode_state(state), 1)


def decode_snapshot(data: bytes) -> State:
    """The state of a stored snapshot."""
    return _decode_state(zlib.decompress(data))


class Running(Value, frozen=True, kw_only=True):
    """A model call under way."""

    task: asyncio.Task[None]
    asking: Asking


class HostStart(Value, frozen=True, kw_only=True):
    """A session as it was loaded: its state at `cursor`, driven under `epoch`."""

    state: State
    library: Library
    epoch: int
    cursor: int
    stream: Stream


class Broken(Protocol):
    """Told when a host's appends are refused: it must not be used any more."""

    def __call__(self, host: SessionHost, error: BaseException, /) -> None:
        """`error`: what the store said."""
        ...


class SessionHost:
    """Drives one session: every signal passes `signal`, in order, on the event loop."""

    def __init__(self, ports: HostPorts, start: HostStart, broken: Broken) -> None:
        self._ports = ports
        self.state = start.state
        self.library = start.library
        self.epoch = start.epoch
        self.stream = start.stream
        self._broken = broken
        self._running: dict[Key, Running] = {}
        begun = [effect for effect in outstanding(start.state) if isinstance(effect, CallTool)]
        self._tools = ToolRuns(ports.boxes, self._called, [key_of(effect) for effect in begun])
        self._planned: frozenset[Key] = frozenset()
        self._connecting = Connecting(ports.servers, lambda effect: self._perform([effect]))
        self._timer = Timer(ports.clock, self._tick)
        self._timer.set(wake_at(start.state))
        self._histories = Histories()
        self._taken_over: tuple[str, dict[str, str]] = ("", {})
        self._snapshot_bytes = SNAPSHOT_MIN_BYTES
        self.failed = False
        position = Position(session_id=start.state.session_id, epoch=start.epoch, cursor=start.cursor)
        self.journal = SessionJournal(ports, position, self)

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nobody reads: it may leave memory."""
        works = self._running or self._tools or self._connecting
        return not works and not self.stream.readers

    @property
    def busy(self) -> bool:
        """Whether a model call of the open execution runs, or a tool call in a box: a trigger has to wait."""
        return self.state.execution is not None and not is_waiting(self.state)

    def signal(self, signal: Signal) -> asyncio.Future[None]:
        """Decides and records; done when it is durable. Raises what `decide` raises, then nothing was recorded.

        Effects start once the events that ask for them are on disk. `StaleWriter`: this host has let go of the session.
        """
        if self.failed:
            raise StaleWriter("This host has let go of the session.")
        if ARMED:
            reach("decide.before")
        decision = decide(self._stocked(), self.state, signal)
        if ARMED:
            reach("decide.after")
        return self.record(decision.events, decision.state)

    def record(
        self, events: tuple[Event, ...], after: State, *, patch: SessionPatch | None = None
    ) -> asyncio.Future[None]:
        """Appends events that lead to the state `after`."""
        before = self.state
        effects = outstanding(after)
        fresh = [effect for effect in effects if key_of(effect) not in self._planned]
        ended = any(isinstance(event, ExecutionEnded) for event in events)
        claims = before.execution is None and after.execution is not None
        future = self.journal.append(
            events,
            patch=patch or self._patch(before, after),
            snapshot=self._snapshot(after) if ended else None,
            claim=claims,
        )
        self.state = after
        self._planned = frozenset(map(key_of, effects))
        self._tools.keep(self._planned)
        self._timer.set(wake_at(after))
        if fresh:
            future.add_done_callback(lambda done: self._start(done, fresh))
        return future

    def _stocked(self) -> Library:
        """The library, with the tools that boxes run now."""
        boxed = self._ports.boxes.boxed(self.state.project_id, self._agent)
        servers = self._ports.servers.servers(self.state.project_id, self._agent)
        if boxed != self.library.boxed or servers is not self.library.servers:
            self.library = replace(self.library, boxed=boxed, servers=servers)
        return self.library

    @property
    def alive(self) -> tuple[str, ...]:
        """The open tool calls that may run outside this process, by their ids."""
        effects = [effect for effect in outstanding(self.state) if isinstance(effect, CallTool)]
        calls = [self._call(effect) for effect in effects if not effect.probe]
        return tuple(call.call_id for call in calls if self._ports.boxes.outlives(call))

    @property
    def _agent(self) -> str:
        """The slug of the session's agent."""
        program = self.library.programs.get(self.state.version)
        return self.state.agent_id if program is None else program.slug

    def _patch(self, before: State, after: State) -> SessionPatch:
        now = self._ports.clock.now()
        opened = None if after.execution is None else after.execution.id
        was = None if before.execution is None else before.execution.id
        wake = wake_at(after)
        return SessionPatch(
            status=after.status if after.status != before.status else None,
            active_execution=(opened or "") if opened != was else None,
            waiting=is_waiting(after) if is_waiting(after) != is_waiting(before) else None,
            updated_at=now,
            expires_at=now + self._ports.lifetime,
            version=after.version if after.version != before.version else None,
            wake_at=None if after.execution is None or wake == wake_at(before) else wake or 0.0,
        )

    def _snapshot(self, state: State) -> bytes | None:
        """A snapshot once the facts since the last outweigh a part of it: linear cost over a session's life."""
        if self.journal.bytes_since_snapshot < self._snapshot_bytes:
            return None
        data = encode_snapshot(state)
        self._snapshot_bytes = max(SNAPSHOT_MIN_BYTES, 2 * len(data))
        self.journal.bytes_since_snapshot = 0
        return data

    def published(self, rows: tuple[Row, ...], /) -> None:
        """Rows are durable: readers may have them."""
        self.stream.publish(rows)
        if (
            self.state.execution is None
            and not self.stream.readers
            and self.stream.cursor == self.journal.cursor
        ):
            self.stream.forget()

    def append_failed(self, error: BaseException, /) -> None:
        """What this host believes is not what is stored: it ends."""
        if not self.failed:
            self.failed = True
            self.cancel()
            self._broken(self, error)

    # ---- model calls ----------------------------------------------------------------------------------------

    def resume(self) -> None:
        """Performs what is outstanding: after a restart."""
        self._perform(list(outstanding(self.state)))

    def _start(self, done: asyncio.Future[None], effects: list[Effect]) -> None:
        if not done.cancelled() and done.exception() is None and not self.failed:
            self._perform(effects)

    def _perform(self, effects: list[Effect]) -> None:
        try:
            self._begin(effects)
        except Exception as error:
            log.exception(_OURS, self.state.session_id)
            self.append_failed(error)

    def _begin(self, effects: list[Effect]) -> None:
        for effect in effects:
            if key_of(effect) not in self._planned:
                continue
            if ARMED:
                reach("perform.before")
            if isinstance(effect, CallTool):
                self._tools.begin(effect, self._call(effect))
            elif key_of(effect) not in self._running and not self._connects(effect):
                self._ask(effect)

    def _connects(self, effect: Complete) -> bool:
        """Whether servers are connected first, whose tools this model call offers."""
        if not self._stocked().servers:
            return False
        turn = Turn(self.library, self.state, at=self._ports.clock.now())
        wanted = direct_servers(turn, turn.frame(effect.frame))
        return self._connecting.waits(effect, self.state.project_id, self._agent, wanted)

    def _ask(self, effect: Complete) -> None:
        turn = Turn(self._stocked(), self.state, at=self._ports.clock.now())
        show = presentation(turn, turn.frame(effect.frame), attempt=effect.attempt)
        asking = Asking(
            effect,
            Recorder(show, self.journal),
            completers=self._ports.completers,
            request_for=partial(self._request, self._telling(), show),
            seed=f"{turn.execution.token} {effect.generation_id} {effect.attempt}",
            restarts=show.thread.settings.get("onInterrupted") == "restart",
        )
        task = asyncio.get_running_loop().create_task(
            self._complete(asking, self._models(show.thread)), name=f"complete {effect.generation_id}"
        )
        self._running[key_of(effect)] = Running(task=task, asking=asking)

    async def _request(self, telling: Telling, show: Presentation, model: str) -> ModelRequest:
        request = build_request(telling, show, model)
        showing = self._ports.showing
        return request if showing is None else await showing.shown(request, self.state.project_id)

    def _telling(self) -> Telling:
        return Telling(library=self.library, state=self.state, histories=self._histories)

    def _models(self, thread: Thread) -> tuple[str, ...]:
        """Whom to ask, in order; a backup that took over stays for the rest of the execution."""
        model, backup = str(thread.settings["model"]), thread.settings.get("backupModel") or ()
        models = (model, *((backup,) if isinstance(backup, str) else backup))
        execution, taken_over = self._taken_over
        stays = taken_over.get(model) if self._is_open(execution) else None
        return models[models.index(stays) :] if stays in models else models

    def _is_open(self, execution: str) -> bool:
        return self.state.execution is not None and self.state.execution.id == execution

    def _note_takeover(self, model: str, by: str) -> None:
        execution = "" if self.state.execution is None else self.state.execution.id
        before = self._taken_over[1] if self._is_open(self._taken_over[0]) else {}
        self._taken_over = (execution, {**before, model: by})

    async def _complete(self, asking: Asking, models: tuple[str, ...]) -> None:
        model, failure = await self._ports.attempts.run(asking, models)
        self._running.pop(key_of(asking.effect), None)
        if self.failed:
            return
        try:
            if model != models[0]:
                self._note_takeover(models[0], model)
            self.signal(asking.outcome(failure, at=self._ports.clock.now()))
        except Exception as error:
            log.exception(_OURS, self.state.session_id)
            self.append_failed(error)

    # ---- tool calls -----------------------------------------------------------------------------------------

    def _call(self, effect: CallTool) -> ToolCall:
        execution = self.state.execution
        return ToolCall(
            call_id=effect.call_id,
            attempt=effect.attempt,
            tool=effect.tool,
            args=effect.args,
            project_id=self.state.project_id,
            session_id=self.state.session_id,
            execution_id="" if execution is None else execution.id,
            agent=self._agent,
            deadline=effect.deadline,
            sender=None if execution is None else execution.sender,
            resumed=self._tools.was_begun(effect),
        )

    def _called(self, effect: CallTool, outcome: ToolOutcome) -> asyncio.Future[None]:
        """An attempt at a tool call ended; done when that is on disk."""
        try:
            return self.signal(
                AttemptSignal(
                    call_id=effect.call_id,
                    attempt=effect.attempt,
                    at=self._ports.clock.now(),
                    output=outcome.output,
                    error=outcome.error,
                    files=outcome.files,
                    retryable=outcome.retryable,
                    unknown=outcome.unknown,
                    retry_after=outcome.retry_after,
                )
            )
        except Exception as error:
            log.exception(_OURS, self.state.session_id)
            self.append_failed(error)
            raise

    def _tick(self) -> None:
        """The time of something that waits has come."""
        try:
            self.signal(TickSignal(at=self._ports.clock.now()))
        except Exception as error:
            log.exception(_OURS, self.state.session_id)
            self.append_failed(error)

    # ---- ends -----------------------------------------------------------------------------------------------

    def stop(self) -> asyncio.Future[None]:
        """Cuts the running model calls, closes what they had opened and ends the execution."""
        parts: dict[str, tuple[TextPart | ReasoningPart, ...]] = {}
        ids: dict[str, tuple[str, ...]] = {}
        for (generation_id, _), running in self._running.items():
            running.task.cancel()
            parts[generation_id], ids[generation_id] = running.asking.cut()
        self._running = {}
        return self.signal(StopSignal(at=self._ports.clock.now(), partial=parts, part_ids=ids))

    def cancel(self) -> None:
        """Drops what runs without recording anything: the process ends, or the host is broken."""
        self._tools.cancel()
        self._connecting.cancel()
        self._timer.set(None)
        for running in self._running.values():
            running.task.cancel()
        self._running = {}

    async def settled(self) -> None:
        """Returns when no model call runs in this process (for shutdown and tests)."""
        while self._running:
            tasks = [running.task for running in self._running.values()]
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait(tasks)
