"""Owns the proof in a real browser: a page of `useChat` streams, runs a tool, asks a person, resumes, stops."""

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.agents import ASKING
from tests.e2e.desk import Desk
from tests.e2e.model_server import Call, Gate, Say, said
from tests.interop.conftest import ROOT, Node

BROWSER = ROOT / "tests" / "browser"
Play = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser that `scripts/find-chromium` prepared."""
    program = Path(os.environ.get("MAINSPRING_TEST_CHROMIUM") or ROOT / ".tools" / "chromium" / "chromium")
    assert program.exists(), "no Chromium: `make test-interop` prepares one"
    assert (BROWSER / "node_modules" / "playwright-core").is_dir(), (
        "`make test-interop` installs the packages"
    )
    return program


@pytest.fixture
def play(node: Node, chromium: Path, tmp_path: Path) -> Play:
    """Plays one part; the page raised nothing, and `useChat` reported no error. `gate` opens when the page has seen."""
    mark = tmp_path / "go-on"

    def open_when_seen(gate: Gate) -> None:
        while not mark.exists():
            time.sleep(0.02)
        gate.opened.set()

    def run(desk: Desk, part: str, gate: Gate | None = None) -> dict[str, Any]:
        given = {"url": desk.client.url, "key": desk.client.key, "agent": desk.agent}
        given |= {"chromium": str(chromium), "part": part, "mark": str(mark)}
        if gate is not None:
            threading.Thread(target=open_when_seen, args=(gate,), daemon=True).start()
        done = node.run(BROWSER / "drive.mjs", json.dumps(given), HOME=str(tmp_path))
        assert done.returncode == 0, f"{done.stderr}\n{desk.server.log()[-2000:]}"
        seen = json.loads(done.stdout)
        assert seen["faults"] == []
        assert seen["result"]["errors"] == []
        return dict(seen["result"])

    return run


def test_a_page_streams_and_runs_its_tool(play: Play, desk: Desk) -> None:
    gate = Gate()
    desk.script([Say(("Good ",)), gate, Say(("morning!",))], [Call("get-time", {})], said("It is noon."))
    seen = play(desk, "talk", gate)
    assert seen["early"] == {"texts": ["Hello", "Good "], "status": "streaming"}
    assert seen["texts"] == ["Hello", "Good morning!", "What time is it?", "It is noon."]
    assert (seen["ran"], seen["states"]) == ([["get-time", {}]], ["output-available"])
    (result,) = [each["content"] for each in desk.asked()[2].messages if each["role"] == "tool"]
    assert json.loads(str(result)) == {"degrees": 21, "by": True}


def test_a_person_is_asked_on_the_page(play: Play, make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(ASKING)
    both = [Call("get-weather", {"city": "Rome"}), Call("get-weather", {"city": "Oslo"})]
    desk.script(both, said("Warm, and not."))
    seen = play(desk, "approval")
    assert seen["asked"] == {"cities": ["Rome", "Oslo"], "ran": [], "errors": []}
    assert seen["ran"] == [["get-weather", {"city": "Rome"}]]
    assert seen["states"] == ["output-available", "output-denied"]
    assert seen["texts"] == ["Rome and Oslo", "Warm, and not."]
    told = [str(each["content"]) for each in desk.asked()[1].messages if each["role"] == "tool"]
    assert "21" in told[0]
    assert "They say: Not today." in told[1]


def test_a_reload_in_mid_stream_loses_nothing(play: Play, desk: Desk) -> None:
    gate = Gate()
    desk.script([Say(("Once ", "upon ")), gate, Say(("a time.",))])
    seen = play(desk, "resume", gate)
    assert seen["texts"] == ["A long story", "Once upon a time."]
    assert len(desk.asked()) == 1


def test_a_stop_stops_the_model(play: Play, desk: Desk) -> None:
    desk.script([Say(("Once ", "upon ")), Gate()], said("The end."))
    seen = play(desk, "stop")
    assert seen["stopped"] == ["A long story", "Once upon "]
    assert seen["other"] == seen["stopped"]
    assert seen["texts"] == ["A long story", "Once upon ", "The end?", "The end."]
    assert desk.asked()[0].gone.wait(5)
