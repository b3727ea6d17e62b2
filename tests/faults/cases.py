"""Owns the failures that are replayed: what a provider sent, byte for byte, and what has to come of it.

A file holds one JSON object a line. The public examples that the design quotes are not part of the repository: where
they lie beside it, they are replayed too.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mainspring.providers.endpoints import ENDPOINTS

HERE = Path(__file__).parent
OWN = HERE / "unseen.jsonl"
QUOTED = HERE.parents[2] / "shared" / "corpus" / "errors.jsonl"
TOOLS = ("get-order", "get-a", "get-b", "get-weather", "delete-order", "diagnostic-noop")
"""The tools that answers of the cases call; they are written there as other products name them."""

FOREIGN_FRAMES = ("application/vnd.amazon.eventstream", "application/x-ndjson")


@dataclass(frozen=True)
class Case:
    """One failure."""

    id: str
    provider: str
    api: str
    where: str
    status: int | None
    headers: dict[str, str]
    body: str
    shown: str
    expected: dict[str, Any]
    network: dict[str, Any]

    @property
    def wire(self) -> str:
        """Which wire the answer is of."""
        messages = self.api in {"messages", "invoke"} or '"message_start"' in self.body
        if messages or self.provider.startswith("anthropic"):
            return "anthropic"
        if self.api == "responses":
            return "responses"
        return "gemini" if "enerateContent" in self.api else "chat"

    @property
    def spoken(self) -> bool:
        """Whether Mainspring speaks the wire: an HTTP error is the same on every wire, a stream is not."""
        return self.headers.get("content-type", "") not in FOREIGN_FRAMES

    @property
    def called(self) -> str:
        """The provider that is asked, by our name for it."""
        ours = {"anthropic": "anthropic", "gemini": "google", "responses": "openai-responses"}
        known = ENDPOINTS.get(self.provider)
        named = known is not None and known.wire in {"openai", "openai-chat"}
        return ours.get(self.wire) or (self.provider if named else "openai-compatible")

    @property
    def fault(self) -> str:
        """What the network does."""
        return str(self.network.get("fault", "none"))

    def grades(self, name: str) -> bool:
        """Whether the example says something about this."""
        return name in self.expected["graded"]

    @property
    def classes(self) -> Sequence[str]:
        """The classes that are right."""
        return [self.expected["class"], *self.expected.get("class_also_ok", [])]


def load(path: Path) -> list[Case]:
    """The cases of a file."""
    return [_case(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _case(row: dict[str, Any]) -> Case:
    body = row["body"]
    for tool in TOOLS:
        body = body.replace(tool.replace("-", "_"), tool)
    return Case(
        id=row["id"],
        provider=row["provider"],
        api=row["api"],
        where=row["where"],
        status=row["status"],
        headers=row["headers"],
        body=body,
        shown=row.get("output_before_error", "none"),
        expected=row["expected"],
        network=row.get("network") or {},
    )
