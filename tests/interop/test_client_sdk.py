"""Owns the proof that a browser's chat works: the client SDK and the React hook over a consumer's backend."""

from collections.abc import Callable

from tests.e2e.agents import OBJECT
from tests.e2e.desk import Desk, text_of
from tests.e2e.model_server import Call, Gate, Refuse, Say, said
from tests.interop.conftest import Node

REFUSED = {"error": {"message": "That cannot be", "type": "invalid_request_error", "code": None}}


def test_a_day_in_the_life_of_a_chat(node: Node, desk: Desk) -> None:
    desk.script(
        said("Hi", " there"),
        [
            Call("get-weather", {"city": "Rome"}),
            Call("get-time", {"zone": "CET"}),
            Call("ask-user", {"question": "Why?"}),
        ],
        said("Thanks."),
        [Refuse(400, REFUSED)],
        [Say(("Once ", "upon")), Gate()],
        said("Fin."),
    )
    result = node.play("chat", desk).result
    assert result["plain"]["status"] == "idle"
    assert text_of(result["plain"]["messages"], "assistant") == ["Hi there"]
    tools = result["tools"]["messages"][-1]["parts"]
    assert [(part.get("status"), part.get("result"), part.get("text")) for part in tools] == [
        ("done", {"degrees": 21}, None),
        ("done", "noon", None),
        ("done", {"answer": 42}, None),
        ("done", None, "Thanks."),
    ]
    assert result["tools"]["pending"] == [{"toolName": "ask-user", "args": {"question": "Why?"}}]
    assert result["failed"]["status"] == "error"
    assert result["stopped"]["status"] == "idle"
    assert result["last"]["status"] == "idle"
    assert text_of(result["last"]["messages"], "assistant")[-1] == "Fin."
    (error,) = [entry for entry in result["log"] if isinstance(entry, dict)]
    assert (error["errorType"], error["source"]) == ("validation_error", "provider")
    assert [entry for entry in result["log"] if isinstance(entry, str)] == [
        "finish",
        "finish",
        "stop",
        "finish",
    ]
    assert result["statuses"][-1] == "idle"


def test_a_reload_shows_the_same_conversation(node: Node, desk: Desk) -> None:
    desk.script(
        said("Hi"),
        [Call("get-weather", {"city": "Rome"}), Call("ask-user", {"question": "Why?"})],
        said("Thanks."),
        [Refuse(400, REFUSED)],
        [Say(("Once ", "upon")), Gate()],
        said("Fin."),
    )
    result = node.play("chat", desk).result
    live, again = result["last"]["messages"], result["reloaded"]
    assert text_of(again, "user") == text_of(live, "user")
    assert [text for text in text_of(again, "assistant") if text][:2] == ["Hi", "Thanks."]
    assert text_of(again, "assistant")[-1] == "Fin."


def test_an_object_arrives_whole(node: Node, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(OBJECT)
    desk.script(said('{"label": "fi', 'ne", "sc', 'ore": 7}'))
    result = node.play("objects", desk).result
    whole = {"label": "fine", "score": 7}
    (part,) = result["messages"][-1]["parts"]
    assert (part["type"], part["typeName"], part["object"], part["status"]) == (
        "object",
        "Verdict",
        whole,
        "done",
    )
    assert result["partials"][0] == {"label": "fi"}
    assert result["partials"][-1] == whole
    (part,) = result["reloaded"][-1]["parts"]
    assert (part["type"], part["typeName"], part["object"], part["status"]) == (
        "object",
        "Verdict",
        whole,
        "done",
    )
    assert result["page"] == "<main>idle Judge me fine</main>"
    (asked,) = desk.asked()
    assert asked.wrong == []
    assert "Verdict" in str(asked.body["response_format"]) or "label" in str(asked.body["response_format"])
