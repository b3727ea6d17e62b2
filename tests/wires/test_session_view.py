"""Tells the bodies that describe a session: whole, for a user interface, and over."""

from typing import Any

from mainspring.model.session import Scope, State
from mainspring.wires.session_view import expired_body, session_body, ui_session_body
from tests.wires.journal import Journal, added, begun, finished, text


def state(**given: Any) -> State:
    scopes = {"main": Scope(input={"A": 1}, variables={"B": 2})}
    members: dict[str, Any] = {"scopes": scopes, "resources": {"C": 3}, "created_at": 1.5, "updated_at": 2.0}
    return State(session_id="s1", project_id="p", agent_id="a1", version="v", **{**members, **given})


def journal() -> Journal:
    return Journal().add(*begun(), added("u1", text("Hi.")), *finished())


EXPIRED = {"sessionId": "s1", "agentId": "a1", "status": "expired", "createdAt": "1970-01-01T00:00:01.500Z"}


def test_the_whole_session() -> None:
    body = session_body(state(), journal().rows, version=4)
    assert [message["content"] for message in body.pop("messages")] == ["Hi."]
    assert body == {
        "id": "s1",
        "agentId": "a1",
        "input": {"A": 1},
        "variables": {"B": 2},
        "resources": {"C": 3},
        "status": "active",
        "createdAt": "1970-01-01T00:00:01.500Z",
        "updatedAt": "1970-01-01T00:00:02.000Z",
    }


def test_a_session_for_a_user_interface() -> None:
    body = ui_session_body(state(), journal().rows, version=2)
    assert [message["id"] for message in body.pop("messages")] == ["u1"]
    assert body == {"sessionId": "s1", "agentId": "a1", "status": "active"}


def test_an_expired_session() -> None:
    over = state(status="expired", scopes={})
    assert expired_body(over) == EXPIRED
    assert session_body(over, (), version=4) == EXPIRED
    assert ui_session_body(over, (), version=4) == EXPIRED
