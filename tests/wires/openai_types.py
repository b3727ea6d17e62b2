"""Owns what the official Python package says of OpenAI's wires: every event is one of its types, with no more."""

from typing import Any

from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from mainspring.wires.chat_completions import ChatCompletionsWriter, Completing
from mainspring.wires.responses import Answering, ResponsesWriter
from mainspring.wires.turns import Turn

_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
BEYOND = {"reasoning_content"}
"""What many clients of Chat Completions read beside OpenAI's own members."""


def responses(given_turn: Turn, after: int = -1) -> ResponsesWriter:
    return ResponsesWriter(given_turn, Answering(id="resp_1", model="agent:support", after=after))


def chat_completions(given_turn: Turn) -> ChatCompletionsWriter:
    return ChatCompletionsWriter(given_turn, Completing(id="chatcmpl-1", model="agent:support", usage=True))


def extras(value: Any) -> set[str]:
    """The members, at any depth, that the package has no name for."""
    if isinstance(value, BaseModel):
        own = set(value.model_extra or ())
        return own.union(*(extras(getattr(value, name)) for name in type(value).model_fields))
    return set().union(*(extras(item) for item in value)) if isinstance(value, list | tuple) else set()


def check_event(event: dict[str, Any]) -> None:
    """Refuses an event that is none of the package's, or has more members."""
    found = _EVENT.validate_python(event)
    assert found.type == event["type"]
    assert extras(found) == set(), (extras(found), event)


def check_response(response: dict[str, Any]) -> None:
    assert extras(Response.model_validate(response)) == set(), response


def check_chunk(chunk: dict[str, Any]) -> None:
    if "error" not in chunk:
        assert extras(ChatCompletionChunk.model_validate(chunk)) <= BEYOND, chunk


def check_completion(completion: dict[str, Any]) -> None:
    assert extras(ChatCompletion.model_validate(completion)) <= BEYOND, completion


def check_numbers(events: list[dict[str, Any]], first: int = 0) -> None:
    """Numbers count without gap."""
    assert [event["sequence_number"] for event in events] == [*range(first, first + len(events))]


def replay(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The response as the package's own reader puts it together; raises what that raises."""
    from openai import omit
    from openai.lib.streaming.responses._responses import ResponseStreamState

    state: Any = ResponseStreamState(input_tools=omit, text_format=omit)
    for event in events:
        state.handle_event(_EVENT.validate_python(event))
    return dict(state._completed_response.to_dict()) if state._completed_response else {}
