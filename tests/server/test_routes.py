"""The table of routes: unknown paths, other methods, ids, failures, the API document."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from mainspring.model.errors import StoreError
from mainspring.server.app import by_path
from mainspring.server.openapi import document
from mainspring.server.operation import Operation
from mainspring.server.reference import reference
from mainspring.server.routes import OPERATIONS
from tests.conftest import TESTS
from tests.server.asgi import Client
from tests.server.desk import Desk


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/agents/", "/api/agents/a/b/c", "/health/", "//health", "/api/\x00"]
)
async def test_unknown_paths(desk: Desk, path: str) -> None:
    answer = await desk.client.get(path)
    assert (answer.status, answer.json["code"]) == (404, "NOT_FOUND")
    assert set(answer.json) == {"error", "code"}


@pytest.mark.parametrize(("path", "operations"), by_path(OPERATIONS), ids=lambda value: str(value)[:40])
async def test_other_methods(desk: Desk, path: str, operations: tuple[Operation, ...]) -> None:
    known = {operation.method for operation in operations}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - known:
        answer = await Client(desk.app).request(method, path.replace("{id}", "x"))
        assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED")
        assert known < set(answer.headers["allow"].split(", "))


async def test_head_is_get_without_its_body(desk: Desk) -> None:
    head = await desk.client.request("HEAD", "/api/agents")
    get = await desk.client.get("/api/agents")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]
    stream = await desk.client.request("HEAD", "/api/agent-sessions/x/events")
    assert stream.status == 405


async def test_every_answer_has_an_id(desk: Desk) -> None:
    ids = set()
    for path in ("/health", "/nowhere", "/api/agents", "/api/agents/nobody"):
        ids.add((await desk.client.get(path)).headers["x-request-id"])
    assert len(ids) == 4
    for chosen, kept in (
        ("my-request.7", True),
        ("x" * 65, False),
        ("a\r\nset-cookie: b", False),
        ("", False),
    ):
        answer = await desk.client.get("/health", headers={"x-request-id": chosen})
        assert (answer.headers["x-request-id"] == chosen) is kept


async def test_our_own_failure_is_logged_and_not_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def list_agents(project_id: str) -> None:
        raise ZeroDivisionError("the secret of the house")

    monkeypatch.setattr(desk.mainspring.agents, "list", list_agents)
    answer = await desk.client.get("/api/agents", headers={"x-request-id": "req-1"})
    assert answer.status == 500
    assert answer.json == {"error": "Internal error", "code": "INTERNAL_ERROR", "requestId": "req-1"}
    (record,) = caplog.records
    assert "req-1" in record.message
    assert record.exc_info is not None


async def test_health_and_readiness(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await Client(desk.app).get("/health")).json == {"status": "ok"}
    assert (await Client(desk.app).get("/ready")).json == {"status": "ready"}

    async def ping() -> None:
        raise StoreError("The disk is gone")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(desk.mainspring.world.store, "ping", ping)
        answer = await Client(desk.app).get("/ready")
    assert (answer.status, answer.json["code"]) == (503, "STORE_UNAVAILABLE")
    assert "The disk is gone" in caplog.text
    assert b"disk" not in answer.body
    await desk.app.drain(0)
    assert (await Client(desk.app).get("/health")).status == 200
    assert (await Client(desk.app).get("/ready")).status == 503


async def test_other_kinds_of_connections(desk: Desk) -> None:
    received = [{"type": kind} for kind in ("lifespan.startup", "lifespan.shutdown", "websocket.connect")]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return received.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await desk.app({"type": "lifespan"}, receive, send)
    await desk.app({"type": "websocket", "path": "/nowhere", "headers": []}, receive, send)
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
        "websocket.close",
    ]


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*(references(item) for item in value.values()))
    return set().union(*(references(item) for item in value)) if isinstance(value, list) else set()


async def test_the_api_document(desk: Desk) -> None:
    served = (await desk.client.get("/openapi.json")).json
    assert served == json.loads(json.dumps(document(OPERATIONS)))
    assert served["openapi"] == "3.1.0"
    schemas = {f"#/components/schemas/{name}" for name in served["components"]["schemas"]}
    assert references(served) <= schemas
    described = [(method.upper(), path) for path, methods in served["paths"].items() for method in methods]
    assert sorted(described) == sorted((operation.method, operation.path) for operation in OPERATIONS)
    names = [
        operation["operationId"] for methods in served["paths"].values() for operation in methods.values()
    ]
    assert len(names) == len(set(names))


async def test_the_reference_page_is_up_to_date(golden: Any) -> None:
    golden(TESTS.parent / "docs" / "reference" / "http.md", reference(OPERATIONS))


def test_the_reference_page_names_every_route() -> None:
    page = (Path(TESTS).parent / "docs" / "reference" / "http.md").read_text()
    for operation in OPERATIONS:
        assert f"## {operation.method} {operation.path}\n\n{operation.summary}\n" in page
