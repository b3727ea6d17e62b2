"""Owns replaying one case through a whole server, and what was seen: of the event, the attempts and the backup."""

import json
import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from tests.faults.cases import Case
from tests.faults.provider import SPARE, Provider, provider
from tests.faults.served import black_hole, environment, server, turn

MODEL = "the-model"
NEVER_AGAIN = {"quota_exceeded", "auth", "permission", "content_filter", "cancelled"}


@dataclass
class Seen:
    """What came of a case. `asked`: requests to the model; `spare`: whether the backup was asked."""

    name: str
    retryable: bool
    retry_after: float | None
    error: bool
    asked: int
    spare: bool
    wrong: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


async def replay(case: Case) -> Seen:
    """Once without a backup, once with one."""
    alone, serving = await _run(case, backup=False)
    _, helped = await _run(case, backup=True)
    error = next((event for event in alone if event["type"] == "error"), None)
    seen = Seen(
        name=_class(alone, serving) if error is None else str(error.get("errorClass")),
        retryable=error is not None and error["retryable"],
        retry_after=None if error is None else error.get("retryAfter"),
        error=error is not None,
        asked=len(serving.of(MODEL)),
        spare=bool(helped.of(SPARE)),
        wrong=[problem for asked in [*serving.asked, *helped.asked] for problem in asked.wrong],
    )
    seen.problems = [*_told(alone), *_again(case, seen)]
    return seen


async def _run(case: Case, *, backup: bool) -> tuple[list[dict[str, Any]], Provider]:
    async with provider(case) as serving:
        with ExitStack() as opened:
            known = environment(case, serving)
            if case.fault == "connect_blackhole":
                known |= dict.fromkeys(known.keys() - {"SPARE_BASE_URL"}, opened.enter_context(black_hole()))
            async with server(known) as desk:
                stop = case.fault == "client_abort_after_body"
                return await turn(desk, f"{case.called}/{MODEL}", backup=backup, stop=stop), serving


def _class(events: list[dict[str, Any]], serving: Provider) -> str:
    """What a stream without an error says: how the answer finished, what the tools were told, who hung up."""
    finish = next(event for event in events if event["type"] == "finish")
    told = json.dumps(serving.asked[-1].body)
    if "There is no tool" in told or ("arguments" in told and len(serving.asked) > 1):
        return "tool_error"
    if serving.left:
        return "cancelled"
    return {"content-filter": "content_filter", "length": "context_length"}.get(
        finish["finishReason"], "none"
    )


def _told(events: list[dict[str, Any]]) -> list[str]:
    """What must be true of every stream: one end, all closed, one plain sentence, no key, no call half built."""
    found: list[str] = []
    ends = [event for event in events if event["type"] in {"error", "finish"}]
    if events[-1] is not ends[-1]:
        found.append("something follows the end")
    opened = [event["id"] for event in events if event["type"] in {"text-start", "reasoning-start"}]
    closed = [event["id"] for event in events if event["type"] in {"text-end", "reasoning-end"}]
    if sorted(opened) != sorted(closed):
        found.append(f"opened {opened}, closed {closed}")
    text = str(events)
    if "sk-secret" in text:
        found.append("the key was shown")
    messages = [event["message"] for event in events if event["type"] == "error"]
    found += [f"no plain sentence: {text}" for text in messages if re.search(r"</?[a-z]+>|\n", text)]
    return found


def _again(case: Case, seen: Seen) -> list[str]:
    """Nothing is asked twice that must not be."""
    found: list[str] = []
    if case.shown != "none" and seen.error and seen.asked != 1:
        found.append("asked again after something was shown")
    if seen.name in NEVER_AGAIN and (seen.asked > 1 or seen.retryable):
        found.append(f"{seen.name} was tried again, or is told to be")
    return found


def verdict(case: Case, seen: Seen) -> dict[str, bool]:
    """Each graded point: whether it is right."""
    expected = case.expected
    points: dict[str, bool] = {}
    if case.grades("class"):
        points["class"] = seen.name in case.classes
    if case.grades("retryable"):
        points["retryable"] = seen.retryable == expected["retryable"]
    if case.grades("retry_after_s"):
        points["delay"] = seen.retry_after == expected["retry_after_s"]
    if case.grades("fallback_by_default"):
        points["fallback"] = seen.spare == expected["fallback_by_default"]
    if case.grades("no_error_event"):
        points["no_error"] = not seen.error
    return points
