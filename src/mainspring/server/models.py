"""Owns the list of models as OpenAI's clients see it: the agents that one can talk to."""

from __future__ import annotations

from mainspring.model.agents import AgentRecord
from mainspring.server.openai_bodies import Model, ModelList
from mainspring.server.openai_turns import MODEL, find_agent
from mainspring.server.operation import Context
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request


async def list_models(context: Context, request: Request) -> Reply:
    """Every interactive agent that is not archived."""
    agents = await context.services.agents.list(request.project)
    shown = (_model(agent) for agent in agents if agent.source.settings.format == "interactive")
    return reply(ModelList(data=tuple(shown)))


async def get_model(context: Context, request: Request) -> Reply:
    """One agent."""
    return reply(_model(await find_agent(context, request, request.param("id"))))


def _model(agent: AgentRecord) -> Model:
    return Model(id=MODEL + agent.source.settings.slug, created=int(agent.created_at))
