"""Owns random answers of models as bytes of each wire, and what a failure in the middle of one looks like there."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from mainspring.testing.simulation.chance import Chance

Kind = Literal["text", "reasoning", "call"]
Frames = Iterator[dict[str, Any]]
TOOLS = ("look", "peek")
"""`look` is shown to people, `peek` is not."""


@dataclass(frozen=True)
class Piece:
    """A part of an answer: text in its deltas, or a call of `name` with arguments in deltas."""

    kind: Kind
    deltas: tuple[str, ...]
    name: str = ""

    @property
    def text(self) -> str:
        return "".join(self.deltas)


def answer(chance: Chance, stamp: str, *, calls: bool) -> list[Piece]:
    """A random answer; every word of it carries `stamp`, so that each is known by its attempt."""
    pieces: list[Piece] = []
    if chance.happens(0.4):
        pieces.append(Piece("reasoning", _words(chance, f"think{stamp}")))
    if chance.happens(0.8) or not calls:
        pieces.append(Piece("text", _words(chance, f"say{stamp}")))
    for number in range(1 + chance.below(3) if calls else 0):
        arguments = json.dumps({"of": f"{stamp}.{number}", "deep": {"list": [1, "zwei", None]}})
        cut = sorted({1 + chance.below(len(arguments) - 1) for _ in range(chance.below(4))})
        deltas = tuple(arguments[a:b] for a, b in zip([0, *cut], [*cut, len(arguments)], strict=True))
        pieces.append(Piece("call", deltas, chance.of(TOOLS)))
    return pieces


def _words(chance: Chance, stamp: str) -> tuple[str, ...]:
    return tuple(f"{stamp}-{number}é " for number in range(1 + chance.below(6)))


# ---------------------------------------------------------------- each wire


def chat(pieces: list[Piece]) -> Frames:
    """Chat Completions."""
    calls = 0
    for piece in pieces:
        for number, delta in enumerate(piece.deltas):
            if piece.kind == "call":
                head = {"id": f"call_{calls}", "type": "function"} if number == 0 else {}
                function = {"name": piece.name, "arguments": delta} if number == 0 else {"arguments": delta}
                yield _choice({"tool_calls": [{"index": calls, **head, "function": function}]})
            else:
                yield _choice({"content" if piece.kind == "text" else "reasoning_content": delta})
        calls += piece.kind == "call"
    yield _choice({}, "tool_calls" if calls else "stop")


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def messages(pieces: list[Piece]) -> Frames:
    """Anthropic's Messages."""
    yield {"type": "message_start", "message": {"id": "m", "content": [], "usage": {"input_tokens": 3}}}
    for index, piece in enumerate(pieces):
        block, kind, member = {
            "text": ({"type": "text", "text": ""}, "text_delta", "text"),
            "reasoning": ({"type": "thinking", "thinking": ""}, "thinking_delta", "thinking"),
            "call": (
                {"type": "tool_use", "id": f"toolu_{index}", "name": piece.name, "input": {}},
                "input_json_delta",
                "partial_json",
            ),
        }[piece.kind]
        yield {"type": "content_block_start", "index": index, "content_block": block}
        for delta in piece.deltas:
            yield {"type": "content_block_delta", "index": index, "delta": {"type": kind, member: delta}}
        if piece.kind == "reasoning":
            signed = {"type": "signature_delta", "signature": "c2ln"}
            yield {"type": "content_block_delta", "index": index, "delta": signed}
        yield {"type": "content_block_stop", "index": index}
    reason = "tool_use" if any(piece.kind == "call" for piece in pieces) else "end_turn"
    yield {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 5}}
    yield {"type": "message_stop"}


def gemini(pieces: list[Piece]) -> Frames:
    """Google's Gemini: calls come whole."""
    for piece in pieces:
        if piece.kind == "call":
            call = {"functionCall": {"name": piece.name, "args": json.loads(piece.text)}}
            yield _candidate({**call, "thoughtSignature": "c2ln"})
            continue
        for delta in piece.deltas:
            yield _candidate({"text": delta, **({"thought": True} if piece.kind == "reasoning" else {})})
    yield {"candidates": [{"content": {"role": "model", "parts": []}, "finishReason": "STOP"}]}


def _candidate(part: dict[str, Any]) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": [part]}}]}


def responses(pieces: list[Piece]) -> Frames:
    """OpenAI's Responses."""
    for index, piece in enumerate(pieces):
        kinds: dict[Kind, tuple[dict[str, Any], str]] = {
            "text": ({"type": "message", "role": "assistant", "content": []}, "output_text"),
            "reasoning": ({"type": "reasoning", "summary": []}, "reasoning_summary_text"),
            "call": (
                {"type": "function_call", "call_id": f"call_{index}", "name": piece.name, "arguments": ""},
                "function_call_arguments",
            ),
        }
        item, event = kinds[piece.kind]
        whole = {"id": f"it_{index}", **item}
        yield {"type": "response.output_item.added", "output_index": index, "item": whole}
        for delta in piece.deltas:
            place = {"item_id": f"it_{index}", "output_index": index, "content_index": 0, "summary_index": 0}
            yield {"type": f"response.{event}.delta", **place, "delta": delta}
        whole = {**whole, "arguments": piece.text} if piece.kind == "call" else whole
        if piece.kind == "reasoning":
            whole = {**whole, "encrypted_content": "c2ln"}
        yield {"type": "response.output_item.done", "output_index": index, "item": whole}
    yield {"type": "response.completed", "response": {"id": "r", "status": "completed", "output": []}}


WIRES: dict[str, Callable[[list[Piece]], Frames]] = {
    "chat": chat,
    "anthropic": messages,
    "gemini": gemini,
    "responses": responses,
}
ERRORS: dict[str, tuple[dict[str, Any], ...]] = {
    "chat": (
        {"error": {"message": "The server had an error", "type": "server_error", "code": None}},
        {"error": {"message": "Rate limit reached. Try again in 2s.", "code": "rate_limit_exceeded"}},
    ),
    "anthropic": (
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        {"type": "error", "error": {"type": "api_error", "message": "Internal server error"}},
        {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": "Output blocked by content filtering"},
        },
    ),
    "gemini": ({"error": {"code": 503, "status": "UNAVAILABLE", "message": "The model is overloaded."}},),
    "responses": (
        {"type": "error", "error": {"type": "server_error", "code": "server_error", "message": "It failed"}},
        {"type": "response.failed", "response": {"status": "failed", "error": {"code": "server_error"}}},
    ),
}


def encoded(wire: str, frames: list[dict[str, Any]]) -> list[bytes]:
    """Frames as server-sent events."""
    named = wire in {"anthropic", "responses"}
    heads = (f"event: {frame['type']}\n" if named else "" for frame in frames)
    return [
        f"{head}data: {json.dumps(frame, ensure_ascii=False)}\n\n".encode()
        for head, frame in zip(heads, frames, strict=True)
    ]
