"""Owns what a plain chat message means to an agent: which input of its trigger takes the text, and which the files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from mainspring.model.errors import InvalidRequest
from mainspring.model.parts import FileReference
from mainspring.model.program import Program, Trigger
from mainspring.model.values import Json

DEFAULT_TRIGGER: Final = "user-message"
TEXT_INPUT: Final = "USER_MESSAGE"


def turn_input(
    program: Program,
    trigger: str | None,
    *,
    text: str,
    files: Sequence[FileReference] = (),
    given: dict[str, Json] | None = None,
) -> dict[str, Json]:
    """The input of a trigger for a message. `given` are inputs by name; they count more.

    The text goes to `USER_MESSAGE`, else to the first input that is a string; the files go to the first input that
    is a file or a list of files. Raises `InvalidRequest` if the agent takes no such thing.
    """
    name = trigger or DEFAULT_TRIGGER
    declared = program.triggers.get(name)
    if declared is None:
        known = ", ".join(program.triggers) or "none"
        raise InvalidRequest(f'There is no trigger "{name}"; triggers: {known}')
    values = dict(given or {})
    if text:
        values.setdefault(_text_input(declared), text)
    if files:
        input_name, many = _file_input(declared)
        if len(files) > 1 and not many:
            raise InvalidRequest(f"{input_name} of the trigger {name} takes one file, not {len(files)}")
        shown = [msgspec.to_builtins(file) for file in files]
        values.setdefault(input_name, shown if many else shown[0])
    return values


def _text_input(trigger: Trigger) -> str:
    if TEXT_INPUT in trigger.input:
        return TEXT_INPUT
    for name, declared in trigger.input.items():
        if declared.type.name == "string" and not declared.type.array:
            return name
    raise InvalidRequest(f"The trigger {trigger.name} takes no text")


def _file_input(trigger: Trigger) -> tuple[str, bool]:
    for name, declared in trigger.input.items():
        if declared.type.name == "file":
            return name, declared.type.array
    raise InvalidRequest(f"The trigger {trigger.name} takes no files")
