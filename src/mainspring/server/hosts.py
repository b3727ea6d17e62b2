"""Owns the hosts resource: the servers that share the database, as an operator sees them."""

from __future__ import annotations

from typing import Final

from mainspring.runtime.dispatch import HostRecord
from mainspring.server.operation import ADMIN, Context, Operation
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.server.schemas import HostList, HostView
from mainspring.wires.ui_messages import iso


async def list_hosts(context: Context, _request: Request) -> Reply:
    """The live hosts, the oldest first."""
    attendant = context.services.attendant
    here = attendant.told().id
    hosts = await attendant.fellows()
    return reply(HostList(hosts=tuple(_view(host, here=host.id == here) for host in hosts)))


def _view(host: HostRecord, *, here: bool) -> HostView:
    return HostView(
        id=host.id,
        name=host.name,
        version=host.version,
        since=iso(host.since),
        seen=iso(host.seen),
        draining=host.draining,
        running=host.running,
        readers=host.readers,
        answering=here,
    )


HOST_OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/api/hosts",
        handler=list_hosts,
        scopes=frozenset((ADMIN,)),
        summary="The live servers that share the database.",
        gives=HostList,
    ),
)
