"""Owns the rule that `anthropic` options need a model of Anthropic."""

from __future__ import annotations

from mainspring.language.unit import Unit
from mainspring.model.program import Program


def anthropic_options(unit: Unit, program: Program) -> None:
    """Complain about `agent.anthropic` beside another provider's model; a model from a variable is not known yet."""
    agent = program.agent
    if agent is None or "anthropic" not in agent.options or agent.model is None:
        return
    model = agent.model.literal
    if isinstance(model, str) and not model.startswith("anthropic/"):
        provider = model.partition("/")[0]
        message = f'"anthropic" options require an anthropic model. Current model provider: "{provider}"'
        unit.at("agent", "anthropic").error("anthropic-only", message)
