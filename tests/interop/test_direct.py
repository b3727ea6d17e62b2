"""Owns the proof that a browser needs no server of its own between: the client SDK with nothing but a token."""

import pytest

from tests.e2e.desk import Desk, text_of
from tests.e2e.http_client import Client
from tests.e2e.model_server import Call, Gate, Say, said
from tests.e2e.server_process import ServerProcess
from tests.interop.conftest import Node


@pytest.mark.parametrize("wire", ["http", "socket"])
def test_a_chat_with_only_a_token(node: Node, desk: Desk, shared: ServerProcess, wire: str) -> None:
    desk.script(
        said("Hi", " there"),
        [Call("get-weather", {"city": "Rome"}), Call("ask-user", {"question": "Why?"})],
        said("Thanks."),
        [Say(("Once ", "upon")), Gate()],
        said("Fin."),
    )
    session = desk.session()
    minter = Client(shared.url, shared.keys[("tokens",)], None)
    made = minter.ask(
        "POST",
        "/api/tokens",
        {"agentId": desk.agent, "sessionId": session, "clientTools": ["get-weather", "ask-user"]},
    ).body
    result = node.play("direct", desk, key="", session=session, token=made["token"], wire=wire).result
    assert result["log"] == []
    assert text_of(result["plain"]["messages"], "assistant") == ["Hi there"]
    tools = result["tools"]["messages"][-1]["parts"]
    assert [(part.get("status"), part.get("result"), part.get("text")) for part in tools] == [
        ("done", {"degrees": 21}, None),
        ("done", {"answer": 42}, None),
        ("done", None, "Thanks."),
    ]
    assert result["stopped"]["status"] == "idle"
    assert text_of(result["last"]["messages"], "assistant")[-1] == "Fin."
    assert text_of(result["reloaded"], "assistant")[-1] == "Fin."
    assert result["foreign"] == 403
