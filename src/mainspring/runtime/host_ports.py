"""Owns the bundle of ports that every live session shares."""

from __future__ import annotations

from mainspring.model.values import Value
from mainspring.runtime.attempts import Attempts
from mainspring.runtime.file_showing import FileShowing
from mainspring.runtime.flusher import Flusher
from mainspring.runtime.ports import Clock, Completers, EventLog
from mainspring.runtime.steady_time import SteadyTime
from mainspring.runtime.tool_servers import NO_TOOL_SERVERS, ToolServers
from mainspring.runtime.toolboxes import Toolboxes


class HostPorts(Value, frozen=True, kw_only=True):
    """What a host needs of the world. `lifetime`: seconds a session lives without activity; `time`: what it ends by."""

    log: EventLog
    flusher: Flusher
    completers: Completers
    clock: Clock
    time: SteadyTime
    lifetime: float
    attempts: Attempts
    boxes: Toolboxes = Toolboxes()
    showing: FileShowing | None = None
    """None: there are no uploaded files."""
    servers: ToolServers = NO_TOOL_SERVERS
