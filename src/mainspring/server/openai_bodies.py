"""Owns the shapes of OpenAI's bodies for the API document; what reads and checks them are the wires."""

from __future__ import annotations

from typing import Literal

import msgspec

from mainspring.model.values import Json


class OpenAiBody(msgspec.Struct, frozen=True, kw_only=True):
    """OpenAI spells members with underscores, and sends what is empty, too."""


class OwnMembers(OpenAiBody, frozen=True, kw_only=True, rename="camel"):
    """What OpenAI has no words for. `input`: the session's, for its first message; `trigger`: not `user-message`.

    `triggerInput`: inputs beside the text. `conversation`: any name of the session, the same on every wire, or its id.
    `rollback`: with `previous_response_id`, forget what came after that response.
    """

    input: dict[str, Json] = {}
    trigger: str | None = None
    trigger_input: dict[str, Json] = {}
    conversation: str | None = None
    rollback: bool = False


class ResponseBody(OpenAiBody, frozen=True, kw_only=True):
    """A request of the Responses API. `model`: `agent:` and a slug. `input`: a message, or items.

    Items are the talk so far and at its end what is new: a user's message, or `function_call_output` items. With
    `previous_response_id` or `conversation` the session knows the talk: only what is new is given. `instructions`: for
    a trigger with an input `INSTRUCTIONS`. `metadata` and `store` change nothing. What belongs to the agent
    (`temperature`, `max_output_tokens`, `reasoning` ...) is read over; other members are refused if they would matter.
    """

    model: str
    input: str | tuple[dict[str, Json], ...]
    stream: bool = False
    background: bool = False
    previous_response_id: str | None = None
    conversation: str | dict[str, Json] | None = None
    instructions: str | None = None
    tools: tuple[dict[str, Json], ...] = ()
    metadata: dict[str, str] = {}
    store: bool = True
    mainspring: OwnMembers = OwnMembers()


class StreamOptions(OpenAiBody, frozen=True, kw_only=True):
    """`include_usage`: the last chunk tells what was used."""

    include_usage: bool = False


class CompletionBody(OpenAiBody, frozen=True, kw_only=True):
    """A request of Chat Completions. `model`: `agent:` and a slug. `messages`: the whole talk.

    The last is a user's, or those of `tool` with the results of the calls before. Without `mainspring.conversation`
    each talk is a session of its own, which begins with the messages before the last.
    """

    model: str
    messages: tuple[dict[str, Json], ...]
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    tools: tuple[dict[str, Json], ...] = ()
    metadata: dict[str, str] = {}
    mainspring: OwnMembers = OwnMembers()


class ResponseView(OpenAiBody, frozen=True, kw_only=True):
    """A response; the members that belong to the agent are there as OpenAI's types want them.

    `conversation.id` is the session's. `metadata` of a failed one says more of the failure: `error_type` ...
    """

    id: str
    object: Literal["response"]
    created_at: int
    status: Literal["in_progress", "completed", "failed", "incomplete", "cancelled"]
    model: str
    conversation: dict[str, str]
    output: tuple[dict[str, Json], ...]
    completed_at: int | None = None
    error: dict[str, str] | None = None
    incomplete_details: dict[str, str] | None = None
    usage: dict[str, Json] | None = None
    metadata: dict[str, str] = {}


class CompletionView(OpenAiBody, frozen=True, kw_only=True):
    """A completion with its one choice."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: tuple[dict[str, Json], ...]
    usage: dict[str, Json]


class ItemPage(OpenAiBody, frozen=True, kw_only=True):
    """Items of a conversation. `last_id` is the next page's `after`."""

    data: tuple[dict[str, Json], ...]
    first_id: str
    last_id: str
    has_more: bool
    object: Literal["list"] = "list"


class Model(OpenAiBody, frozen=True, kw_only=True):
    """An agent. `created`: Unix seconds."""

    id: str
    created: int
    object: Literal["model"] = "model"
    owned_by: str = "mainspring"


class ModelList(OpenAiBody, frozen=True, kw_only=True):
    """The agents that one can talk to."""

    data: tuple[Model, ...]
    object: Literal["list"] = "list"
