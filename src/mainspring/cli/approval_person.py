"""Owns asking the person at the terminal whether a tool call may run."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from mainspring.cli.turns import Approve
from mainspring.cli.views.terminal import Terminal, clean
from mainspring.model.values import Json

YES: Final = ("y", "yes")
NO: Final = ("n", "no")


def ask_approval(terminal: Terminal) -> Approve:
    """Answers each request with what the person types; None: nobody is there, so it stays open."""

    def approve(request: dict[str, Any]) -> dict[str, Json] | None:
        terminal.line(f"  {in_words(request)}", "warn")
        terminal.line("  y allows it, n (and why) denies it, JSON allows it with other arguments", "warn")
        while True:
            try:
                text = terminal.ask("  allow> ").strip()
            except EOFError:
                return None
            answer = _read(text)
            if answer is not None:
                return {"approvalId": request["approvalId"], **answer}
            terminal.line("  y, n, or an object such as {}", "warn")

    return approve


def in_words(request: dict[str, Any]) -> str:
    """A request for people: the call, and why it waits."""
    arguments = msgspec.json.encode(request["input"]).decode()
    reason = request.get("reason") or "it may not run without a word of yours"
    return clean(f"{request['toolName']} {arguments} waits for you: {reason}")


def _read(text: str) -> dict[str, Json] | None:
    word, _, rest = text.partition(" ")
    if word.lower() in YES and not rest:
        return {"approved": True}
    if word.lower() in NO:
        return {"approved": False, **({"reason": rest.strip()} if rest.strip() else {})}
    try:
        return {"approved": True, "input": msgspec.json.decode(text, type=dict[str, Json])}
    except msgspec.MsgspecError:
        return None
