"""Owns the proof that the AI SDK, unmodified, talks to a real server: `Chat` of `@ai-sdk/react` 4 over `ai` 7."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.docs.pages import ROOT, fences
from tests.e2e.agents import OBJECT
from tests.e2e.desk import Desk
from tests.e2e.model_server import Call, Gate, Refuse, Rest, Say, Think, said
from tests.interop.conftest import HERE, Node, Played

TALK = [
    [Think(("Hm.",)), Say(("Good ", "morning!"))],
    [
        Say(("Let me look.",)),
        Call("get-weather", {"city": "Rome"}),
        Call("get-time", {}),
        Call("ask-user", {"question": "Why?"}),
        Call("secret-audit", {"note": "n"}),
    ],
    said("It is warm."),
    [Refuse(401, {"error": {"message": "bad key"}})],
    said("Something."),
    said("Something else."),
    [Say(("Once ", "upon ")), Rest(30)],
    said("The end."),
]


def play(node: Node, desk: Desk, scenario: str) -> Played:
    """Runs a scenario of the AI SDK; every chunk of it must keep the SDK's schema."""
    given = {"url": desk.client.url, "key": desk.client.key, "agent": desk.agent}
    done = node.run(HERE / "scenarios" / f"{scenario}.mjs", json.dumps(given))
    assert done.returncode == 0, f"{done.stderr}\n{desk.server.log()[-2000:]}"
    played = Played(**json.loads(done.stdout))
    assert [leg["refused"] for leg in played.legs if leg["refused"]] == []
    for leg in played.legs:
        if leg["events"]:
            assert leg["headers"]["x-vercel-ai-ui-message-stream"] == "v1"
            assert leg["events"][0]["type"] == "start"
    return played


def text(message: dict[str, Any]) -> str:
    """The text of a message."""
    return "".join(part["text"] for part in message["parts"] if part["type"] == "text")


def calls(message: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """The calls of a message: state, and output or error."""
    return {
        part["type"]: (part["state"], part.get("output", part.get("errorText")))
        for part in message["parts"]
        if part["type"].startswith("tool-")
    }


def test_a_chat(node: Node, desk: Desk) -> None:
    desk.script(*TALK)
    result = play(node, desk, "ai_sdk_chat").result
    assert result["plain"]["status"] == "ready"
    assert [text(message) for message in result["plain"]["messages"]] == ["Hello", "Good morning!"]
    kinds = [part["type"] for part in result["plain"]["messages"][1]["parts"]]
    assert kinds == ["data-block", "step-start", "reasoning", "text"]

    assert result["asked"]["status"] == "ready"
    assert result["asked"]["part"]["input"] == {"question": "Why?"}
    assert sorted(name for name, _ in result["calls"]) == [
        "ask-user",
        "get-time",
        "get-weather",
        "secret-audit",
    ]
    answered = result["tools"]["messages"][-1]
    assert text(answered) == "Let me look.It is warm."
    assert calls(answered) == {
        "tool-get-weather": ("output-available", {"degrees": 21}),
        "tool-get-time": ("output-error", "no clock"),
        "tool-ask-user": ("output-available", "forty-two"),
        "tool-secret-audit": ("output-available", {"degrees": 21}),
    }
    results = {str(each["content"]) for each in desk.asked()[2].messages if each["role"] == "tool"}
    assert any("21" in content for content in results)
    assert any("forty-two" in content for content in results)
    assert any("no clock" in content for content in results)


def test_failures_repeats_and_stops(node: Node, desk: Desk) -> None:
    desk.script(*TALK)
    result = play(node, desk, "ai_sdk_chat").result
    failed = json.loads(result["failed"]["error"])
    assert result["failed"]["status"] == "error"
    assert (failed["errorType"], failed["source"]) == ("authentication_error", "provider")
    assert {"data": "data-error"} in result["log"]

    assert [text(message) for message in result["again"]] == ["Say something", "Something else."]
    assert result["stopped"]["status"] == "ready"
    assert text(result["last"]) == "The end."
    said_by_both = [text(message) for message in result["reloaded"]]
    assert said_by_both == [
        "Hello",
        "Good morning!",
        "Weather, time, and ask me",
        "Let me look.It is warm.",
        "Fail",
        "Say something",
        "Something else.",
        "A long story",
        "Once upon ",
        "The end?",
        "The end.",
    ]


def test_the_reloaded_chat_is_the_one_that_streamed(node: Node, desk: Desk) -> None:
    desk.script(*TALK)
    tools = play(node, desk, "ai_sdk_chat").result["tools"]
    live, reloaded = (message["parts"] for message in (tools["messages"][-1], tools["reloaded"][-1]))

    def kept(parts: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [
            (part["type"], part.get("text"), part.get("state"), part.get("output"))
            for part in parts
            if part["type"] not in ("data-block", "tool-secret-audit")
        ]

    assert kept(live) == kept(reloaded)
    assert tools["messages"][-1]["id"] == tools["reloaded"][-1]["id"]


def test_a_reload_in_mid_stream_and_while_a_person_is_asked(node: Node, desk: Desk) -> None:
    desk.script(
        [Say(("Once ", "upon ")), Rest(1.5), Say(("a time.",))],
        [Call("ask-user", {"question": "Really?"})],
        said("Then yes."),
        [Say(("Well, ",)), Gate()],
    )
    played = play(node, desk, "ai_sdk_resume")
    result = played.result
    assert result["idle"] == {"status": "ready", "messages": []}
    assert [leg["status"] for leg in played.legs if leg["method"] == "GET"] == [204, 200, 200, 204]

    resumed = result["resumed"]
    assert text(resumed["loaded"][-1]).startswith("Once ")
    assert [text(message) for message in resumed["messages"]] == ["A long story", "Once upon a time."]
    assert [text(message) for message in resumed["reloaded"]] == ["A long story", "Once upon a time."]
    assert len(desk.asked()) == 4

    stopped = result["stopped"]
    assert (stopped["status"], text(stopped["messages"][-1])) == ("ready", "Well, ")
    assert stopped["log"][-1:] == [{"finishReason": "interrupted", "isAbort": False, "isError": False}]
    assert desk.asked()[3].gone.wait(5)

    answered = result["answered"]["messages"]
    assert [text(message) for message in answered[-2:]] == ["Ask me", "Then yes."]
    assert calls(answered[-1]) == {"tool-ask-user": ("output-available", "yes")}
    assert calls(result["answered"]["reloaded"][-1]) == calls(answered[-1])


def test_refusals_say_why(node: Node, desk: Desk) -> None:
    result = play(node, desk, "ai_sdk_refusals").result
    assert {name: (told["status"], told["code"]) for name, told in result.items()} == {
        "key": ("error", "UNAUTHORIZED"),
        "trigger": ("error", "VALIDATION_ERROR"),
        "files": ("error", "VALIDATION_ERROR"),
    }


def test_objects_blocks_and_resources(node: Node, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(OBJECT)
    desk.script(said('{"label":', '"good","score":3}'))
    played = play(node, desk, "ai_sdk_object")
    (part,) = [part for part in played.result["parts"] if part["type"] == "data-object"]
    assert part["data"] == {
        "typeName": "Verdict",
        "value": {"label": "good", "score": 3},
        "status": "done",
    }


def test_the_guide(node: Node, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    shown, _ = fences(ROOT / "docs" / "guides" / "connect-ai-sdk.md")
    script = tmp_path / "guide.mjs"
    script.write_text(shown.text)
    desk.script([Call("get-time", {})], said("It is noon."))
    given = {"MAINSPRING_URL": desk.client.url, "MAINSPRING_KEY": desk.client.key or "", "AGENT": desk.model}
    done = node.run(script, **given)
    assert (done.stdout, done.stderr) == ("It is noon.\n", "")
    assert desk.asked()[0].messages[0]["content"] == "You work for Springs & Co."
