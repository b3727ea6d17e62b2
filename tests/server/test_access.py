"""Who may: every route with every scope, keys, other projects, hosts, origins."""

import pytest

from mainspring.model.errors import StoreError
from mainspring.runtime.requests import Principal
from mainspring.server.operation import ADMIN, Operation
from mainspring.server.options import ServerOptions
from mainspring.server.routes import OPERATIONS
from tests.server.asgi import Client, Exchange
from tests.server.desk import Desk, chat_agent, trigger

SCOPES = ("agents", "sessions", "tokens", ADMIN)
UNKNOWN = "ses_0000000000000000009999"


def path_of(operation: Operation, known: str = UNKNOWN) -> str:
    return operation.path.replace("{id}", known)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_every_route_with_every_scope(desk: Desk, operation: Operation) -> None:
    for scope in SCOPES:
        client = Client(desk.app, await desk.key(scope))
        answer = await client.request(operation.method, path_of(operation))
        allowed = not operation.scopes or scope == ADMIN or scope in operation.scopes
        assert (answer.status == 403) is not allowed, (scope, answer.body)
        assert answer.status < 500
        if not allowed:
            assert answer.code == "FORBIDDEN"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer wrong", "Bearer " + "x" * 600, "Bearer \xff"],
)
async def test_every_route_without_a_good_key(desk: Desk, operation: Operation, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    answer = await Client(desk.app).request(operation.method, path_of(operation), headers=headers)
    if operation.scopes is None:
        assert answer.status == (404 if operation.signed else 200)
    else:
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.code == "UNAUTHORIZED"


async def test_the_word_bearer_in_any_case(desk: Desk) -> None:
    headers = {"authorization": f"bEARER  {desk.client.key}"}
    assert (await Client(desk.app).get("/api/agents", headers=headers)).status == 200


async def test_revoked_and_expired_keys(desk: Desk) -> None:
    keys = desk.mainspring.keys
    secret, record = await keys.create("first", name="a", scopes=("admin",))
    late, _ = await keys.create("first", name="b", scopes=("admin",), expires_at=desk.clock.now() + 60)
    assert (await Client(desk.app, secret).get("/api/agents")).status == 200
    assert (await Client(desk.app, late).get("/api/agents")).status == 200
    await keys.revoke("first", record.id)
    await desk.clock.advance(60)
    assert (await Client(desk.app, secret).get("/api/agents")).status == 401
    assert (await Client(desk.app, late).get("/api/agents")).json["code"] == "KEY_EXPIRED"


class DeadKeys:
    """Keys that cannot be read."""

    async def verify(self, secret: str) -> Principal:
        raise StoreError("The database does not answer")


async def test_a_good_key_does_not_help_when_keys_cannot_be_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.mainspring.keys, "verify", DeadKeys().verify)
    answer = await desk.client.get("/api/agents")
    assert (answer.status, answer.json["code"], answer.headers["retry-after"]) == (
        503,
        "STORE_UNAVAILABLE",
        "1",
    )


def told(answer: Exchange, known: str) -> tuple[int, bytes, set[str]]:
    return answer.status, answer.body.replace(known.encode(), b"ID"), set(answer.headers)


@pytest.mark.parametrize("kind", ["agents", "agent-sessions"])
async def test_what_is_another_projects_looks_unknown(desk: Desk, kind: str) -> None:
    session = await desk.session()
    agent = str((await desk.client.get("/api/agents")).json["agents"][0]["id"])
    known, unknown = (agent, "agt_0000000000000000009999") if kind == "agents" else (session, UNKNOWN)
    body = {**trigger(), "type": "start", "messages": [], "agentId": known}
    tried = 0
    for operation in OPERATIONS:
        if operation.path.startswith(f"/api/{kind}/{{id}}"):
            foreign = await desk.stranger.request(operation.method, path_of(operation, known), body)
            missing = await desk.stranger.request(operation.method, path_of(operation, unknown), body)
            assert told(foreign, known) == told(missing, unknown)
            assert foreign.status == 404, operation
            tried += 1
    assert tried >= 4
    assert (await desk.client.get(f"/api/agent-sessions/{session}")).status == 200


async def test_a_strangers_lists_are_empty(desk: Desk) -> None:
    await desk.session()
    assert (await desk.stranger.get("/api/agents")).json == {"agents": []}
    assert (await desk.stranger.get("/api/agent-sessions")).json == {"sessions": []}
    made = await desk.stranger.post("/api/agents", chat_agent())
    assert made.status == 201


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:4747", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:4747", 200),
        ("attacker.test", 403),
        ("localhost.attacker.test:4747", 403),
        ("[::1", 403),
        ("", 403),
    ],
)
async def test_only_allowed_hosts_are_answered(desk: Desk, host: str, status: int) -> None:
    desk.use(ServerOptions(allowed_hosts=frozenset({"localhost", "127.0.0.1", "::1"})))
    for path in ("/health", "/api/agents", "/nowhere"):
        answer = await desk.client.get(path, headers={"host": host})
        assert (answer.status == 403) is (status == 403)


GOOD = "https://good.com"
BAD = [
    "null",
    "https://evil.com",
    "https://sub.good.com",
    "https://good.com.evil.com",
    "http://good.com",
    "*",
]


@pytest.mark.parametrize("origin", [GOOD, *BAD])
async def test_origins(desk: Desk, origin: str) -> None:
    desk.use(ServerOptions(cors_origins=frozenset({GOOD})))
    session = await desk.session()
    headers = {"origin": origin}
    asked = await Client(desk.app).request(
        "OPTIONS", f"/api/agent-sessions/{session}/trigger", headers=headers
    )
    plain = await desk.client.get("/api/agents", headers=headers)
    refused = await Client(desk.app).get("/api/agents", headers=headers)
    stream = await desk.say(session, headers=headers)
    expected = GOOD if origin == GOOD else None
    for answer in (asked, plain, refused, stream):
        assert answer.headers.get("access-control-allow-origin") == expected
        assert answer.headers["vary"] == "origin"
        assert "access-control-allow-credentials" not in answer.headers
    assert ("access-control-allow-methods" in asked.headers) is (origin == GOOD)
    assert (asked.status, asked.headers["allow"]) == (200, "OPTIONS, POST")


async def test_without_origins_there_is_no_cors(desk: Desk) -> None:
    for method in ("OPTIONS", "GET"):
        answer = await desk.client.request(method, "/api/agents", headers={"origin": GOOD})
        assert answer.status == 200
        assert not [name for name in answer.headers if name.startswith("access-control") or name == "vary"]


async def test_the_api_document_may_be_open(desk: Desk) -> None:
    assert (await Client(desk.app).get("/openapi.json")).status == 401
    desk.use(ServerOptions(open_document=True))
    assert (await Client(desk.app).get("/openapi.json")).status == 200
    assert (await Client(desk.app).get("/api/agents")).status == 401
