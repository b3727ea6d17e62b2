"""Owns shortening what a model gets of a long thread: when, where it is cut, and what stands for what is left out.

Only the model's view changes. A cut never parts a tool call from its result, and everything between two cuts keeps its
place, so requests begin with the same bytes and provider caches hold.
"""

from __future__ import annotations

from typing import Final, Literal

from mainspring.engine.context_size import BYTES_A_TOKEN, Sizes, tokens_of
from mainspring.engine.evolve_context import MOST_COMPACTIONS
from mainspring.engine.inputs import check_values, initial_values
from mainspring.engine.summarizer import BACKUP, CONVERSATION, MODEL, PREVIOUS, SUMMARIZER
from mainspring.engine.thread_text import to_markdown
from mainspring.engine.turn import Turn, announced
from mainspring.model.context_windows import window_of
from mainspring.model.errors import Failure
from mainspring.model.facts import CompactionStarted, FrameOpened, ThreadCompacted
from mainspring.model.messages import Message
from mainspring.model.parts import TextPart, ToolResultPart
from mainspring.model.program import Program
from mainspring.model.session import Digest, Frame, Thread
from mainspring.model.stream_events import ContextCompacted
from mainspring.model.values import Json, Value

THRESHOLD: Final = 80
"""Percent of the window at which a thread is shortened if the protocol does not say."""
LEAST_RESULT: Final = 256
"""Tokens that a tool result keeps however tight it is."""
WORTH_A_NOTE: Final = 40
"""Tokens that have to be left out at least: the note takes some itself."""
_MOST_AT_ONCE: Final = 100_000
_LONGEST_REQUEST: Final = 4_000
_LEAST_SHARE: Final = 200
_SUMMARY: Final = "Summary of the conversation so far, whose beginning is left out:\n\n"
_DROPPED: Final = "[The conversation became too long: {} earlier messages are missing here.]"
_REQUEST: Final = "\n\nThe latest request of the user, word for word:\n\n"


class Plan(Value, frozen=True, kw_only=True):
    """What to do about a thread of `tokens`: leave out the first `covers` messages, keep less of tool results."""

    tokens: int
    covers: int
    result_tokens: int | None = None


class Waiting(Value, frozen=True, kw_only=True):
    """The model call that waits: its step and attempt, and what it failed with, if it did."""

    step: int
    attempt: int = 1
    failure: Failure | None = None


def begin_compaction(turn: Turn, frame: Frame, thread: Thread, *, step: int) -> bool:
    """Before a model call: asks for a summary if the thread has become too long; whether it did."""
    wish = management(thread)
    recent = wish.get("recentPercent")
    if recent is None or frame.compactions >= MOST_COMPACTIONS:
        return False
    window = _window(thread)
    sizes = Sizes(turn.program(frame), thread)
    tokens = sizes.whole()
    if tokens * 100 <= window * wish.get("thresholdPercent", THRESHOLD):
        return False
    covers = cut(thread, sizes, keep=window * recent // 100, most=_at_once(thread))
    if covers == covered(thread):
        return False
    plan = Plan(tokens=tokens, covers=covers, result_tokens=_bound_of(thread))
    return summarize(turn, frame, thread, plan, Waiting(step=step))


def _bound_of(thread: Thread) -> int | None:
    return None if thread.digest is None else thread.digest.result_tokens


def management(thread: Thread) -> dict[str, Json]:
    """How the protocol wants a thread kept within its window; empty: it does not say."""
    wish: dict[str, Json] | None = thread.settings.get("contextManagement")
    return wish or {}


def _window(thread: Thread) -> int:
    return int(management(thread).get("window") or window_of(str(thread.settings["model"])))


def _at_once(thread: Thread) -> int:
    """How many tokens of a conversation its summarizer gets at once."""
    return min(_window(thread) // 2, _MOST_AT_ONCE)


def covered(thread: Thread) -> int:
    """How many messages the model does not get already."""
    return 0 if thread.digest is None else thread.digest.covers


def cut(thread: Thread, sizes: Sizes, *, keep: int, most: int | None = None) -> int:
    """How many messages to leave out so that about `keep` tokens stay, and at most `most` are left out at once.

    A cut before something that the user said is better than one inside a turn. The last message, or the last round of
    tool calls, always stays.
    """
    messages, base = thread.messages, covered(thread)
    places = [place for place in range(base + 1, len(messages)) if messages[place].role != "tool"]
    if not places:
        return base
    left, first = keep, len(messages)
    while first > base and (left := left - sizes.message(messages[first - 1])) >= 0:
        first -= 1
    fitting = [place for place in places if place >= first] or places[-1:]
    said = [place for place in fitting if _is_said(messages[place])]
    place = (said or fitting)[0]
    return place if most is None else _within(places, place, thread, sizes, most=most)


def _within(places: list[int], place: int, thread: Thread, sizes: Sizes, *, most: int) -> int:
    """The last place up to `place` before which no more than `most` tokens are left out; the first one at least."""
    found, start, size = places[0], covered(thread), 0
    for one in places:
        size += sizes.of(thread.messages[start:one])
        if one > place or (size > most and one != places[0]):
            break
        found, start = one, one
    return found


def _is_said(message: Message) -> bool:
    return message.role == "user" and message.visible


def summarize(turn: Turn, frame: Frame, thread: Thread, plan: Plan, waiting: Waiting) -> bool:
    """Opens the summarizer's frame; False: the worker that the protocol names does not take what it gets."""
    program = _summarizer(turn, thread)
    fresh = thread.messages[covered(thread) : plan.covers]
    given: dict[str, Json] = {
        PREVIOUS: "" if thread.digest is None else thread.digest.summary,
        CONVERSATION: conversation(fresh, most=_at_once(thread)),
    }
    if program is SUMMARIZER:
        given |= {MODEL: thread.settings["model"], BACKUP: thread.settings.get("backupModel") or ""}
    values, problems = check_values(program, program.input, given, where="summarizer")
    if problems:
        return False
    pieces = turn.place(frame).split("_", 1)[1]
    worker = f"wrk_{turn.execution.token}_{pieces}_c{frame.compactions + 1}"
    turn.emit(
        CompactionStarted(
            frame=frame.id,
            thread=thread.name,
            worker=worker,
            step=waiting.step,
            attempt=waiting.attempt,
            covers=plan.covers,
            tokens=plan.tokens,
            result_tokens=plan.result_tokens,
            failure=waiting.failure,
        ),
        FrameOpened(
            frame=worker,
            version=program.hash,
            input=values,
            variables=initial_values(program.variables),
            parent=frame.id,
            slug=program.slug,
            display="hidden",
        ),
    )
    turn.ready.append(worker)
    return True


def _summarizer(turn: Turn, thread: Thread) -> Program:
    """The worker that the protocol names, or the built-in one if it is not published."""
    slug = management(thread).get("summarizerWorker")
    return (None if slug is None else turn.library.worker(slug)) or SUMMARIZER


def conversation(messages: tuple[Message, ...], *, most: int) -> str:
    """Messages as text of about `most` tokens: what is very long gives way, each keeps its beginning and its end."""
    texts = [
        text for text in (to_markdown((message,)) for message in messages if not message.incomplete) if text
    ]
    if sum(map(tokens_of, texts)) > most:
        share = max(_LEAST_SHARE, most * BYTES_A_TOKEN // len(texts))
        texts = [_clipped(text, share) for text in texts]
    return "\n\n".join(texts)


def _clipped(text: str, most: int) -> str:
    """The beginning and the end of a text."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"


def compact(
    turn: Turn, frame: Frame, thread: Thread, plan: Plan, *, summary: str | None, error: str | None = None
) -> None:
    """Records that a thread's model gets less of it from now on; no `summary`: a note says what is missing."""
    failed = frame.compacting is None or frame.compacting.failure is not None
    digest = thread.digest or Digest()
    shortened = plan.result_tokens != digest.result_tokens
    kept = summary if summary is not None else digest.summary
    more = plan.covers > digest.covers
    turn.emit(
        ThreadCompacted(
            frame=frame.id,
            thread=thread.name,
            covers=plan.covers,
            message=_message(turn, frame, thread, plan, summary=summary) if more else digest.message,
            summary=kept,
            result_tokens=plan.result_tokens,
            error=error,
        )
    )
    if not announced(turn, frame, turn.block(frame)):
        return
    layers: list[Literal["summary", "dropped", "results"]] = []
    if more:
        layers.append("dropped" if summary is None else "summary")
    if shortened:
        layers.append("results")
    turn.emit(
        ContextCompacted(
            thread=None if thread.name == "main" else thread.name,
            trigger="reactive" if failed else "proactive",
            layers=tuple(layers),
            messages=plan.covers - digest.covers,
            tokens_before=plan.tokens,
            tokens_after=Sizes(turn.program(frame), turn.scope(frame.id).threads[thread.name]).whole(),
            worker_id=turn.worker_id(frame),
        )
    )


def _message(turn: Turn, frame: Frame, thread: Thread, plan: Plan, *, summary: str | None) -> Message:
    """What stands for the messages that are left out."""
    before = "" if thread.digest is None else thread.digest.summary
    known = before if summary is None else summary
    text = f"{_SUMMARY}{known}" if known else ""
    if summary is None:
        text = f"{text}\n\n{_DROPPED.format(plan.covers)}".lstrip()
    if not any(map(_is_said, thread.messages[plan.covers :])):
        asked = next(filter(_is_said, reversed(thread.messages[: plan.covers])), None)
        text += "" if asked is None else _REQUEST + _clipped(asked.text, _LONGEST_REQUEST)
    message_id = f"{turn.execution.message_id}_{turn.place(frame)}_digest{plan.covers}"
    return Message(
        id=message_id,
        role="user",
        parts=(TextPart(text=text),),
        at=turn.at,
        turn_id=message_id,
        visible=False,
    )


def tighter(thread: Thread, sizes: Sizes, *, tokens: int) -> Plan | None:
    """How a thread of `tokens` that its model refused gets about half as long; None: there is nothing to leave out."""
    goal = tokens // 2
    digest = thread.digest or Digest()
    plan = Plan(tokens=tokens, covers=cut(thread, sizes, keep=goal), result_tokens=digest.result_tokens)
    kept = thread.messages[plan.covers :]
    if sizes.of(kept) > goal:
        results = [part for message in kept for part in message.parts if isinstance(part, ToolResultPart)]
        bound = max(LEAST_RESULT, goal // max(1, len(results)))
        if any(sizes.result(part) > bound for part in results):
            return Plan(tokens=tokens, covers=plan.covers, result_tokens=bound)
    gone = sizes.of(thread.messages[digest.covers : plan.covers])
    return plan if gone > WORTH_A_NOTE else None
