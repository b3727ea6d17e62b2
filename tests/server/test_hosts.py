"""The hosts of a database over HTTP, and how one retires."""

from mainspring.runtime.dispatch import HostRecord
from mainspring.server.options import ServerOptions
from tests.server.asgi import Client
from tests.server.desk import Desk


async def operator(desk: Desk) -> Client:
    client = Client(desk.app)
    client.key = await desk.key("admin")
    return client


async def test_an_operator_sees_the_hosts(desk: Desk) -> None:
    session = await desk.session()
    await desk.say(session)
    other = HostRecord(id="hst_b", name="b", version="0.0.1", since=9e9, seen=9e9, running=3)
    await desk.services.store.join(other)
    found = await (await operator(desk)).get("/api/hosts")
    assert found.status == 200
    here, there = found.json["hosts"]
    assert (here["id"], here["name"], here["answering"]) == ("host", "host", True)
    assert (here["running"], here["readers"]) == (0, 0)
    assert (there["id"], there["running"], there.get("answering", False)) == ("hst_b", 3, False)


async def test_hosts_are_for_operators(desk: Desk) -> None:
    client = Client(desk.app)
    client.key = await desk.key("sessions", "agents")
    assert (await client.get("/api/hosts")).status == 403


async def test_a_host_that_drains_takes_no_work(desk: Desk) -> None:
    app = desk.app_with(ServerOptions())
    await app.drain(0.0)
    assert desk.services.attendant.told().draining
    (host,) = await desk.services.store.hosts()
    assert host.draining
    assert await desk.services.attendant.take_up() == 0
