"""Owns which turn of a script answers a request: derived from the request alone, so a crash changes nothing.

The first turn whose conditions hold, and that has not answered as often as it may, answers. How often it has answered
is found by asking the same question for every answer that the thread already holds.
"""

from __future__ import annotations

import msgspec

from mainspring.model.generation import ModelRequest
from mainspring.model.parts import ToolResultPart
from mainspring.model.values import Json, encode_json
from mainspring.providers.script import Pattern, Script, Turn, When


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn may ask about. `step` and `turn` count from 1; `news`: results since the last answer."""

    request: ModelRequest
    user: str
    step: int
    turn: int
    news: tuple[ToolResultPart, ...]
    past: bool

    def values(self, groups: dict[str, str]) -> dict[str, Json]:
        """What templates may name."""
        results = {
            part.tool: part.output if part.error is None else part.error
            for message in self.request.messages
            for part in message.parts
            if isinstance(part, ToolResultPart)
        }
        tags = self.request.tags
        return {
            "user": self.user,
            "system": self.request.system or "",
            "match": groups,
            "result": results,
            "model": self.request.model,
            "thread": tags.get("thread", ""),
            "agent": tags.get("agent", ""),
            "step": self.step,
            "turn": self.turn,
        }


class Chosen(msgspec.Struct, frozen=True):
    """The turn that answers, where, and what its patterns caught."""

    turn: Turn
    situation: Situation
    groups: dict[str, str]


def choose(script: Script, request: ModelRequest) -> Chosen | None:
    """The turn that answers a request; the default of the script if none does; None without one."""
    used = [0] * len(script.turns)
    *past, now = _situations(request)
    if any(turn.repeat is not None for turn in script.turns):
        for situation in past:
            found = _first(script, situation, used)
            if found is not None:
                used[found[0]] += 1
    found = _first(script, now, used)
    if found is not None:
        return Chosen(script.turns[found[0]], now, found[1])
    return None if script.default is None else Chosen(script.default, now, {})


def _situations(request: ModelRequest) -> list[Situation]:
    """The situation before each answer that the thread holds, and last the one now."""
    found: list[Situation] = []
    user, step, turn = "", 1, 0
    news: tuple[ToolResultPart, ...] = ()
    for message in request.messages:
        match message.role:
            case "user":
                user, step, turn, news = message.text, 1, turn + 1, ()
            case "assistant":
                found.append(
                    Situation(request=request, user=user, step=step, turn=turn, news=news, past=True)
                )
                step, news = step + 1, ()
            case "tool":
                news += tuple(part for part in message.parts if isinstance(part, ToolResultPart))
            case "system":
                pass
    found.append(Situation(request=request, user=user, step=step, turn=turn, news=news, past=False))
    return found


def _first(script: Script, situation: Situation, used: list[int]) -> tuple[int, dict[str, str]] | None:
    for index, turn in enumerate(script.turns):
        if turn.repeat is not None and used[index] >= turn.repeat:
            continue
        if situation.past and turn.fails:
            continue
        groups = {} if turn.when is None else _held(turn.when, situation)
        if groups is not None:
            return index, groups
    return None


def _held(when: When, situation: Situation) -> dict[str, str] | None:
    """What the patterns caught, if every condition holds."""
    if not (_counts_hold(when, situation) and _names_hold(when, situation)):
        return None
    caught: dict[str, str] = {}
    for pattern, text in _texts(when, situation):
        groups = pattern.search(text)
        if groups is None:
            return None
        caught |= groups
    return caught


def _counts_hold(when: When, situation: Situation) -> bool:
    # A word of the user is answered once; what follows is about results.
    direct = when.user is not None and when.step is None and when.tool_result is None and when.result is None
    if direct and situation.step != 1:
        return False
    attempt = int(situation.request.tags.get("attempt", "1"))
    return (
        when.step in (None, situation.step)
        and when.turn in (None, situation.turn)
        and (situation.past or when.attempt in (None, attempt))
    )


def _names_hold(when: When, situation: Situation) -> bool:
    request = situation.request
    return (
        (when.tool_result is None or any(part.tool == when.tool_result for part in situation.news))
        and (when.offered is None or any(tool.name == when.offered for tool in request.tools))
        and when.response in (None, request.response_name)
        and (when.result is None or bool(situation.news))
    )


def _texts(when: When, situation: Situation) -> list[tuple[Pattern, str]]:
    request = situation.request
    pairs = (
        (when.system, request.system or ""),
        (when.model, request.model),
        (when.thread, request.tags.get("thread", "")),
        (when.agent, request.tags.get("agent", "")),
        (when.result, "\n".join(_result_text(part) for part in situation.news)),
        (when.user, situation.user),
    )
    return [(pattern, text) for pattern, text in pairs if pattern is not None]


def _result_text(part: ToolResultPart) -> str:
    if part.error is not None:
        return part.error
    return part.output if isinstance(part.output, str) else encode_json(part.output).decode()
