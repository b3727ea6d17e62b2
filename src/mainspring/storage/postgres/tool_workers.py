"""Owns the rows of connected workers: who is there, what they run, who went, and what was waited for too long."""

from __future__ import annotations

import msgspec

from mainspring.model.tool_work import (
    Announcement,
    Beat,
    Heartbeat,
    Leave,
    Pull,
    Pulled,
    RemoteTool,
    WorkerList,
    WorkerView,
)
from mainspring.runtime.remote_calls import (
    FORGOTTEN,
    LEFT,
    LOST,
    NOBODY_CAME,
    UNCLAIMED,
    Patience,
    unknown_worker,
)
from mainspring.runtime.tool_calls import ToolOutcome
from mainspring.storage.postgres import tool_calls
from mainspring.storage.postgres.connections import Connection, Found
from mainspring.storage.postgres.hints import Hint
from mainspring.storage.postgres.statements import statements
from mainspring.storage.postgres.text import read, written
from mainspring.storage.postgres.tool_calls import all_written, encode, tell

_tool = msgspec.json.Decoder(RemoteTool).decode


def _unknown(why: str) -> bytes:
    return encode(ToolOutcome(error=why, unknown=True))


def _hosts(found: list[Found]) -> tuple[str, ...]:
    """Which hosts an update of calls concerns, as their names are stored."""
    return tuple(sorted({row[0] for row in found}))


async def announce(connection: Connection, *, project_id: str, announcement: Announcement) -> tuple[str, ...]:
    """Enters a worker and its tools; which of the calls that it says it runs are not its own."""
    sql, calls = statements("tool_workers"), statements("tool_calls")
    project, worker = written(project_id), written(announcement.worker_id)
    tools = {tool.name: tool for tool in announcement.tools}
    names, label = all_written(tools), written(announcement.name or announcement.worker_id)
    running = all_written([call.call_id for call in announcement.running])
    async with connection.transaction():
        await connection.execute(sql["announce"], project, worker, label, names)
        offered = [encode(tool) for tool in tools.values()]
        changed = await connection.fetch(sql["offer"], project, names, offered)
        drop: list[Found] = []
        if running:
            await connection.execute(calls["claim"], project, worker, running)
            drop = await connection.fetch(calls["taken"], project, worker, running)
        await tell(connection, Hint(tools=bool(changed)))
    return tuple(read(row[0]) for row in drop)


async def pull(
    connection: Connection, *, project_id: str, worker_id: str, pull: Pull, sharers: int, again: bool
) -> tuple[Pulled, frozenset[str]] | None:
    """What is there for a pull, and the worker's tools; `again`: it was looked for before, and the pull may be
    displaced by now: None. Raises `NotFound`.
    """
    sql = statements("tool_workers")
    project, worker = written(project_id), written(worker_id)
    async with connection.transaction():
        statement = sql["still_pulls"] if again else sql["pull"]
        tools: list[str] | None = await connection.fetchval(statement, project, worker, pull.number)
        if tools is None:
            if again:
                return None
            raise unknown_worker(worker_id)
        calls = await tool_calls.batch(connection, project=project, worker=worker, number=pull.number)
        if not calls:
            place = (project, worker, pull.number)
            calls = await tool_calls.deal(
                connection, place=place, tools=tools, most=pull.most, sharers=sharers
            )
        drop = await tool_calls.dropped(connection, project=project, worker=worker)
    return Pulled(calls=calls, drop=drop), frozenset(map(read, tools))


async def see(connection: Connection, *, project_id: str, worker_id: str) -> frozenset[str]:
    """A worker gave a sign of life; its tools. Raises `NotFound`."""
    found = await connection.fetchrow(
        statements("tool_workers")["see"], written(project_id), written(worker_id)
    )
    if found is None:
        raise unknown_worker(worker_id)
    return frozenset(map(read, found[1]))


async def beat(connection: Connection, *, project_id: str, worker_id: str, beat: Heartbeat) -> Beat:
    """A worker lives; what arrived there and runs there no more was lost with its answer. Raises `NotFound`."""
    sql, calls = statements("tool_workers"), statements("tool_calls")
    project, worker, running = written(project_id), written(worker_id), all_written(beat.running)
    async with connection.transaction():
        found = await connection.fetchrow(sql["see"], project, worker)
        if found is None:
            raise unknown_worker(worker_id)
        why = _unknown(FORGOTTEN.format(label=read(found[0])))
        lost = await connection.fetch(calls["forgotten"], project, worker, running, beat.received, why)
        await connection.execute(calls["heed_drops"], project, worker, running)
        drop = await tool_calls.dropped(connection, project=project, worker=worker)
        await tell(connection, Hint(outcomes=_hosts(lost)))
    return Beat(drop=drop)


async def leave(connection: Connection, *, project_id: str, worker_id: str, leave: Leave) -> None:
    """A worker goes: what it still runs is lost, what it never received goes to others. Raises `NotFound`."""
    calls = statements("tool_calls")
    project, worker = written(project_id), written(worker_id)
    async with connection.transaction():
        label = await connection.fetchval(statements("tool_workers")["leave"], project, worker)
        if label is None:
            raise unknown_worker(worker_id)
        back = await connection.fetch(calls["give_back"], project, worker, leave.received)
        lost = await _lose(connection, project, worker, LEFT.format(label=read(label)))
        ready = tuple(sorted({(project, row[0]) for row in back}))
        await tell(connection, Hint(calls=ready, outcomes=_hosts(lost)))


async def _lose(connection: Connection, project: str, worker: str, why: str) -> list[Found]:
    """What a worker that is gone held is unknown; the hosts that wait for it."""
    calls = statements("tool_calls")
    await connection.execute(calls["unclaim"], project, worker)
    return await connection.fetch(calls["lose"], project, worker, _unknown(why))


async def sweep(connection: Connection, *, patience: Patience) -> None:
    """Ends what was waited for too long. Every host does, and passes over what another one is at."""
    sql, calls = statements("tool_workers"), statements("tool_calls")
    async with connection.transaction():
        lost: list[Found] = []
        for project, worker, label in await connection.fetch(sql["lost"], patience.lease):
            lost += await _lose(connection, project, worker, LOST.format(label=read(label)))
        lost += await connection.fetch(calls["nobody_claims"], patience.lease, _unknown(UNCLAIMED))
        for project, call_id, tool, host in await connection.fetch(calls["nobody_came"], patience.grace):
            outcome = ToolOutcome(error=NOBODY_CAME.format(tool=read(tool)), retryable=True)
            await connection.execute(calls["fail"], project, call_id, encode(outcome))
            lost.append((host,))
        await tell(connection, Hint(outcomes=_hosts(lost)))
    async with connection.transaction():
        await connection.execute(sql["orphaned"])
        retracted = await connection.fetch(sql["retract"], patience.grace)
        await connection.execute(calls["forget"])
        await tell(connection, Hint(tools=bool(retracted)))


async def offers(connection: Connection) -> dict[str, dict[str, RemoteTool]]:
    """The tools of all projects, by project and name."""
    by_project: dict[str, dict[str, RemoteTool]] = {}
    for project, body in await connection.fetch(statements("tool_workers")["offers"]):
        tool = _tool(body)
        by_project.setdefault(read(project), {})[tool.name] = tool
    return by_project


async def list_workers(connection: Connection, *, project_id: str) -> WorkerList:
    """Everybody, for people."""
    sql = statements("tool_workers")
    found = await connection.fetch(sql["list"], written(project_id))
    waiting = await connection.fetch(sql["waiting"], written(project_id))
    workers = tuple(
        WorkerView(
            worker_id=read(row[0]),
            name=read(row[1]),
            tools=tuple(sorted(map(read, row[2]))),
            running=row[4],
            seen=round(row[3], 3),
        )
        for row in found
    )
    return WorkerList(workers=workers, waiting={read(row[0]): row[1] for row in waiting})
