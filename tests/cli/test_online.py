"""Commands that talk to a server: sync, chat, sessions; each over real HTTP on loopback."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainspring.cli.http import Api, Received
from mainspring.cli.tailing import follow
from mainspring.model.errors import Unavailable
from tests.cli.conftest import Run, json_of, lines_of

WORKER = """\
steps:
  Begin: {block: start-thread, thread: main, model: scripted/x, system: system}
  Answer: {block: next-message}
"""


@pytest.fixture
def shop(online: Run, agent: Path) -> Run:
    """Commands with a server that has the template's agent."""
    assert online("sync", agent).exit_code == 0
    return online


@pytest.fixture
def session(shop: Run) -> str:
    """A session with one turn."""
    talked = lines_of(shop("chat", "shop-desk", "-m", "Hello", "--json"))
    return str(talked[0]["sessionId"])


def test_sync_creates_then_updates_then_leaves_alone(online: Run, agent: Path) -> None:
    made = json_of(online("sync", agent, "--json"))
    assert (made["slug"], made["created"]) == ("shop-desk", True)
    assert online("sync", agent).output.startswith("Unchanged: shop-desk")
    (agent / "prompts" / "system.md").write_text("Be brief, {{NAME}}.")
    assert online("sync", agent).output.startswith("Updated shop-desk")
    assert json_of(online("sync", agent, "--json"))["created"] is False


def test_sync_refuses_what_is_not_valid(online: Run, agent: Path) -> None:
    (agent / "protocol.yaml").write_text("agent: 3\n")
    refused = online("sync", agent)
    assert refused.exit_code == 1
    assert "protocol.yaml:1:8: " in refused.stderr
    assert json_of(online("sync", agent, "--json"), 1)["issues"][0]["line"] == 1


def test_sync_tells_what_only_the_server_knows(online: Run, agent: Path, tmp_path: Path) -> None:
    protocol = agent / "protocol.yaml"
    protocol.write_text(
        protocol.read_text() + "  workers: [helper]\nworkers:\n  helper: {description: Helps}\n"
    )
    warned = online("sync", agent)
    assert warned.exit_code == 0
    assert "warning: no worker agent `helper` is published yet" in warned.output
    assert "1 warning" in warned.output
    shutil.copytree(agent, tmp_path / "helper")
    settings = tmp_path / "helper" / "settings.json"
    settings.write_text('{"slug": "helper", "name": "Helper", "format": "worker"}')
    (tmp_path / "helper" / "protocol.yaml").write_text(WORKER)
    assert online("sync", "helper").exit_code == 0
    protocol.write_text(protocol.read_text().replace("Helps}", "Helps, tools: {nothing: get-order}}"))
    refused = online("sync", agent)
    assert refused.exit_code == 1
    assert "the worker `helper` has no tool `nothing`" in refused.stderr


def test_chat_asks_the_person_for_tool_results(shop: Run) -> None:
    shown = shop(
        "chat",
        "shop-desk",
        "-m",
        "Where is order 17?",
        typed='nonsense\n{"orderId": "17", "status": "lost"}\n',
    )
    assert shown.exit_code == 0
    assert '-> get-order {"orderId":"17"}' in shown.output
    assert "not JSON" in shown.output
    assert "Order 17 is lost." in shown.output


def test_chat_takes_a_failed_tool_and_a_silent_person(shop: Run) -> None:
    failed = shop("chat", "shop-desk", "-m", "order 17", typed="!we are closed\n")
    assert "<- get-order failed: we are closed" in failed.output
    silent = shop("chat", "shop-desk", "-m", "order 17")
    assert "<- get-order failed: Nobody was there to answer." in silent.output


def test_chat_with_a_file_of_tools(shop: Run, agent: Path) -> None:
    shown = shop("chat", "shop-desk", "--tools", agent / "tools.py", "-m", "order 18")
    assert "Order 18 is waiting for stock." in shown.output
    assert shop("chat", "shop-desk", "--tools", "nowhere.py").exit_code == 3


def test_chat_reads_lines_and_goes_on_with_a_session(shop: Run) -> None:
    shown = shop("chat", "shop-desk", typed="Hello\n\n/session\n/help\n/new\n/session\n/quit\nnever\n")
    assert shown.exit_code == 0
    assert "You said: Hello" in shown.output
    assert "never" not in shown.output
    first, second = [line for line in shown.output.splitlines() if line.startswith("ses_")]
    assert first != second
    again = shop("chat", "shop-desk", "--session", first, "-m", "And now?")
    assert again.output.startswith("user  ")
    assert "  Hello\n" in again.output
    assert "You said: And now?" in again.output


def test_chat_fires_triggers_by_name(shop: Run) -> None:
    shown = shop("chat", "shop-desk", "-m", '/trigger user-message {"USER_MESSAGE": "By name"}')
    assert "You said: By name" in shown.output
    for typed, said in (
        ("/trigger nothing", "There is no trigger 'nothing'; there are: user-message"),
        ("/trigger user-message 3", "is not a JSON object"),
        ("/dance", "There is no /dance"),
    ):
        refused = shop("chat", "shop-desk", "-m", typed)
        assert refused.exit_code == 1
        assert said in refused.stderr
    unnamed = shop("chat", "shop-desk", "-m", "/trigger user-message")
    assert unnamed.exit_code == 2
    assert "USER_MESSAGE is required" in unnamed.stderr


def test_chat_gives_the_input(shop: Run) -> None:
    assert shop("chat", "shop-desk", "--input", "NAME=Ada", "-m", "Hi").exit_code == 0
    refused = shop("chat", "shop-desk", "--input", "NAM=Ada", "-m", "Hi")
    assert refused.exit_code == 2
    assert "Did you mean NAME?" in refused.stderr
    assert shop("chat", "shop-desk", "--input", "NAME").exit_code == 2


def test_chat_prints_events(shop: Run) -> None:
    shown = shop("chat", "shop-desk", "--events", "-m", "Hi")
    assert '"type":"text-delta"' in shown.output
    assert "You said: Hi" not in shown.output


def test_an_agent_or_key_that_is_unknown(online: Run) -> None:
    assert json_of(online("chat", "nobody", "--json"), 3)["code"] == "AGENT_NOT_FOUND"
    assert json_of(online("sessions", "list", "--key", "wrong", "--json"), 4)["code"] == "UNAUTHORIZED"


def test_no_server_answers(run: Run) -> None:
    found = json_of(run("sessions", "list", "--url", "http://127.0.0.1:9", "--key", "k", "--json"), 3)
    assert found["code"] == "NO_SERVER"
    assert run("sessions", "list", "--url", "nonsense", "--key", "k").exit_code == 1


def test_sessions_are_listed(shop: Run, session: str) -> None:
    shop("chat", "shop-desk", "-m", "Hello")
    assert len(json_of(shop("sessions", "list", "--json"))["sessions"]) == 2
    assert len(json_of(shop("sessions", "list", "--limit", "1", "--json"))["sessions"]) == 1
    shown = shop("sessions", "list", "--agent", "shop-desk", "--status", "active").output
    assert session in shown
    assert shop("sessions", "list", "--status", "expired").output == "There are no sessions.\n"


def test_pages_are_joined(shop: Run, session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shop("chat", "shop-desk", "-m", "Hello")
    monkeypatch.setattr("mainspring.cli.commands.sessions.PAGE", 1)
    assert len(json_of(shop("sessions", "list", "--json"))["sessions"]) == 2


def test_a_waiting_session_says_so(shop: Run, api: Api) -> None:
    made = api.post("/api/agent-sessions", {"agentId": "shop-desk"})["sessionId"]
    body = {"triggerName": "user-message", "input": {"USER_MESSAGE": "order 17"}}
    assert [
        event.data["type"] for event in api.events("POST", f"/api/agent-sessions/{made}/trigger", body=body)
    ]
    assert "waits for tools" in shop("sessions", "list").output


def test_a_session_is_shown_and_exported(shop: Run, session: str, tmp_path: Path) -> None:
    shown = shop("sessions", "show", session).output
    assert "  Hello\n" in shown
    assert "  You said: Hello" in shown
    assert json_of(shop("sessions", "show", session, "--json"))["id"] == session
    whole = json_of(shop("sessions", "export", session))
    assert whole["session"]["id"] == session
    assert shop("sessions", "export", session, "-o", "out.json").output.startswith(
        f"Wrote {len(whole['events'])} "
    )
    assert json.loads((tmp_path / "out.json").read_bytes()) == whole
    told = json_of(shop("sessions", "export", session, "-o", "out.json", "--json"))
    assert told["events"] == len(whole["events"])


def test_an_unknown_session(shop: Run) -> None:
    for word in ("show", "tail", "export"):
        refused = shop("sessions", word, "ses_nope")
        assert refused.exit_code == 3
        assert "`mainspring sessions list`" in refused.stderr


def test_an_expired_session_has_no_messages(shop: Run, session: str, api: Api) -> None:
    api._client.delete(f"{api.url}/api/agent-sessions/{session}")
    refused = shop("sessions", "show", session)
    assert refused.exit_code == 3
    assert "has expired" in refused.stderr


def test_a_session_is_read_from_any_event_on(shop: Run, session: str) -> None:
    assert "You said: Hello" in shop("sessions", "tail", session, "--no-follow").output
    events = lines_of(shop("sessions", "tail", session, "--no-follow", "--json"))
    assert events[0]["type"] == "start"
    listed = shop("sessions", "tail", session, "--no-follow", "--events").output.splitlines()
    cursor, _, text = listed[-2].strip().partition(" ")
    rest = shop("sessions", "tail", session, "--no-follow", "--events", "--after", cursor).output.splitlines()
    assert json.loads(text) in events
    assert rest == listed[-1:]


class BrokenLines:
    """A server whose connection breaks after every event; in the end it is gone."""

    def __init__(self, served: int) -> None:
        self.served = served
        self.asked: list[int] = []

    def events(self, _method: str, _path: str, *, query: dict[str, int]) -> Iterator[Received]:
        after = query["after"]
        self.asked.append(after)
        if after < self.served:
            yield Received({}, "", str(after + 1))
        raise Unavailable("It broke.")


def test_a_broken_connection_is_made_again_where_it_was() -> None:
    lines = BrokenLines(served=3)
    stream = follow(lines, "ses_1", after=0, live=True, pause=0.0)  # type: ignore[arg-type]  # as far as it is used
    assert [next(stream).cursor for _ in range(3)] == ["1", "2", "3"]
    with pytest.raises(Unavailable):
        next(stream)
    assert lines.asked[:4] == [0, 1, 2, 3]
    assert len(lines.asked) > 10
