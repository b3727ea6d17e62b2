"""Owns the routes of ephemeral tokens: mint, revoke."""

from __future__ import annotations

from mainspring.model.errors import InvalidRequest, NotFound
from mainspring.runtime.requests import Grant
from mainspring.runtime.tokens import LIFETIME
from mainspring.server.operation import Context
from mainspring.server.replies import Reply, reply
from mainspring.server.request import Request
from mainspring.server.schemas import TokenMade, TokenRevoked
from mainspring.wires.native_requests import ParsedMint, parse_mint, parse_revoke
from mainspring.wires.ui_messages import iso


async def mint_token(context: Context, request: Request) -> Reply:
    """A token for a browser, bound to an agent and perhaps to one session of it; it ends with the key."""
    parsed = parse_mint(await request.body())
    grant = await _grant(context, request, parsed)
    secret, record = await context.services.keys.tokens.mint(
        request.principal, grant, lifetime=LIFETIME if parsed.seconds is None else parsed.seconds
    )
    made = TokenMade(
        token=secret,
        jti=record.id,
        expires_at=iso(record.expires_at),
        agent_id=record.agent_id,
        session_id=record.session_id,
    )
    return reply(made, status=201)


async def _grant(context: Context, request: Request, parsed: ParsedMint) -> Grant:
    agent = await context.services.agents.get(request.project, parsed.agent)
    if parsed.session is not None:
        record = await context.services.sessions.record(request.project, parsed.session)
        if record.agent_id != agent.id:
            raise NotFound(
                f"There is no session {parsed.session!r} with this agent.", code="SESSION_NOT_FOUND"
            )
    program = await context.services.agents.program(request.project, agent.id, agent.version)
    unknown = [name for name in parsed.triggers or () if name not in program.triggers]
    if unknown:
        allowed = ", ".join(program.triggers) or "none"
        raise InvalidRequest(f"triggers: {parsed.agent} has no {', '.join(unknown)}; it has: {allowed}")
    return Grant(agent_id=agent.id, session_id=parsed.session, triggers=parsed.triggers, tools=parsed.tools)


async def revoke_token(context: Context, request: Request) -> Reply:
    """Ends a token now; one that is unknown or over is no error."""
    secret = parse_revoke(await request.body())
    revoked = await context.services.keys.tokens.revoke(request.project, secret)
    return reply(TokenRevoked(revoked=revoked is not None, jti=revoked))
