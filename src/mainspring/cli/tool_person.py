"""Owns asking the person at the terminal for the result of a tool call."""

from __future__ import annotations

from typing import Final

import msgspec

from mainspring.cli.tool_file import ToolFile
from mainspring.cli.turns import Answer, ToolCall, ToolFailed
from mainspring.cli.views.terminal import Terminal
from mainspring.model.values import Json

FAILS: Final = "!"
"""What an answer begins with that makes the call fail."""


def ask_person(terminal: Terminal) -> Answer:
    """Answers each call with what the person types: JSON, or `!` and why the call fails."""

    def answer(call: ToolCall) -> Json:
        arguments = msgspec.json.encode(call.args).decode()
        terminal.line(f"  {call.tool_name} {arguments} waits for its result: JSON, or !why it fails", "warn")
        while True:
            try:
                text = terminal.ask("  result> ").strip()
            except EOFError:
                raise ToolFailed("Nobody was there to answer.") from None
            if text.startswith(FAILS):
                raise ToolFailed(text.removeprefix(FAILS).strip() or "The tool failed.")
            try:
                return msgspec.json.decode(text or "null")
            except msgspec.DecodeError as error:
                terminal.line(f'  not JSON ({error}); text goes in quotes: "like this"', "warn")

    return answer


def tools_first(tools: ToolFile | None, terminal: Terminal) -> Answer:
    """Answers with the functions of a file; the person is asked for the tools it does not have."""
    person = ask_person(terminal)
    if tools is None:
        return person

    def answer(call: ToolCall) -> Json:
        return person(call) if tools.find(call.tool_name) is None else tools.run(call)

    return answer
