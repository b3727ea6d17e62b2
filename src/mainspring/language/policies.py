"""Owns `tools.<name>.policy`: how calls of a tool are run, when people are asked, what it costs to wait."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, get_args

from mainspring.language.places import Place, Section
from mainspring.language.report import did_you_mean
from mainspring.language.unit import Unit
from mainspring.model.program import ArgumentCondition, ObjectType, Policy, Property, TypeRef
from mainspring.model.values import Json

Operator = Literal["truthy", "falsy", "equals", "differs", "above", "at-least", "below", "at-most"]
Unknown = Literal["retry", "ask", "fail", "probe"]

UNKNOWN_OUTCOMES: Final[tuple[Unknown, ...]] = get_args(Unknown)
DURATION: Final = r"[0-9]+(\.[0-9]+)?[smh]"
LONGEST: Final = 30 * 86_400
"""The most seconds that anything here may take: thirty days."""
MOST_RETRIES: Final = 100
MOST_AT_ONCE: Final = 1000

_MEMBERS = (
    "timeout",
    "retries",
    "idempotent",
    "onUnknownOutcome",
    "approval",
    "approvalTimeout",
    "concurrency",
    "maxResultTokens",
)
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_duration = re.compile(DURATION)
_PATH = r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*"
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
_condition = re.compile(
    rf"(?P<not>!?)\s*(?P<path>{_PATH})"
    rf'(?:\s*(?P<operator>==|!=|>=|<=|>|<)\s*(?P<literal>"[^"]*"|{_NUMBER}|true|false))?'
)
_OPERATORS: dict[str, Operator] = {
    "==": "equals",
    "!=": "differs",
    ">": "above",
    ">=": "at-least",
    "<": "below",
    "<=": "at-most",
}
_FORMS = 'write `name`, `!name`, `name == "text"`, `name != "text"`, or `name > 100` with `>` `>=` `<` `<=`'


def read_policy(place: Place | None, parameters: Mapping[str, Property], unit: Unit) -> Policy | None:
    """The policy of a tool with these parameters, if one is written."""
    section = None if place is None or place.is_null else place.section(_MEMBERS)
    if section is None:
        return None
    idempotent = section.flag("idempotent")
    retries, backoff = _retries(section)
    unknown: Unknown = "retry" if idempotent else "ask"
    approval, conditions = _approval(section, parameters, unit)
    return Policy(
        timeout=_seconds(section.get("timeout")),
        retries=retries,
        backoff=backoff,
        idempotent=idempotent,
        unknown=section.choice("onUnknownOutcome", UNKNOWN_OUTCOMES, default=unknown),
        approval=approval,
        conditions=conditions,
        approval_timeout=_seconds(section.get("approvalTimeout")),
        concurrency=section.integer("concurrency", most=MOST_AT_ONCE),
        max_result_tokens=section.integer("maxResultTokens"),
    )


def _seconds(place: Place | None) -> float | None:
    """A length of time: a number of seconds, or a number with `s`, `m` or `h`."""
    if place is None:
        return None
    written = place.value
    if isinstance(written, str) and _duration.fullmatch(written):
        seconds = float(written[:-1]) * _SECONDS[written[-1]]
    elif isinstance(written, int | float) and not isinstance(written, bool):
        seconds = float(written)
    else:
        place.wrong("a number of seconds, or one with a unit like `30s`, `5m` or `2h`")
        return None
    if not 0 < seconds <= LONGEST:
        place.error(
            "bad-value", f"{place.name} has to be more than 0 and at most {LONGEST} seconds (30 days)"
        )
        return None
    return seconds


def _retries(section: Section) -> tuple[int, float]:
    place = section.get("retries")
    default = Policy()
    if place is None:
        return default.retries, default.backoff
    if isinstance(place.value, int):
        return place.integer(most=MOST_RETRIES) or 0, default.backoff
    inner = place.section(("max", "backoff"))
    if inner is None:
        return default.retries, default.backoff
    written = inner.need("max")
    most = None if written is None else written.integer(most=MOST_RETRIES)
    return most or 0, _seconds(inner.get("backoff")) or default.backoff


# ---- approval -----------------------------------------------------------------------------------------------


def _approval(
    section: Section, parameters: Mapping[str, Property], unit: Unit
) -> tuple[Literal["never", "always", "when"], tuple[ArgumentCondition, ...]]:
    place = section.get("approval")
    if place is None or place.value == "never":
        return "never", ()
    if place.value == "always":
        return "always", ()
    written = place.items() if isinstance(place.value, list) else [place]
    if not written:
        place.error("empty-value", "`approval` has to list at least one condition")
    found = [_read_condition(one, parameters, unit) for one in written]
    return "when", tuple(one for one in found if one is not None)


def _read_condition(place: Place, parameters: Mapping[str, Property], unit: Unit) -> ArgumentCondition | None:
    if not isinstance(place.value, str):
        place.wrong("`never`, `always` or a condition on the arguments")
        return None
    match = _condition.fullmatch(place.value.strip())
    if match is None or (match["not"] and match["operator"]):
        place.error("bad-condition", f"`{place.value[:80]}` is not a condition on the arguments", hint=_FORMS)
        return None
    path = tuple(match["path"].split("."))
    declared = _find(place, path, parameters, unit)
    if declared is None:
        return None
    operator: Operator = "falsy" if match["not"] else "truthy"
    literal: str | float = ""
    if match["operator"]:
        operator = _OPERATORS[match["operator"]]
        literal = _literal(match["literal"])
        if not _fits(place, declared, operator, literal):
            return None
    return ArgumentCondition(path=path, operator=operator, literal=literal, source=place.value.strip())


def _literal(text: str) -> str | float:
    if text.startswith('"'):
        return text[1:-1]
    return text if text in ("true", "false") else float(text)


def _find(
    place: Place, path: tuple[str, ...], parameters: Mapping[str, Property], unit: Unit
) -> Property | None:
    """The declaration of an argument, or of a member of one."""
    members = parameters
    declared = Property(type=TypeRef(name="unknown"))
    for position, name in enumerate(path):
        found = members.get(name)
        if found is None:
            hint = did_you_mean(name, members)
            where = (
                f"`{'.'.join(path[:position])}` has no member" if position else "the tool has no parameter"
            )
            place.error("unknown-parameter", f"{where} `{name[:80]}`", allowed=tuple(members), hint=hint)
            return None
        declared = found
        if declared.type.name == "unknown" and not declared.type.array:
            break
        kind = None if declared.type.array else unit.types.get(declared.type.name)
        members = kind.properties if isinstance(kind, ObjectType) else {}
    return declared


def _fits(place: Place, declared: Property, operator: Operator, literal: str | float) -> bool:
    """Whether a comparison with a literal can ever say anything about an argument of that type."""
    name = declared.type.name
    if operator not in ("equals", "differs"):
        if not isinstance(literal, float):
            place.error("bad-condition", "`>` `>=` `<` `<=` compare with a number", hint=_FORMS)
            return False
        if declared.type.array or name not in ("number", "integer", "unknown"):
            shown = f"{name}[]" if declared.type.array else name
            place.error("bad-condition", f"only numbers can be compared so, this is of the type `{shown}`")
            return False
    if declared.enum and literal not in declared.enum:
        place.error("bad-condition", f"the argument is never `{literal}`", allowed=declared.enum)
        return False
    return True


# ---- in full ------------------------------------------------------------------------------------------------


def policy_members(policy: Policy) -> dict[str, Json]:
    """A policy as it is written, with nothing left out that has a default."""
    sources = [one.source for one in policy.conditions]
    found: dict[str, Json] = {
        "timeout": policy.timeout,
        "retries": {"max": policy.retries, "backoff": policy.backoff},
        "idempotent": policy.idempotent,
        "onUnknownOutcome": policy.unknown,
        "approval": policy.approval if policy.approval != "when" else _one_or_all(sources),
        "approvalTimeout": policy.approval_timeout,
        "concurrency": policy.concurrency,
        "maxResultTokens": policy.max_result_tokens,
    }
    return {key: value for key, value in found.items() if value is not None}


def _one_or_all(sources: list[str]) -> str | list[str]:
    return sources[0] if len(sources) == 1 else sources
