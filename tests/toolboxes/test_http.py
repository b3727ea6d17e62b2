"""Tools that are posted to an address: signed, bounded, kept from inner addresses, and what every answer means."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace as evolved
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from mainspring.assembly import assemble
from mainspring.client import ToolContext, ToolError
from mainspring.client.webhooks import InvalidSignature, ToolEndpoint, sign, verify
from mainspring.model.generation import ModelRequest
from mainspring.model.signals import ToolResult
from mainspring.providers.script import Call
from mainspring.runtime.tool_calls import ToolOutcome
from mainspring.system import SystemClock
from mainspring.testing.clock import ManualClock
from mainspring.toolboxes.egress import Egress, networks
from mainspring.toolboxes.http import HttpBox
from mainspring.toolboxes.http_settings import parse_http_tools
from tests.runtime.desk import Desk
from tests.toolboxes.mcp_servers import tool_call
from tests.toolboxes.test_egress import Resolver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def shop(handler: Handler) -> AsyncGenerator[str, None]:
    """An address whose requests `handler` answers."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/tools"
    await runner.cleanup()


@asynccontextmanager
async def box_at(url: str, *, egress: Egress | None = None, **more: Any) -> AsyncGenerator[HttpBox, None]:
    """The box of one address."""
    table = {"shop": {"url": url, "secret": SECRET, "tools": ["refund"], "timeout": "500ms", **more}}
    allowed = Egress(networks(["127.0.0.1"])) if egress is None else egress
    box = HttpBox(dict(parse_http_tools(table)), clock=ManualClock(), egress=allowed)
    yield box
    await box.close()


async def outcome_of(answer: Handler, **more: Any) -> ToolOutcome:
    """What an answer comes to."""
    async with shop(answer) as url, box_at(url, **more) as box:
        return await box.call(tool_call("refund", order="17"))


def answers(status: int, body: Any = None, **headers: str) -> Handler:
    """A handler that always says the same."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return web.Response(status=status, body=data, headers=headers)

    return answer


async def test_a_call_is_posted_with_a_signature_that_holds() -> None:
    seen: list[tuple[dict[str, str], bytes]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append((dict(request.headers), await request.read()))
        return web.json_response({"result": {"refunded": True}})

    outcome = await outcome_of(answer, headers={"X-Shop": "yes"})
    assert outcome == ToolOutcome(output={"refunded": True})
    ((headers, body),) = seen
    now = ManualClock().now()
    verify(SECRET, headers, body, now=now)
    assert headers["webhook-id"] == "call_1"
    assert headers["X-Shop"] == "yes"
    assert json.loads(body) == {
        "type": "tool.call",
        "timestamp": int(now),
        "data": {
            "callId": "call_1",
            "attempt": 1,
            "tool": "refund",
            "args": {"order": "17"},
            "sessionId": "ses_1",
            "executionId": "exe_1",
            "agent": "helper",
        },
    }


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (answers(204), ToolOutcome()),
        (answers(200), ToolOutcome()),
        (answers(200, {"error": "Sold out"}), ToolOutcome(error="Sold out")),
        (
            answers(200, {"error": "Busy", "retryable": True, "retryAfter": 3}),
            ToolOutcome(error="Busy", retryable=True, retry_after=3.0),
        ),
        (
            answers(503, {"error": "Closed"}, **{"Retry-After": "7"}),
            ToolOutcome(error="The tool answered 503: Closed", retryable=True, retry_after=7.0),
        ),
        (answers(500, b"Oops"), ToolOutcome(error="The tool answered 500: Oops")),
        (answers(404), ToolOutcome(error="The tool answered 404.")),
        (answers(400, [1]), ToolOutcome(error="The tool answered 400: [1]")),
        (answers(504), ToolOutcome(error="The tool answered 504.", unknown=True)),
        (answers(202), ToolOutcome(error="The tool has taken the call, and answers later.", unknown=True)),
        (
            answers(302, Location="http://169.254.169.254/"),
            ToolOutcome(error="The tool answered 302: redirects are not followed."),
        ),
        (answers(200, b"x" * 2000), ToolOutcome(error="The tool answered more than 1000 bytes.")),
    ],
)
async def test_every_answer_means_one_thing(answer: Handler, expected: ToolOutcome) -> None:
    assert await outcome_of(answer, max_result=1000) == expected


async def test_an_answer_that_is_no_json_is_an_error() -> None:
    outcome = await outcome_of(answers(200, b"<html>"))
    assert outcome.error is not None
    assert outcome.error.startswith("The tool's answer is not {result} or {error}")


async def test_a_slow_answer_is_unknown_and_a_cut_one_too() -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    late = await outcome_of(slow, timeout="50ms")
    assert (late.unknown, late.error) == (True, "refund did not answer within 0.05 s.")
    lost = await outcome_of(cut)
    assert lost.unknown
    assert lost.error is not None
    assert "was lost" in lost.error


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/", "http://169.254.169.254/", "https://[::1]/", "https://[::ffff:127.0.0.1]/"],
)
async def test_inner_addresses_are_refused_before_anything_is_sent(url: str) -> None:
    async with box_at(url, egress=Egress()) as box:
        outcome = await box.call(tool_call("refund"))
    assert outcome.retryable
    assert outcome.error is not None
    assert "not a public address" in outcome.error


async def test_a_name_that_rebinds_is_judged_by_the_address_that_is_connected_to() -> None:
    hits: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        hits.append(request.path)
        return web.json_response({"result": 1})

    async with shop(answer) as url:
        port = url.split(":")[2]
        rebinding = Resolver(["127.0.0.1"], ["127.0.0.2"])
        egress = Egress(networks(["127.0.0.1"]), lookup=rebinding)
        async with box_at(f"http://rebind.example:{port}", egress=egress) as box:
            assert (await box.call(tool_call("refund"))).output == 1
        async with box_at(f"http://rebind.example:{port}", egress=egress) as box:
            refused = await box.call(tool_call("refund"))
    assert "127.0.0.2, which is not a public address" in str(refused.error)
    assert len(hits) == 1
    assert rebinding.asked == 2


async def test_nobody_there_means_that_nothing_was_done() -> None:
    async with shop(answers(200)) as url:
        pass
    async with box_at(url) as box:
        outcome = await box.call(tool_call("refund"))
    assert (outcome.retryable, outcome.unknown) == (True, False)


async def test_only_whose_they_are_get_the_tools() -> None:
    async with box_at("https://shop.example", agents=["help*"]) as box:
        assert set(box.offers("default", "helper")) == {"refund"}
        assert box.offers("default", "other") == {}
        other = await box.call(tool_call("refund", agent="other"))
        assert other.error == "No address is configured for refund."
        cut = await box.call(replace(tool_call("refund"), resumed=True))
        assert cut.unknown
        assert await box.probe(tool_call("refund")) is None
        box.settled(tool_call("refund"), durable=True)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[", "a table such as"),
        ([], "no table"),
        ({"a": {"url": "ftp://a", "secret": "s", "tools": ["t"]}}, "https://"),
        ({"a": {"url": "https://a", "secret": "s", "tools": []}}, "name some"),
        ({"a": {"url": "https://a", "secret": "", "tools": ["t"]}}, "secret"),
        ({"a": {"url": "https://a", "secret": "s", "tools": ["t"], "timeout": 0}}, "above zero"),
        ({"a": {"url": "https://a", "tools": ["t"]}}, "secret"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_http_tools(value)


def test_secrets_come_from_the_environment() -> None:
    ((_, table),) = parse_http_tools(
        '{"a": {"url": "https://a", "secret": "${S}", "tools": ["t"], "headers": {"K": "${S}"}}}'
    )
    filled = table.filled({"S": "secret"})
    assert (filled.secret, filled.headers) == ("secret", {"K": "secret"})
    assert parse_http_tools(()) == parse_http_tools("") == ()


# ---- the customer's side ------------------------------------------------------------------------------------


def test_the_signature_is_that_of_standard_webhooks() -> None:
    signature = sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_only_what_was_signed_lately_with_the_secret_is_accepted() -> None:
    body = b"{}"
    good = {
        "Webhook-Id": "a",
        "Webhook-Timestamp": "1000",
        "Webhook-Signature": sign(SECRET, "a", 1000, body),
    }
    verify(SECRET, good, body, now=1300)
    verify(SECRET, {**good, "Webhook-Signature": f"v1,AAAA {good['Webhook-Signature']}"}, body, now=700)
    bad: list[tuple[str, dict[str, str], bytes, float]] = [
        ("other", good, body, 1000),
        (SECRET, good, b"{ }", 1000),
        (SECRET, {**good, "Webhook-Id": "b"}, body, 1000),
        (SECRET, {**good, "Webhook-Timestamp": "1001"}, body, 1000),
        (SECRET, {**good, "Webhook-Timestamp": "soon"}, body, 1000),
        (SECRET, {**good, "Webhook-Timestamp": "9" * 400}, body, 1000),
        (SECRET, good, body, 1301),
        (SECRET, good, body, 699),
        (SECRET, {}, body, 1000),
    ]
    for secret, headers, said, now in bad:
        with pytest.raises(InvalidSignature):
            verify(secret, headers, said, now=now)
    with pytest.raises(InvalidSignature, match="too old"):
        verify(SECRET, good, body)


def test_secrets_that_sign_nothing_are_refused() -> None:
    for secret in ("", "whsec_%%%"):
        with pytest.raises(ValueError, match=r"secret|base64"):
            sign(secret, "a", 1, b"")


async def test_an_endpoint_answers_calls_by_functions() -> None:
    def refund(order: str, context: ToolContext) -> dict[str, str]:
        """Refunds."""
        if order == "0":
            raise ToolError("No such order.", retryable=True, retry_after=2)
        return {"order": order, "key": context.call_id}

    endpoint = ToolEndpoint([refund], secret=SECRET)

    async def posted(body: bytes, signature: str | None = None) -> tuple[int, Any]:
        at = int(SystemClock().now())
        headers = {
            "webhook-id": "call_1",
            "webhook-timestamp": str(at),
            "webhook-signature": signature or sign(SECRET, "call_1", at, body),
        }
        reply = await endpoint.answer(headers, body)
        return reply.status, json.loads(reply.body)

    def call(tool: str, order: str, kind: str = "tool.call") -> bytes:
        data = {"callId": "call_1", "attempt": 1, "tool": tool, "args": {"order": order}}
        data |= {"sessionId": "s", "executionId": "e", "agent": "a"}
        return json.dumps({"type": kind, "timestamp": 1, "data": data}).encode()

    assert await posted(call("refund", "17")) == (
        200,
        {"result": {"order": "17", "key": "call_1"}, "files": []},
    )
    assert await posted(call("refund", "0")) == (
        200,
        {"error": "No such order.", "retryable": True, "retryAfter": 2.0},
    )
    status, told = await posted(call("other", "1"))
    assert (status, "no function" in told["error"]) == (200, True)
    assert (await posted(b"{"))[0] == 400
    assert (await posted(call("refund", "1", "tool.news")))[0] == 400
    assert (await posted(call("refund", "1"), "v1,AAAA"))[0] == 401


# ---- a session ----------------------------------------------------------------------------------------------


async def test_an_answer_that_comes_later_is_brought_to_the_session() -> None:
    def script(request: ModelRequest) -> Any:
        return "Done." if any(message.role == "tool" for message in request.messages) else [Call("look", {})]

    desk = Desk(script)
    async with shop(answers(202)) as url, box_at(url, tools=["look"], timeout="5s") as box:
        desk.world = evolved(desk.world, boxes=(box,))
        desk.app = assemble(desk.settings, desk.world)
        async with desk:
            leg = await desk.trigger()
            await desk.settle()
            (call_id,) = desk.open_calls()
            await desk.results(leg, [ToolResult(tool_call_id=call_id, result={"seen": 1})])
            await desk.settle()
            (part,) = desk.model.requests[1].messages[-1].parts
            assert getattr(part, "output", None) == {"seen": 1}
