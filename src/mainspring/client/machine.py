"""Owns what the SDK takes from the machine it runs on: waiting, chance, the environment.

It stands in a customer's program, which has no composition root of ours; tests hand in another one.
"""

from __future__ import annotations

import asyncio
import os
import time  # noqa: TID251 - the SDK is its own root: nobody hands it a clock
from typing import Final

SPREAD: Final = 0.25
"""How much longer than asked a wait may be: callers that failed together do not come back together."""


class Machine:
    """Time, chance and the environment."""

    def environment(self, name: str) -> str:
        """A variable; empty if it is not set."""
        return os.environ.get(name, "")  # noqa: TID251 - MAINSPRING_URL and MAINSPRING_KEY of the customer's program

    def now(self) -> float:
        """Wall time, Unix seconds."""
        return time.time()

    def token(self) -> str:
        """A key nobody else has: 32 hexadecimal digits."""
        return os.urandom(16).hex()  # noqa: TID251 - idempotency keys, in the customer's program

    def sleep(self, seconds: float) -> None:
        """Returns after that long, or a little more."""
        time.sleep(self._spread(seconds))

    async def sleep_async(self, seconds: float) -> None:
        """Returns after that long, or a little more."""
        await asyncio.sleep(self._spread(seconds))  # noqa: TID251 - see the module

    def _spread(self, seconds: float) -> float:
        return seconds * (1 + SPREAD * os.urandom(1)[0] / 255)  # noqa: TID251 - see the module
