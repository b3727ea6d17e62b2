"""Owns the bodies that tell of a session (`octavus-http.md` §2.3): its full state, its messages, or that it is over."""

from __future__ import annotations

from mainspring.model.session import Scope, State
from mainspring.model.values import Json
from mainspring.wires.chat_messages import chat_messages
from mainspring.wires.transcript import Source
from mainspring.wires.ui_messages import iso, ui_messages


def session_body(state: State, source: Source, *, version: int) -> dict[str, Json]:
    """A session for whoever debugs it: all of it, hidden messages too. `source`: its journal from the first event."""
    if state.status == "expired":
        return expired_body(state)
    scope = state.scopes.get(state.root, Scope())
    return {
        "id": state.session_id,
        "agentId": state.agent_id,
        "input": scope.input,
        "variables": scope.variables,
        "resources": state.resources,
        "messages": chat_messages(source, version=version),
        "status": "active",
        "createdAt": iso(state.created_at),
        "updatedAt": iso(state.updated_at),
    }


def ui_session_body(state: State, source: Source, *, version: int) -> dict[str, Json]:
    """A session for a user interface: the messages people see."""
    if state.status == "expired":
        return expired_body(state)
    return {
        "sessionId": state.session_id,
        "agentId": state.agent_id,
        "messages": ui_messages(source, version=version),
        "status": "active",
    }


def expired_body(state: State) -> dict[str, Json]:
    """What is left to say of an expired session."""
    return {
        "sessionId": state.session_id,
        "agentId": state.agent_id,
        "status": "expired",
        "createdAt": iso(state.created_at),
    }
