"""Owns what a wire remembers of a thread from model call to model call, so that a call costs what is new in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from mainspring.model.messages import Message
from mainspring.model.values import Json

Pieces: TypeAlias = list[dict[str, Json]]
"""What a wire makes of one message."""


class Told(msgspec.Struct, frozen=True):
    """Messages, and the pieces of each."""

    messages: tuple[Message, ...] = ()
    pieces: tuple[Pieces, ...] = ()


class Shown(msgspec.Struct, frozen=True):
    """A message and how it was shown: to which provider, with images of at most how many pixels a side."""

    message: Message
    provider: str
    longest: int | None
    shown: Message


_NOTHING: Final = Told()


class Retelling:
    """The pieces of a thread by wire. Only a cache: without it a request has the same bytes."""

    def __init__(self) -> None:
        self._by_wire: dict[str, Told] = {}
        self.shown: dict[str, Shown] = {}
        """By message id: a message with files as it was shown, their bytes within."""

    def pieces(
        self, wire: str, messages: tuple[Message, ...], tell: Callable[[Message], Pieces]
    ) -> tuple[Pieces, ...]:
        """The pieces of each message, in order; nobody changes them. `tell` depends on the message and `wire` alone."""
        told = self._by_wire.get(wire, _NOTHING)
        known = len(told.messages)
        # Equal tuples are compared by identity first: a pointer each.
        if messages[:known] != told.messages:
            told, known = _NOTHING, 0
        pieces = (*told.pieces, *map(tell, messages[known:]))
        self._by_wire[wire] = Told(messages, pieces)
        return pieces
