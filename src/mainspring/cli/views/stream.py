"""Owns how the events of an answer look as they come: text as it is written, all else on lines of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from mainspring.cli.views.terminal import Terminal, clean

WIDEST: Final = 160
"""Characters of arguments and results that are shown."""
MARKS: Final = {"pending": "[ ]", "in_progress": "[>]", "completed": "[x]", "cancelled": "[-]"}

Event = dict[str, Any]


class StreamView:
    """Prints events; `failed` once one of them was an error. With `lead`, lines are indented by it.

    `output` is what the execution returned, if it was a worker by itself.
    """

    def __init__(self, terminal: Terminal, *, lead: str = "") -> None:
        self.failed = False
        self._terminal = terminal
        self._lead = lead
        self.output: Any = None
        self._said: list[str] = []
        self._execution = ""
        self._open = ""
        self._tools: dict[str, str] = {}
        self._calls: set[str] = set()
        self._shown: dict[str, Callable[[Event], None]] = {
            "start": self._started,
            "text-delta": lambda event: self._say(event, ""),
            "reasoning-delta": lambda event: self._say(event, "dim"),
            "text-end": self._close,
            "reasoning-end": self._close,
            "tool-input-available": self._called,
            "tool-request": self._requested,
            "tool-approval-request": self._waits,
            "tool-approval-response": self._allowed,
            "tool-output-available": self._returned,
            "tool-output-error": self._broke,
            "block-start": self._block,
            "worker-start": self._worker,
            "worker-result": self._worker_ended,
            "todo-update": self._todos,
            "file-available": lambda event: self._mark(f"file {event['url']}"),
            "source": lambda event: self._mark(f"source {event['url']}"),
            "resource-update": self._resource,
            "attempt-superseded": lambda _: self._mark("the model was cut off and is asked again", "warn"),
            "error": self._error,
            "finish": self._finish,
        }

    def show(self, event: Event) -> None:
        """Prints one event."""
        show = self._shown.get(event["type"])
        if show is not None:
            show(event)

    def was_said(self, text: str) -> bool:
        """Whether the last text that streamed was this one."""
        return "".join(self._said).strip() == text.strip()

    def end(self) -> None:
        """Ends the line that is open."""
        if self._open:
            self._terminal.line()
            self._open = ""

    def _say(self, event: Event, style: str) -> None:
        key = f"{event['type']}:{event['id']}"
        if self._open != key:
            self.end()
            # Without colours the mark alone tells thoughts from answers.
            self._terminal.write(self._lead + ("~ " if style else ""), style)
            self._open = key
            self._said.clear()
        self._said.append(event["delta"])
        text = clean(event["delta"]).replace("\n", "\n" + self._lead)
        self._terminal.write(text, style)

    def _close(self, _: Event) -> None:
        self.end()

    def _mark(self, text: str, style: str = "dim") -> None:
        self.end()
        self._terminal.line(self._lead + clean(text), style)

    def _called(self, event: Event) -> None:
        # A tool that is not shown in full has no arguments here; whoever runs it gets them with the request.
        self._tools[event["toolCallId"]] = event["toolName"]
        if event["input"]:
            self._call(event["toolCallId"], event["toolName"], event["input"])

    def _requested(self, event: Event) -> None:
        for call in event["toolCalls"]:
            if call["toolCallId"] not in self._calls:
                self._call(call["toolCallId"], call["toolName"], call["args"])

    def _call(self, call_id: str, name: str, arguments: Any) -> None:
        self._calls.add(call_id)
        self._tools[call_id] = name
        self._mark(f"-> {name} {brief(arguments)}", "tool")

    def _waits(self, event: Event) -> None:
        self._tools[event["toolCallId"]] = event["toolName"]
        self._mark(f"?? {event['toolName']} waits for a person [{event['approvalId']}]", "warn")

    def _allowed(self, event: Event) -> None:
        name = self._tools.get(event["toolCallId"], "tool")
        word = "allowed" if event["approved"] else event.get("cause") or "denied"
        reason = f": {event['reason']}" if event.get("reason") else ""
        self._mark(f"?? {name} {word}{reason}", "warn")

    def _returned(self, event: Event) -> None:
        name = self._tools.get(event["toolCallId"], "tool")
        self._mark(f"<- {name} {brief(event['output'])}", "tool")

    def _broke(self, event: Event) -> None:
        name = self._tools.get(event["toolCallId"], "tool")
        self._mark(f"<- {name} failed: {event['error']}", "bad")

    def _block(self, event: Event) -> None:
        if event["display"] == "hidden" or event["blockType"] in ("add-message", "next-message"):
            return
        self._mark(f".. {event.get('description') or event['blockName']}")

    def _started(self, event: Event) -> None:
        self._execution = event["executionId"]

    def _worker(self, event: Event) -> None:
        if event["workerId"] == self._execution:
            return
        self._mark(f".. {event.get('description') or event['workerSlug']} (worker)")

    def _worker_ended(self, event: Event) -> None:
        error = event.get("error")
        if error is not None:
            self._mark(f"<- worker failed: {error}", "bad")
        elif event["workerId"] == self._execution:
            self.output = event.get("output")
        elif event.get("output") is not None:
            self._mark(f"<- worker {brief(event['output'])}", "tool")

    def _todos(self, event: Event) -> None:
        for item in event["todos"]:
            self._mark(f"{MARKS.get(item['status'], '[ ]')} {item['content']}")

    def _resource(self, event: Event) -> None:
        self._mark(f".. {event['name']} = {brief(event['value'])}")

    def _error(self, event: Event) -> None:
        self.failed = True
        self._mark(f"Error: {event['message']} [{event.get('code') or event['errorType']}]", "bad")

    def _finish(self, event: Event) -> None:
        self.end()
        if event["finishReason"] not in ("stop", "tool-calls", "client-tool-calls"):
            self._mark(f"(ended: {event['finishReason']})", "warn")


def brief(value: Any) -> str:
    """A value as JSON on one line, cut where it gets long."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"
