"""Owns the next-message block: one answer of the model, with as many tool rounds as its thread allows."""

from __future__ import annotations

import msgspec

from mainspring.engine.generations import in_chat, start_generation
from mainspring.engine.rounds import ParsedCall, advance_round, open_round, parse_call
from mainspring.engine.turn import Turn
from mainspring.model.facts import GenerationSettled, VariableSet
from mainspring.model.messages import Message
from mainspring.model.parts import Part, ReasoningPart, TextPart, ToolCallPart
from mainspring.model.program import NextMessage
from mainspring.model.session import Frame, Generation
from mainspring.model.signals import AnswerSignal, CallWritten
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
    _settle(turn, frame, answer, block=block, calls=calls, reason="length" if limit else answer.reason)
    if not calls:
        _finish(turn, frame, block, text=_text(answer))
        return
    open_round(turn, frame, calls, step_limit=limit)
    advance_round(turn, frame.id)


def _settle(
    turn: Turn,
    frame: Frame,
    answer: AnswerSignal,
    *,
    block: NextMessage,
    calls: list[ParsedCall],
    reason: str,
) -> None:
    parts, part_ids = _message_parts(answer, calls)
    turn.emit(
        GenerationSettled(
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
            finish_reason=reason,
            usage=answer.usage,
            model=answer.model,
            raw_reason=answer.raw_reason,
            response_id=answer.response_id,
        )
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


def _text(answer: AnswerSignal) -> str:
    return "".join(part.text for part in answer.parts if isinstance(part, TextPart))


def _finish(turn: Turn, frame: Frame, block: NextMessage, *, text: str) -> None:
    if block.output is not None:
        value = text if block.response_type is None else _object(text)
        turn.emit(VariableSet(frame=frame.id, name=block.output, value=value))
    turn.end_block(frame.id)


def _object(text: str) -> Json:
    """A structured answer as a value; what is no JSON stays the text it is."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text
