"""Owns the routes of agents: list, read, create, change, archive, validate."""

from __future__ import annotations

from mainspring.server.operation import Context
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.server.schemas import AgentChanged, AgentList, agent_detail, agent_summary, validation
from mainspring.wires.native_requests import parse_agent_definition, parse_agent_patch


async def list_agents(context: Context, request: Request) -> Reply:
    """Every agent that is not archived."""
    records = await context.services.agents.list(request.project)
    return reply(AgentList(agents=tuple(agent_summary(record) for record in records)))


async def get_agent(context: Context, request: Request) -> Reply:
    """One agent with its files, by id or slug."""
    return reply(agent_detail(await context.services.agents.get(request.project, request.param("id"))))


async def create_agent(context: Context, request: Request) -> Reply:
    """Publishes an agent; with a slug that is taken, its next version."""
    source = parse_agent_definition(await request.body())
    record = await context.services.agents.publish(request.project, source)
    created = record.created_at == record.updated_at
    message = "Agent created" if created else "Agent updated"
    return reply(AgentChanged(agent_id=record.id, message=message), status=201 if created else 200)


async def update_agent(context: Context, request: Request) -> Reply:
    """Publishes the next version of an agent: what the body names replaces what is there."""
    current = await context.services.agents.get(request.project, request.param("id"))
    source = parse_agent_patch(await request.body(), current.source)
    record = await context.services.agents.publish(request.project, source)
    return reply(AgentChanged(agent_id=record.id, message="Agent updated"))


async def archive_agent(context: Context, request: Request) -> Reply:
    """Takes an agent out of lists and frees its slug; its sessions keep running."""
    record = await context.services.agents.archive(request.project, request.param("id"))
    return reply(AgentChanged(agent_id=record.id, message="Agent archived"))


async def validate_agent(context: Context, request: Request) -> Reply:
    """Every complaint about an agent's files, nothing is stored; 200 also when there are errors."""
    source = parse_agent_definition(await request.body())
    return reply(validation(await context.services.agents.validate(request.project, source)))
