"""Owns one message of a thread: the model's view of it, with what a user interface needs beside."""

from __future__ import annotations

from typing import Literal

from mainspring.model.parts import Part, TextPart
from mainspring.model.values import Json, Value

Role = Literal["system", "user", "assistant", "tool"]


class Sender(Value, frozen=True, kw_only=True):
    """The author of a turn, as the caller names it."""

    id: str | None = None
    name: str | None = None
    image: str | None = None


class Message(Value, frozen=True, kw_only=True):
    """One message of a thread; `tool` messages carry the results of the assistant message before them.

    `turn_id` is the id of the message a user interface shows it in: its own for a user message, that of the
    turn's one assistant message else. `incomplete`: cut by a failure, not shown to the model. `at` is Unix seconds.
    """

    id: str
    role: Role
    parts: tuple[Part, ...]
    at: float
    turn_id: str = ""
    visible: bool = True
    ui_content: Json = None
    has_ui_content: bool = False
    sender: Sender | None = None
    response_type: str | None = None
    incomplete: bool = False

    @property
    def text(self) -> str:
        """The joined text parts."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))
