"""Owns the real clock, real chance, and the name of the machine: the only callers of `time` and `secrets`."""

from __future__ import annotations

import asyncio
import os
import secrets
import time

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TOKEN_LENGTH = 22
TOKENS = len(ALPHABET) ** TOKEN_LENGTH  # a little more than 2**130


class SystemClock:
    """The machine's time (`Clock`)."""

    def now(self) -> float:
        """Wall time, Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Returns after that long; at once, but not before others had a turn, for zero or less."""
        await asyncio.sleep(max(seconds, 0.0))


def machine_name() -> str:
    """What this machine is called; in a container, its id."""
    return os.uname().nodename or "host"


class SystemIds:
    """Tokens nobody can guess (`Ids`)."""

    def token(self) -> str:
        """22 characters of 0-9A-Za-z, each value equally likely: 130 random bits."""
        number = secrets.randbelow(TOKENS)
        letters: list[str] = []
        for _ in range(TOKEN_LENGTH):
            number, letter = divmod(number, len(ALPHABET))
            letters.append(ALPHABET[letter])
        return "".join(letters)
