"""Owns the next-message block: one answer of the model, with as many tool rounds as its thread allows."""

from __future__ import annotations

from msgspec.structs import replace

from mainspring.engine.generations import in_chat, start_generation
from mainspring.engine.rounds import ParsedCall, advance_round, open_round, parse_call
from mainspring.engine.structured_answers import (
    again_id,
    asking_again,
    does_not_fit,
    is_again,
    may_ask_again,
    read_answer,
)
from mainspring.engine.turn import BlockFailed, Turn
from mainspring.model.facts import GenerationSettled, MessageAdded, VariableSet
from mainspring.model.messages import Message
from mainspring.model.parts import Part, ReasoningPart, TextPart, ToolCallPart
from mainspring.model.program import NextMessage
from mainspring.model.session import Frame, Generation
from mainspring.model.signals import AnswerSignal, CallWritten
from mainspring.model.stream_events import AttemptSuperseded
from mainspring.model.values import Json


def begin(turn: Turn, frame: Frame, block: NextMessage) -> bool:
    """Asks the model; over when it has answered without a tool call."""
    start_generation(turn, frame, thread=block.thread, step=1)
    return False


def answered(turn: Turn, frame: Frame, answer: AnswerSignal) -> None:
    """The model has answered: its message joins the thread, its tool calls open a round."""
    block = turn.block(frame)
    generation = frame.generation
    if not isinstance(block, NextMessage) or generation is None or generation.id != answer.generation_id:
        raise ValueError(f"frame {frame.id} waits for no model call {answer.generation_id}")
    calls = [parse_call(part) for part in answer.parts if isinstance(part, CallWritten)]
    limit = bool(calls) and _at_limit(turn, frame, generation)
    settled = _settled(turn, frame, answer, block=block, calls=calls)
    if calls:
        turn.emit(replace(settled, finish_reason="length") if limit else settled)
        open_round(turn, frame, calls, step_limit=limit)
        advance_round(turn, frame.id)
    elif block.response_type is None:
        turn.emit(settled)
        _finish(turn, frame, block, value=settled.message.text)
    else:
        _take_object(turn, frame, settled, block=block, generation=generation, type_name=block.response_type)


def _settled(
    turn: Turn, frame: Frame, answer: AnswerSignal, *, block: NextMessage, calls: list[ParsedCall]
) -> GenerationSettled:
    parts, part_ids = _message_parts(answer, calls)
    return GenerationSettled(
        generation_id=answer.generation_id,
        frame=frame.id,
        thread=block.thread,
        message=Message(
            id=f"{turn.execution.message_id}_{answer.generation_id.removeprefix('gen_')}",
            role="assistant",
            parts=parts,
            at=turn.at,
            turn_id=turn.execution.message_id,
            visible=in_chat(turn, frame),
            response_type=block.response_type,
        ),
        part_ids=part_ids,
        finish_reason=answer.reason,
        usage=answer.usage,
        model=answer.model,
        raw_reason=answer.raw_reason,
        response_id=answer.response_id,
        context_tokens=answer.context_tokens,
    )


def _at_limit(turn: Turn, frame: Frame, generation: Generation) -> bool:
    return generation.step >= int(turn.scope(frame.id).threads[generation.thread].settings["maxSteps"])


def _message_parts(answer: AnswerSignal, calls: list[ParsedCall]) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    provider, _, model = answer.model.partition("/")
    parsed = {call.call_id: call for call in calls}
    parts: list[Part] = []
    ids: list[str] = []
    for part, part_id in zip(answer.parts, answer.part_ids, strict=True):
        if isinstance(part, CallWritten):
            call = parsed[part.call_id]
            written: Part = ToolCallPart(
                call_id=call.call_id,
                tool=call.name,
                args=call.args,
                provider=provider if call.metadata is not None else None,
                metadata=call.metadata,
                model=model if call.metadata is not None else None,
            )
        elif isinstance(part, ReasoningPart) or part.text:
            written = part
        else:
            continue
        parts.append(written)
        ids.append(part_id)
    return tuple(parts), tuple(ids)


def _finish(turn: Turn, frame: Frame, block: NextMessage, *, value: Json) -> None:
    if block.output is not None:
        turn.emit(VariableSet(frame=frame.id, name=block.output, value=value))
    turn.end_block(frame.id)


# ---- structured answers -------------------------------------------------------------------------------------


def _take_object(
    turn: Turn,
    frame: Frame,
    settled: GenerationSettled,
    *,
    block: NextMessage,
    generation: Generation,
    type_name: str,
) -> None:
    """An answer that fits is the block's value; another one is asked for again, or is the end of the frame."""
    message = settled.message
    read = read_answer(turn.program(frame), type_name, message.text)
    if read.problem is None:
        turn.emit(settled)
        _finish(turn, frame, block, value=read.value)
    elif may_ask_again(settled.finish_reason, _asked_again(turn, frame, block)):
        _forget(turn, frame, generation, settled.part_ids)
        turn.emit(replace(settled, message=replace(message, visible=False)))
        _ask_again(turn, settled, text=asking_again(type_name, read.problem))
        start_generation(turn, frame, thread=block.thread, step=generation.step + 1)
    else:
        turn.emit(replace(settled, message=replace(message, incomplete=True)))
        raise BlockFailed(
            does_not_fit(type_name, read.problem, reason=settled.finish_reason, model=settled.model)
        )


def _asked_again(turn: Turn, frame: Frame, block: NextMessage) -> int:
    """How often this block has asked again, by what its thread holds: a host that takes over counts the same."""
    prefix = f"{turn.execution.message_id}_{turn.place(frame)}_"
    messages = turn.scope(frame.id).threads[block.thread].messages
    return sum(is_again(message.id, prefix) for message in messages)


def _forget(turn: Turn, frame: Frame, generation: Generation, part_ids: tuple[str, ...]) -> None:
    """Readers who saw the answer come are told that it does not count."""
    if turn.block(frame).display == "stream" and turn.visible(frame):
        turn.emit(
            AttemptSuperseded(
                generation_id=generation.id,
                attempt=generation.attempt,
                parts=part_ids,
                worker_id=turn.worker_id(frame),
            )
        )


def _ask_again(turn: Turn, settled: GenerationSettled, *, text: str) -> None:
    """The model reads what is wrong with its answer; nobody else sees it."""
    message_id = again_id(settled.message.id)
    turn.emit(
        MessageAdded(
            frame=settled.frame,
            thread=settled.thread,
            message=Message(
                id=message_id,
                role="user",
                parts=(TextPart(text=text),),
                at=turn.at,
                turn_id=message_id,
                visible=False,
            ),
        )
    )
