"""Owns the order rules of the wire (`start` first, pairs closed, one tool request), as complaints about legs."""

from collections.abc import Iterator
from typing import Any

Event = dict[str, Any]
FINISHES = {"stop", "tool-calls", "client-tool-calls", "length", "content-filter", "error", "other"}
OPENERS = {"text-start": "text", "reasoning-start": "reasoning"}
PIECES = {"text-delta": "text", "reasoning-delta": "reasoning"}
CLOSERS = {"text-end": "text", "reasoning-end": "reasoning"}


class Turn:
    """Judges the legs of one turn, in order; `complaints` is empty if they keep every rule."""

    def __init__(self) -> None:
        self.execution: str | None = None
        self.blocks: list[str] = []
        self.parts: dict[tuple[str | None, str], str] = {}
        self.used: set[str] = set()
        self.calls: dict[str, str] = {}
        self.requested: set[str] = set()
        self.complaints: list[str] = []

    def complain(self, text: str) -> None:
        """Notes a broken rule."""
        self.complaints.append(text)

    def leg(self, events: list[Event], done: bool = True) -> None:
        """One HTTP answer, whole."""
        if not events:
            self.complain("an empty leg")
            return
        self.frame(events)
        for event in events:
            self.step(event)
        if not done:
            self.complain("no [DONE]")
        last = next(event for event in reversed(events) if event["type"] != "usage")
        if last["type"] == "error" or last.get("finishReason") not in {"tool-calls", "client-tool-calls"}:
            self.ended(last["type"])

    def frame(self, events: list[Event]) -> None:
        """Rules 1 to 4: how a leg begins and ends."""
        kinds = [event["type"] for event in events]
        if kinds[0] != "start" or kinds.count("start") != 1:
            self.complain(f"a leg has one start, first: {kinds[:3]}")
        start = events[kinds.index("start")] if "start" in kinds else {}
        if self.execution not in {None, start.get("executionId")}:
            self.complain(f"a new execution id on a continuation: {start.get('executionId')}")
        self.execution = start.get("executionId") or self.execution
        if self.execution is None:
            self.complain("no execution id")
        while kinds and kinds[-1] == "usage":
            kinds.pop()
        if kinds[-1] not in {"finish", "error"} or (kinds.count("finish") + kinds.count("error")) != 1:
            self.complain(f"a leg ends with one finish or error: {kinds[-3:]}")
        self.request(events, kinds)

    def request(self, events: list[Event], kinds: list[str]) -> None:
        """Rule 3: `tool-request, finish tool-calls`, or neither."""
        reason = events[kinds.index("finish")]["finishReason"] if "finish" in kinds else None
        asks = [event for event in events if event["type"] == "tool-request"]
        if bool(asks) != (reason == "tool-calls"):
            self.complain(f"{len(asks)} tool requests and a finish {reason}")
        if asks and (len(asks) > 1 or kinds[-2:] != ["tool-request", "finish"]):
            self.complain(f"one tool request, right before the finish: {kinds}")
        if reason is not None and reason not in FINISHES:
            self.complain(f"finish reason {reason}")
        self.requested = {call["toolCallId"] for ask in asks for call in ask["toolCalls"]}
        if asks and not self.requested:
            self.complain("an empty tool request")

    def step(self, event: Event) -> None:
        """Rules 5 to 9: one event."""
        kind = event["type"]
        nulls = [name for name, value in event.items() if value is None and name not in {"output", "value"}]
        if nulls:
            self.complain(f"{kind}: null for the absent {nulls}")
        if kind in OPENERS | PIECES | CLOSERS:
            self.part(event)
        elif kind.startswith("block-"):
            self.block(event)
        elif kind.startswith(("tool-input", "tool-output")):
            self.call(event)

    def block(self, event: Event) -> None:
        """Blocks pair by id and do not nest, except those of a worker."""
        identity = event["blockId"]
        if event["type"] == "block-end":
            if identity not in self.blocks:
                self.complain(f"block-end of {identity}, which is not open")
            else:
                self.blocks.remove(identity)
            return
        if self.blocks and "workerId" not in event:
            self.complain(f"{identity} opens inside {self.blocks}")
        if identity in self.used:
            self.complain(f"{identity} opens twice")
        self.used.add(identity)
        self.blocks.append(identity)

    def part(self, event: Event) -> None:
        """Texts do not overlap in a scope, and each has an id of its own."""
        kind, identity = event["type"], event["id"]
        scope = (event.get("workerId"), (OPENERS | PIECES | CLOSERS)[kind])
        if kind in OPENERS:
            if scope in self.parts or identity in self.used:
                self.complain(f"{kind} of {identity} while {self.parts.get(scope)} is open, or used again")
            self.used.add(identity)
            self.parts[scope] = identity
            if not self.blocks:
                self.complain(f"{kind} outside a block")
        elif self.parts.get(scope) != identity:
            self.complain(f"{kind} of {identity}, open is {self.parts.get(scope)}")
        elif kind in CLOSERS:
            del self.parts[scope]

    def call(self, event: Event) -> None:
        """A call's events come in their order."""
        before = {
            "tool-input-start": {None},
            "tool-input-delta": {"tool-input-start", "tool-input-delta"},
            "tool-input-end": {"tool-input-start", "tool-input-delta"},
            "tool-input-available": {"tool-input-end"},
            "tool-output-available": {"tool-input-available"},
            "tool-output-error": {"tool-input-available", "tool-input-end"},
        }
        kind, identity = event["type"], event["toolCallId"]
        if self.calls.get(identity) not in before[kind]:
            self.complain(f"{kind} of {identity} after {self.calls.get(identity)}")
        self.calls[identity] = kind

    def answered(self, identities: set[str]) -> None:
        """The results of these calls were given by the caller."""
        for identity in identities & self.calls.keys():
            self.calls[identity] = "tool-output-available"

    def ended(self, how: str) -> None:
        """Rule 11: at the end everything is closed; after an error the client itself closes the calls."""
        left = [*self.blocks, *self.parts.values()]
        if how == "finish":
            left += [call for call, kind in self.calls.items() if not kind.startswith("tool-output")]
        if left:
            self.complain(f"left open at the {how}: {left}")


def complaints(legs: list[Any]) -> list[str]:
    """Every broken rule of recorded legs, turn by turn.

    A leg: `{request, events, done}`; a request without `executionId` begins a turn.
    """
    found: list[str] = []
    turn = Turn()
    for leg in legs:
        if not leg["request"].get("executionId"):
            found += turn.complaints
            turn = Turn()
        turn.answered({result["toolCallId"] for result in leg["request"].get("toolResults") or []})
        turn.leg(leg["events"], leg["done"])
    return [*found, *turn.complaints]


def rebuilt(legs: list[Any]) -> Iterator[tuple[str, str]]:
    """Each tool call's input as its deltas spell it, by call id."""
    texts: dict[str, str] = {}
    for leg in legs:
        for event in leg["events"]:
            if event["type"] == "tool-input-delta":
                texts[event["toolCallId"]] = texts.get(event["toolCallId"], "") + event["inputTextDelta"]
    yield from texts.items()
