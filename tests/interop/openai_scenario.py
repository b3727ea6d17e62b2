"""Owns what the Python package `openai` does in the interop tests: the same talk, sync and async."""

import json
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from openai import APIError, AsyncOpenAI, OpenAI


async def resolved(value: Any) -> Any:
    """A value, waited for if it has to be: so one scenario serves both clients."""
    return await cast("Awaitable[Any]", value) if hasattr(value, "__await__") else value


async def each(stream: Any) -> AsyncIterator[Any]:
    """The events of a stream of either kind."""
    if hasattr(stream, "__aiter__"):
        async for event in stream:
            yield event
    else:
        for event in stream:
            yield event


@contextmanager
def told(into: dict[str, Any], name: str) -> Iterator[None]:
    """Keeps what is raised."""
    try:
        yield
    except APIError as error:
        status = getattr(error, "status_code", None)
        into[name] = (type(error).__name__, status, error.code, error.param, error.message)


def answer(call: Any) -> str:
    """What a tool of the caller says."""
    return json.dumps({"answered": call.name, "asked": json.loads(call.arguments)})


async def play(client: OpenAI | AsyncOpenAI, model: str) -> dict[str, Any]:
    """The whole scenario; its result."""
    api: Any = client
    seen: dict[str, Any] = {}
    listed = await resolved(api.models.list())
    seen["models"] = [each_model.id for each_model in listed.data]
    await responses(api, model, seen)
    await completions(api, model, seen)
    with told(seen, "refused"):
        await resolved(api.responses.create(model="agent:nobody", input="Hi"))
    with told(seen, "empty"):
        await resolved(api.responses.create(model=model, input=[]))
    await resolved(api.close())
    return seen


async def final(api: Any, **given: Any) -> tuple[list[Any], Any]:
    """The events that the helper of the package gives, and its final response."""
    manager = api.responses.stream(**given)
    if hasattr(manager, "__aenter__"):
        async with manager as stream:
            events = [event async for event in stream]
            return events, await stream.get_final_response()
    with manager as stream:
        return list(stream), stream.get_final_response()


async def responses(api: Any, model: str, seen: dict[str, Any]) -> None:
    """Responses: a talk, tools, coming back, a failure."""
    own = {"mainspring": {"input": {"COMPANY": "Springs & Co"}}}
    events, first = await final(api, model=model, input="Hello", extra_body=own)
    seen["text"] = first.output_text
    seen["deltas"] = [event.delta for event in events if event.type == "response.output_text.delta"]
    asked = await resolved(
        api.responses.create(model=model, input="Weather and time", previous_response_id=first.id)
    )
    calls = [item for item in asked.output if item.type == "function_call"]
    seen["calls"] = {call.name: json.loads(call.arguments) for call in calls}
    outputs = [
        {"type": "function_call_output", "call_id": call.call_id, "output": answer(call)} for call in calls
    ]
    _, answered = await final(api, model=model, input=outputs, previous_response_id=asked.id)
    seen["answered"] = answered.output_text
    kept = await resolved(api.responses.retrieve(first.id))
    seen["kept"] = (kept.id, kept.output_text) == (first.id, first.output_text)
    again = await resolved(api.responses.retrieve(first.id, stream=True, starting_after=3))
    seen["again"] = [event.sequence_number async for event in each(again)]
    failed = await resolved(api.responses.create(model=model, input="Fail"))
    seen["failed"] = (failed.status, failed.error.code, failed.metadata["error_type"])
    stream = await resolved(api.responses.create(model=model, input="Fail", stream=True))
    seen["failing"] = [event.type async for event in each(stream)][-1]


async def completions(api: Any, model: str, seen: dict[str, Any]) -> None:
    """Chat Completions: a talk, tools in a stream, failures."""
    messages: list[Any] = [{"role": "user", "content": "Hello"}]
    completion = await resolved(api.chat.completions.create(model=model, messages=messages))
    seen["completion"] = completion.choices[0].message.content
    messages += [completion.choices[0].message.to_dict(), {"role": "user", "content": "Weather"}]
    options = {"include_usage": True}
    stream = await resolved(
        api.chat.completions.create(model=model, messages=messages, stream=True, stream_options=options)
    )
    calls: list[Any] = []
    async for chunk in each(stream):
        for choice in chunk.choices:
            calls += choice.delta.tool_calls or []
            seen["reason"] = choice.finish_reason
        seen["usage"] = chunk.usage and chunk.usage.total_tokens > 0
    messages.append({"role": "assistant", "tool_calls": [call.to_dict(exclude_none=True) for call in calls]})
    messages += [
        {"role": "tool", "tool_call_id": call.id, "content": answer(call.function)} for call in calls
    ]
    told_then = await resolved(api.chat.completions.create(model=model, messages=messages))
    seen["told"] = told_then.choices[0].message.content
    with told(seen, "chat_failing"):
        stream = await resolved(api.chat.completions.create(model=model, messages=messages[:1], stream=True))
        async for _ in each(stream):
            pass
    with told(seen, "chat_failed"):
        await resolved(api.chat.completions.create(model=model, messages=messages[:1]))
