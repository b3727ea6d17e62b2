"""Owns how long a provider asks to wait: every way that headers, bodies and sentences say it, in seconds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from mainspring.model.json_shape import is_object
from mainspring.model.values import Json

_LONGEST: Final = 366 * 86400.0
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PIECE: Final = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)\s*(ms|[smhd])(?![a-z])")
_WORDS: Final = (
    (re.compile(r"(?:milliseconds?|millis|msecs?)\b"), "ms"),
    (re.compile(r"(?:seconds?|secs?)\b"), "s"),
    (re.compile(r"(?:minutes?|mins?)\b"), "m"),
    (re.compile(r"(?:hours?|hrs?)\b"), "h"),
    (re.compile(r"days?\b"), "d"),
)
_ASKED: Final = re.compile(
    r"(?:(?:try|retry|retrying|available|resets?|wait|back ?off)(?: again)?(?: the request| your request)?"
    r"(?: in| after| for)?|in|after)[:\s]+(?:about |approximately |another )?"
    r"((?:\d{1,12}(?:\.\d{1,12})?\s*(?:ms|[smhd])(?![a-z])[\s,]*(?:and )?)+)"
)
_EPOCH: Final = 1e9
_EPOCH_MS: Final = 1e11


def duration(text: str) -> float | None:
    """Seconds of `18.642s`, `174ms`, `9m38.016s`, `1h 2m`, `20 seconds`, `2 minutes and 5 seconds` or a number."""
    number = bounded(text)
    if number is not None:
        return number
    short = _short(text)
    if _PIECE.sub("", short).replace("and", "").strip(" ,"):
        return None
    pieces = _PIECE.findall(short)
    return _sum(pieces) if pieces else None


def _short(text: str) -> str:
    text = text.strip().lower()
    for pattern, unit in _WORDS:
        text = pattern.sub(unit, text)
    return text


def _sum(pieces: list[tuple[str, str]]) -> float | None:
    return bounded(sum(float(number) * _UNITS[unit] for number, unit in pieces))


def bounded(value: Json) -> float | None:
    """A number of seconds a wait can have; None for anything else."""
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return round(number, 6) if math.isfinite(number) and 0 <= number <= _LONGEST else None


def in_headers(headers: Mapping[str, str], now: float | None) -> float | None:
    """What `retry-after-ms`, else `retry-after` (seconds, a duration or a date) say; `headers` by lower-case name."""
    milliseconds = bounded(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    if not value:
        return None
    seconds = duration(value)
    return _until(_moment(value), headers, now) if seconds is None else seconds


def _moment(value: str) -> float | None:
    """Unix seconds of an HTTP date or an ISO date."""
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        pass
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _until(moment: float | None, headers: Mapping[str, str], now: float | None) -> float | None:
    """Counts from the response's own date, so a wrong clock on either side does no harm; else from `now`."""
    since = _moment(headers["date"]) if "date" in headers else None
    since = now if since is None else since
    if moment is None or since is None:
        return None
    return bounded(max(0.0, moment - since))


def in_limits(headers: Mapping[str, str], now: float | None) -> float | None:
    """When the limits that are used up (`...ratelimit...remaining: 0`) begin anew, the last of them."""
    found: list[float] = []
    for name, value in headers.items():
        if "ratelimit" not in name or "remaining" not in name or bounded(value) != 0:
            continue
        reset = headers.get(name.replace("remaining", "reset"), "")
        seconds = _reset(reset, headers, now)
        if seconds is not None:
            found.append(seconds)
    return max(found, default=None)


def _reset(value: str, headers: Mapping[str, str], now: float | None) -> float | None:
    try:
        number = float(value)
    except ValueError:
        seconds = duration(value)
        return _until(_moment(value), headers, now) if seconds is None else seconds
    if number >= _EPOCH_MS:
        return _until(number / 1000, headers, now)
    return _until(number, headers, now) if number >= _EPOCH else bounded(number)


def in_text(text: str) -> float | None:
    """What a sentence says: `Please try again in 9m38.016s`, `retry after 86400 seconds`."""
    found = _ASKED.search(_short(text))
    return None if found is None else _sum(_PIECE.findall(found[1]))


def in_member(name: str, value: Json) -> float | None:
    """What a member of an error body says: `retryDelay`, `retry_after`, `retry_after_ms` and their kind."""
    plain = name.lower().replace("_", "").replace("-", "")
    if plain == "retrydelay" and is_object(value):
        nanos = value.get("nanos")
        fraction = nanos / 1e9 if isinstance(nanos, int) and 0 <= nanos < 10**9 else 0.0
        return bounded((bounded(value.get("seconds")) or 0.0) + fraction)
    if plain in {"retryafterms", "retryaftermilliseconds"}:
        milliseconds = bounded(value)
        return None if milliseconds is None else milliseconds / 1000
    if plain in {"retrydelay", "retryafter", "retryafterseconds", "retryafters", "retryinseconds"}:
        return duration(value) if isinstance(value, str) else bounded(value)
    return None
