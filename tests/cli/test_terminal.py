"""What a person sees and types: questions, colours, foreign text, lines of a stream."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import pytest
from _pytest.capture import CaptureIO, DontReadFromInput

from mainspring.cli.commands.dev import Bench, Wishes
from mainspring.cli.conversation import Conversation
from mainspring.cli.embedded import EmbeddedServer
from mainspring.cli.exits import Refused
from mainspring.cli.http import Api
from mainspring.cli.inputs import fill, typed
from mainspring.cli.publishing import check_folder, publish
from mainspring.cli.tool_file import ToolFile
from mainspring.cli.turns import ToolCall, ToolFailed
from mainspring.cli.views.history import show_message
from mainspring.cli.views.stream import WIDEST, StreamView, brief
from mainspring.cli.views.terminal import Terminal, clean
from mainspring.model.program import Declared, TypeRef
from tests.cli.test_online import WORKER


class Screen:
    """What is printed where everything says it is a terminal."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._shown = ""

    def raw(self) -> str:
        """All so far: output, then errors, of each time it is asked for."""
        out, err = self._capsys.readouterr()
        self._shown += out + err
        return self._shown

    def text(self) -> str:
        """The same without colours."""
        return click.unstyle(self.raw())


@pytest.fixture
def screen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A terminal with colours."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    # pytest gives a test other streams than its fixtures, of the same kinds.
    for kind in (CaptureIO, DontReadFromInput):
        monkeypatch.setattr(kind, "isatty", lambda _: True)
    return Screen(capsys)


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets the person type lines; after the last one comes Ctrl-D. An exception is raised in place of a line."""

    def line_up(*lines: str | BaseException) -> list[str]:
        waiting = list(lines)
        prompts: list[str] = []

        def answer(prompt: str) -> str:
            prompts.append(prompt)
            line = waiting.pop(0) if waiting else EOFError()
            if isinstance(line, BaseException):
                raise line
            return line

        monkeypatch.setattr("builtins.input", answer)
        return prompts

    return line_up


def test_foreign_text_cannot_move_the_cursor() -> None:
    assert clean("a\x1b[2Jb\r\nc\td\u2028\u009b") == "a[2Jb\nc\td"
    assert clean("Grüße 😀\n") == "Grüße 😀\n"


def test_colours_are_for_terminals_that_want_them(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    Terminal().line("Hello", "good")
    assert screen.raw() == "\x1b[32mHello\x1b[0m\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Terminal().paint("Hello", "good") == "Hello"
    monkeypatch.setenv("NO_COLOR", "")
    monkeypatch.setenv("TERM", "dumb")
    assert Terminal().paint("Hello", "good") == "Hello"


def test_json_mode_says_nothing_to_people(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(as_json=True)
    terminal.line("Hello")
    terminal.write("Hello")
    terminal.json({"a": 1})
    assert capsys.readouterr().out == '{"a":1}\n'


def test_long_work_is_shown_where_somebody_looks(screen: Screen) -> None:
    with Terminal().working("Publishing"):
        pass
    assert "Publishing" in screen.text()


def test_a_table_keeps_what_cells_hold(screen: Screen) -> None:
    Terminal().table(("ID", "NAME"), [("key_1", "[bold]x\x1b[31m")])
    assert "[bold]x[31m" in screen.text()


def test_an_interruption_keeps_what_is_typed(screen: Screen) -> None:
    terminal = Terminal()
    terminal.interrupt("Outside")
    terminal._asking = "> "
    terminal.interrupt("Reloaded")
    assert screen.text() == "> Outside\n\rReloaded\n"


def test_questions_until_the_answer_is_good(screen: Screen, types: Any) -> None:
    count = Declared(name="COUNT", type=TypeRef(name="integer"), description="How many")
    kind = Declared(name="KIND", type=TypeRef(name="string"), enum=("a", "b"))
    free = Declared(name="FREE", type=TypeRef(name="string"), optional=True)
    prompts = types("many", "3", "c", "b")
    values = fill({"COUNT": count, "KIND": kind, "FREE": free}, {}, Terminal())
    assert values == {"COUNT": 3, "KIND": "b"}
    assert "COUNT (How many): " in prompts[0]
    assert "KIND [a | b]: " in prompts[2]
    assert "COUNT is a integer, written as JSON" in screen.text()


def test_values_are_typed_as_declared() -> None:
    assert typed(Declared(name="A", type=TypeRef(name="string")), "3") == "3"
    assert typed(Declared(name="A", type=TypeRef(name="string", array=True)), '["x"]') == ["x"]
    with pytest.raises(click.UsageError, match="--input A: A is a number"):
        fill({"A": Declared(name="A", type=TypeRef(name="number"))}, {"A": "x"}, Terminal())
    with pytest.raises(click.UsageError, match="There are: none"):
        fill({}, {"A": "x"}, Terminal())


def conversation(api: Api, folder: Path, **more: Any) -> Conversation:
    published = publish(api, check_folder(folder))
    return Conversation(
        api=api,
        terminal=Terminal(),
        agent=published.agent_id,
        program=published.program,
        answer=ToolFile(folder / "tools.py").run,
        given={},
        **more,
    )


def test_a_conversation_survives_mistakes(screen: Screen, types: Any, api: Api, agent: Path) -> None:
    prompts = types("Hello", "/dance", "/trigger user-message", "By name", "/trigger user-message {", "")
    assert conversation(api, agent).talk(())
    shown = screen.text()
    assert "Type a message; /help shows what else" in shown
    assert "You said: Hello" in shown
    assert "Error: There is no /dance" in shown
    assert "You said: By name" in shown
    assert "is not a JSON object" in shown
    assert len(prompts) == 7


def test_ctrl_c_stops_an_answer_and_not_the_conversation(
    screen: Screen, types: Any, api: Api, agent: Path
) -> None:
    talk = conversation(api, agent)
    answer, calls = talk.answer, []

    def impatient(call: ToolCall) -> Any:
        calls.append(call)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return answer(call)

    talk.answer = impatient
    types("order 17", "order 18", "/quit")
    assert talk.talk(())
    assert "(stopped)" in screen.text()
    assert "Order 18 is waiting for stock." in screen.text()


def test_a_usage_mistake_in_a_conversation(screen: Screen, types: Any, api: Api, agent: Path) -> None:
    talk = conversation(api, agent)
    talk.begin()
    talk.given = {"NAM": "Ada"}
    types("/new")
    assert talk.talk(())
    assert "Did you mean NAME?" in screen.text()


def test_ctrl_c_at_the_prompt_ends_it(screen: Screen, types: Any, api: Api, agent: Path) -> None:
    types(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        conversation(api, agent).talk(())


def test_an_agent_with_other_triggers(api: Api, agent: Path) -> None:
    protocol = agent / "protocol.yaml"
    body = protocol.read_text()
    one = "triggers:\n  read:\n    input:\n      COUNT: {type: integer, optional: true}\n      TEXT: {type: string}\n"
    start, end = body.index("triggers:"), body.index("agent:")
    handler = "\nhandlers:\n  read:\n    Answer: next-message\n"
    protocol.write_text(body[:start] + one + "\n" + body[end:] + handler)
    assert conversation(api, agent)._said("Hello") == ("read", {"TEXT": "Hello"})
    two = one + "  write: {}\n"
    protocol.write_text(
        body[:start] + two + "\n" + body[end:] + handler + "  write:\n    Answer: next-message\n"
    )
    assert conversation(api, agent)._said("Hello") == ("user-message", {"USER_MESSAGE": "Hello"})


def test_a_worker_runs_as_often_as_wanted(
    screen: Screen, types: Any, api: Api, agent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (agent / "settings.json").write_text('{"slug": "helper", "name": "Helper", "format": "worker"}')
    (agent / "protocol.yaml").write_text(WORKER)
    prompts = types("")
    conversation(api, agent).talk(())
    assert len(prompts) == 2


def test_dev_introduces_the_agent_and_waits(
    screen: Screen, agent: Path, server: EmbeddedServer, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mainspring.assembly import real_world
    from mainspring.cli.dev_models import DevModels
    from mainspring.settings import Settings

    def interrupted() -> None:
        raise KeyboardInterrupt

    world = real_world(Settings(), {})
    wishes = Wishes(
        folder=agent,
        workers=(),
        tools=None,
        port=0,
        database=None,
        events=False,
        given={},
        messages=(),
        chat=False,
    )
    bench = Bench(
        wishes=wishes,
        terminal=Terminal(),
        server=server,
        api=api,
        models=DevModels(world.completers, world.clock, None),
        tools=None,
    )
    monkeypatch.setattr(server, "wait", interrupted)
    assert bench.run(check_folder(agent))
    assert "Ctrl-C ends this." in screen.text()
    assert "cannot answer" in screen.text()


def streamed(events: Iterable[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> tuple[str, StreamView]:
    view = StreamView(Terminal(), lead="  ")
    for event in events:
        view.show(event)
    view.end()
    return capsys.readouterr().out, view


def test_everything_of_a_stream_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    shown, view = streamed(
        [
            {"type": "start", "executionId": "exe_1", "messageId": "m"},
            {"type": "text-delta", "id": "t", "delta": "One\n"},
            {"type": "text-delta", "id": "t", "delta": "two"},
            {"type": "reasoning-delta", "id": "r", "delta": "Why"},
            {"type": "block-start", "blockName": "Say", "blockType": "next-message", "display": "name"},
            {"type": "block-start", "blockName": "Pack", "blockType": "tool-call", "display": "name"},
            {"type": "worker-start", "workerId": "w", "workerSlug": "helper"},
            {"type": "worker-result", "workerId": "w", "output": {"a": 1}},
            {"type": "worker-result", "workerId": "w", "error": "no"},
            {"type": "todo-update", "todos": [{"id": "1", "content": "Do", "status": "completed"}]},
            {"type": "file-available", "id": "f", "url": "http://f", "mediaType": "image/png"},
            {"type": "source", "id": "s", "url": "http://s", "sourceType": "url"},
            {"type": "resource-update", "name": "CART", "value": [1]},
            {"type": "attempt-superseded", "generationId": "g", "attempt": 1},
            {"type": "tool-output-available", "toolCallId": "x", "output": None},
            {"type": "never-heard-of"},
            {"type": "finish", "finishReason": "length", "executionId": "exe_1"},
        ],
        capsys,
    )
    assert shown.splitlines() == [
        "  One",
        "  two",
        "  ~ Why",
        "  .. Pack",
        "  .. helper (worker)",
        '  <- worker {"a":1}',
        "  <- worker failed: no",
        "  [x] Do",
        "  file http://f",
        "  source http://s",
        "  .. CART = [1]",
        "  the model was cut off and is asked again",
        "  <- tool null",
        "  (ended: length)",
    ]
    assert not view.failed


def test_a_failed_stream(capsys: pytest.CaptureFixture[str]) -> None:
    error = {"type": "error", "errorType": "provider_error", "message": "Gone", "retryable": False}
    shown, view = streamed([error], capsys)
    assert shown == "  Error: Gone [provider_error]\n"
    assert view.failed


def test_long_values_are_cut() -> None:
    assert len(brief("x" * 500)) == WIDEST


def test_messages_of_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    parts = [
        {"type": "text", "text": "Hi\nthere"},
        {"type": "reasoning", "text": "Hm"},
        {"type": "object", "object": {"a": 1}},
        {"type": "tool-call", "toolName": "look", "args": {}, "result": 3},
        {"type": "tool-call", "toolName": "look", "args": {}, "error": "no"},
        {"type": "step-start"},
    ]
    show_message(Terminal(), {"role": "assistant", "createdAt": "now", "parts": parts})
    shown = capsys.readouterr().out
    assert shown.splitlines() == [
        "assistant  now",
        "  Hi",
        "  there",
        "  ~ Hm",
        '  {"a":1}',
        "  -> look {} <- 3",
        "  -> look {} <- no",
        "  .. step-start",
        "",
    ]


TOOLS = """\
from dataclasses import dataclass

@dataclass
class Found:
    name: str

def plain(args): return Found(args["name"])
async def later(args): return "later"
def empty(args): raise ValueError
def odd(args): return {1: object()}
TOOLS = {"plain": plain, "later": later, "empty": empty, "odd": odd}
"""


def test_the_functions_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "tools.py"
    path.write_text(TOOLS)
    tools = ToolFile(path)
    assert tools.run(ToolCall("1", "plain", {"name": "Ada"})) == {"name": "Ada"}
    assert tools.run(ToolCall("1", "later")) == "later"
    for name, said in (
        ("empty", "ValueError"),
        ("odd", "The tool returned what is not JSON"),
        ("missing", "There is no tool missing in tools.py."),
    ):
        with pytest.raises(ToolFailed, match=said):
            tools.run(ToolCall("1", name))
    path.write_text(TOOLS + "TOOLS['number'] = 3")
    with pytest.raises(Refused, match="number: its signature cannot be read"):
        tools.load()
    assert tools.find("plain") is not None
    path.write_text(
        "import re as _re\nfrom os.path import join\n\ndef get_order(order_id: str): return order_id\n"
    )
    tools.load()
    assert list(tools.tools) == ["get-order"]
    assert not (tmp_path / "__pycache__").exists()
    path.write_text(TOOLS)
    tools.load()
    assert json.loads(brief(tools.run(ToolCall("1", "later")))) == "later"
