"""Owns the workbench of one compilation: the files, and what the sections have declared so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mainspring.language.places import Place, find, locate
from mainspring.language.report import Report
from mainspring.language.templates import PromptUses
from mainspring.model.agents import AgentSource
from mainspring.model.program import (
    Declared,
    Format,
    Namespace,
    Operand,
    Program,
    Prompt,
    Reference,
    Tool,
    Trigger,
    TypeDecl,
    Worker,
)
from mainspring.model.values import Json, Value

Sort = Literal["input", "variable", "resource", "trigger input", "output"]


class Visible(Value, frozen=True, kw_only=True):
    """A name that can be used; `declared` None: it is the output of a block and nowhere declared."""

    sort: Sort
    declared: Declared | None = None


class MappedPrompt(Value, frozen=True, kw_only=True):
    """One use of a prompt: label to source, and the names that were visible there."""

    prompt: str
    input: dict[str, str]
    visible: dict[str, Visible]


SCHEMA_ROOM = 20_000
"""How many properties the schemas of all types and tools may stand for together, uses of types written out."""


@dataclass(slots=True)
class Unit:
    """Everything known while one agent is compiled; each section adds what it declares.

    `type_names` holds every declared name, also of types that turned out wrong, so that one mistake is one
    complaint; so does `names`, by kind (`tool`, `worker`, `skill`, `mcp server`). `schema_room` is what is left of
    `SCHEMA_ROOM`.
    """

    source: AgentSource
    root: Place
    format: Format
    programs: Mapping[str, Program] | None = None
    prompts: dict[str, Prompt] = field(default_factory=dict[str, Prompt])
    uses: dict[str, PromptUses] = field(default_factory=dict[str, PromptUses])
    references: dict[str, Reference] = field(default_factory=dict[str, Reference])
    input: dict[str, Declared] = field(default_factory=dict[str, Declared])
    variables: dict[str, Declared] = field(default_factory=dict[str, Declared])
    resources: dict[str, Declared] = field(default_factory=dict[str, Declared])
    type_names: tuple[str, ...] = ()
    types: dict[str, TypeDecl] = field(default_factory=dict[str, TypeDecl])
    schema_sizes: dict[str, int] = field(default_factory=dict[str, int])
    schema_room: int = SCHEMA_ROOM
    schemas: dict[str, dict[str, Json]] = field(default_factory=dict[str, dict[str, Json]])
    tools: dict[str, Tool] = field(default_factory=dict[str, Tool])
    workers: dict[str, Worker] = field(default_factory=dict[str, Worker])
    triggers: dict[str, Trigger] = field(default_factory=dict[str, Trigger])
    names: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    namespaces: dict[str, Namespace] = field(default_factory=dict[str, Namespace])
    on_demand: Namespace | None = None
    agent_model: Operand | None = None
    mapped: list[MappedPrompt] = field(default_factory=list[MappedPrompt])

    @property
    def report(self) -> Report:
        """Where diagnostics go."""
        return self.root.report

    def written(self, *path: str | int) -> Place | None:
        """The place of a path of the protocol, if something stands there."""
        return find(self.root, path)

    def at(self, *path: str | int) -> Place:
        """The place of a path of the protocol, or the nearest written one around it."""
        return locate(self.root, path)
