"""Owns reading a structured answer: the object in a model's text, or what to tell the model that is wrong with it."""

from __future__ import annotations

import msgspec

from mainspring.engine.inputs import check_answer
from mainspring.model.errors import Failure, ProviderInfo
from mainspring.model.json_text import bare_json
from mainspring.model.program import Program
from mainspring.model.values import Json, Value

ASKED_AGAIN = 2
"""How often a model is asked again for an answer that fits."""
_AGAIN = "_again"
_PROBLEMS_TOLD = 5
_ENDED: dict[str, str] = {
    "length": "it was cut off at the limit of tokens",
    "content-filter": "it was refused or filtered",
}
"""Reasons to end after which another answer would end the same way."""


class ReadAnswer(Value, frozen=True, kw_only=True):
    """What an answer says: `value` if there is no `problem`, which is told to the model and to people."""

    value: Json = None
    problem: str | None = None


def read_answer(program: Program, type_name: str, text: str) -> ReadAnswer:
    """The object of a declared type in a text; a fence of code around it is no harm."""
    bare = bare_json(text)
    try:
        value = msgspec.json.decode(bare)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return ReadAnswer(problem="it is not JSON" if bare else "it is empty")
    problems = check_answer(program, type_name, value)
    return ReadAnswer(value=value, problem="; ".join(problems[:_PROBLEMS_TOLD]) or None)


def may_ask_again(reason: str, asked: int) -> bool:
    """Whether another answer may fit: the last one ended as it should, and it was not asked for too often."""
    return reason not in _ENDED and asked < ASKED_AGAIN


def asking_again(type_name: str, problem: str) -> str:
    """What the model is told."""
    return (
        f"The answer does not fit the type {type_name}: {problem}. "
        "Answer again with the whole JSON object and nothing else."
    )


def again_id(message_id: str) -> str:
    """The id of the message that asks again after an answer."""
    return message_id + _AGAIN


def is_again(message_id: str, prefix: str) -> bool:
    """Whether a message asks again, after an answer whose id begins with `prefix`."""
    return message_id.startswith(prefix) and message_id.endswith(_AGAIN)


def does_not_fit(type_name: str, problem: str, *, reason: str, model: str) -> Failure:
    """The failure when no answer fits."""
    provider, _, name = model.partition("/")
    filtered = reason == "content-filter"
    return Failure(
        error_type="validation_error" if filtered else "provider_error",
        message=f"The model's answer does not fit the type {type_name}: {_ENDED.get(reason, problem)}.",
        retryable=not filtered,
        source="provider",
        code="ANSWER_DOES_NOT_FIT",
        provider=ProviderInfo(name=provider, model=name or None),
        error_class="content_filter" if filtered else "malformed_output",
    )
