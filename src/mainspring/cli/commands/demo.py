"""Owns `mainspring demo`: a support agent, its model and its customer's server in one process, on real HTTP."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Final

import click
import msgspec

from mainspring.assembly import real_world
from mainspring.cli.embedded import EmbeddedServer
from mainspring.cli.flags import json_flag
from mainspring.cli.http import Api, Received, segment
from mainspring.cli.publishing import Checked, Published, check_folder, publish
from mainspring.cli.tool_file import ToolFile
from mainspring.cli.turns import Here, session_turn
from mainspring.cli.views.stream import StreamView
from mainspring.cli.views.terminal import Terminal
from mainspring.language.compiler import compile_agent
from mainspring.settings import Settings, process_environment

QUESTION: Final = "Which plan am I on, and when does it renew?"
SCRIPTED: Final = "scripted/demo"
MODELS: Final = {"ANTHROPIC_API_KEY": "anthropic/claude-sonnet-4-5", "OPENAI_API_KEY": "openai/gpt-5-mini"}
"""The model that is used when the key of its provider is there."""


@click.command("demo")
@click.argument("question", default=QUESTION)
@click.option(
    "--model",
    metavar="PROVIDER/MODEL",
    help=f"The model that answers. [default: a real one if its key is in the environment, else {SCRIPTED}]",
)
@json_flag
def command(question: str, model: str | None, as_json: bool) -> None:
    """Watch a support agent answer a question with a tool: no account, no key, no network."""
    terminal = Terminal(as_json=as_json)
    chosen, why = choose_model(model, process_environment())
    with packaged_agent() as folder, tempfile.TemporaryDirectory(prefix="mainspring-demo-") as scratch:
        settings = Settings(
            port=0,
            database=str(Path(scratch) / "demo.db"),
            script=str(folder / "script.yaml"),
            log_level="error",
        )
        agent = with_model(check_folder(folder), chosen)
        tools = ToolFile(folder / "tools.py")
        with (
            EmbeddedServer(settings, real_world(settings, process_environment())) as server,
            Api(server.url, server.key) as api,
        ):
            published = publish(api, agent)
            _introduce(terminal, server, published, why)
            failed = _talk(terminal, api, published, question, tools)
    if failed:
        terminal.note(f"The model did not answer; `mainspring demo --model {SCRIPTED}` needs none.", "warn")
        raise click.exceptions.Exit(1)


def choose_model(wanted: str | None, environment: Mapping[str, str]) -> tuple[str, str]:
    """The model that answers, and why it is that one."""
    if wanted is not None:
        return wanted, f"{wanted}, as you said"
    for variable, model in MODELS.items():
        if environment.get(variable):
            return model, f"{model}, since {variable} is set (--model {SCRIPTED} needs no key)"
    return SCRIPTED, "scripted: no key, no network (set ANTHROPIC_API_KEY or OPENAI_API_KEY for a real one)"


@contextmanager
def packaged_agent() -> Generator[Path]:
    """The folder of the demo's agent, as it was installed."""
    with resources.as_file(resources.files("mainspring.cli") / "demo" / "support") as folder:
        yield folder


def with_model(checked: Checked, model: str) -> Checked:
    """The agent, answering with another model."""
    if checked.source is None or model == SCRIPTED:
        return checked
    source = msgspec.structs.replace(
        checked.source, protocol=checked.source.protocol.replace(f"model: {SCRIPTED}", f"model: {model}")
    )
    compiled = compile_agent(source)
    return msgspec.structs.replace(
        checked, source=source, program=compiled.program, diagnostics=compiled.diagnostics
    )


def _introduce(terminal: Terminal, server: EmbeddedServer, published: Published, model: str) -> None:
    terminal.line(
        "Mainspring demo: one process plays the server, the model and the customer's backend.", "strong"
    )
    terminal.line()
    for name, value in (
        ("server", f"{server.url} (HTTP on this machine, SQLite in a temporary folder)"),
        ("agent", f"{published.slug}, version {published.program.hash[:12]}"),
        ("model", model),
        ("tools", f"{', '.join(published.program.tools)} (run on your side, here by tools.py)"),
    ):
        terminal.line(f"  {terminal.paint(f'{name:<8}', 'dim')}{value}")
    terminal.line()


def _talk(terminal: Terminal, api: Api, published: Published, question: str, tools: ToolFile) -> bool:
    """One turn; whether it failed."""
    made = api.post("/api/agent-sessions", {"agentId": published.agent_id})
    session = str(made["sessionId"])
    terminal.line(f"you    {question}", "you")
    terminal.line("agent")
    view = StreamView(terminal, lead="  ")
    trigger = {"triggerName": "user-message", "input": {"USER_MESSAGE": question}}
    events = 0
    for event in session_turn(api, session, trigger, Here(tools.run)):
        events += 1
        _show(terminal, view, event)
    view.end()
    if not view.failed:
        stored = len(api.get(f"/api/agent-sessions/{segment(session)}/export")["events"])
        terminal.line()
        terminal.line(f"That was {events} events, live; {stored} facts of them are in the journal for good.")
        terminal.line("Your own agent: mainspring init my-agent && mainspring dev my-agent")
    return view.failed


def _show(terminal: Terminal, view: StreamView, event: Received) -> None:
    if terminal.as_json:
        click.echo(event.text)
    view.show(event.data)
