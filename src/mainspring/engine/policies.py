"""Owns what a tool's policy means for a call: whose it is, whether a person has to allow it, when to try again."""

from __future__ import annotations

from typing import Literal, TypedDict, cast

from mainspring.engine.turn import Turn
from mainspring.model.program import ArgumentCondition, Policy
from mainspring.model.served import ACTIVATE, SEPARATOR
from mainspring.model.session import Call, Frame
from mainspring.model.values import Json

BOX_TIMEOUT = 300.0
"""Seconds that an attempt of a tool box may take if its policy does not say."""
LONGEST_DELAY = 300.0
"""The most seconds between two attempts that a policy's backoff comes to."""
LONGEST_WISH = 3600.0
"""The most seconds between two attempts that a tool may ask for."""
OF_SERVERS = Policy(unknown="fail")
"""The policy of what an MCP server runs: the model is told that nobody knows, and decides."""
UNKNOWN_RETRIES = 3
"""How often a call whose outcome is unknown is run again at least, where that is allowed."""


def asked_as(turn: Turn, frame: Frame, tool: str) -> tuple[Frame, str]:
    """The frame whose protocol a tool belongs to in the end, and its name there: workers borrow from their callers."""
    while tool in frame.tools and frame.parent is not None:
        tool = frame.tools[tool]
        frame = turn.frame(frame.parent)
    return frame, tool


def policy_of(turn: Turn, frame: Frame, tool: str) -> Policy:
    """The policy of a tool that a frame calls; the default one if its protocol is gone."""
    owner, name = asked_as(turn, frame, tool)
    program = turn.library.programs.get(owner.version)
    declared = None if program is None else program.tools.get(name)
    if declared is None and (SEPARATOR in name or name == ACTIVATE):
        return OF_SERVERS
    return Policy() if declared is None or declared.policy is None else declared.policy


def call_policy(turn: Turn, call: Call) -> Policy:
    """The policy of an open call."""
    return policy_of(turn, turn.frame(call.frame), call.tool)


class Runner(TypedDict):
    """Who runs a call, as the ledger has it."""

    runs: Literal["caller", "box"]
    asked_as: str | None
    idempotent: bool


NOBODY = Runner(runs="caller", asked_as=None, idempotent=False)
"""The runner of a call that nobody outside the engine runs."""


def runner_of(turn: Turn, frame: Frame, tool: str) -> Runner:
    """Who runs a call of a tool: a tool box of this server if one offers it, else the caller's side."""
    name = asked_as(turn, frame, tool)[1]
    return Runner(
        runs="box" if name in turn.library.boxed else "caller",
        asked_as=None if name == tool else name,
        idempotent=policy_of(turn, frame, tool).idempotent,
    )


def why_asked(policy: Policy, args: dict[str, Json]) -> str | None:
    """Why a person has to allow a call with these arguments; None: nobody has to."""
    if policy.approval == "always":
        return "every call of this tool needs approval"
    holding = [one.source for one in policy.conditions if holds(one, args)]
    return " and ".join(holding) if policy.approval == "when" and holding else None


def holds(condition: ArgumentCondition, args: dict[str, Json]) -> bool:
    """Whether a condition holds. What is no number counts as beyond every bound: better to ask once too often."""
    value = _find(args, condition.path)
    match condition.operator:
        case "truthy":
            return _is_true(value)
        case "falsy":
            return not _is_true(value)
        case "equals":
            return _equals(value, condition.literal)
        case "differs":
            return not _equals(value, condition.literal)
        case _:
            return _is_beyond(value, condition)


def _find(args: dict[str, Json], path: tuple[str, ...]) -> Json:
    value: Json = args
    for name in path:
        value = cast("dict[str, Json]", value).get(name) if isinstance(value, dict) else None
    return value


def _is_true(value: Json) -> bool:
    return value not in (None, False, "", "false", "0", 0)


def _equals(value: Json, literal: str | float) -> bool:
    if isinstance(value, bool):
        return literal == ("true" if value else "false")
    if isinstance(literal, str):
        return literal == ("" if value is None else str(value))
    return isinstance(value, int | float) and value == literal


def _is_beyond(value: Json, condition: ArgumentCondition) -> bool:
    if value is None:
        return False
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    bound = float(condition.literal)
    match condition.operator:
        case "above":
            return value > bound
        case "at-least":
            return value >= bound
        case "below":
            return value < bound
        case _:
            return value <= bound


def delay_before(policy: Policy, tries: int, wish: float | None) -> float:
    """Seconds to wait after `tries` attempts: the backoff doubles; a tool that asks for more gets it."""
    doubled = policy.backoff * 2.0 ** min(tries - 1, 30)
    return max(min(doubled, LONGEST_DELAY), min(wish or 0.0, LONGEST_WISH))


def may_retry(policy: Policy, call: Call, *, unknown: bool) -> bool:
    """Whether a failed call is run once more."""
    allowed = max(policy.retries, UNKNOWN_RETRIES) if unknown else policy.retries
    return call.tries <= allowed


def attempt_deadline(policy: Policy, at: float) -> float:
    """When an attempt of a tool box that begins now is given up."""
    return at + (BOX_TIMEOUT if policy.timeout is None else policy.timeout)
