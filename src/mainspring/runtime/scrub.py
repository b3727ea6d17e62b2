"""Owns taking secrets out of foreign text before anybody may read it: keys, tokens, control characters."""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "[hidden]"
_SECRET: Final = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|csk|nvapi|pplx|tgp|fw|r8)[-_][\w*.-]{6,}"
    r"|\bAIza[\w*-]{10,}|\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]+)?"
    r"|(?i:\b(?:bearer|basic)\s+)[\w.~+/*=-]{6,}"
    r"|(?i:\b(?:api[-_]?key|access[-_]?token|token|secret|password)[\"']?\s*[=:]\s*[\"']?)[\w.~+/*-]{6,}"
    r"|\b[\w-]*\*{3,}[\w*-]*"
    r"|\b(?=[A-Za-z_-]*\d)(?=\w*[A-Za-z])[A-Za-z0-9_-]{40,}"
)
_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def scrub(text: str, secrets: tuple[str, ...] = (), *, limit: int = 500) -> str:
    """One line without keys, tokens or control characters, of at most `limit` characters."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, HIDDEN)
    text = _SECRET.sub(HIDDEN, _SURROGATE.sub("?", text[: 20 * limit]))
    text = _SPACE.sub(" ", text).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"
