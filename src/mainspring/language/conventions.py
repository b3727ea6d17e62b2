"""Owns what need not be written: names and blocks that are assumed. What is written always wins."""

from __future__ import annotations

from collections.abc import Mapping

from mainspring.language.mappings import assumed_mapping
from mainspring.language.scope import Scope
from mainspring.language.unit import MappedPrompt, Unit
from mainspring.model.program import AddMessage, Block, Declared, NextMessage, Trigger, TypeRef

USER_TRIGGER = "user-message"
USER_INPUT = "USER_MESSAGE"
USER_PROMPT = "user-message"
SYSTEM_PROMPT = "system"
_MAIN = "main"


def assume_trigger(unit: Unit) -> None:
    """An interactive agent takes user messages."""
    if unit.written("triggers", USER_TRIGGER) is None:
        unit.triggers[USER_TRIGGER] = user_trigger()


def user_trigger() -> Trigger:
    """The trigger that is assumed: one text."""
    message = Declared(name=USER_INPUT, type=TypeRef(name="string"))
    return Trigger(name=USER_TRIGGER, input={USER_INPUT: message}, assumed=True)


def complete_user_message(
    unit: Unit, handlers: Mapping[str, tuple[Block, ...]]
) -> dict[str, tuple[Block, ...]]:
    """The handler of user messages with what is assumed: the answer, and the message before it."""
    scope = Scope(unit, unit.triggers[USER_TRIGGER])
    blocks = handlers.get(USER_TRIGGER, ())
    written = unit.written("handlers", USER_TRIGGER)
    if written is None or written.value in (None, {}):
        blocks = (_respond(),)
    if _adds_user_message(blocks) or USER_INPUT not in scope.names:
        return {USER_TRIGGER: blocks}
    for index, block in enumerate(blocks):
        if isinstance(block, NextMessage) and block.thread == _MAIN:
            return {USER_TRIGGER: (*blocks[:index], _user_message(unit, scope), *blocks[index:])}
    return {USER_TRIGGER: blocks}


def _adds_user_message(blocks: tuple[Block, ...]) -> bool:
    return any(isinstance(block, AddMessage) and block.role == "user" for block in blocks)


def _respond() -> NextMessage:
    return NextMessage(name="Respond", index=0, display="stream", assumed=True)


def _user_message(unit: Unit, scope: Scope) -> AddMessage:
    has_file = USER_PROMPT in unit.prompts
    mapping = assumed_mapping(USER_PROMPT, unit, scope) if has_file else {}
    if has_file:
        unit.mapped.append(MappedPrompt(prompt=USER_PROMPT, input=mapping, visible=dict(scope.names)))
    return AddMessage(
        name="Add user message",
        index=0,
        display="hidden",
        role="user",
        prompt=USER_PROMPT if has_file else None,
        text_variable=None if has_file else USER_INPUT,
        input=mapping,
        assumed=True,
    )
