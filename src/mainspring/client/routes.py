"""Owns the requests the SDK makes: methods, paths, queries and bodies of the HTTP API, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from mainspring.client.approvals import Approval, approval_body
from mainspring.client.steps import Request
from mainspring.client.trigger import Continue, Trigger, result_body, trigger_body
from mainspring.model.values import Json, encode_json

SESSIONS: Final = "/api/agent-sessions"
AGENTS: Final = "/api/agents"
EVENTS: Final[dict[str, Any]] = {"format": "events"}


def request(method: str, path: str, body: Json = None, *, repeatable: bool = True, **query: Any) -> Request:
    """A request; a query that is None is left out, truth is `true` or `false`."""
    given = {name: _text(value) for name, value in query.items() if value is not None}
    content = None if body is None else encode_json(body)
    return Request(method=method, path=path, query=given, body=content, repeatable=repeatable)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def under(collection: str, name: str, *more: str) -> str:
    """The path of a thing in a collection, and of what is below it."""
    return "/".join((collection, quote(name, safe=""), *more))


# ---- agents ---------------------------------------------------------------------------------------------------


def list_agents() -> Request:
    """`GET /api/agents`."""
    return request("GET", AGENTS)


def get_agent(agent: str) -> Request:
    """`GET /api/agents/{id}`."""
    return request("GET", under(AGENTS, agent))


# ---- sessions -------------------------------------------------------------------------------------------------


def create_session(agent: str, given: dict[str, Json]) -> Request:
    """`POST /api/agent-sessions`: repeated, it may leave an empty session behind, and no more."""
    return request("POST", SESSIONS, {"agentId": agent, "input": given})


def list_sessions(**query: Any) -> Request:
    """`GET /api/agent-sessions`."""
    return request("GET", SESSIONS, **query)


def get_session(session_id: str) -> Request:
    """`GET /api/agent-sessions/{id}`."""
    return request("GET", under(SESSIONS, session_id))


def get_messages(session_id: str) -> Request:
    """`GET /api/agent-sessions/{id}?format=ui`."""
    return request("GET", under(SESSIONS, session_id), format="ui")


def restore_session(session_id: str, messages: list[Json], given: dict[str, Json]) -> Request:
    """`POST /api/agent-sessions/{id}/restore`."""
    return request("POST", under(SESSIONS, session_id, "restore"), {"messages": messages, "input": given})


def clear_session(session_id: str) -> Request:
    """`DELETE /api/agent-sessions/{id}`."""
    return request("DELETE", under(SESSIONS, session_id))


def fork_session(session_id: str, after: str | None) -> Request:
    """`POST /api/agent-sessions/{id}/fork`: repeated, it may leave a fork behind that nobody uses."""
    body = {} if after is None else {"afterMessageId": after}
    return request("POST", under(SESSIONS, session_id, "fork"), body)


def list_approvals(session_id: str) -> Request:
    """`GET /api/agent-sessions/{id}/approvals`."""
    return request("GET", under(SESSIONS, session_id, "approvals"))


def answer_approval(session_id: str, given: Approval) -> Request:
    """`POST /api/agent-sessions/{id}/approvals/{approval}`: the same again is the same."""
    body = approval_body(given)
    return request(
        "POST", under(SESSIONS, session_id, "approvals", quote(body.pop("approvalId"), safe="")), body
    )


def stop_request(session_id: str, execution_id: str | None) -> Request:
    """`POST /api/agent-sessions/{id}/stop`."""
    body = {} if execution_id is None else {"executionId": execution_id}
    return request("POST", under(SESSIONS, session_id, "stop"), body)


def get_logs(session_id: str, *, exclude_model_requests: bool) -> Request:
    """`GET /api/agent-sessions/{id}/logs`."""
    return request("GET", under(SESSIONS, session_id, "logs"), excludeModelRequests=exclude_model_requests)


def events_request(session_id: str, *, after: int, follow: bool) -> Request:
    """`GET /api/agent-sessions/{id}/events`."""
    return request("GET", under(SESSIONS, session_id, "events"), after=after, follow=follow)


# ---- tokens ---------------------------------------------------------------------------------------------------


def mint_token(agent: str, **members: Json) -> Request:
    """`POST /api/tokens`: repeated, it may leave a second token behind, which ends by itself."""
    body = {"agentId": agent, **{name: value for name, value in members.items() if value is not None}}
    return request("POST", "/api/tokens", body)


def revoke_token(token: str) -> Request:
    """`POST /api/tokens/revoke`."""
    return request("POST", "/api/tokens/revoke", {"token": token})


# ---- turns ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Route:
    """Where a turn goes on: `path`, with `body` around the results."""

    path: str
    body: dict[str, Json]


def session_route(session_id: str) -> Route:
    """The turns of a session."""
    return Route(under(SESSIONS, session_id, "trigger"), {})


def worker_route(agent: str) -> Route:
    """The runs of a worker."""
    return Route(under(AGENTS, agent, "execute"), {"type": "continue"})


def continue_route(route: Route, given: Continue, *, after: int | None) -> Request:
    """Results and answers for an execution; the ledger takes each once, so they may be repeated."""
    results = [result_body(result) for result in given.results]
    body = {**route.body, "executionId": given.execution_id, "toolResults": results}
    if given.approvals:
        body["approvals"] = [approval_body(answer) for answer in given.approvals]
    return request("POST", route.path, body, after=after, **EVENTS)


def trigger_session(session_id: str, given: Trigger, key: str) -> Request:
    """`POST /api/agent-sessions/{id}/trigger`."""
    return request("POST", under(SESSIONS, session_id, "trigger"), trigger_body(given, key), **EVENTS)


def start_session(agent: str, given: dict[str, Json], first: Trigger, key: str) -> Request:
    """`POST /api/agent-sessions/start`."""
    turn = trigger_body(first, key)
    body = {"agentId": agent, "input": given, "idempotencyKey": turn.pop("idempotencyKey"), "trigger": turn}
    return request("POST", f"{SESSIONS}/start", body, **EVENTS)


def execute_worker(agent: str, given: dict[str, Json]) -> Request:
    """`POST /api/agents/{id}/execute`: nothing tells a repeated start from a second one."""
    body = {"type": "start", "input": given}
    return request("POST", under(AGENTS, agent, "execute"), body, repeatable=False, **EVENTS)
