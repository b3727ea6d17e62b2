"""Owns how the messages of a session look when they are read again."""

from __future__ import annotations

from typing import Any

from mainspring.cli.http import Api, segment
from mainspring.cli.views.stream import brief
from mainspring.cli.views.terminal import Terminal, clean
from mainspring.model.errors import NotFound


def show_messages(terminal: Terminal, api: Api, session: str) -> None:
    """Prints the messages people see of a session; raises `NotFound` if it has expired."""
    found = api.get(f"/api/agent-sessions/{segment(session)}", {"format": "ui"})
    if found.get("status") == "expired":
        raise NotFound(f"The session {session} has expired.", code="SESSION_EXPIRED")
    for message in found["messages"]:
        show_message(terminal, message)


def show_message(terminal: Terminal, message: dict[str, Any]) -> None:
    """Prints one message with its parts."""
    terminal.line(f"{message['role']}  {message.get('createdAt', '')}", "strong")
    for part in message["parts"]:
        text, style = _told(part)
        if text:
            terminal.line("  " + clean(text).replace("\n", "\n  "), style)
    terminal.line()


def _told(part: dict[str, Any]) -> tuple[str, str]:
    """A part as text and its style; no text: there is nothing to show."""
    match part["type"]:
        case "text":
            return part["text"], ""
        case "reasoning":
            return "~ " + part["text"], "dim"
        case "object":
            return brief(part.get("object")), ""
        case "tool-call":
            outcome = part["error"] if part.get("error") else brief(part.get("result"))
            return f"-> {part['toolName']} {brief(part.get('args'))} <- {outcome}", "tool"
        case kind:
            return f".. {kind}", "dim"
