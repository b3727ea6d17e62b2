"""Owns how a running execution changes: frames, program counters, model calls, the ledger of tool calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from mainspring.engine.evolve_ledger import LEDGER_EVOLVERS, count_refusals, result_digest
from mainspring.engine.lenses import find_generation, put_call, put_frame, put_scope, put_thread
from mainspring.model.facts import (
    BlockBegan,
    BlockDone,
    ExecutionEnded,
    FrameClosed,
    FrameOpened,
    GenerationFailed,
    GenerationSettled,
    GenerationStarted,
    Resumed,
    RoundClosed,
    ToolCalled,
    ToolSchemasGiven,
    ToolSettled,
    Triggered,
)
from mainspring.model.generation import Usage
from mainspring.model.messages import Message
from mainspring.model.parts import ToolCallPart, ToolResultPart
from mainspring.model.session import Call, Execution, Frame, Generation, Scope, State, Thread
from mainspring.model.stream_events import AttemptSuperseded, ToolRequest

KEPT_KEYS = 64


def add_usage(one: Usage, other: Usage) -> Usage:
    """The sum of two usages."""
    return Usage(
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cached_input_tokens=one.cached_input_tokens + other.cached_input_tokens,
        cached_write_tokens=one.cached_write_tokens + other.cached_write_tokens,
        reasoning_output_tokens=one.reasoning_output_tokens + other.reasoning_output_tokens,
    )


def _open(state: State) -> Execution:
    if state.execution is None:
        raise ValueError("the journal records a step of an execution that is not open")
    return state.execution


def _generation(execution: Execution, generation_id: str) -> tuple[Frame, Generation]:
    found = find_generation(execution, generation_id)
    if found is None:
        raise ValueError(f"the journal records a step of {generation_id}, which is not open")
    return found


def _triggered(state: State, event: Triggered) -> State:
    root = Frame(id=state.root, version=state.version, handler=event.trigger)
    execution = Execution(
        id=event.execution_id,
        token=event.token,
        turn=state.turns + 1,
        trigger=event.trigger,
        input=event.input,
        message_id=f"msg_{event.token}",
        root=state.root,
        frames={state.root: root},
        sender=event.sender,
    )
    return replace(
        state,
        execution=execution,
        turns=state.turns + 1,
        settled_digests={},
        keys=_with_key(state.keys, event),
        updated_at=event.at,
    )


def _with_key(keys: dict[str, str], event: Triggered) -> dict[str, str]:
    if event.key is None:
        return keys
    kept = list(keys.items())[1 - KEPT_KEYS :]
    return {**dict(kept), event.key: event.execution_id}


def _schemas_given(state: State, event: ToolSchemasGiven) -> State:
    return replace(state, execution=replace(_open(state), tool_schemas=event.tools))


def _block_began(state: State, event: BlockBegan) -> State:
    execution = _open(state)
    frame = replace(execution.frames[event.frame], index=event.index, block_id=event.block_id)
    return replace(state, execution=put_frame(execution, frame))


def _block_done(state: State, event: BlockDone) -> State:
    execution = _open(state)
    frame = replace(
        execution.frames[event.frame],
        index=event.index + 1,
        block_id=None,
        generation=None,
        compacting=None,
        compactions=0,
        recovered="",
    )
    return replace(state, execution=put_frame(execution, frame))


def _generation_started(state: State, event: GenerationStarted) -> State:
    execution = _open(state)
    generation = Generation(
        id=event.generation_id,
        thread=event.thread,
        step=event.step,
        model=event.model,
        attempt=event.attempt,
    )
    return replace(
        state, execution=put_frame(execution, replace(execution.frames[event.frame], generation=generation))
    )


def _generation_settled(state: State, event: GenerationSettled) -> State:
    execution = _open(state)
    frame, generation = _generation(execution, event.generation_id)
    calls = tuple(part.call_id for part in event.message.parts if isinstance(part, ToolCallPart))
    settled = replace(generation, settled=True, call_ids=calls)
    execution = put_frame(execution, replace(frame, generation=settled))
    execution = replace(execution, usage=add_usage(execution.usage, event.usage), resumptions=0)
    in_chat = event.frame == state.root and event.thread == "main" and event.message.visible
    if in_chat:
        execution = replace(execution, finish_reason=event.finish_reason)
    state = replace(state, execution=execution)
    if not event.message.parts:
        return state
    thread = state.scopes[event.frame].threads[event.thread]
    state = put_thread(state, event.frame, _told(thread, event))
    return replace(state, last_message_id=execution.message_id) if in_chat else state


def _told(thread: Thread, event: GenerationSettled) -> Thread:
    """A thread with an answer, and with what the provider counted for all of it."""
    messages = (*thread.messages, event.message)
    tokens = event.context_tokens or event.usage.input_tokens + event.usage.output_tokens
    if not event.usage.input_tokens:
        return replace(thread, messages=messages)
    return replace(thread, messages=messages, tokens=tokens, counted=len(messages))


def _generation_failed(state: State, event: GenerationFailed) -> State:
    execution = _open(state)
    frame, generation = _generation(execution, event.generation_id)
    execution = put_frame(execution, replace(frame, generation=replace(generation, settled=True)))
    if event.usage is not None:
        execution = replace(execution, usage=add_usage(execution.usage, event.usage))
    return replace(state, execution=execution)


def _superseded(state: State, event: AttemptSuperseded) -> State:
    execution = _open(state)
    frame, generation = _generation(execution, event.generation_id)
    renewed = replace(generation, attempt=event.attempt + 1)
    return replace(state, execution=put_frame(execution, replace(frame, generation=renewed)))


def _tool_called(state: State, event: ToolCalled) -> State:
    call = Call(
        id=event.call_id,
        frame=event.frame,
        tool=event.tool,
        args=event.args,
        source=event.source,
        block_index=event.block_index,
        thread=event.thread,
        output_variable=event.output_variable,
        generation_id=event.generation_id,
        display=event.display,
        worker=event.worker,
        runs=event.runs,
        asked_as=event.asked_as,
        idempotent=event.idempotent,
    )
    return replace(state, execution=put_call(_open(state), call))


def _tool_request(state: State, event: ToolRequest) -> State:
    execution = _open(state)
    requested = {pending.tool_call_id for pending in event.tool_calls}
    calls = {
        call_id: replace(call, requested=True) if call_id in requested else call
        for call_id, call in execution.calls.items()
    }
    return replace(state, execution=replace(execution, calls=calls))


def _tool_settled(state: State, event: ToolSettled) -> State:
    execution = _open(state)
    digest = result_digest(event.output, event.error)
    call = replace(
        execution.calls[event.call_id],
        settled=True,
        output=event.output,
        error=event.error,
        files=event.files,
        digest=digest,
        running=False,
        deadline=None,
        retry_at=None,
        approval=None,
        refused=event.refused,
    )
    digests = {**state.settled_digests, event.call_id: digest}
    return replace(
        state, execution=put_call(replace(execution, resumptions=0), call), settled_digests=digests
    )


def _round_closed(state: State, event: RoundClosed) -> State:
    execution = _open(state)
    call_ids = _generation(execution, event.generation_id)[1].call_ids
    message = Message(
        id=event.message_id,
        role="tool",
        parts=tuple(_result_part(execution.calls[call_id]) for call_id in call_ids),
        at=event.at,
        turn_id=execution.message_id,
    )
    calls = {call_id: call for call_id, call in execution.calls.items() if call_id not in call_ids}
    thread = state.scopes[event.frame].threads[event.thread]
    frame = count_refusals(execution.frames[event.frame], [execution.calls[call_id] for call_id in call_ids])
    state = replace(state, execution=put_frame(replace(execution, calls=calls), frame))
    return put_thread(state, event.frame, replace(thread, messages=(*thread.messages, message)))


def _result_part(call: Call) -> ToolResultPart:
    return ToolResultPart(
        call_id=call.id, tool=call.tool, output=call.output, error=call.error, files=call.files
    )


def _frame_opened(state: State, event: FrameOpened) -> State:
    execution = _open(state)
    ordinal = execution.frames_opened + 1
    frame = Frame(
        id=event.frame,
        version=event.version,
        ordinal=ordinal,
        parent=event.parent,
        slug=event.slug,
        call_id=event.call_id,
        display=event.display,
        tools=event.tools,
    )
    state = put_scope(state, event.frame, Scope(input=event.input, variables=event.variables))
    return replace(state, execution=replace(put_frame(execution, frame), frames_opened=ordinal))


def _frame_closed(state: State, event: FrameClosed) -> State:
    execution = _open(state)
    frames = {frame_id: frame for frame_id, frame in execution.frames.items() if frame_id != event.frame}
    calls = {call_id: call for call_id, call in execution.calls.items() if call.frame != event.frame}
    scopes = {frame_id: scope for frame_id, scope in state.scopes.items() if frame_id != event.frame}
    return replace(state, scopes=scopes, execution=replace(execution, frames=frames, calls=calls))


def _resumed(state: State, event: Resumed) -> State:
    return replace(state, execution=replace(_open(state), resumptions=event.count))


def _ended(state: State, event: ExecutionEnded) -> State:
    return replace(
        state,
        execution=None,
        last_execution_id=event.execution_id,
        last_outcome=event.outcome,
        updated_at=event.at,
    )


EXECUTION_EVOLVERS: dict[type, Callable[[State, Any], State]] = {
    Triggered: _triggered,
    ToolSchemasGiven: _schemas_given,
    BlockBegan: _block_began,
    BlockDone: _block_done,
    GenerationStarted: _generation_started,
    GenerationSettled: _generation_settled,
    GenerationFailed: _generation_failed,
    AttemptSuperseded: _superseded,
    ToolCalled: _tool_called,
    ToolRequest: _tool_request,
    ToolSettled: _tool_settled,
    RoundClosed: _round_closed,
    FrameOpened: _frame_opened,
    FrameClosed: _frame_closed,
    Resumed: _resumed,
    ExecutionEnded: _ended,
    **LEDGER_EVOLVERS,
}
