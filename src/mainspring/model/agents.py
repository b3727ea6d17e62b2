"""Owns an agent's source as it is published: settings, protocol text, prompts and references."""

from __future__ import annotations

from mainspring.model.program import Format
from mainspring.model.values import Value


class AgentSettings(Value, frozen=True, kw_only=True):
    """The content of `settings.json`."""

    slug: str
    name: str
    format: Format = "interactive"
    description: str | None = None


class PromptFile(Value, frozen=True, kw_only=True):
    """One file below `prompts/`; `name` is its path without `.md`."""

    name: str
    content: str


class ReferenceFile(Value, frozen=True, kw_only=True):
    """One file of `references/`, its frontmatter read."""

    name: str
    description: str
    content: str


class AgentSource(Value, frozen=True, kw_only=True):
    """Everything that makes one version of an agent."""

    settings: AgentSettings
    protocol: str
    prompts: tuple[PromptFile, ...] = ()
    references: tuple[ReferenceFile, ...] = ()


class AgentRecord(Value, frozen=True, kw_only=True):
    """A published agent as the store keeps it; `version` is the content hash, times are Unix seconds."""

    id: str
    project_id: str
    version: str
    source: AgentSource
    created_at: float
    updated_at: float
    archived: bool = False
