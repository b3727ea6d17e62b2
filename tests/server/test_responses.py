"""OpenAI's responses over HTTP: talks, tools of the caller, coming back, cancelling, what is refused and how."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mainspring.model.errors import Failure, ProviderError, StoreError
from mainspring.model.generation import ModelRequest
from mainspring.server.options import ServerOptions
from mainspring.server.sse import HEARTBEAT
from tests.server.asgi import Client, Exchange
from tests.server.desk import Desk, chat_agent, worker_agent
from tests.server.test_ai_sdk import OPTIONAL, Asks, Gated, messages
from tests.wires.openai_types import check_event, check_response, extras

PATH = "/v1/responses"
TAKES_INSTRUCTIONS = OPTIONAL.replace(
    "USER_MESSAGE: {type: string}",
    "USER_MESSAGE: {type: string}\n      INSTRUCTIONS: {type: string, optional: true}",
)


@pytest.fixture
async def desk(desk: Desk) -> Desk:
    await desk.agent(chat_agent(protocol=OPTIONAL))
    return desk


def body(given: Any = "Hi", **more: Any) -> dict[str, Any]:
    return {"model": "agent:support", "input": given, **more}


def output(call: dict[str, Any], value: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call["call_id"], "output": value}


def text(response: dict[str, Any]) -> str:
    return "".join(item["content"][0]["text"] for item in response["output"] if item["type"] == "message")


async def respond(desk: Desk, *given: Any, **more: Any) -> dict[str, Any]:
    """A whole response."""
    answer = await desk.client.post(PATH, body(*given, **more))
    assert answer.status == 200, answer.body
    check_response(answer.json)
    return dict(answer.json)


def error(answer: Exchange) -> tuple[int, str | None, str]:
    """Status, place and code of a refusal, which has OpenAI's shape."""
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) == {"message", "type", "param", "code"}
    return answer.status, answer.json["error"]["param"], answer.json["error"]["code"]


async def test_a_talk(desk: Desk) -> None:
    first = await respond(
        desk, metadata={"a": "b"}, store=False, mainspring={"input": {"COMPANY": "Springs"}}
    )
    assert (first["status"], first["model"], text(first)) == ("completed", "agent:support", "Hello there")
    second = await desk.client.post(PATH, body("And?", stream=True, previous_response_id=first["id"]))
    for event in second.events:
        check_event(event)
    assert second.types[0] == "response.created"
    last = second.events[-1]["response"]
    assert last["conversation"] == first["conversation"]
    session = first["conversation"]["id"]
    assert (await desk.client.get(f"/api/agent-sessions/{session}")).json["input"] == {"COMPANY": "Springs"}
    assert [message["role"] for message in await messages(desk, session)] == ["user", "assistant"] * 2
    for response in (first, last):
        again = await desk.client.get(f"{PATH}/{response['id']}")
        assert again.json == response


async def test_a_conversation_has_the_name_that_other_wires_use(desk: Desk) -> None:
    await respond(desk, conversation="c1")
    await respond(desk, "And?", conversation={"id": "c1"})
    assert len(await messages(desk)) == 4


async def test_a_tool_of_the_caller(desk: Desk) -> None:
    desk.models.script = Asks()
    tool = {"type": "function", "name": "get-weather", "parameters": {"type": "object"}}
    asked = await respond(desk, "Weather?", tools=[tool])
    (call,) = asked["output"]
    assert (call["name"], call["arguments"]) == ("get-weather", '{"city":"Rome"}')
    given = {"previous_response_id": asked["id"]}
    streamed = await desk.client.post(PATH, body([output(call, "warm")], stream=True, **given))
    told = streamed.events[-1]["response"]
    assert text(told) == "It is warm."
    assert await respond(desk, [output(call, "warm")], **given) == told
    assert (await desk.client.get(f"{PATH}/{told['id']}?stream=true")).body == streamed.body
    assert (await desk.client.get(f"{PATH}/{asked['id']}")).json == asked
    other = await desk.client.post(PATH, body([output(call, "cold")], **given))
    assert error(other) == (409, None, "execution_over")


async def test_results_find_their_session_by_the_call(desk: Desk) -> None:
    desk.models.script = Asks()
    asked = await respond(desk, "Weather?")
    (call,) = asked["output"]
    told = await respond(desk, [{"role": "user", "content": "Weather?"}, call, output(call, "warm")])
    assert text(told) == "It is warm."
    assert told["conversation"] == asked["conversation"]
    lost = await desk.client.post(PATH, body([output({"call_id": "c1"}, "warm")]))
    assert error(lost) == (400, "previous_response_id", "validation_error")
    unknown = await desk.client.post(PATH, body([output({"call_id": "c1--ses_x"}, "warm")]))
    assert error(unknown) == (404, None, "session_not_found")


async def test_a_talk_that_the_caller_tells(desk: Desk) -> None:
    model = desk.models.script = Asks()
    call = {"type": "function_call", "call_id": "c1", "name": "get-weather", "arguments": "{}"}
    given = [
        {"role": "user", "content": "Weather?"},
        call,
        output(call, "cold"),
        {"role": "assistant", "content": "It is cold."},
        {"role": "user", "content": "And now?"},
    ]
    asked = await respond(desk, given)
    (request,) = model.seen
    assert [message.role for message in request.messages] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ]
    shown = await messages(desk, asked["conversation"]["id"])
    assert [message["role"] for message in shown][:3] == ["user", "assistant", "user"]


async def test_the_same_request_again_is_the_same_response(desk: Desk) -> None:
    headers = {"idempotency-key": "k1"}
    given = body(
        [
            {"role": "user", "content": "One"},
            {"role": "assistant", "content": "1"},
            {"role": "user", "content": "2"},
        ]
    )
    first = await desk.client.post(PATH, given, headers=headers)
    again = await desk.client.post(PATH, given, headers=headers)
    assert first.json == again.json
    named = [await desk.client.post(PATH, body(conversation="c1"), headers=headers) for _ in range(2)]
    assert named[0].json == named[1].json
    assert named[0].json["id"] != first.json["id"]


async def test_a_talk_goes_on_after_its_last_response(desk: Desk) -> None:
    first = await respond(desk, "One")
    second = await respond(desk, "Two", previous_response_id=first["id"])
    refused = await desk.client.post(PATH, body("2", previous_response_id=first["id"]))
    assert error(refused) == (409, "previous_response_id", "response_not_last")
    other = await respond(desk, "2", previous_response_id=first["id"], mainspring={"rollback": True})
    said = await messages(desk, first["conversation"]["id"])
    assert [message["parts"][-1]["text"] for message in said if message["role"] == "user"] == ["One", "2"]
    assert other["conversation"] == second["conversation"]


async def test_a_reader_that_left_comes_back(desk: Desk) -> None:
    desk.models.script = Gated(desk)
    async with desk.client.open("POST", PATH, body(stream=True)) as first:
        await first.until("Half ")
        first.leave()
    identity = first.events[0]["response"]["id"]
    standing = (await desk.client.get(f"{PATH}/{identity}")).json
    assert (standing["status"], text(standing)) == ("in_progress", "Half ")
    after = first.events[-1]["sequence_number"]
    async with desk.client.open("GET", f"{PATH}/{identity}?stream=true&starting_after={after}") as second:
        await desk.clock.advance(1000)
    assert second.events[0]["sequence_number"] == after + 1
    assert text(second.events[-1]["response"]) == "Half whole."
    whole = await desk.client.get(f"{PATH}/{identity}?stream=true")
    assert whole.body == first.body + second.body.replace(HEARTBEAT, b"")


async def test_in_the_background(desk: Desk) -> None:
    desk.models.script = Gated(desk)
    begun = await respond(desk, background=True)
    assert begun["status"] == "in_progress"
    async with desk.client.open("GET", f"{PATH}/{begun['id']}?stream=true") as reader:
        await reader.until("Half ")
        await desk.clock.advance(1000)
    done = (await desk.client.get(f"{PATH}/{begun['id']}")).json
    assert (done["status"], text(done)) == ("completed", "Half whole.")


async def test_cancelling(desk: Desk) -> None:
    desk.models.script = Gated(desk)
    async with desk.client.open("POST", PATH, body(stream=True)) as first:
        await first.until("Half ")
        identity = first.events[0]["response"]["id"]
        cancelled = (await desk.client.post(f"{PATH}/{identity}/cancel")).json
    assert (cancelled["status"], text(cancelled)) == ("cancelled", "Half ")
    assert first.types[-1] == "response.incomplete"
    assert (await desk.client.post(f"{PATH}/{identity}/cancel")).json == cancelled


async def test_who_leaves_a_whole_answer_stops_it(desk: Desk) -> None:
    desk.models.script = Gated(desk)
    async with desk.client.open("POST", PATH, body(conversation="c1")) as first:
        while not (said := await messages(desk)) or said[-1]["role"] == "user":
            await desk.clock.advance(0)
        first.leave()
    assert (first.status, len(desk.app.seats)) == (0, 0)
    assert (await desk.client.post("/api/chat/support/c1/stop")).json["stopped"] is False


async def test_the_process_ends_before_the_answer(desk: Desk) -> None:
    desk.models.script = Gated(desk)
    async with desk.client.open("POST", PATH, body(conversation="c1")) as whole:
        while not (said := await messages(desk)) or said[-1]["role"] == "user":
            await desk.clock.advance(0)
        async with desk.client.open("POST", PATH, body(stream=True)) as streamed:
            await streamed.until("Half ")
            await desk.app.drain(0)
    assert error(whole) == (503, None, "unavailable")
    assert "retry-after" in whole.headers
    last = streamed.events[-1]
    assert (last["type"], last["code"]) == ("error", "STREAM_ENDED")
    assert last["sequence_number"] == streamed.events[-2]["sequence_number"] + 1


async def test_a_key_that_is_revoked_while_it_waits(desk: Desk) -> None:
    desk.models.script = Gated(desk)
    client = Client(desk.app, await desk.key("sessions"))
    async with client.open("POST", PATH, body(conversation="c1")) as whole:
        while not (said := await messages(desk)) or said[-1]["role"] == "user":
            await desk.clock.advance(0)
        (key,) = [key for key in await desk.mainspring.keys.list("first") if key.scopes == ("sessions",)]
        await desk.mainspring.keys.revoke("first", key.id)
        for _ in range(10):
            await desk.clock.advance(1)
    assert error(whole) == (401, None, "unauthorized")


async def test_a_turn_that_fails(desk: Desk) -> None:
    async def fails(_request: ModelRequest) -> AsyncIterator[str]:
        raise ProviderError(
            Failure(error_type="authentication_error", message="No", retryable=False, source="provider")
        )
        yield ""

    desk.models.script = fails
    failed = await respond(desk)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "server_error")
    assert failed["metadata"]["error_type"] == "authentication_error"


async def test_instructions_for_an_agent_that_takes_them(desk: Desk) -> None:
    refused = await desk.client.post(PATH, body(instructions="Be brief."))
    assert error(refused) == (400, "instructions", "unsupported_parameter")
    agent = chat_agent("listens", TAKES_INSTRUCTIONS)
    await desk.agent(agent)
    taken = await respond(desk, instructions="Be brief.", model="listens")
    export = await desk.client.get(f"/api/agent-sessions/{taken['conversation']['id']}/export")
    assert b'"INSTRUCTIONS":"Be brief."' in export.body
    unknown = await desk.client.post(PATH, body(instructions="x", mainspring={"trigger": "nothing"}))
    assert error(unknown) == (400, None, "validation_error")


async def test_what_is_refused(desk: Desk) -> None:
    await desk.agent(worker_agent())
    await desk.agent(chat_agent("other", OPTIONAL))
    first = await respond(desk)
    for given, expected in (
        (body(model="agent:nobody"), (404, "model", "model_not_found")),
        (body(model="researcher"), (400, "model", "unsupported_model")),
        (body(model="other", previous_response_id=first["id"]), (400, "model", "validation_error")),
        (body(prompt={"id": "x"}), (400, "prompt", "unsupported_parameter")),
        (body(previous_response_id="resp_x"), (404, None, "response_not_found")),
        ({"model": "support"}, (400, "input", "validation_error")),
    ):
        assert error(await desk.client.post(PATH, given)) == expected
    assert error(await Client(desk.app).post(PATH, body())) == (401, None, "unauthorized")
    weak = Client(desk.app, await desk.key("agents"))
    assert error(await weak.post(PATH, body())) == (403, None, "forbidden")
    assert error(await desk.client.get(PATH)) == (405, None, "method_not_allowed")
    assert error(await desk.client.get(f"{PATH}/{first['id']}?stream=maybe")) == (
        400,
        None,
        "validation_error",
    )
    desk.use(ServerOptions(max_streams=0))
    assert error(await desk.client.post(PATH, body()))[0] == 503


async def test_ids_of_no_response(desk: Desk) -> None:
    desk.models.script = Asks()
    asked = await respond(desk, "Weather?")
    (call,) = asked["output"]
    told = await respond(desk, [output(call, "warm")])
    stem, after = told["id"].rsplit("_", 1)
    session = stem.rsplit("_", 1)[0]
    for wrong in (
        "resp_x",
        "resp_a_b_1",
        f"{stem}_999999",
        f"{stem}_{int(after) - 1}",
        f"{session}_{'9' * 22}_{after}",
        f"{stem}_0",
    ):
        answer = await desk.client.get(f"{PATH}/{wrong}")
        assert answer.status == 404, wrong
        assert answer.json["error"]["type"] == "not_found_error"
    assert (await desk.stranger.get(f"{PATH}/{told['id']}")).status == 404
    await desk.client.request("DELETE", f"/api/agent-sessions/{told['conversation']['id']}")
    assert error(await desk.client.get(f"{PATH}/{told['id']}")) == (404, None, "response_not_found")


async def test_our_own_failure_has_their_shape_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for failure, expected in ((ZeroDivisionError("x"), 500), (StoreError("/var/x"), 503)):

        async def broken(_project: str, failure: Exception = failure) -> None:
            raise failure

        monkeypatch.setattr(desk.mainspring.agents, "list", broken)
        answer = await desk.client.get("/v1/models", headers={"x-request-id": "req-1"})
        assert error(answer)[0] == expected
        assert answer.json["error"]["type"] == "server_error"
        assert b"/var/x" not in answer.body
    assert "req-1" in caplog.text


async def test_agents_are_models(desk: Desk) -> None:
    from openai.types import Model

    await desk.agent(worker_agent())
    listed = (await desk.client.get("/v1/models")).json
    assert [model["id"] for model in listed["data"]] == ["agent:support"]
    assert extras(Model.model_validate(listed["data"][0])) == set()
    assert (await desk.client.get("/v1/models/agent:support")).json == listed["data"][0]
    assert (await desk.stranger.get("/v1/models")).json["data"] == []


async def test_the_items_of_a_conversation_page_by_page(desk: Desk) -> None:
    first = await respond(desk, "One")
    session = first["conversation"]["id"]
    await respond(desk, "Two", conversation=session)
    path = f"/v1/conversations/{session}/items"
    newest = (await desk.client.get(path)).json
    assert [item["role"] for item in newest["data"]] == ["assistant", "user"] * 2
    assert newest["has_more"] is False
    seen: list[str] = []
    more, after = True, ""
    while more:
        page = (await desk.client.get(f"{path}?order=asc&limit=3{after}")).json
        seen += [item["content"][0]["text"] for item in page["data"]]
        more, after = page["has_more"], f"&after={page['last_id']}"
    assert seen == ["One", "Hello there", "Two", "Hello there"]
    for wrong, param in (("limit=101", "limit"), ("order=up", "order"), ("after=x", "after")):
        assert error(await desk.client.get(f"{path}?{wrong}")) == (400, param, "validation_error")
    assert error(await desk.stranger.get(path)) == (404, None, "session_not_found")
    await desk.client.request("DELETE", f"/api/agent-sessions/{session}")
    cleared = (await desk.client.get(path)).json
    assert cleared == {"data": [], "first_id": "", "last_id": "", "has_more": False, "object": "list"}
