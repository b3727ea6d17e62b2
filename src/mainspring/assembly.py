"""Owns the composition: every part built from the settings, opened and closed in order."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mainspring import __version__
from mainspring.providers.registry import ANY, Registry
from mainspring.providers.script import InvalidScript, Script, ScriptFunction
from mainspring.providers.script_reader import load_script
from mainspring.providers.wire import Times
from mainspring.runtime import failpoints
from mainspring.runtime.agents import Agents
from mainspring.runtime.attempts import Attempts, RetryPolicy
from mainspring.runtime.attendant import Attendant
from mainspring.runtime.call_queue import CallQueue
from mainspring.runtime.commands import Commands
from mainspring.runtime.dispatch import HostRecord
from mainspring.runtime.file_ports import FileStore
from mainspring.runtime.file_showing import FileShowing
from mainspring.runtime.files import FileLimits, Files
from mainspring.runtime.flusher import Flusher
from mainspring.runtime.host_ports import HostPorts
from mainspring.runtime.hosts import Hosts
from mainspring.runtime.keys import Keys
from mainspring.runtime.late_answers import LateAnswers
from mainspring.runtime.ports import Clock, Completers, Ids, Store
from mainspring.runtime.remote_calls import Patience
from mainspring.runtime.sessions import Sessions
from mainspring.runtime.steady_time import SteadyTime
from mainspring.runtime.streams import Streams
from mainspring.runtime.sweeper import Sweeper
from mainspring.runtime.tool_calls import Toolbox
from mainspring.runtime.tool_servers import NO_TOOL_SERVERS, ToolServers
from mainspring.runtime.toolboxes import Toolboxes
from mainspring.server.app import App, create_app
from mainspring.server.options import ServerOptions
from mainspring.server.services import Services
from mainspring.settings import InvalidSetting, Settings, fail_points
from mainspring.storage.addresses import is_postgres, shown
from mainspring.storage.file_folder import FolderFiles
from mainspring.storage.images import PillowScaler
from mainspring.storage.schema_state import SchemaState
from mainspring.storage.sqlite.schema import look as look_at_schema
from mainspring.storage.sqlite.store import SqliteStore
from mainspring.system import SystemClock, SystemIds, machine_name
from mainspring.toolboxes.connected import ConnectedBox
from mainspring.toolboxes.egress import Egress, networks
from mainspring.toolboxes.http_settings import HttpTools
from mainspring.toolboxes.mcp_settings import McpServer
from mainspring.toolboxes.memory_queue import MemoryCallQueue

if TYPE_CHECKING:
    # The SDK is loaded where functions are given, and only there: a server without them starts faster.
    from mainspring.client.tools import ToolsGiven
    from mainspring.toolboxes.mcp import McpBox

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is outside: time, chance, the database, the models. Tests give their own.

    `calls`: where calls wait for connected workers; None: in memory, for one host.
    """

    clock: Clock
    ids: Ids
    store: Store
    completers: Completers
    host_id: str = "host"
    host_name: str = "host"
    boxes: tuple[Toolbox, ...] = ()
    files: FileStore | None = None
    """None: uploaded files are not kept."""
    servers: ToolServers = NO_TOOL_SERVERS
    calls: CallQueue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mainspring:
    """An assembled server without its socket."""

    settings: Settings
    world: World
    agents: Agents
    keys: Keys
    sessions: Sessions
    hosts: Hosts
    attendant: Attendant
    sweeper: Sweeper
    files: Files | None
    boxes: Toolboxes
    calls: CallQueue

    async def open(self) -> int:
        """Opens the database and takes up what nobody drives any more; returns how many executions that were."""
        await self.world.store.open()
        if self.files is not None:
            await self.files.open()
        await self.calls.open()
        taken = await self.attendant.start()
        self.sweeper.start()
        return taken

    async def close(self) -> None:
        """Stops chores and model calls, writes what is queued, hands over what runs, closes the database."""
        await self.sweeper.stop()
        self.calls.rest()
        await self.hosts.close()
        await self.attendant.leave()
        await self.boxes.close()
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


def database_of(
    settings: Settings, clock: Clock, *, exclusive: bool = True, migrate: bool | None = None
) -> Store:
    """The store of the settings, not opened yet. `exclusive` False: for commands that run beside a server.

    Raises `InvalidSetting` if what PostgreSQL needs is not installed.
    """
    if not is_postgres(settings.database):
        return SqliteStore(
            settings.database, clock=clock, synchronous=settings.synchronous, exclusive=exclusive
        )
    with _postgres_needed(settings):
        from mainspring.storage.postgres.store import PostgresStore
    migrate = settings.migrate if migrate is None else migrate
    return PostgresStore(settings.database, clock=clock, migrate=migrate)


async def schema_of(settings: Settings) -> SchemaState:
    """What the schema of the settings' database has and what is missing; raises `StoreError`, `InvalidSetting`."""
    if not is_postgres(settings.database):
        return look_at_schema(settings.database)
    with _postgres_needed(settings):
        from mainspring.storage.postgres.schema import look
    return await look(settings.database)


@contextmanager
def _postgres_needed(settings: Settings) -> Generator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise InvalidSetting(
            f"--database {shown(settings.database)}: PostgreSQL needs {error.name}.",
            details={"hint": "`pip install 'mainspring[postgres]'` installs it."},
        ) from None


def real_world(settings: Settings, environment: Mapping[str, str]) -> World:
    """The machine's clock, real chance, the database of the settings, providers by the environment's keys."""
    failpoints.arm(fail_points(environment))
    clock = SystemClock()
    store = database_of(settings, clock)
    times = Times(
        connect=settings.connect_timeout,
        first=settings.first_byte_timeout,
        idle=settings.idle_timeout,
        total=settings.total_timeout,
    )
    completers = Registry(environment, clock=clock, scripts=scripts_of(settings), times=times)
    ids = SystemIds()
    world = World(
        clock=clock,
        ids=ids,
        store=store,
        completers=completers,
        host_id=f"hst_{ids.token()}",
        host_name=settings.host_name or machine_name(),
        files=_file_folder(settings),
    )
    world = with_shared_calls(settings, world)
    if settings.http_tools:
        world = replace(world, boxes=(http_box(settings, environment, clock),))
    if not settings.mcp_servers:
        return world
    box = mcp_box(settings, environment, clock)
    return replace(world, boxes=(*world.boxes, box), servers=box)


def http_box(settings: Settings, environment: Mapping[str, str], clock: Clock) -> Toolbox:
    """The addresses of the settings; raises `InvalidSetting` if a variable they name is not set."""
    from mainspring.toolboxes.http import HttpBox

    tables: dict[str, HttpTools] = {}
    for name, table in settings.http_tools:
        try:
            tables[name] = table.filled(environment)
        except ValueError as error:
            raise InvalidSetting(f"http_tools: {name}: {error}") from None
    return HttpBox(tables, clock=clock, egress=Egress(networks(settings.egress_allow)))


def mcp_box(settings: Settings, environment: Mapping[str, str], clock: Clock) -> McpBox:
    """The MCP servers of the settings, nothing connected yet; raises `InvalidSetting` if they cannot be used."""
    from mainspring.toolboxes.mcp import McpBox
    from mainspring.toolboxes.mcp_pins import InvalidPins, Pins

    try:
        from mainspring.toolboxes.mcp_sdk import SdkDial
    except ModuleNotFoundError as error:
        raise InvalidSetting(
            f"mcp_servers: MCP needs {error.name}.",
            details={"hint": "`pip install 'mainspring[mcp]'` installs it."},
        ) from None
    servers: dict[str, McpServer] = {}
    for name, server in settings.mcp_servers:
        try:
            servers[name] = server.filled(environment)
        except ValueError as error:
            raise InvalidSetting(f"mcp_servers: {name}: {error}") from None
    try:
        pins = Pins(Path(settings.mcp_pins) if settings.mcp_pins else None)
    except InvalidPins as error:
        raise InvalidSetting(f"mcp_pins: {error}") from None
    egress = Egress(networks(settings.egress_allow))
    return McpBox(servers, dial=SdkDial(egress), clock=clock, pins=pins)


def _retry_policy(settings: Settings) -> RetryPolicy:
    return RetryPolicy(
        attempts=settings.model_attempts,
        longest_wait=settings.longest_wait,
        step_time=settings.total_timeout,
        backup_on=settings.backup_on,
    )


def _files(settings: Settings, world: World) -> Files | None:
    """Uploaded files; None: there is no place for them."""
    if world.files is None:
        return None
    limits = FileLimits(largest=settings.max_file, types=settings.file_types, lifetime=settings.file_lifetime)
    return Files(world.files, log=world.store, clock=world.clock, ids=world.ids, limits=limits)


def _file_folder(settings: Settings) -> FileStore | None:
    if settings.files:
        return FolderFiles(Path(settings.files))
    if settings.database == ":memory:" or is_postgres(settings.database):
        return None
    return FolderFiles(Path(f"{settings.database}.files"))


def _patience(settings: Settings) -> Patience:
    return Patience(
        lease=settings.tool_worker_lease,
        grace=settings.tool_worker_grace,
        expected=settings.tool_worker_names,
    )


def with_shared_calls(settings: Settings, world: World) -> World:
    """The same world, where all hosts of a PostgreSQL database share the calls of connected workers."""
    if not is_postgres(settings.database):
        return world
    from mainspring.storage.postgres.call_queue import PostgresCallQueue
    from mainspring.storage.postgres.store import PostgresStore

    if not isinstance(world.store, PostgresStore):
        return world
    patience = _patience(settings)
    queue = PostgresCallQueue(world.store, clock=world.clock, host_id=world.host_id, patience=patience)
    return replace(world, calls=queue)


def with_tools(world: World, tools: ToolsGiven) -> World:
    """The same world, where these functions answer calls, before every other tool box. Raises `InvalidTool`."""
    from mainspring.toolboxes.functions import FunctionBox

    return replace(world, boxes=(FunctionBox(tools), *world.boxes))


def _told(world: World) -> HostRecord:
    """What this host tells the others of itself."""
    now = world.clock.now()
    return HostRecord(id=world.host_id, name=world.host_name, version=__version__, since=now, seen=now)


def assemble(settings: Settings, world: World) -> Mainspring:
    """Every part, wired; nothing is opened yet."""
    agents = Agents(world.store, clock=world.clock, ids=world.ids)
    streams = Streams(world.store)
    calls = world.calls or MemoryCallQueue(world.clock, _patience(settings))
    boxes = Toolboxes((*world.boxes, ConnectedBox(calls)))
    files = _files(settings, world)
    ports = HostPorts(
        log=world.store,
        flusher=Flusher(),
        completers=world.completers,
        clock=world.clock,
        time=SteadyTime(world.clock),
        lifetime=settings.session_lifetime,
        attempts=Attempts(world.clock, _retry_policy(settings)),
        boxes=boxes,
        servers=world.servers,
        showing=None if files is None else FileShowing(files, PillowScaler()),
    )
    hosts = Hosts(ports, host_id=world.host_id, agents=agents, streams=streams, ids=world.ids)
    commands = Commands(ports, hosts=hosts, dispatch=world.store, ids=world.ids)
    attendant = Attendant(
        ports, _told(world), dispatch=world.store, hosts=hosts, commands=commands, streams=streams
    )
    sessions = Sessions(
        ports,
        commands=commands,
        agents=agents,
        streams=streams,
        ids=world.ids,
        follow_latest=settings.follow_latest,
    )
    interval, retention = settings.sweep_interval, settings.delta_retention
    sweeper = Sweeper(ports, sessions, interval=interval, retention=retention, files=files)
    return Mainspring(
        settings=settings,
        world=world,
        agents=agents,
        keys=Keys(world.store, clock=world.clock, ids=world.ids),
        sessions=sessions,
        hosts=hosts,
        attendant=attendant,
        sweeper=sweeper,
        files=files,
        boxes=boxes,
        calls=calls,
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
        public_url=settings.public_url.rstrip("/"),
    )
    services = Services(
        agents=mainspring.agents,
        sessions=mainspring.sessions,
        keys=mainspring.keys,
        clock=mainspring.world.clock,
        ids=mainspring.world.ids,
        store=mainspring.world.store,
        calls=mainspring.calls,
        files=mainspring.files,
        late_answers=LateAnswers(mainspring.sessions),
        attendant=mainspring.attendant,
    )
    return create_app(services, options)
