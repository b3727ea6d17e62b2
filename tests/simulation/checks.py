"""Owns what a simulation checks after every step, and at its end, beyond what each journal must keep to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mainspring.model.rows import FACT
from mainspring.model.session import State
from mainspring.testing.simulation.journal_rules import JournalRules, must, same_state
from mainspring.testing.simulation.readers import EventsReader, LegReader, events_of
from mainspring.wires.chat_messages import chat_messages
from mainspring.wires.events import EventsWriter
from mainspring.wires.logs import execution_log
from mainspring.wires.ui_messages import ui_messages

if TYPE_CHECKING:
    from tests.simulation.clients import Client
    from tests.simulation.simulation import Simulation

_DELTAS = {"text-delta": "delta", "reasoning-delta": "delta", "tool-input-delta": "inputTextDelta"}
_DELTAS["worker-input-delta"] = "delta"


class Checks:
    """The checks of one simulation."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._drawn: dict[str, int] = {}

    def now(self) -> None:
        """After a step."""
        for session_id, rules in self._simulation.rules.items():
            self._host(session_id, rules)
            if self._drawn.get(session_id) != rules.cursor:
                self._drawn[session_id] = rules.cursor
                check_views(rules)

    def _host(self, session_id: str, rules: JournalRules) -> None:
        epoch = self._simulation.disk.epoch(session_id)
        for life in self._simulation.lives:
            host = life.app.hosts.live(session_id)
            if life.down or host is None or host.failed or host.epoch != epoch:
                continue
            if host.stream.cursor == host.journal.cursor:
                at = f"{session_id}: at {host.stream.cursor}, disk at {rules.cursor}"
                must(host.stream.cursor == rules.cursor, at)
                same = same_state(host.state, rules.state)
                must(same, f"{session_id}: the host believes what the journal does not say")

    def at_the_end(self) -> None:
        """When everything has come to rest."""
        simulation = self._simulation
        for client in simulation.clients:
            rules = simulation.rules[client.session_id]
            self._rest(client, rules)
            for reader in client.readers:
                check_reader(reader, rules, pruned=simulation.pruned)
            for leg in client.legs:
                must(leg.done, f"the answer to {leg.leg} never ends; it has {leg.data[-300:]!r}")
                check_leg(leg, rules, pruned=simulation.pruned)

    def _rest(self, client: Client, rules: JournalRules) -> None:
        state = rules.state
        must(state is not None, f"{client.session_id} has no journal")
        must(
            state is not None and state.execution is None,
            f"{client.session_id} never comes to its end: {state and state.execution}",
        )
        for life in self._simulation.lives:
            live = life.app.hosts.live(client.session_id)
            rests = live is None or live.idle or live.stream.readers
            must(rests, f"{client.session_id} still runs a model call")
        facts = [row for row in self._simulation.disk.rows(client.session_id, 0) if row.kind == FACT]
        kept = [row for row in rules.rows if row.kind == FACT]
        must(facts == kept, f"{client.session_id}: the facts on disk are not those that were committed")


def check_views(rules: JournalRules) -> None:
    """Every view can be drawn, from rows and from facts alone, and says what the model's thread says."""
    facts = [row for row in rules.rows if row.kind == FACT]
    for version in (2, 4):
        ui_messages(rules.rows, version=version)
        shown = chat_messages(rules.rows, version=version)
        if rules.state is not None and rules.state.execution is None:
            must(
                shown == chat_messages(facts, version=version), "rows and facts tell different conversations"
            )
            must(
                ui_messages(rules.rows, version=version) == ui_messages(facts, version=version),
                "rows and facts show different messages",
            )
            check_texts(shown, rules.state)
    execution_log(rules.rows)


def check_texts(shown: list[dict[str, Any]], state: State) -> None:
    """The full view says what the main thread says, message by message."""
    thread = state.scopes[state.root].threads.get("main")
    said: dict[str, str] = {}
    for message in () if thread is None or state.format == "worker" else thread.messages:
        if message.role != "tool":
            key = message.turn_id or message.id
            said[key] = said.get(key, "") + message.text
    drawn = {
        message["id"]: "".join(part["content"] for part in message["parts"] if part["type"] == "text")
        for message in shown
    }
    for key, text in said.items():
        must(drawn.get(key, "") == text, f"message {key} says {text!r}, and is drawn as {drawn.get(key)!r}")


def check_reader(reader: EventsReader, rules: JournalRules, *, pruned: bool) -> None:
    """It has every event after its first cursor, once and in order."""
    whole = events_of(EventsWriter(after=reader.began).feed(rules.rows))
    if not pruned:
        must(reader.seen == whole, f"a reader from {reader.began} has other events than the journal")
        return
    (seen, texts), (story, told) = _texts(reader.seen), _texts(whole)
    must(seen == story, f"a reader from {reader.began} has another story than the journal")
    for part_id, part in rules.parts.items():
        if part.kind == "TextStarted" and not part.superseded:
            # Who was in the middle of a part when its deltas were dropped gets the part whole.
            text = texts.get(part_id, "")
            right = text == told.get(part_id, "") or text.endswith("".join(part.said))
            must(right, f"a reader from {reader.began} has {text!r} of {part_id}")


def _texts(seen: list[tuple[int, bytes]]) -> tuple[list[tuple[int, bytes]], dict[str, str]]:
    """The events that are no deltas, and the text of each part."""
    story: list[tuple[int, bytes]] = []
    texts: dict[str, str] = {}
    for cursor, data in seen:
        event = msgspec.json.decode(data)
        member = _DELTAS.get(event["type"])
        if member is None:
            story.append((cursor, data))
            continue
        part_id = event.get("id") or event.get("toolCallId") or event["workerId"]
        texts[part_id] = texts.get(part_id, "") + event[member]
    return story, texts


def check_leg(leg: LegReader, rules: JournalRules, *, pruned: bool) -> None:
    """Written again from the journal, all at once and row by row, it has the same bytes."""
    if pruned:
        return
    whole, pieces = leg.writer(), leg.writer()
    again = whole.open() + whole.feed(rules.rows)
    slowly = pieces.open() + b"".join(pieces.feed((row,)) for row in rules.rows)
    must(again == slowly, f"{leg.leg} depends on how its rows come")
    must(leg.data == again, f"{leg.leg} was other bytes when it ran:\n{leg.data!r}\n{again!r}")
