"""Owns `mainspring dev`: one agent served on this machine, reloaded as its files change, and talked to."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import click

from mainspring.assembly import real_world
from mainspring.cli.conversation import Conversation
from mainspring.cli.dev_models import DevModels
from mainspring.cli.embedded import EmbeddedServer
from mainspring.cli.flags import input_flag, json_flag, message_flag
from mainspring.cli.http import Api
from mainspring.cli.inputs import pairs
from mainspring.cli.listening import is_free
from mainspring.cli.publishing import Checked, Published, check_folder, publish
from mainspring.cli.reloading import Reloader, Watch
from mainspring.cli.script_file import SCRIPT, check_script, read_script
from mainspring.cli.tool_file import FILE as TOOLS
from mainspring.cli.tool_file import ToolFile
from mainspring.cli.tool_person import ask_person
from mainspring.cli.views.problems import told_problems
from mainspring.cli.views.terminal import Terminal
from mainspring.language.render import render_text
from mainspring.model.errors import InvalidAgent
from mainspring.providers.script import InvalidScript, Script
from mainspring.settings import Settings, process_environment

PORT: Final = 4747
OWN: Final = ".mainspring"
"""The folder in the agent's folder that holds the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was asked for on the command line."""

    folder: Path
    workers: tuple[Path, ...]
    tools: Path | None
    port: int | None
    database: Path | None
    events: bool
    given: Mapping[str, str]
    messages: tuple[str, ...]
    chat: bool


@click.command("dev")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option(
    "--tools", type=click.Path(path_type=Path), help=f"Python file of tools. [default: FOLDER/{TOOLS}]"
)
@click.option(
    "--with",
    "workers",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Publish this folder too; repeatable.",
)
@click.option("--events", is_flag=True, help="Print each event as it comes.")
@click.option("--no-chat", is_flag=True, help="Only serve, until Ctrl-C.")
@click.option("--port", type=click.IntRange(0, 65535), help=f"Port. [default: {PORT}, or a free one]")
@click.option(
    "--database", type=click.Path(path_type=Path), help=f"SQLite file. [default: FOLDER/{OWN}/dev.db]"
)
@input_flag
@message_flag
@json_flag
def command(
    *,
    folder: Path,
    tools: Path | None,
    workers: tuple[Path, ...],
    events: bool,
    no_chat: bool,
    port: int | None,
    database: Path | None,
    given: tuple[str, ...],
    messages: tuple[str, ...],
    as_json: bool,
) -> None:
    """Serve the agent in FOLDER on this machine, take up its changes, and talk to it.

    Its tools are the functions of tools.py; you are asked for the results of others. A model without a key is played
    by script.yaml. Nothing else is needed.
    """
    wishes = Wishes(
        folder=folder,
        workers=workers,
        tools=tools,
        port=port,
        database=database,
        events=events,
        given=pairs(given),
        messages=messages,
        chat=not no_chat,
    )
    with ended_by_sigterm():
        if not work(wishes, Terminal(as_json=as_json)):
            raise click.exceptions.Exit(1)


@contextlib.contextmanager
def ended_by_sigterm() -> Generator[None]:
    """Lets SIGTERM end the command as its own end would: exit 0, everything closed."""

    def end(_: int, __: object) -> None:
        raise click.exceptions.Exit(0)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def work(wishes: Wishes, terminal: Terminal) -> bool:
    """Serves and talks until the person ends it; whether every turn went well."""
    checked = check_folder(wishes.folder)
    with told_problems(terminal, checked.texts):
        if checked.program is None:
            raise InvalidAgent("The agent is not valid.", diagnostics=checked.diagnostics)
    with told_problems(terminal, check_script(wishes.folder / SCRIPT)[1]):
        script = _script(wishes.folder)
    tools = _tools(wishes)
    settings = settings_of(wishes)
    real = real_world(settings, process_environment())
    models = DevModels(real.completers, real.clock, script)
    boxes = () if tools is None else (tools.box(),)
    world = replace(real, completers=models, boxes=boxes)
    with EmbeddedServer(settings, world) as server, Api(server.url, server.key) as api:
        bench = Bench(wishes=wishes, terminal=terminal, server=server, api=api, models=models, tools=tools)
        return bench.run(checked)


def _script(folder: Path) -> Script | None:
    try:
        return read_script(folder / SCRIPT)
    except InvalidScript as error:
        raise InvalidAgent(error.message, diagnostics=error.diagnostics) from None


def _tools(wishes: Wishes) -> ToolFile | None:
    path = wishes.tools or wishes.folder / TOOLS
    return ToolFile(path) if wishes.tools is not None or path.is_file() else None


def settings_of(wishes: Wishes) -> Settings:
    """The settings of a server to work on an agent: this machine only, sessions follow the newest version."""
    database = wishes.database
    if database is None:
        own = wishes.folder / OWN
        own.mkdir(exist_ok=True)
        (own / ".gitignore").write_text("*\n", encoding="utf-8")
        database = own / "dev.db"
    port = wishes.port
    if port is None:
        port = PORT if is_free("127.0.0.1", PORT) else 0
    return Settings(
        host="127.0.0.1", port=port, database=str(database), follow_latest=True, graceful_timeout=0.5
    )


@dataclass(kw_only=True)
class Bench:
    """One agent being worked on: its server, who answers, and the conversation."""

    wishes: Wishes
    terminal: Terminal
    server: EmbeddedServer
    api: Api
    models: DevModels
    tools: ToolFile | None

    def run(self, checked: Checked) -> bool:
        """Publishes, then talks (or only serves) while changes are taken up."""
        for folder in self.wishes.workers:
            self._publish(check_folder(folder))
        published = self._publish(checked)
        self._introduce(published)
        conversation = Conversation(
            api=self.api,
            terminal=self.terminal,
            agent=published.agent_id,
            program=published.program,
            answer=ask_person(self.terminal),
            given=self.wishes.given,
            events=self.wishes.events,
        )
        with Api(self.server.url, self.server.key) as api, self._watch(api, conversation):
            if self.wishes.chat or self.wishes.messages:
                return conversation.talk(self.wishes.messages)
            self._wait()
            return True

    def _publish(self, checked: Checked) -> Published:
        with told_problems(self.terminal, checked.texts):
            published = publish(self.api, checked)
        warnings = render_text(published.warnings, checked.texts, color=self.terminal.colors)
        self.terminal.write(warnings)
        return published

    def _introduce(self, published: Published) -> None:
        notes = self.models.told(published.program)
        if self.terminal.as_json:
            self.terminal.json(
                {"url": self.server.url, "key": self.server.key, "agentId": published.agent_id}
            )
            return
        tools = f"{self.tools.path.name} answers" if self.tools is not None else "you answer"
        lines = [
            ("agent", f"{published.slug}, version {published.program.hash[:12]} (its files are watched)"),
            ("server", self.server.url),
            ("key", f"{self.server.key} (good until this ends)"),
            (
                "tools",
                f"{', '.join(published.program.tools)} ({tools})" if published.program.tools else "none",
            ),
            *(("model", note) for note in notes),
        ]
        for name, value in lines:
            self.terminal.line(f"{self.terminal.paint(f'{name:<8}', 'dim')}{value}")

    def _watch(self, api: Api, conversation: Conversation) -> Watch:
        def published(done: Published) -> None:
            conversation.program = done.program

        reloader = Reloader(
            self.wishes.folder,
            api,
            told=self.terminal.interrupt,
            published=published,
            models=self.models,
            tools=self.tools,
        )
        return Watch(self.wishes.folder, reloader.changed)

    def _wait(self) -> None:
        self.terminal.line("Ctrl-C ends this.", "dim")
        with contextlib.suppress(KeyboardInterrupt):
            self.server.wait()
