"""OpenAI's chat completions over HTTP: talks without a session, and with one, tools of the caller, failures."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mainspring.model.errors import Failure, ProviderError
from mainspring.model.generation import ModelRequest
from tests.server.desk import Desk, chat_agent
from tests.server.test_ai_sdk import OPTIONAL, Asks, Gated, messages
from tests.server.test_responses import error
from tests.wires.openai_types import check_chunk, check_completion

PATH = "/v1/chat/completions"


@pytest.fixture
async def desk(desk: Desk) -> Desk:
    await desk.agent(chat_agent(protocol=OPTIONAL))
    return desk


def body(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "agent:support", "messages": list(messages), **more}


def user(text: str = "Hi") -> dict[str, Any]:
    return {"role": "user", "content": text}


async def complete(desk: Desk, *given: Any, **more: Any) -> dict[str, Any]:
    """The choice of a whole completion."""
    answer = await desk.client.post(PATH, body(*given, **more))
    assert answer.status == 200, answer.body
    check_completion(answer.json)
    return dict(answer.json["choices"][0])


async def sessions(desk: Desk) -> int:
    return len((await desk.client.get("/api/agent-sessions")).json["sessions"])


async def test_each_request_tells_the_whole_talk(desk: Desk) -> None:
    model = desk.models.script = Asks()
    await complete(desk, user("One"), {"role": "assistant", "content": "1"}, user("Two"))
    (request,) = model.seen
    assert [message.text for message in request.messages] == ["One", "1", "Two"]
    await complete(desk, user("One"))
    assert await sessions(desk) == 2


async def test_a_talk_with_a_name_is_a_session(desk: Desk) -> None:
    named = {"mainspring": {"conversation": "c1"}}
    first = await complete(desk, user("One"), **named)
    await complete(desk, user("One"), first["message"], user("Two"), **named)
    assert len(await messages(desk)) == 4
    assert await sessions(desk) == 1


async def test_a_tool_of_the_caller(desk: Desk) -> None:
    desk.models.script = Asks()
    asked = await complete(desk, user("Weather?"))
    assert asked["finish_reason"] == "tool_calls"
    (call,) = asked["message"]["tool_calls"]
    result = {"role": "tool", "tool_call_id": call["id"], "content": "warm"}
    told = await desk.client.post(
        PATH,
        body(user("Weather?"), asked["message"], result, stream=True, stream_options={"include_usage": True}),
    )
    for chunk in told.events:
        check_chunk(chunk)
    texts = [chunk["choices"][0]["delta"].get("content", "") for chunk in told.events if chunk["choices"]]
    assert "".join(texts) == "It is warm."
    assert told.events[-1]["usage"]["total_tokens"] > 0
    assert await sessions(desk) == 1


async def test_leaving_stops_the_turn(desk: Desk) -> None:
    desk.models.script = Gated(desk)
    named = {"mainspring": {"conversation": "c1"}}
    async with desk.client.open("POST", PATH, body(user(), stream=True, **named)) as first:
        await first.until("Half ")
        first.leave()
    stopped = (await messages(desk))[-1]["parts"][-1]
    assert stopped["text"] == "Half "
    assert (await desk.client.post("/api/chat/support/c1/stop")).json["stopped"] is False


@pytest.mark.parametrize(
    ("error_type", "status"), [("rate_limit_error", 429), ("validation_error", 400), ("provider_error", 500)]
)
async def test_a_turn_that_fails_is_an_error(desk: Desk, error_type: Any, status: int) -> None:
    async def fails(_request: ModelRequest) -> AsyncIterator[str]:
        raise ProviderError(
            Failure(
                error_type=error_type, message="No", retryable=False, source="provider", error_class="auth"
            )
        )
        yield ""

    desk.models.script = fails
    answer = await desk.client.post(PATH, body(user()))
    assert error(answer) == (status, None, "auth")
    assert answer.json["error"]["type"] == error_type
    assert answer.headers["x-should-retry"] == "false"
    streamed = await desk.client.post(PATH, body(user(), stream=True))
    assert streamed.events[-1] == answer.json


async def test_what_is_refused(desk: Desk) -> None:
    for given, expected in (
        (body(), (400, "messages", "validation_error")),
        (body(user(), n=2), (400, "n", "unsupported_parameter")),
        (body({"role": "system", "content": "x"}, user()), (400, "instructions", "unsupported_parameter")),
        (body(user(), model="nobody"), (404, "model", "model_not_found")),
    ):
        assert error(await desk.client.post(PATH, given)) == expected
