"""Owns the warning about a handler of user messages that asks for an answer and never hears the message."""

from __future__ import annotations

from mainspring.language.conventions import USER_TRIGGER
from mainspring.language.draft import MAIN
from mainspring.language.unit import Unit
from mainspring.model.program import AddMessage, NextMessage, Program


def said_nothing(unit: Unit, program: Program) -> None:
    """Warn where nothing of the trigger's input reaches the thread: its input has another name than assumed."""
    blocks = program.handlers.get(USER_TRIGGER, ())
    answers = any(isinstance(block, NextMessage) and block.thread == MAIN for block in blocks)
    hears = any(isinstance(block, AddMessage) for block in blocks)
    if answers and not hears:
        hint = "call the trigger's input USER_MESSAGE, or write an `add-message` with `role: user`"
        message = "the model is asked to answer, but no block adds the user's message"
        place = unit.written("handlers", USER_TRIGGER) or unit.at("triggers", USER_TRIGGER)
        place.warn("no-user-message", message, hint=hint)
