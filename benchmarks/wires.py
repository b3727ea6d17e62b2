"""Owns the measure of the wires: CPU an event costs on each, beside the native one. Pure code in one process."""

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from benchmarks.measures import Size
from benchmarks.report import Section
from mainspring.model.rows import DELTAS, Row
from mainspring.model.stream_events import TextDelta, TextEnded, TextStarted
from mainspring.wires.ag_ui import AgUiWriter
from mainspring.wires.ag_ui_runs import Run
from mainspring.wires.ai_sdk import AiSdkWriter
from mainspring.wires.chat_completions import ChatCompletionsWriter, Completing
from mainspring.wires.native import LegWriter
from mainspring.wires.responses import Answering, ResponsesWriter
from mainspring.wires.turns import Turn
from tests.wires.journal import Journal, asked, begun, block, block_over, finished, said, text

DELTAS_A_TURN = 200
TURN = Turn(session_id="s1", execution_id="e1", begin=0, after=0, message_id="m1")


class Writer(Protocol):
    """A wire."""

    done: bool

    def open(self) -> bytes:
        """What comes first."""
        ...

    def feed(self, rows: Iterable[Row], /) -> bytes:
        """The bytes of rows."""
        ...


def native() -> Writer:
    """The native one."""
    return LegWriter(execution_id="e1", session_id="s1", continuation=False, version=4, after=0)


WIRES: dict[str, Callable[[], Writer]] = {
    "native": native,
    "ai-sdk": lambda: AiSdkWriter(TURN),
    "ag-ui": lambda: AgUiWriter(TURN, Run(thread_id="t1", run_id="r1")),
    "responses": lambda: ResponsesWriter(TURN, Answering(id="resp_1", model="agent:support", after=-1)),
    "chat": lambda: ChatCompletionsWriter(TURN, Completing(id="c1", model="agent:support", usage=True)),
}


def journal(together: int) -> list[Row]:
    """A turn of text, `together` deltas a row."""
    told = Journal().add(*begun(), *block(), asked(), TextStarted(id="x1"))
    pieces = [f" word{number}" for number in range(DELTAS_A_TURN)]
    for first in range(0, DELTAS_A_TURN, together):
        told.deltas(*(TextDelta(id="x1", delta=piece) for piece in pieces[first : first + together]))
    told.add(TextEnded(id="x1"), said(("x1", text("".join(pieces)))), *block_over(), *finished())
    return told.rows


def cost(make: Callable[[], Writer], rows: list[Row], turns: int) -> float:
    """CPU microseconds an event; every row is fed by itself, as readers get it."""
    began = time.process_time()
    for _ in range(turns):
        writer = make()
        writer.open()
        for row in rows:
            writer.feed((row,))
        assert writer.done
    events = sum(1 + row.data.count(b"\n") if row.kind == DELTAS else 1 for row in rows)
    return 1e6 * (time.process_time() - began) / turns / events


def wires(section: Section, size: Size) -> None:
    """Each wire, deltas one by one and in rows of twenty; in turns, so that all see the same machine."""
    for suffix, together in (
        (": the wire alone, CPU us per event", 1),
        (": the wire alone in a burst, CPU us per event", 20),
    ):
        rows = journal(together)
        found: dict[str, list[float]] = {name: [] for name in WIRES}
        for _ in range(5 * size.rounds):
            for name, make in WIRES.items():
                found[name].append(cost(make, rows, size.turns // 20))
        lowest = {name: statistics.median(values) for name, values in found.items()}
        for name, value in lowest.items():
            section.note(name + suffix, ours=value, theirs=lowest["native"])
