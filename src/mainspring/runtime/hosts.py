"""Owns the live sessions of this host: taking, keeping, dropping them, and taking up what nobody drives any more."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict

from mainspring.engine.evolve import fold
from mainspring.engine.lenses import running_generations
from mainspring.engine.outstanding import outstanding
from mainspring.model.errors import MainspringError, NotFound, StaleWriter, StoreError, Unavailable
from mainspring.model.events import Event, decode_event
from mainspring.model.facts import GenerationStarted, Triggered
from mainspring.model.session import Execution, State
from mainspring.model.signals import ResumeSignal
from mainspring.model.stream_events import (
    AttemptSuperseded,
    ReasoningEnded,
    ReasoningStarted,
    TextEnded,
    TextStarted,
    ToolInputEnded,
    ToolInputStarted,
    WorkerInputReady,
    WorkerInputStart,
)
from mainspring.model.values import Value
from mainspring.runtime.agents import Agents
from mainspring.runtime.dispatch import Work
from mainspring.runtime.failpoints import ARMED, reach
from mainspring.runtime.host import HostStart, SessionHost, decode_snapshot
from mainspring.runtime.host_ports import HostPorts
from mainspring.runtime.ports import Ids, Loaded, SessionRecord
from mainspring.runtime.streams import Streams

log = logging.getLogger("mainspring.hosts")
KEPT_HOSTS = 1024
RECOVERY_DELAYS = (0.2, 1.0, 5.0)

_OPENED: dict[type, str] = {
    TextStarted: "text",
    ReasoningStarted: "reasoning",
    ToolInputStarted: "tool",
    WorkerInputStart: "worker",
}
_CLOSED = (TextEnded, ReasoningEnded, ToolInputEnded, WorkerInputReady)

OpenParts = dict[str, tuple[tuple[str, str, bool], ...]]


class Elsewhere(Value, frozen=True):
    """A live host that runs an execution in the session."""

    host_id: str


class Hosts:
    """Session hosts by id; at most one per session and process."""

    def __init__(
        self,
        ports: HostPorts,
        *,
        host_id: str,
        agents: Agents,
        streams: Streams,
        ids: Ids,
    ) -> None:
        self._ports = ports
        self._host_id = host_id
        self._agents = agents
        self._streams = streams
        self._ids = ids
        self._hosts: OrderedDict[str, SessionHost] = OrderedDict()
        self._loading: dict[str, asyncio.Task[SessionHost | Elsewhere]] = {}
        self._recoveries: set[asyncio.Task[None]] = set()
        self._closed = False

    def live(self, session_id: str) -> SessionHost | None:
        """The host of a session that is in memory."""
        return self._hosts.get(session_id)

    async def get(self, session_id: str) -> SessionHost:
        """The host of a session, taken if need be; raises `NotFound`, and `StaleWriter` if another host runs it."""
        record = await self._ports.log.record(session_id)
        if record is None:
            raise _no_session(session_id)
        held = await self.hold(record)
        if isinstance(held, Elsewhere):
            raise StaleWriter("Another host runs an execution in this session.")
        return held

    async def hold(self, record: SessionRecord) -> SessionHost | Elsewhere:
        """Who drives a session whose row was just read: its host here, taken if need be, or another process.

        A host that is in memory is the session's as long as the row has its epoch: nobody took it meanwhile. Raises
        `Unavailable` once this process is about to end.
        """
        session_id = record.id
        while True:
            if self._closed:
                raise Unavailable("The server is shutting down")
            host = self._hosts.get(session_id)
            if host is None:
                held = await self._loaded_once(session_id)
                if isinstance(held, Elsewhere):
                    return held
                host = held
            if host.epoch >= record.epoch and not host.failed:
                if session_id in self._hosts:
                    self._hosts.move_to_end(session_id)
                return host
            self.fence(host)

    def fence(self, host: SessionHost) -> None:
        """Another host has the session: what this one believes is of no use any more."""
        host.append_failed(StaleWriter("Another host has taken this session."))

    def overtaken(self, session_id: str, cursor: int) -> None:
        """There is something on disk at a cursor: if it is not this host's, it has the session no more."""
        host = self._hosts.get(session_id)
        if host is not None and cursor > host.journal.cursor:
            self.fence(host)

    async def _loaded_once(self, session_id: str) -> SessionHost | Elsewhere:
        loading = self._loading.get(session_id)
        if loading is None:
            loading = asyncio.get_running_loop().create_task(self._load(session_id))
            self._loading[session_id] = loading
            loading.add_done_callback(lambda done: self._loaded(session_id, done))
        return await asyncio.shield(loading)

    def _loaded(self, session_id: str, done: asyncio.Task[SessionHost | Elsewhere]) -> None:
        """Whoever asked may be gone: a failure that nobody hears of any more is no news."""
        self._loading.pop(session_id, None)
        if not done.cancelled():
            done.exception()

    async def _load(self, session_id: str) -> SessionHost | Elsewhere:
        hold = await self._ports.log.take(session_id, self._host_id)
        if hold.driver is not None:
            return Elsewhere(hold.driver)
        return await self._opened(session_id, hold.epoch, handed_over=hold.handed_over)

    async def state(self, record: SessionRecord) -> State:
        """The state of a session whose row was just read, without taking it."""
        host = self._hosts.get(record.id)
        if host is not None and host.epoch >= record.epoch and not host.failed:
            return host.state
        loaded = await self._ports.log.load(record.id)
        if loaded is None:
            raise _no_session(record.id)
        return self._restored(loaded, [decode_event(row.data) for row in loaded.facts])

    async def _opened(self, session_id: str, epoch: int, *, handed_over: bool) -> SessionHost:
        loaded = await self._ports.log.load(session_id)
        if loaded is None:
            raise _no_session(session_id)
        if loaded.record.epoch != epoch:
            raise StaleWriter("Another host has taken this session.")
        events = [decode_event(row.data) for row in loaded.facts]
        state = self._restored(loaded, events)
        library = await self._agents.library_for(state)
        before = self._hosts.get(session_id)
        if before is not None:
            if before.epoch > epoch:
                raise StaleWriter("This host has taken the session again meanwhile.")
            self.fence(before)
        cursor = loaded.record.cursor
        stream = self._streams.open(session_id, cursor)
        stream.driven = True
        stream.catch_up(cursor)
        start = HostStart(state=state, library=library, epoch=epoch, cursor=cursor, stream=stream)
        host = SessionHost(self._ports, start, self._broken)
        host.journal.bytes_since_snapshot = sum(len(row.data) for row in loaded.facts)
        self._hosts[session_id] = host
        self._evict()
        if outstanding(state):
            await self._take_up(host, open_parts(events, state.execution), handed_over=handed_over)
        return host

    def _restored(self, loaded: Loaded, events: list[Event]) -> State:
        before = None if loaded.snapshot is None else decode_snapshot(loaded.snapshot)
        state = fold(events, before)
        if state is None:
            raise StoreError(f"session {loaded.record.id} has no journal")
        return state

    async def _take_up(self, host: SessionHost, parts: OpenParts, *, handed_over: bool) -> None:
        """What another process (or this one before a store failure) left running goes on here."""
        if ARMED:
            reach("take-up.before")
        signal = ResumeSignal(
            attempt=self._ids.token(),
            at=self._ports.clock.now(),
            open_parts=parts,
            alive=host.alive,
            handed_over=handed_over,
        )
        await host.signal(signal)
        if ARMED:
            reach("take-up.after")

    def _evict(self) -> None:
        if len(self._hosts) <= KEPT_HOSTS:
            return
        for session_id, host in list(self._hosts.items())[: len(self._hosts) - KEPT_HOSTS]:
            if host.idle and not host.busy and host.stream.cursor == host.journal.cursor:
                self.drop(session_id)

    def drop(self, session_id: str) -> None:
        """Takes an idle session out of memory."""
        self._hosts.pop(session_id).cancel()
        self._streams.release(session_id)

    def _broken(self, host: SessionHost, error: BaseException) -> None:
        """An append failed: what this host believes is not what is stored, so it is loaded again."""
        session_id = host.state.session_id
        if self._hosts.get(session_id) is host:
            del self._hosts[session_id]
            self._streams.left(session_id)
        if self._closed or isinstance(error, (StaleWriter, asyncio.CancelledError)):
            return
        log.warning("session %s: the store refused an append: %s", session_id, error)
        self._recover_later(session_id)

    async def _recover(self, session_id: str) -> None:
        attempt = 0
        while not self._closed:
            await self._ports.clock.sleep(RECOVERY_DELAYS[min(attempt, len(RECOVERY_DELAYS) - 1)])
            attempt += 1
            try:
                await self.get(session_id)
            except StoreError:
                continue
            except StaleWriter:
                return  # another host drives it by now
            except MainspringError as error:
                log.error("session %s cannot be taken up: %s", session_id, error)  # noqa: TRY400 the message says it all
            return

    async def take_up(self, work: Work) -> bool:
        """Goes on with an execution that was claimed for this host; whether it could. Raises nothing.

        What is only due moves by itself once it is in memory: its timer rings.
        """
        before = self._hosts.get(work.session_id)
        if before is not None:
            self.fence(before)
        try:
            await self._opened(work.session_id, work.epoch, handed_over=work.handed_over)
        except StaleWriter:
            return False
        except StoreError as error:
            log.warning("session %s cannot be taken up yet: %s", work.session_id, error)
            self._recover_later(work.session_id)
            return False
        except Exception:
            log.exception("session %s cannot be taken up; the others go on", work.session_id)
            return False
        return True

    def _recover_later(self, session_id: str) -> None:
        task = asyncio.get_running_loop().create_task(self._recover(session_id))
        self._recoveries.add(task)
        task.add_done_callback(self._recoveries.discard)

    async def check(self) -> None:
        """After a pause in which others may have thought us dead: lets go of what is not ours any more."""
        for session_id, host in list(self._hosts.items()):
            if host.busy:
                record = await self._ports.log.record(session_id)
                if record is None or record.epoch > host.epoch:
                    self.fence(host)

    async def close(self) -> None:
        """Stops performing; executions stay open in the journal and are taken up by another host, or at the next start.

        Returns once what this host still had to write is written or refused.
        """
        self._closed = True
        for task in [*self._recoveries, *self._loading.values()]:
            task.cancel()
        for host in list(self._hosts.values()):
            host.cancel()
            host.journal.flush()
            host.failed = True

    @property
    def running(self) -> int:
        """How many sessions have a model call or a tool call under way here."""
        return sum(host.busy for host in self._hosts.values())


def _no_session(session_id: str) -> NotFound:
    return NotFound(f"There is no session {session_id!r}.", code="SESSION_NOT_FOUND")


def open_parts(events: list[Event], execution: Execution | None = None) -> OpenParts:
    """What each unsettled model call had streamed: (part id, kind, closed) by generation id.

    `events`: the facts since the last snapshot, which a call may be older than; `execution`: what is open after them.
    """
    running = [] if execution is None else running_generations(execution)
    streamed: dict[str, dict[str, tuple[str, bool]]] = {generation.id: {} for _, generation in running}
    stems = {generation.id.removeprefix("gen_"): generation.id for _, generation in running}
    for event in events:
        if isinstance(event, Triggered):
            # The ids of calls say nothing of the turn: those of earlier ones are over.
            streamed, stems = {}, {}
        elif isinstance(event, GenerationStarted):
            streamed[event.generation_id] = {}
            stems[event.generation_id.removeprefix("gen_")] = event.generation_id
        elif isinstance(event, AttemptSuperseded):
            streamed[event.generation_id] = {}
        elif type(event) in _OPENED or isinstance(event, _CLOSED):
            _note(event, streamed, stems)
    return {
        generation_id: tuple((part_id, kind, closed) for part_id, (kind, closed) in parts.items())
        for generation_id, parts in streamed.items()
        if parts
    }


def _note(event: Event, streamed: dict[str, dict[str, tuple[str, bool]]], stems: dict[str, str]) -> None:
    part_id = _part_id(event)
    generation_id = _generation_of(part_id, stems)
    if generation_id is None:
        return
    parts = streamed[generation_id]
    kind = _OPENED.get(type(event)) or parts.get(part_id, ("text", False))[0]
    parts[part_id] = (kind, type(event) not in _OPENED)


def _part_id(event: Event) -> str:
    if isinstance(event, (ToolInputStarted, ToolInputEnded)):
        return event.tool_call_id
    if isinstance(event, (WorkerInputStart, WorkerInputReady)):
        return event.worker_id
    return str(getattr(event, "id", ""))


def _generation_of(part_id: str, stems: dict[str, str]) -> str | None:
    """`txt_<turn>_<frame>_<block>_<step>_<attempt>_<n>`, or `call_<token>_<frame>_<block>_...` (`wrk_`)."""
    pieces = part_id.split("_")
    if part_id.startswith(("call_", "wrk_")):
        ordinals = "_".join(pieces[2:5])
        return next((found for stem, found in stems.items() if stem.split("_", 1)[1] == ordinals), None)
    return stems.get("_".join(pieces[1:5]))
