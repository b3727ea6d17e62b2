"""Owns a conversation in the terminal: what is typed becomes triggers, what streams back is shown."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import click
import msgspec

from mainspring.cli.approval_person import ask_approval
from mainspring.cli.http import Api, Received, segment
from mainspring.cli.inputs import fill
from mainspring.cli.turns import Answer, Here, session_turn, worker_run
from mainspring.cli.views.stream import StreamView
from mainspring.cli.views.terminal import Terminal, clean
from mainspring.model.errors import InvalidRequest, MainspringError
from mainspring.model.program import Program, Trigger
from mainspring.model.values import Json

USUAL: Final = "user-message"
PROMPT: Final = "> "
HELP: Final = """\
  text              is sent to the agent
  /trigger NAME     fires a trigger (its input is asked for, or follows as JSON)
  /new              begins a new session
  /session          shows the session's id
  /quit             ends (so does Ctrl-D)"""


@dataclass(kw_only=True)
class Conversation:
    """A conversation with one agent. `program` may be exchanged while it runs; `session` empty: none was begun."""

    api: Api
    terminal: Terminal
    agent: str
    program: Program
    answer: Answer
    given: Mapping[str, str]
    events: bool = False
    session: str = ""

    def begin(self) -> None:
        """Creates the session (a worker needs none); raises what the server refuses."""
        if self.program.format == "worker" or self.session:
            return
        given = fill(self.program.input, self.given, self.terminal)
        made = self.api.post("/api/agent-sessions", {"agentId": self.agent, "input": given})
        self.session = str(made["sessionId"])
        if self.terminal.as_json:
            self.terminal.json({"sessionId": self.session})

    def talk(self, messages: Sequence[str]) -> bool:
        """Sends the messages, or without any takes what is typed until its end. Whether every turn went well."""
        self.begin()
        if self.program.format == "worker":
            return self._run_workers()
        if messages:
            return all(self._handle(text) for text in messages)
        return self._read()

    def _read(self) -> bool:
        well = True
        if self.terminal.interactive:
            self.terminal.line("Type a message; /help shows what else, Ctrl-D ends.", "dim")
        while True:
            try:
                text = self.terminal.ask(PROMPT).strip()
            except EOFError:
                if self.terminal.interactive:
                    self.terminal.line()
                return well
            if text == "/quit":
                return well
            if text:
                # Who sits in front has seen what failed; a script has to be told by the exit code.
                well = (self._tried(text) and well) or self.terminal.interactive

    def _tried(self, text: str) -> bool:
        """One line; in front of a person a mistake does not end the conversation."""
        if not self.terminal.interactive:
            return self._handle(text)
        try:
            return self._handle(text)
        except click.ClickException as error:
            self.terminal.line(error.format_message(), "bad")
        except MainspringError as error:
            self.terminal.line(f"Error: {error.message}", "bad")
        except KeyboardInterrupt:
            self._stop()
        return False

    def _stop(self) -> None:
        self.api.post(f"/api/agent-sessions/{segment(self.session)}/stop", {})
        self.terminal.line()
        self.terminal.line("(stopped)", "warn")

    def _handle(self, text: str) -> bool:
        word, _, rest = text.partition(" ")
        if word == "/help":
            self.terminal.line(HELP)
        elif word == "/session":
            self.terminal.line(self.session)
        elif word == "/new":
            self.session = ""
            self.begin()
            self.terminal.line(f"New session {self.session}", "dim")
        elif word == "/trigger":
            return self._fire(*self._named(rest.strip()))
        elif word.startswith("/"):
            raise InvalidRequest(f"There is no {word}; /help shows what there is.")
        else:
            return self._fire(*self._said(text))
        return True

    def _said(self, text: str) -> tuple[str, dict[str, Json]]:
        """The trigger that takes what was typed, and its input.

        That is `user-message`, which every agent has; but where it is only assumed, the one trigger that is written.
        """
        triggers = self.program.triggers
        written = [trigger for trigger in triggers.values() if not trigger.assumed]
        trigger = written[0] if triggers[USUAL].assumed and len(written) == 1 else triggers[USUAL]
        words = _takes_words(trigger)
        given = {words: text} if words else {}
        return trigger.name, fill(trigger.input, given, self.terminal)

    def _named(self, text: str) -> tuple[str, dict[str, Json]]:
        """A trigger by name, with its input as JSON or asked for."""
        name, _, body = text.partition(" ")
        trigger = self.program.triggers.get(name)
        if trigger is None:
            raise InvalidRequest(
                f"There is no trigger {name!r}; there are: {', '.join(self.program.triggers)}"
            )
        if not body.strip():
            return name, fill(trigger.input, {}, self.terminal)
        try:
            return name, msgspec.json.decode(body, type=dict[str, Json])
        except msgspec.MsgspecError as error:
            raise InvalidRequest(f"The input of {name} is not a JSON object: {error}") from None

    def _here(self) -> Here:
        return Here(self.answer, ask_approval(self.terminal))

    def _fire(self, trigger: str, given: dict[str, Json]) -> bool:
        body: dict[str, Json] = {"triggerName": trigger, "input": given}
        return self._show(session_turn(self.api, self.session, body, self._here()))

    def _run_workers(self) -> bool:
        """One run; in front of a person as many as are wanted."""
        while True:
            given = fill(self.program.input, self.given, self.terminal)
            well = self._show(worker_run(self.api, self.agent, given, self._here()))
            if not self.terminal.interactive:
                return well
            try:
                self.terminal.ask("Enter runs it again, Ctrl-D ends: ")
            except EOFError:
                self.terminal.line()
                return well

    def _show(self, stream: Generator[Received]) -> bool:
        view = StreamView(self.terminal)
        failed = False
        with closing(stream) as events:
            for event in events:
                if self.terminal.as_json:
                    click.echo(event.text)
                elif self.events:
                    self.terminal.line(event.text, "dim")
                else:
                    view.show(event.data)
                failed = failed or event.data["type"] == "error"
        view.end()
        self._show_output(view)
        return not failed

    def _show_output(self, view: StreamView) -> None:
        """What a worker returned, unless it has just been read."""
        output = view.output
        if isinstance(output, str) and not view.was_said(output):
            self.terminal.line(clean(output))
        elif output is not None and not isinstance(output, str):
            self.terminal.line(clean(msgspec.json.format(msgspec.json.encode(output)).decode()))


def _takes_words(trigger: Trigger) -> str:
    """The input that what is typed goes into: the first required one that is text, else the first text."""
    texts = [one for one in trigger.input.values() if one.type.name == "string" and not one.type.array]
    required = [one for one in texts if not one.optional and not one.has_default]
    return next((one.name for one in (*required, *texts)), "")
