"""How large threads are to their models, and where they are cut."""

from __future__ import annotations

from typing import Any

from mainspring.engine.compaction import conversation, cut, tighter
from mainspring.engine.context_size import OF_A_FILE, Sizes, tokens_of
from mainspring.model.context_windows import UNKNOWN, window_of
from mainspring.model.messages import Message
from mainspring.model.parts import (
    FilePart,
    FileReference,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from mainspring.model.session import Digest, Thread
from tests.engine.driver import compiled

LONG = "word " * 200
PLAIN = """
tools:
  look: { description: Look }
  find: { description: Find, policy: { maxResultTokens: 5 } }
agent:
  model: scripted/model
  system: system
  agentic: true
  tools: [look, find]
"""


def message(role: Any, *parts: Part | str, **more: Any) -> Message:
    made = tuple(TextPart(text=part) if isinstance(part, str) else part for part in parts)
    return Message(id="m", role=role, parts=made, at=0.0, **more)


def call(number: int = 1) -> Message:
    return message("assistant", ToolCallPart(call_id=f"c{number}", tool="look", args={}))


def result(number: int = 1, output: Any = "seen", **more: Any) -> Message:
    return message("tool", ToolResultPart(call_id=f"c{number}", tool="look", output=output, **more))


def thread(*messages: Message, **more: Any) -> Thread:
    return Thread(name="main", settings={"model": "scripted/model"}, messages=messages, **more)


def sizes(of: Thread) -> Sizes:
    return Sizes(compiled(PLAIN), of)


# ---- windows and sizes --------------------------------------------------------------------------------------


def test_windows_are_known_by_the_beginning_of_a_models_id() -> None:
    assert window_of("anthropic/claude-sonnet-4-5") == 200_000
    assert window_of("openrouter/google/gemini-2.5-pro") == 1_048_576
    assert window_of("scripted/model") == UNKNOWN


def test_sizes_count_what_the_model_gets() -> None:
    reference = FileReference(id="f", media_type="image/png", url="https://x")
    found = sizes(thread())
    assert tokens_of("abcd" * 5) == 5
    assert tokens_of("日本語") == 2
    assert found.message(message("user", "abcd", FilePart(file=reference))) == 4 + 1 + OF_A_FILE
    assert found.message(message("assistant", ReasoningPart(text="abcdefgh"))) == 6
    assert found.message(message("assistant", "gone", incomplete=True)) == 0
    assert found.of((call(), result(output={"a": 1}), result(output=None, error="abcd"))) == 12 + 8 + 1 + 1
    assert found.message(result(files=(reference,))) == 4 + 1 + OF_A_FILE


def test_results_count_no_more_than_their_bound() -> None:
    part = ToolResultPart(call_id="c", tool="find", output=LONG)
    assert sizes(thread()).result(part) == 5
    tight = thread(digest=Digest(result_tokens=3))
    assert sizes(tight).result(part) == 3
    assert sizes(tight).result(ToolResultPart(call_id="c", tool="look", output=LONG)) == 3


def test_what_the_provider_counted_is_believed_and_only_what_is_newer_is_estimated() -> None:
    one, two = message("user", LONG), message("user", "abcd")
    assert sizes(thread(one, two, tokens=70, counted=1)).whole() == 75
    digest = Digest(covers=1, message=two)
    assert sizes(thread(one, two, digest=digest, system="abcd")).whole() == 11


# ---- cutting ------------------------------------------------------------------------------------------------


def test_a_cut_never_parts_a_call_from_its_result() -> None:
    long = thread(message("user", LONG), call(1), result(1), call(2), result(2, LONG))
    for keep in range(0, 600, 7):
        place = cut(long, sizes(long), keep=keep)
        assert long.messages[place].role != "tool"


def test_a_cut_before_what_the_user_said_is_better() -> None:
    long = thread(message("user", LONG), call(), result(), message("assistant", "Done"), message("user", "b"))
    assert cut(long, sizes(long), keep=10) == 4
    assert cut(long, sizes(long), keep=40) == 4
    inside = thread(message("user", LONG), call(1), result(1), call(2), result(2))
    assert cut(inside, sizes(inside), keep=20) == 3


def test_the_last_message_always_stays() -> None:
    one = thread(message("user", LONG))
    assert cut(one, sizes(one), keep=0) == 0
    two = thread(message("user", LONG), message("assistant", LONG), message("user", LONG))
    assert cut(two, sizes(two), keep=0) == 2


def test_no_more_is_left_out_at_once_than_a_summarizer_takes() -> None:
    turns = [message(role, LONG) for _ in range(4) for role in ("user", "assistant")]
    long = thread(*turns, message("user", "now"))
    size = sizes(long).message(turns[0])
    assert cut(long, sizes(long), keep=10, most=3 * size) == 3
    assert cut(long, sizes(long), keep=10, most=1) == 1
    assert cut(long, sizes(long), keep=10, most=100 * size) == 8


def test_a_conversation_that_is_too_long_loses_the_middle_of_what_is_long() -> None:
    texts = (
        message("user", "short"),
        message("assistant", LONG * 5),
        message("user", "gone", incomplete=True),
    )
    whole = conversation(texts, most=10_000)
    assert whole == f"**User:** short\n\n**Assistant:** {LONG * 5}"
    clipped = conversation(texts, most=100)
    assert clipped.startswith("**User:** short\n\n**Assistant:** word")
    assert "characters left out" in clipped
    assert len(clipped) < 300


def test_results_are_shortened_where_leaving_out_is_not_enough() -> None:
    long = thread(message("user", "a"), call(), result(output=LONG * 20))
    plan = tighter(long, sizes(long), tokens=5000)
    assert plan is not None
    assert (plan.covers, plan.result_tokens) == (1, 2500)
    again = thread(message("user", "a"), call(), result(output="b" * 800), digest=Digest(covers=1))
    assert tighter(again, sizes(again), tokens=100) is None
