"""Owns the proof that the unmodified server SDK 2.0.0 works against a real server: talk, tools, resources."""

from collections.abc import Callable
from typing import Any

from tests.e2e.agents import BLOCKS
from tests.e2e.desk import Desk
from tests.e2e.model_server import Call, Say, said
from tests.interop.conftest import Node

Events = list[dict[str, Any]]


def kinds(events: Events) -> list[str]:
    """The types of events, blocks and repeated deltas left out."""
    shown: list[str] = []
    for event in events:
        if not event["type"].startswith("block-") and shown[-1:] != [event["type"]]:
            shown.append(event["type"])
    return shown


def text(events: Events) -> str:
    """The text of a stream."""
    return "".join(event["delta"] for event in events if event["type"] == "text-delta")


def of_type(events: Events, kind: str) -> Events:
    """The events of a type."""
    return [event for event in events if event["type"] == kind]


def roles(messages: list[dict[str, Any]]) -> list[str]:
    """The roles of messages, in order."""
    return [message["role"] for message in messages]


def test_two_turns_of_text(node: Node, desk: Desk) -> None:
    desk.script(said("Good ", "morning", "!"), said("Later."))
    result = node.play("conversation", desk).result
    session = result["sessionId"]
    assert result["fresh"] == {
        "sessionId": session,
        "agentId": desk.agent,
        "messages": [],
        "status": "active",
    }
    assert kinds(result["first"]) == ["start", "text-start", "text-delta", "text-end", "finish"]
    assert text(result["first"]) == "Good morning!"
    assert result["first"][-1]["finishReason"] == "stop"
    messages = result["messages"]["messages"]
    assert roles(messages) == ["user", "assistant", "user", "assistant"]
    assert len({message["id"] for message in messages}) == 4
    assert [message["parts"] for message in messages[:2]] == [
        [{"type": "text", "text": "Good morning", "status": "done"}],
        [{"type": "text", "text": "Good morning!", "status": "done"}],
    ]
    first, second = desk.asked()
    assert first.messages == [
        {"role": "system", "content": "You work for Springs & Co."},
        {"role": "user", "content": "Good morning"},
    ]
    assert [message["content"] for message in second.messages[1:]] == [
        "Good morning",
        "Good morning!",
        "And now?",
    ]


def test_the_state_and_the_agent_read_back(node: Node, desk: Desk) -> None:
    desk.script(said("a"), said("b"))
    result = node.play("conversation", desk).result
    state = result["state"]
    assert (state["id"], state["agentId"]) == (result["sessionId"], desk.agent)
    assert state["input"] == {"COMPANY": "Springs & Co"}
    assert [(message["role"], message["content"]) for message in state["messages"]] == [
        ("user", "Good morning"),
        ("assistant", "a"),
        ("user", "And now?"),
        ("assistant", "b"),
    ]
    listed = next(agent for agent in result["agents"] if agent["id"] == desk.agent)
    assert (listed["slug"], listed["format"], listed["description"]) == (desk.model, "interactive", None)
    assert result["agent"]["settings"]["slug"] == desk.model
    assert {prompt["name"] for prompt in result["agent"]["prompts"]} == {"system", "user-message"}


def test_three_tools_at_once_one_of_them_throws(node: Node, desk: Desk) -> None:
    desk.script(
        [
            Say(("Let me look.",)),
            Call("get-weather", {"city": "Rome"}, "call_a"),
            Call("get-time", {}, "call_b"),
            Call("secret-audit", {"note": "x"}, "call_c"),
        ],
        [Call("get-weather", {"city": "Oslo"}, "call_d"), Call("get-weather", {"city": "Bern"}, "call_e")],
        said("Rome has 21 degrees."),
    )
    result = node.play("server_tools", desk).result
    assert sorted(name for name, _ in result["ran"]) == ["get-time", *["get-weather"] * 3, "secret-audit"]
    assert result["most"] == 2
    events = result["events"]
    assert events[-1]["finishReason"] == "stop"
    assert not of_type(events, "tool-request")
    assert len({event["executionId"] for event in of_type(events, "start")}) == 1
    assert [event["toolName"] for event in of_type(events, "tool-input-start")] == [
        "get-weather",
        "get-time",
        "get-weather",
        "get-weather",
    ]
    assert [event["error"] for event in of_type(events, "tool-output-error")] == ["the clock is broken"]
    _, second, third = desk.asked()
    answers = [message["content"] for message in second.messages if message["role"] == "tool"]
    assert '"degrees":21' in answers[0].replace(" ", "")
    assert "the clock is broken" in answers[1]
    assert roles(third.messages).count("tool") == 5


def test_tools_after_a_reload(node: Node, desk: Desk) -> None:
    desk.script(
        [Call("get-weather", {"city": "Rome"}), Call("get-time", {}), Call("secret-audit", {"note": "x"})],
        said("Done."),
    )
    messages = node.play("server_tools", desk).result["messages"]
    assert roles(messages) == ["user", "assistant"]
    weather, time, words = messages[1]["parts"]
    assert weather["result"] == {"city": "Rome", "degrees": 21}
    assert (weather["status"], weather["args"]) == ("done", {"city": "Rome"})
    assert (time["status"], time["error"]) == ("error", "the clock is broken")
    assert (words["type"], words["text"]) == ("text", "Done.")


def test_a_client_tool_ends_the_stream_and_its_answer_goes_on(node: Node, desk: Desk) -> None:
    desk.script(
        [Call("get-weather", {"city": "Rome"}), Call("ask-user", {"question": "How?"})],
        said("Take a coat."),
    )
    result = node.play("client_tools", desk).result
    request = result["request"]
    assert [call["toolName"] for call in request["toolCalls"]] == ["ask-user"]
    assert request["toolCalls"][0]["args"] == {"question": "How?"}
    assert request["serverToolResults"][0]["result"] == {"degrees": 3}
    assert result["asked"][-1] == {
        "type": "finish",
        "finishReason": "client-tool-calls",
        "executionId": request["executionId"],
    }
    assert result["waiting"][-1]["parts"][-1]["status"] in {"pending", "running"}
    assert result["answered"][0]["executionId"] == request["executionId"]
    assert text(result["answered"]) == "Take a coat."
    assert roles(result["messages"]) == ["user", "assistant"]
    assert [part["type"] for part in result["messages"][1]["parts"]] == ["tool-call", "tool-call", "text"]
    tools = [message["content"] for message in desk.asked()[1].messages if message["role"] == "tool"]
    assert "yes, by foot" in tools[1]


def test_a_block_calls_a_tool_and_a_resource_follows(node: Node, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(BLOCKS)
    desk.script(said("Cold."))
    result = node.play("resources", desk).result
    assert result["updates"] == [{"city": "Oslo", "degrees": -4}]
    state = result["state"]
    assert state["resources"]["LAST_WEATHER"] == {"city": "Oslo", "degrees": -4}
    assert "Cold." in state["variables"]["LOG"]
    blocks = [event["blockType"] for event in of_type(result["events"], "block-start")]
    assert [block for block in blocks if block != "add-message"] == [
        "tool-call",
        "set-resource",
        "next-message",
        "serialize-thread",
    ]
    assert [wrong for asked in desk.asked() for wrong in asked.wrong] == []
