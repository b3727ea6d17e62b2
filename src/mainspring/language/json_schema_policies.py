"""Owns the part of the JSON Schema that is about a tool's `policy`."""

from __future__ import annotations

from mainspring.language.json_schema_parts import Schema, choice, either, flag, section, whole
from mainspring.language.policies import DURATION, MOST_AT_ONCE, MOST_RETRIES, UNKNOWN_OUTCOMES
from mainspring.model.values import Json


def _duration(description: str) -> Schema:
    """A length of time."""
    seconds: dict[str, Json] = {"type": "number", "exclusiveMinimum": 0}
    written: dict[str, Json] = {"type": "string", "pattern": f"^{DURATION}$"}
    return either(f"{description} In seconds, or like `30s`, `5m`, `2h`.", seconds, written)


_RETRIES = either(
    "How often a failed attempt is made again.",
    {"type": "integer", "minimum": 0, "maximum": MOST_RETRIES},
    section(
        "How often, and how long to wait.",
        {
            "max": whole("How often.", least=0, most=MOST_RETRIES),
            "backoff": _duration("The wait before the first; each next one is twice as long."),
        },
        required=("max",),
    ),
)
_APPROVAL = either(
    "Whether a person has to allow a call: `never`, `always`, or a condition on the arguments like `amount > 100`.",
    {"type": "string"},
    {"type": "array", "items": {"type": "string"}, "minItems": 1},
)
POLICY: Schema = section(
    "How its calls are run.",
    {
        "timeout": _duration("How long a call may take."),
        "retries": _RETRIES,
        "idempotent": flag("Whether running a call twice does the same as running it once."),
        "onUnknownOutcome": choice(
            "What to do when nobody knows whether a call ran; without it `retry` if idempotent, else `ask`.",
            UNKNOWN_OUTCOMES,
        ),
        "approval": _APPROVAL,
        "approvalTimeout": _duration("How long a person has to answer; then the call is denied."),
        "concurrency": whole("How many of its calls run at once in an execution.", most=MOST_AT_ONCE),
        "maxResultTokens": whole("Longer results are shortened for the model: head, note, tail."),
    },
)
