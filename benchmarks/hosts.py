"""Owns the measures of hosts that share a PostgreSQL database: turns, commits, and what a second host adds.

The server of the database has the measured core together with the host, where there are but two.
"""

import asyncio
from pathlib import Path

from benchmarks.measures import Ran, Size, b_turn, crowd, sessions
from benchmarks.postgres import cpu_of, postgres
from benchmarks.report import Section
from benchmarks.subjects import CORES, Mainspring
from tests.postgres.server import PostgresServer

CROWD = 16
SETTLING = 1.5
"""Seconds until the database's counters are told what was committed."""
ROOM = 4
"""Cores that two hosts, the database and the load need to show what the second one adds."""


async def committed(server: PostgresServer) -> tuple[int, int]:
    """Transactions committed so far, and bytes of write-ahead log."""
    await asyncio.sleep(SETTLING)
    (row,) = await server.ask(
        "SELECT sum(xact_commit)::bigint, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint "
        "FROM pg_stat_database WHERE datname LIKE 'test%'"
    )
    return int(str(row[0])), int(str(row[1]))


async def on(hosts: list[Mainspring], turns: int) -> tuple[float, list[Ran]]:
    """B turns, divided among hosts that run them at once; their total rate."""
    share = turns // len(hosts)
    names = [await sessions(host, "bench-tool-50", share) for host in hosts]
    each = CROWD // len(hosts)
    ran = await asyncio.gather(
        *(crowd(host, b_turn, some, each) for host, some in zip(hosts, names, strict=True))
    )
    return share * len(hosts) / max(one.wall for one in ran), list(ran)


async def hosts(section: Section, folder: Path, model_url: str, size: Size) -> None:
    """One host beside the same on SQLite, then two hosts beside one."""
    with postgres() as server:
        if isinstance(server, str):
            section.say(server)
            return
        await server.make_template()
        address = await server.create()
        local = Mainspring("local", folder, model_url)
        first = Mainspring("first", folder, model_url, address=address)
        second = Mainspring("second", folder, model_url, address=address, core=2)
        local.prepare()
        first.prepare()
        second.key = first.key
        for host in (local, first, second):
            await host.start()
            await host.warm()
        second.agents = first.agents
        for _ in range(size.rounds):
            await beside(section, server, [local, first, second], size)
        if len(CORES) < ROOM:
            section.say(
                f"{len(CORES)} cores: what two hosts do at once is told by CPU and commits, not by turns a second"
            )
        for host in (local, first, second):
            host.stop()


async def beside(section: Section, server: PostgresServer, given: list[Mainspring], size: Size) -> None:
    """One round."""
    local, first, second = given
    rate, ran = await on([local], size.turns)
    commits, log = await committed(server)
    database = cpu_of(server)
    rate_one, one = await on([first], size.turns)
    database = cpu_of(server) - database
    commits_one, log_one = await committed(server)
    rate_two, two = await on([first, second], size.turns)
    commits_two, log_two = await committed(server)
    thousand = 1000 / size.turns
    section.note("PostgreSQL beside SQLite: B turns/s, 16 at once", theirs=rate, ours=rate_one)
    section.note(
        "PostgreSQL beside SQLite: CPU s per 1000 B", theirs=ran[0].cpu * thousand, ours=one[0].cpu * thousand
    )
    section.note("PostgreSQL: CPU s of the database per 1000 B", ours=database * thousand)
    section.note(
        "two hosts beside one: commits a B turn",
        theirs=(commits_one - commits) / size.turns,
        ours=(commits_two - commits_one) / size.turns,
    )
    section.note(
        "two hosts beside one: log kB a B turn",
        theirs=(log_one - log) / size.turns / 1000,
        ours=(log_two - log_one) / size.turns / 1000,
    )
    section.note(
        "two hosts beside one: CPU s per 1000 B",
        theirs=one[0].cpu * thousand,
        ours=sum(each.cpu for each in two) * thousand,
    )
    if len(CORES) >= ROOM:
        section.note("two hosts beside one: B turns/s", theirs=rate_one, ours=rate_two)
