"""Owns published agents: compiling, validating, publishing, and the programs a session runs on."""

from __future__ import annotations

import logging

from mainspring.engine.turn import Library
from mainspring.language.compiler import compile_agent
from mainspring.model.agents import AgentRecord, AgentSource
from mainspring.model.diagnostics import Diagnostic, has_errors
from mainspring.model.errors import InvalidAgent, NotFound
from mainspring.model.program import Program
from mainspring.model.session import State
from mainspring.runtime.ports import AgentStore, Clock, Ids

log = logging.getLogger("mainspring.agents")
WORKER_DEPTH = 8


class Agents:
    """Agents of every project, compiled once a version."""

    def __init__(self, store: AgentStore, *, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._programs: dict[str, Program] = {}
        self._libraries: dict[tuple[str, str], Library] = {}

    async def validate(self, project_id: str, source: AgentSource) -> tuple[Diagnostic, ...]:
        """Every problem of an agent's files; its workers are those published in the project."""
        workers = await self._workers_of(project_id)
        return compile_agent(source, workers=workers).diagnostics

    async def publish(self, project_id: str, source: AgentSource) -> AgentRecord:
        """Stores a new version (or finds the same one again); raises `InvalidAgent`."""
        compilation = compile_agent(source, workers=await self._workers_of(project_id))
        program = compilation.program
        if program is None:
            errors = [one for one in compilation.diagnostics if one.severity == "error"]
            first = errors[0].message if errors else "the protocol does not compile"
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            raise InvalidAgent(f"{first}{more}", diagnostics=compilation.diagnostics)
        now = self._clock.now()
        record = await self._store.publish(
            AgentRecord(
                id=f"agt_{self._ids.token()}",
                project_id=project_id,
                version=program.hash,
                source=source,
                created_at=now,
                updated_at=now,
            )
        )
        self._programs[program.hash] = program
        self._libraries = {}
        return record

    async def get(self, project_id: str, id_or_slug: str) -> AgentRecord:
        """The current version, by id or slug."""
        record = await self._store.agent(project_id, id_or_slug)
        if record is None:
            raise NotFound(f"There is no agent {id_or_slug!r}.", code="AGENT_NOT_FOUND")
        return record

    async def list(self, project_id: str) -> list[AgentRecord]:
        """Every agent that is not archived."""
        return await self._store.agents(project_id)

    async def archive(self, project_id: str, id_or_slug: str) -> AgentRecord:
        """Takes an agent out of lists; sessions keep running on their versions."""
        record = await self.get(project_id, id_or_slug)
        await self._store.archive(project_id, record.id, self._clock.now())
        self._libraries = {}
        return record

    async def program(self, project_id: str, agent_id: str, version: str) -> Program:
        """The program of one version of an agent."""
        known = self._programs.get(version)
        if known is not None:
            return known
        record = await self._store.agent_version(project_id, agent_id, version)
        if record is None:
            raise NotFound("This version of the agent is no longer there.", code="AGENT_NOT_FOUND")
        return self._compiled(record)

    def _compiled(self, record: AgentRecord) -> Program:
        program = self._programs.get(record.version)
        if program is None:
            compilation = compile_agent(record.source)
            program = compilation.program
            if program is None or has_errors(compilation.diagnostics):
                raise InvalidAgent(
                    f"Agent {record.source.settings.slug} does not compile on this server any more.",
                    diagnostics=compilation.diagnostics,
                )
            self._programs[record.version] = program
        return program

    def _worker(self, record: AgentRecord | None) -> Program | None:
        """The program of a worker; one that does not compile any more is as good as not published."""
        if record is None or record.source.settings.format != "worker":
            return None
        try:
            return self._compiled(record)
        except InvalidAgent as error:
            log.warning("%s", error)
            return None

    async def _workers_of(self, project_id: str) -> dict[str, Program]:
        records = await self._store.agents(project_id)
        return {program.slug: program for record in records if (program := self._worker(record))}

    async def library(self, project_id: str, agent_id: str, version: str) -> Library:
        """The program of a version with every worker it may call, directly or not."""
        key = (project_id, version)
        library = self._libraries.get(key)
        if library is None:
            library = await self._gather(
                project_id, await self.program(project_id, agent_id, version), version
            )
            self._libraries[key] = library
        return library

    async def _gather(self, project_id: str, root: Program, version: str) -> Library:
        programs: dict[str, Program] = {version: root}
        slugs: dict[str, str] = {}
        frontier: list[Program] = [root]
        for _ in range(WORKER_DEPTH):
            wanted = {slug for program in frontier for slug in program.workers if slug not in slugs}
            frontier = []
            for slug in sorted(wanted):
                program = self._worker(await self._store.agent(project_id, slug))
                if program is None:
                    continue
                slugs[slug] = program.hash
                programs[program.hash] = program
                frontier.append(program)
        return Library(programs=programs, workers=slugs)

    async def library_for(self, state: State) -> Library:
        """The library of a session, with the versions that its open frames still run on."""
        library = await self.library(state.project_id, state.agent_id, state.version)
        frames = {} if state.execution is None else state.execution.frames
        programs = dict(library.programs)
        for version in {frame.version for frame in frames.values()} - programs.keys():
            # By its hash alone: the worker may be archived, and its slug another agent's.
            record = await self._store.version(state.project_id, version)
            if record is not None:
                programs[version] = self._compiled(record)
        return Library(programs=programs, workers=library.workers)
