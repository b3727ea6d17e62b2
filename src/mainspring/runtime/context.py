"""Owns the model's view of a thread: the request of one model call, built from the state alone."""

from __future__ import annotations

import logging

from mainspring.engine.builtin import builtin_specs
from mainspring.engine.generations import Presentation
from mainspring.engine.schema_cleaning import cleaned
from mainspring.engine.schemas import input_schema
from mainspring.engine.served import served_specs
from mainspring.engine.turn import Library
from mainspring.model.generation import ModelRequest, ToolSpec
from mainspring.model.session import State, Thread
from mainspring.model.values import Json, Value
from mainspring.runtime.living_history import Histories
from mainspring.runtime.tool_output import bounds_of

log = logging.getLogger("mainspring.context")
NO_ARGUMENTS: dict[str, Json] = {"type": "object", "properties": {}, "additionalProperties": False}


def tool_specs(library: Library, presentation: Presentation) -> tuple[ToolSpec, ...]:
    """What the model may call in a thread, in a fixed order, so that provider caches hold."""
    program, thread = presentation.program, presentation.thread
    specs = [
        ToolSpec(
            name=name,
            description=program.tools[name].description,
            schema=program.tools[name].schema or NO_ARGUMENTS,
        )
        for name in thread.names("tools")
        if name in program.tools
    ]
    for slug in thread.names("workers"):
        worker = library.worker(slug)
        if worker is not None:
            described = program.workers[slug].description or worker.description or worker.name
            specs.append(
                ToolSpec(name=slug, description=described, schema=input_schema(worker, worker.input))
            )
    brought = (
        ToolSpec(name=tool.name, description=tool.description, schema=cleaned(tool.schema))
        for tool in (*presentation.served.values(), *presentation.brought.values())
    )
    return (*specs, *builtin_specs(thread), *served_specs(library, program, thread), *brought)


class Telling(Value, frozen=True, kw_only=True):
    """What a session tells models from: its programs, its state, and what was found of its threads before."""

    library: Library
    state: State
    histories: Histories


def _result_tokens(thread: Thread) -> int | None:
    """The bound of a thread's tool results: its setting, or less if its model has refused it as too long."""
    tight = None if thread.digest is None else thread.digest.result_tokens
    found = [one for one in (thread.settings.get("maxToolOutputTokens"), tight) if one is not None]
    return min(found, default=None)


def build_request(telling: Telling, presentation: Presentation, model: str) -> ModelRequest:
    """The request for the next message of the presentation's thread, to a model that is the thread's or a backup."""
    settings, thread = presentation.thread.settings, presentation.thread
    bounds = bounds_of(_result_tokens(thread), presentation.program.tools)
    living = telling.histories.of(thread.name, model=model, bounds=bounds)
    history = living.view(thread.view)
    if history.repairs:
        log.warning(
            "session %s, thread %s: the history was repaired: %s",
            telling.state.session_id,
            thread.name,
            "; ".join(history.repairs),
        )
    schema = presentation.program.schemas.get(presentation.response_type or "")
    return ModelRequest(
        model=model,
        system=thread.system,
        messages=history.messages,
        tools=tool_specs(telling.library, presentation),
        response_name=presentation.response_type,
        response_schema=schema,
        temperature=settings.get("temperature"),
        thinking=settings.get("thinking"),
        speed=settings.get("speed"),
        cache=settings.get("cache", "auto"),
        max_output_tokens=settings.get("maxOutputTokens"),
        max_image_dimension=settings.get("maxImageDimension"),
        tags={
            "agent": presentation.program.slug,
            "session": telling.state.session_id,
            "thread": thread.name,
        },
        retelling=living.retelling,
    )
