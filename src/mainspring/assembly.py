"""Owns the composition: every part built from the settings, opened and closed in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mainspring.providers.registry import ANY, Registry
from mainspring.providers.script import InvalidScript, Script, ScriptFunction
from mainspring.providers.script_reader import load_script
from mainspring.providers.wire import Times
from mainspring.runtime import failpoints
from mainspring.runtime.agents import Agents
from mainspring.runtime.attempts import Attempts, RetryPolicy
from mainspring.runtime.flusher import Flusher
from mainspring.runtime.host_ports import HostPorts
from mainspring.runtime.hosts import Hosts
from mainspring.runtime.keys import Keys
from mainspring.runtime.ports import Clock, Completers, Ids, Store
from mainspring.runtime.sessions import Sessions
from mainspring.runtime.streams import Streams
from mainspring.runtime.sweeper import Sweeper
from mainspring.server.app import App, create_app
from mainspring.server.options import ServerOptions
from mainspring.server.services import Services
from mainspring.settings import InvalidSetting, Settings, fail_points
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.system import SystemClock, SystemIds

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is outside: time, chance, the database, the models. Tests give their own."""

    clock: Clock
    ids: Ids
    store: Store
    completers: Completers


@dataclass(frozen=True, slots=True, kw_only=True)
class Mainspring:
    """An assembled server without its socket."""

    settings: Settings
    world: World
    agents: Agents
    keys: Keys
    sessions: Sessions
    hosts: Hosts
    sweeper: Sweeper

    async def open(self) -> int:
        """Opens the database and takes up what a crash left running; returns how many executions that were."""
        await self.world.store.open()
        resumed = await self.hosts.recover_open()
        self.sweeper.start()
        return resumed

    async def close(self) -> None:
        """Stops chores and model calls, writes what is queued, closes the database."""
        await self.sweeper.stop()
        await self.hosts.close()
        await self.world.completers.close()
        await self.world.store.close()


def scripts_of(settings: Settings) -> dict[str, Script | ScriptFunction]:
    """The scripted model of the settings, under every name; raises `InvalidSetting` if its file cannot be used."""
    if not settings.script:
        return {}
    try:
        text = Path(settings.script).read_text(encoding="utf-8")
        return {ANY: load_script(text, settings.script)}
    except (OSError, UnicodeDecodeError, InvalidScript) as error:
        raise InvalidSetting(f"--script {settings.script}: {error}") from None


def real_world(settings: Settings, environment: Mapping[str, str]) -> World:
    """The machine's clock, real chance, the database of the settings, providers by the environment's keys."""
    failpoints.arm(fail_points(environment))
    clock = SystemClock()
    store = SqliteStore(settings.database, clock=clock, synchronous=settings.synchronous)
    times = Times(
        connect=settings.connect_timeout,
        first=settings.first_byte_timeout,
        idle=settings.idle_timeout,
        total=settings.total_timeout,
    )
    completers = Registry(environment, clock=clock, scripts=scripts_of(settings), times=times)
    return World(clock=clock, ids=SystemIds(), store=store, completers=completers)


def _retry_policy(settings: Settings) -> RetryPolicy:
    return RetryPolicy(
        attempts=settings.model_attempts,
        longest_wait=settings.longest_wait,
        step_time=settings.total_timeout,
        backup_on=settings.backup_on,
    )


def assemble(settings: Settings, world: World) -> Mainspring:
    """Every part, wired; nothing is opened yet."""
    agents = Agents(world.store, clock=world.clock, ids=world.ids)
    streams = Streams(world.store)
    ports = HostPorts(
        log=world.store,
        flusher=Flusher(),
        completers=world.completers,
        clock=world.clock,
        lifetime=settings.session_lifetime,
        attempts=Attempts(world.clock, _retry_policy(settings)),
    )
    hosts = Hosts(ports, agents=agents, streams=streams, ids=world.ids)
    sessions = Sessions(
        ports,
        hosts=hosts,
        agents=agents,
        streams=streams,
        ids=world.ids,
        follow_latest=settings.follow_latest,
    )
    sweeper = Sweeper(
        world.store,
        sessions,
        world.clock,
        interval=settings.sweep_interval,
        retention=settings.delta_retention,
    )
    return Mainspring(
        settings=settings,
        world=world,
        agents=agents,
        keys=Keys(world.store, clock=world.clock, ids=world.ids),
        sessions=sessions,
        hosts=hosts,
        sweeper=sweeper,
    )


def http_app(mainspring: Mainspring) -> App:
    """The HTTP server of an assembled Mainspring."""
    settings = mainspring.settings
    loopback = LOOPBACK_HOSTS if settings.host in LOOPBACK_HOSTS else None
    options = ServerOptions(
        stop_on_disconnect=settings.stop_on_disconnect,
        max_body=settings.max_body,
        max_streams=settings.max_streams,
        heartbeat=settings.heartbeat,
        write_timeout=settings.write_timeout,
        cors_origins=settings.cors_origins,
        allowed_hosts=settings.allowed_hosts or loopback,
    )
    services = Services(
        agents=mainspring.agents,
        sessions=mainspring.sessions,
        keys=mainspring.keys,
        clock=mainspring.world.clock,
        ids=mainspring.world.ids,
        store=mainspring.world.store,
    )
    return create_app(services, options)
