"""Owns the use cases of sessions: create, trigger, continue, stop, restore, clear, list, follow."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from msgspec.structs import replace

from mainspring.engine.evolve import evolve
from mainspring.engine.inputs import check_values, initial_values
from mainspring.engine.turn import Library
from mainspring.model.errors import InvalidRequest, NotFound, SessionBusy
from mainspring.model.events import Event, decode_event, encode_event
from mainspring.model.facts import SessionCreated, SessionRestored
from mainspring.model.program import Program
from mainspring.model.rows import FACT, Row
from mainspring.model.session import State
from mainspring.model.signals import ApprovalAnswer, TriggerSignal
from mainspring.model.values import Json
from mainspring.runtime.agents import Agents
from mainspring.runtime.commands import Approvals, Commands, Results, Stop
from mainspring.runtime.expiry import Expiry
from mainspring.runtime.forking import Seed
from mainspring.runtime.host import SessionHost
from mainspring.runtime.host_ports import HostPorts
from mainspring.runtime.places import TRIGGERED, known_trigger, where_settled
from mainspring.runtime.ports import Ids, ListSessions, SessionRecord
from mainspring.runtime.requests import (
    Batch,
    ContinueRequest,
    Leg,
    RestoreRequest,
    TriggerRequest,
)
from mainspring.runtime.streams import Streams
from mainspring.wires.restore import restore

log = logging.getLogger("mainspring.sessions")
BUSY_WAIT = 2.0
BUSY_LOOK = 0.1
DEFAULT_TRIGGER = "user-message"


class Sessions:
    """Sessions of every project. `follow_latest`: a trigger moves a session to its agent's newest version (for dev)."""

    def __init__(
        self,
        ports: HostPorts,
        *,
        commands: Commands,
        agents: Agents,
        streams: Streams,
        ids: Ids,
        follow_latest: bool = False,
    ) -> None:
        self._ports = ports
        self._commands = commands
        self._expiry = Expiry(ports, commands)
        self._hosts = commands.hosts
        self._agents = agents
        self._streams = streams
        self._ids = ids
        self._follow_latest = follow_latest

    # ---- life -----------------------------------------------------------------------------------------------

    async def create(
        self, project_id: str, agent: str, given: dict[str, Json], *, start_key: str | None = None
    ) -> SessionRecord:
        """A new session of an interactive agent (by id or slug); the same `start_key` again finds the same one."""
        record = await self._agents.get(project_id, agent)
        program = await self._agents.program(project_id, record.id, record.version)
        if program.format != "interactive":
            raise InvalidRequest(
                f"agentId: {program.slug} is a worker; run it at /api/agents/{record.id}/execute"
            )
        session_id = f"ses_{self._ids.token()}"
        return await self._create(
            project_id, record.id, program, given, session_id=session_id, start_key=start_key
        )

    async def _create(
        self,
        project_id: str,
        agent_id: str,
        program: Program,
        given: dict[str, Json],
        *,
        session_id: str,
        start_key: str | None = None,
    ) -> SessionRecord:
        values = _checked_input(program, given)
        now = self._ports.clock.now()
        event = SessionCreated(
            session_id=session_id,
            project_id=project_id,
            agent_id=agent_id,
            version=program.hash,
            format=program.format,
            input=values,
            variables=initial_values(program.variables),
            resources=initial_values(program.resources),
            at=now,
        )
        record = SessionRecord(
            id=session_id,
            project_id=project_id,
            agent_id=agent_id,
            agent_slug=program.slug,
            version=program.hash,
            format=program.format,
            status="active",
            created_at=now,
            updated_at=now,
            expires_at=now + self._ports.lifetime,
            cursor=1,
            start_key=start_key,
        )
        row = Row(first=1, last=1, kind=FACT, data=encode_event(event), at=now)
        return await self._ports.log.create_session(record, (row,))

    async def record(self, project_id: str, session_id: str) -> SessionRecord:
        """The row of a session; one whose time is over is expired first. Raises `NotFound`."""
        record = await self._ports.log.record(session_id)
        if record is None or record.project_id != project_id:
            raise NotFound(f"There is no session {session_id!r}.", code="SESSION_NOT_FOUND")
        if self._expiry.is_over(record):
            await self._expiry.expire(record)
            return await self._commands.record(session_id)
        return record

    async def expire_due(self, *, limit: int = 100) -> int:
        """Expires sessions whose time is over; returns how many."""
        return await self._expiry.expire_due(limit=limit)

    async def clear(self, project_id: str, session_id: str) -> bool:
        """Ends a session's content now; False if it was over already."""
        return await self._expiry.clear(await self.record(project_id, session_id))

    async def restore(self, project_id: str, session_id: str, request: RestoreRequest) -> bool:
        """Rebuilds an expired session from stored messages; an active one stays as it is (False)."""
        record = await self.record(project_id, session_id)
        restored = restore(request.messages, at=self._ports.clock.now())
        agent = await self._agents.get(project_id, record.agent_id)
        library = await self._agents.library(project_id, agent.id, agent.version)
        program = library.programs[agent.version]
        if record.status != "expired":
            return False
        values = _checked_input(program, request.input)
        event = SessionRestored(
            version=program.hash,
            input=values,
            variables=initial_values(program.variables),
            resources=initial_values(program.resources),
            ui_messages=restored.ui_messages,
            messages=restored.messages,
            at=self._ports.clock.now(),
        )

        async def act(host: SessionHost) -> bool:
            if host.state.status != "expired":
                return False
            host.library = library
            await _commit(host, event)
            return True

        return await self._commands.here(record, act) is True

    async def begin_with(
        self, project_id: str, session_id: str, given: tuple[dict[str, Json], ...] | Seed
    ) -> None:
        """Lets a session in which nothing happened yet begin with UI messages, as `restore` takes them, or a seed."""
        record = await self.record(project_id, session_id)
        seed = given if isinstance(given, Seed) else Seed.of(restore(given, at=self._ports.clock.now()))

        async def act(host: SessionHost) -> None:
            if host.journal.cursor == 1:
                await _commit(host, seed.planted(host.state, at=self._ports.clock.now()))

        await self._commands.here(record, act)

    # ---- executions -----------------------------------------------------------------------------------------

    async def trigger(self, project_id: str, session_id: str, request: TriggerRequest) -> Leg:
        """Starts an execution; returns once that is durable. Waits briefly while another one runs."""
        record = await self.record(project_id, session_id)
        token = self._ids.token()
        signal = TriggerSignal(
            execution_id=f"exe_{token}",
            token=token,
            at=self._ports.clock.now(),
            trigger=request.trigger or DEFAULT_TRIGGER,
            input=request.input,
            sender=request.sender,
            rollback=request.rollback,
            rollback_after=request.rollback_after,
            tool_schemas=request.tool_schemas,
            key=request.key,
        )

        async def act(host: SessionHost) -> Leg:
            return await self._start(host, replace(signal, version=await self._renewed(host)))

        return await self._when_free(record, act, key=request.key)

    async def _when_free(
        self, record: SessionRecord, act: Callable[[SessionHost], Awaitable[Leg]], *, key: str | None = None
    ) -> Leg:
        """What `act` gives with the session's host; an execution on another host gets a moment to end."""
        deadline = self._ports.clock.monotonic() + BUSY_WAIT
        while True:
            leg = await self._commands.here(record, act)
            if isinstance(leg, Leg):
                return leg
            known = None if key is None else (await self._hosts.state(record)).keys.get(key)
            if known is not None:
                return await known_trigger(self._ports.log, record.id, known)
            if self._ports.clock.monotonic() >= deadline:
                raise _busy()
            await self._ports.clock.sleep(BUSY_LOOK)
            record = await self._commands.record(record.id)

    async def _renewed(self, host: SessionHost) -> str | None:
        """Gives a host today's programs beside those its open frames run on; the version to go on under, if another."""
        version = host.state.version
        if self._follow_latest:
            version = (await self._agents.get(host.state.project_id, host.state.agent_id)).version
        library = await self._agents.library(host.state.project_id, host.state.agent_id, version)
        frames = {} if host.state.execution is None else host.state.execution.frames
        needed = {host.state.version, *(frame.version for frame in frames.values())}
        kept = {hash_: program for hash_, program in host.library.programs.items() if hash_ in needed}
        host.library = Library(programs={**kept, **library.programs}, workers=library.workers)
        return version if self._follow_latest else None

    async def _start(self, host: SessionHost, signal: TriggerSignal) -> Leg:
        session_id = host.state.session_id
        known = _started(host.state, signal)
        if known is None:
            await self._until_free(host)
            known = _started(host.state, signal)
        if known is not None:
            # The trigger itself may still be on its way to the disk.
            await asyncio.shield(host.journal.append(()))
            return await known_trigger(self._ports.log, session_id, known)
        after = before = host.journal.cursor
        await asyncio.shield(host.signal(signal))
        # Another trigger may have ended this execution already: the row has to be its own.
        own = TRIGGERED + f',"executionId":"{signal.execution_id}"'.encode()
        for row in host.stream.since(before) or ():
            if row.kind == FACT and row.data.startswith(own):
                after = row.first - 1
        return Leg(session_id=session_id, execution_id=signal.execution_id, after=after)

    async def _until_free(self, host: SessionHost) -> None:
        """A running execution gets a moment to end; one that only waits for tool results does not hold anybody up."""
        deadline = self._ports.clock.monotonic() + BUSY_WAIT
        while host.busy:
            left = deadline - self._ports.clock.monotonic()
            if left <= 0:
                raise _busy()
            waiting = asyncio.ensure_future(host.stream.wait(host.stream.cursor))
            sleeping = asyncio.ensure_future(self._ports.clock.sleep(left))
            try:
                await asyncio.wait({waiting, sleeping}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
                sleeping.cancel()

    async def resume_with(self, project_id: str, session_id: str, request: ContinueRequest) -> Leg:
        """Accepts tool results, each once; the same again gets the same answer, others are a `Conflict`."""
        record = await self.record(project_id, session_id)
        done = await self._commands.give(record, Results(request=request))
        after = done.cursor
        if not done.changed:
            after = await where_settled(self._ports.log, session_id, request, after)
        return Leg(session_id=session_id, execution_id=request.execution_id, after=after, continuation=True)

    async def approve(self, project_id: str, session_id: str, answers: tuple[ApprovalAnswer, ...]) -> bool:
        """Answers approval requests; whether one of them was news: each is taken once, the same again is the same.

        Raises `NotFound` for a request that never was, `Conflict` for one that is answered otherwise or closed, and
        `InvalidRequest` for changed arguments that do not fit; then nothing is recorded.
        """
        record = await self.record(project_id, session_id)
        return (await self._commands.give(record, Approvals(answers=answers))).changed

    async def stop(self, project_id: str, session_id: str, *, execution_id: str | None = None) -> bool:
        """Stops the running execution (only `execution_id`, if given); whether there was one."""
        record = await self._ports.log.record(session_id)
        if record is None or record.project_id != project_id:
            raise NotFound(f"There is no session {session_id!r}.", code="SESSION_NOT_FOUND")
        execution_id = execution_id or record.active_execution
        if execution_id is None or record.active_execution is None:
            return False
        return (await self._commands.give(record, Stop(execution_id=execution_id))).changed

    # ---- workers --------------------------------------------------------------------------------------------

    async def run_worker(
        self,
        project_id: str,
        agent: str,
        given: dict[str, Json],
        *,
        tool_schemas: tuple[dict[str, Json], ...] = (),
    ) -> Leg:
        """Runs a worker agent by itself: its session, execution and worker have one id."""
        record = await self._agents.get(project_id, agent)
        program = await self._agents.program(project_id, record.id, record.version)
        if program.format != "worker":
            raise InvalidRequest(f"{program.slug} is not a worker; create a session and trigger it")
        token = self._ids.token()
        session_id = f"ses_{token}"
        created = await self._create(project_id, record.id, program, given, session_id=session_id)
        signal = TriggerSignal(
            execution_id=session_id,
            token=token,
            at=self._ports.clock.now(),
            trigger="",
            tool_schemas=tool_schemas,
        )

        async def act(host: SessionHost) -> Leg:
            return await self._start(host, signal)

        return await self._when_free(created, act)

    async def continue_worker(self, project_id: str, agent: str, request: ContinueRequest) -> Leg:
        """Tool results for a worker that runs by itself."""
        record = await self._agents.get(project_id, agent)
        session = await self.record(project_id, request.execution_id)
        if session.agent_id != record.id:
            raise NotFound(f"There is no execution {request.execution_id!r} of this worker.")
        return await self.resume_with(project_id, session.id, request)

    # ---- reading --------------------------------------------------------------------------------------------

    async def state(self, project_id: str, session_id: str) -> State:
        """A session's state."""
        return await self._hosts.state(await self.record(project_id, session_id))

    async def events(self, project_id: str, session_id: str) -> list[Event]:
        """Every fact of a session's journal, for projections."""
        await self.record(project_id, session_id)
        return [decode_event(row.data) for row in await self._ports.log.facts(session_id)]

    async def program(self, record: SessionRecord) -> Program:
        """The program a session runs on."""
        return await self._agents.program(record.project_id, record.agent_id, record.version)

    def follow(self, session_id: str, after: int) -> AsyncIterator[Batch]:
        """Replays what is after a cursor, then follows; close it to leave. Check the session with `record` first."""
        return self._streams.follow(session_id, after)

    async def list(self, query: ListSessions) -> list[SessionRecord]:
        """A page of sessions, newest first."""
        return await self._ports.log.sessions(query)


async def _commit(host: SessionHost, event: Event) -> None:
    await asyncio.shield(host.record((event,), evolve(host.state, event)))


def _started(state: State, signal: TriggerSignal) -> str | None:
    """The execution that this very trigger has begun: by its key, or before another host took the session."""
    if state.last_execution_id == signal.execution_id or (
        state.execution is not None and state.execution.id == signal.execution_id
    ):
        return signal.execution_id
    return None if signal.key is None else state.keys.get(signal.key)


def _busy() -> SessionBusy:
    return SessionBusy("Another execution runs in this session; try again in a moment.")


def _checked_input(program: Program, given: dict[str, Json]) -> dict[str, Json]:
    values, problems = check_values(program, program.input, given, where="input")
    if problems:
        raise InvalidRequest("; ".join(problems))
    return values
