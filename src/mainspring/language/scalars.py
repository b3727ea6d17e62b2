"""Owns the meaning of a plain scalar: the core schema of YAML 1.2, where `yes`, `no`, `on` and `off` are text."""

from __future__ import annotations

import re

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_NAN = frozenset({".nan", ".NaN", ".NAN"})
_DIGITS = 24


def resolve(text: str) -> str | int | float | bool | None:
    """The value of an unquoted scalar. An integer of absurd length becomes a float, and so infinite at worst."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    return _integer(text) if _is_integer(text) else _real(text)


def _is_integer(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in (_DECIMAL, _OCTAL, _HEX))


def _integer(text: str) -> int | float:
    if len(text) > _DIGITS:
        return float(text) if _DECIMAL.fullmatch(text) else float("inf")
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def _real(text: str) -> str | float:
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITY.fullmatch(text):
        return float("-inf") if text.startswith("-") else float("inf")
    return float("nan") if text in _NAN else text
