"""Owns how a suite in this package complains, without a test runner's help: `AssertionError` with both sides."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

E = TypeVar("E", bound=Exception)


def equal(actual: object, expected: object) -> None:
    """Both are the same value."""
    if actual != expected:
        raise AssertionError(f"expected {expected!r}\n   found {actual!r}")


def holds(condition: object, what: str) -> None:
    """`what` is true."""
    if not condition:
        raise AssertionError(f"expected {what}")


async def refused(work: Awaitable[object], error: type[E]) -> E:
    """The error that `work` ended with; it has to be of this class."""
    (result,) = await asyncio.gather(work, return_exceptions=True)
    if isinstance(result, error):
        return result
    if isinstance(result, BaseException):
        raise result
    raise AssertionError(f"expected {error.__name__}, and it returned {result!r}")
