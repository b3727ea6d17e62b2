"""Owns the routes that OpenAI's clients use; their base address is the server's with `/v1`."""

from __future__ import annotations

from typing import Final

from mainspring.server.chat_completions import create_completion
from mainspring.server.models import get_model, list_models
from mainspring.server.openai_bodies import (
    CompletionBody,
    CompletionView,
    ItemPage,
    Model,
    ModelList,
    ResponseBody,
    ResponseView,
)
from mainspring.server.openai_conversations import list_items
from mainspring.server.openai_errors import openai_shape
from mainspring.server.operation import Operation, Query
from mainspring.server.responses import cancel_response, create_response, get_response

_SESSIONS: Final = frozenset(("sessions",))

OPENAI_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/v1/responses",
        handler=create_response,
        scopes=_SESSIONS,
        summary="OpenAI: a message for an agent, or the results of the caller's tools; `stream` streams the answer.",
        takes=ResponseBody,
        gives=ResponseView,
        errors=openai_shape,
    ),
    Operation(
        method="GET",
        path="/v1/responses/{id}",
        handler=get_response,
        scopes=_SESSIONS,
        summary="OpenAI: a response as it stands, or its events.",
        gives=ResponseView,
        errors=openai_shape,
        query=(
            Query(
                "stream", "boolean", "`true`: its events, from the first or after `starting_after`, then live"
            ),
            Query("starting_after", "integer", "the `sequence_number` of the last event the reader has"),
        ),
    ),
    Operation(
        method="POST",
        path="/v1/responses/{id}/cancel",
        handler=cancel_response,
        scopes=_SESSIONS,
        summary="OpenAI: stop the turn of a response; again is no error.",
        gives=ResponseView,
        errors=openai_shape,
    ),
    Operation(
        method="GET",
        path="/v1/conversations/{id}/items",
        handler=list_items,
        scopes=_SESSIONS,
        summary="OpenAI: the messages of a session, by its id, page by page.",
        gives=ItemPage,
        errors=openai_shape,
        query=(
            Query("limit", "integer", "1 to 100, 20 if absent"),
            Query("order", "string", "`desc`, as if absent: the newest first; `asc`"),
            Query("after", "string", "the id of the last item of the page before"),
        ),
    ),
    Operation(
        method="POST",
        path="/v1/chat/completions",
        handler=create_completion,
        scopes=_SESSIONS,
        summary="OpenAI: messages for an agent; `stream` streams the answer.",
        takes=CompletionBody,
        gives=CompletionView,
        errors=openai_shape,
    ),
    Operation(
        method="GET",
        path="/v1/models",
        handler=list_models,
        scopes=_SESSIONS,
        summary="OpenAI: the agents that one can talk to.",
        gives=ModelList,
        errors=openai_shape,
    ),
    Operation(
        method="GET",
        path="/v1/models/{id}",
        handler=get_model,
        scopes=_SESSIONS,
        summary="OpenAI: one agent.",
        gives=Model,
        errors=openai_shape,
    ),
)
