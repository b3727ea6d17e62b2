"""Owns what every block kind reads in the same way: its name, display, thread, output and variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from mainspring.language.names import check_name
from mainspring.language.places import Place, Section
from mainspring.language.scope import Scope
from mainspring.language.tools import DISPLAYS
from mainspring.language.unit import Unit
from mainspring.model.program import Block, Display

COMMON = ("block", "display", "title", "description", "thread")
MAIN = "main"


class Shown(TypedDict):
    """The members of every block, as its constructor takes them; the index follows when all are read."""

    name: str
    index: int
    display: Display
    title: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A block that is being read."""

    name: str
    section: Section
    unit: Unit
    scope: Scope

    def shown(self, default: Display) -> Shown:
        """What says how the block is shown."""
        return Shown(
            name=self.name,
            index=0,
            display=self.section.choice("display", DISPLAYS, default=default),
            title=self.section.text("title"),
            description=self.section.text("description"),
        )

    def thread(self, default: str = MAIN) -> str:
        """The thread the block belongs to."""
        return self.section.text("thread") or default

    def output(self) -> str | None:
        """The variable the block writes; from here on it can be used."""
        place = self.section.get("output")
        name = None if place is None else place.text()
        if place is None or name is None:
            return None
        known = self.scope.names.get(name)
        if known is None:
            if not check_name(name, "variable", Place(place.node, place.path, place.report)):
                return None
        elif known.sort not in {"variable", "output"}:
            instead = "; use `set-resource`" if known.sort == "resource" else ""
            message = f"`{name}` is a {known.sort}: a block writes to variables only{instead}"
            place.error("bad-output", message.replace("a input", "an input"))
            return None
        self.scope.add_output(name)
        return name

    def variable(self, key: str) -> str | None:
        """A member that has to name something visible."""
        place = self.section.need(key)
        return None if place is None else self.scope.resolve(place)


@dataclass(frozen=True, slots=True)
class BlockKind:
    """A kind of block: its keys besides the common ones, and how it is read."""

    name: str
    members: tuple[str, ...]
    read: Callable[[Draft], Block | None]
