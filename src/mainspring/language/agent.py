"""Owns the section `agent`: the main thread of an interactive agent."""

from __future__ import annotations

from mainspring.language.conventions import SYSTEM_PROMPT
from mainspring.language.places import Section
from mainspring.language.scope import Scope
from mainspring.language.threads import AGENT, read_thread
from mainspring.language.unit import Unit
from mainspring.model.program import ThreadConfig


def read_agent(unit: Unit, root: Section) -> ThreadConfig | None:
    """The agent's settings; its prompt `system` need not be named."""
    place = root.need("agent")
    section = None if place is None else place.section(AGENT)
    if section is None:
        return None
    section.need("model")
    assumed = SYSTEM_PROMPT if SYSTEM_PROMPT in unit.prompts else None
    if assumed is None:
        section.need("system")
    config = read_thread(section, unit, Scope(unit), system=assumed)
    unit.agent_model = config.model
    return config
