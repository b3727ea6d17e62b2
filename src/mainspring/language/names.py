"""Owns the naming rules: which words may name what."""

from __future__ import annotations

import re
from typing import Literal

from mainspring.language.places import Place
from mainspring.language.syntax import ScalarNode

Kind = Literal["variable", "slug", "tool", "type", "property", "parameter"]

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,127}")
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
MODEL = re.compile(r"[a-z0-9][a-z0-9._-]*/[^\s/][^\s]*")
_RULES: dict[Kind, tuple[re.Pattern[str], str]] = {
    "variable": (VARIABLE, "UPPER_SNAKE_CASE"),
    "slug": (SLUG, "lowercase-with-dashes, at most 64 characters"),
    "tool": (SLUG, "lowercase-with-dashes, at most 64 characters"),
    "type": (re.compile(r"[A-Z][A-Za-z0-9]{0,127}"), "PascalCase"),
    "property": (re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}"), "camelCase"),
    "parameter": (re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}"), "camelCase"),
}
_CAMEL = re.compile(r"[a-z][A-Za-z0-9]*")
_RESERVED = "octavus_"


def is_variable(word: object) -> bool:
    """Whether a word is written like the name of a variable."""
    return isinstance(word, str) and VARIABLE.fullmatch(word) is not None


def check_name(name: str, kind: Kind, at: Place) -> bool:
    """Whether a name that stands as a key is good; complains at the key otherwise."""
    key = Place(ScalarNode(value=name, span=at.key_span or at.span), at.path, at.report)
    pattern, style = _RULES[kind]
    if kind in {"tool", "slug"} and name.startswith(_RESERVED):
        key.error("reserved-name", f"names that begin with `{_RESERVED}` belong to the built-in tools")
        return False
    if not pattern.fullmatch(name):
        key.error(
            "bad-name", f"`{name[:80]}` is not a good name: write it in {style}", hint=_suggested(name, kind)
        )
        return False
    if kind == "property" and not _CAMEL.fullmatch(name):
        key.warn("name-style", f"properties are written in camelCase: `{name}`")
    return True


def _suggested(name: str, kind: Kind) -> str:
    words = [word for word in re.split(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])", name[:80]) if word]
    if not words or not words[0][0].isalpha():
        return ""
    if kind == "variable":
        better = "_".join(words).upper()
    elif kind in {"tool", "slug"}:
        better = "-".join(words).lower()
    else:
        better = "".join(word[0].upper() + word[1:] for word in words)
        better = better if kind == "type" else better[0].lower() + better[1:]
    return f"for example `{better}`" if _RULES[kind][0].fullmatch(better) else ""
