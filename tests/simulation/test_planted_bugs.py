"""Proves that the simulation finds bugs: each is planted on purpose and must be found within 500 seeds."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from mainspring.engine import compaction, decide, generations, rounds
from mainspring.engine.turn import Turn
from mainspring.model.facts import BlockDone, RolledBack
from mainspring.model.session import Thread
from mainspring.runtime import host, hosts
from mainspring.runtime.attendant import Attendant
from mainspring.runtime.host import SessionHost
from mainspring.runtime.journal import SessionJournal
from mainspring.runtime.ports import Append
from mainspring.runtime.recorder import Recorder
from mainspring.runtime.sessions import Sessions
from mainspring.runtime.streams import Stream
from mainspring.wires.events import EventsWriter
from mainspring.wires.native import LegWriter
from mainspring.wires.transcript import Transcript
from tests.simulation.seeds import failure
from tests.simulation.store import Turns

SEEDS = 500
Patch = pytest.MonkeyPatch


def forget_what_the_cut_attempt_streamed(patch: Patch) -> None:
    patch.setattr(hosts, "open_parts", lambda events, execution=None: {})


def take_any_result(patch: Patch) -> None:
    patch.setattr(decide, "_is_fresh", lambda state, result: True)


def settle_calls_again(patch: Patch) -> None:
    def settle(turn: Turn, result: Any) -> None:
        outcome = rounds.Outcome(output=result.result, error=result.error or None)
        rounds.settle_call(turn, result.tool_call_id, outcome, ran="caller")

    patch.setattr(decide, "_settle_result", settle)
    patch.setattr(decide, "_is_fresh", lambda state, result: True)


def lose_a_flush(patch: Patch) -> None:
    def flush(self: SessionJournal) -> None:
        self._pending = []

    patch.setattr(SessionJournal, "flush", flush)


def publish_before_the_commit(patch: Patch) -> None:
    write = SessionJournal._write

    def early(self: SessionJournal, **given: Any) -> "asyncio.Future[None]":
        append = self._log.append

        def told(work: Append) -> "asyncio.Future[None]":
            self._owner.published(work.rows)
            return append(work)

        patch.setattr(self._log, "append", told)
        try:
            return write(self, **given)
        finally:
            patch.setattr(self._log, "append", append)

    patch.setattr(SessionJournal, "_write", early)
    patch.setattr(SessionJournal, "_settled", lambda self, done, rows: done.cancelled() or done.exception())


def perform_before_the_commit(patch: Patch) -> None:
    record = SessionHost.record

    def eager(self: SessionHost, events: Any, after: Any, **given: Any) -> "asyncio.Future[None]":
        future = record(self, events, after, **given)
        self.resume()
        return future

    patch.setattr(SessionHost, "record", eager)


def forget_the_end_of_a_block(patch: Patch) -> None:
    def end_block(self: Turn, frame_id: str) -> None:
        self.emit(BlockDone(frame=frame_id, index=self.frame(frame_id).index))
        self.ready.append(frame_id)

    patch.setattr(Turn, "end_block", end_block)


def use_the_ids_of_parts_again(patch: Patch) -> None:
    presentation = generations.presentation

    def same(turn: Turn, frame: Any, *, attempt: int) -> Any:
        return presentation(turn, frame, attempt=1)

    patch.setattr(host, "presentation", same)


def say_it_is_written_and_write_nothing(patch: Patch) -> None:
    commit = Turns._commit

    def careless(self: Turns, group: Any) -> Any:
        if any(isinstance(work, Append) for _, work in group) and self._chance.happens(0.2):
            return [
                (future, None, None) if isinstance(work, Append) else commit(self, [(future, work)])[0]
                for future, work in group
            ]
        return commit(self, group)

    patch.setattr(Turns, "_commit", careless)


def skip_a_row_for_readers(patch: Patch) -> None:
    since = Stream.since

    def short(self: Stream, cursor: int) -> Any:
        rows = since(self, cursor)
        return rows[1:] if rows is not None and len(rows) > 2 else rows

    patch.setattr(Stream, "since", short)


def repeat_what_a_reader_had(patch: Patch) -> None:
    feed = EventsWriter.feed

    def again(self: EventsWriter, rows: Any) -> bytes:
        self.cursor = 0
        return feed(self, rows)

    patch.setattr(EventsWriter, "feed", again)


def stay_where_nobody_was_told(patch: Patch) -> None:
    patch.setattr(Stream, "catch_up", lambda self, cursor: None)


def leave_the_parts_of_a_cut_answer_open(patch: Patch) -> None:
    close = Recorder.close

    def lazy(self: Recorder, *, cut: bool = False) -> None:
        if not cut:
            close(self)

    patch.setattr(Recorder, "close", lazy)


def forget_what_a_cut_answer_said(patch: Patch) -> None:
    patch.setattr(Recorder, "partial", lambda self, provider: ((), ()))


def believe_what_is_not_written(patch: Patch) -> None:
    published = SessionHost.published

    def drifting(self: SessionHost, rows: Any) -> None:
        published(self, rows)
        self.state = replace(self.state, turns=self.state.turns + 1)

    patch.setattr(SessionHost, "published", drifting)


def ask_again_before_all_results_are_there(patch: Patch) -> None:
    def advance(turn: Turn, call_id: str) -> None:
        call = turn.execution.calls[call_id]
        generation = turn.frame(call.frame).generation
        if call.source == "llm" and generation is not None:
            generations.start_generation(
                turn, turn.frame(call.frame), thread=generation.thread, step=generation.step + 1
            )

    patch.setattr(decide, "advance_call", advance)


def forget_to_take_up_what_a_crash_left(patch: Patch) -> None:
    async def nothing(self: Attendant) -> int:
        return 0

    async def load(self: hosts.Hosts, *_: Any, **__: Any) -> None:
        return None

    patch.setattr(Attendant, "take_up", nothing)
    patch.setattr(hosts.Hosts, "_take_up", load)


def roll_back_only_the_thread(patch: Patch) -> None:
    patch.setitem(Transcript._HANDLERS, RolledBack, lambda self, event: None)


def start_the_answer_at_the_wrong_place(patch: Patch) -> None:
    trigger = Sessions.trigger

    async def off(self: Sessions, *given: Any) -> Any:
        leg = await trigger(self, *given)
        return replace(leg, after=leg.after + 2)

    patch.setattr(Sessions, "trigger", off)


def end_an_answer_without_its_last_line(patch: Patch) -> None:
    feed = LegWriter.feed

    def forgetful(self: LegWriter, rows: Any) -> bytes:
        rows = tuple(rows)
        return b"" if len(rows) > 6 else feed(self, rows)

    patch.setattr(LegWriter, "feed", forgetful)


def part_a_call_from_its_result(patch: Patch) -> None:
    def anywhere(thread: Thread, _: Any, **__: Any) -> int:
        return max(compaction.covered(thread), len(thread.messages) - 1)

    patch.setattr(compaction, "cut", anywhere)


BUGS: tuple[Callable[[Patch], None], ...] = (
    forget_what_the_cut_attempt_streamed,
    take_any_result,
    settle_calls_again,
    lose_a_flush,
    publish_before_the_commit,
    perform_before_the_commit,
    forget_the_end_of_a_block,
    use_the_ids_of_parts_again,
    say_it_is_written_and_write_nothing,
    skip_a_row_for_readers,
    repeat_what_a_reader_had,
    stay_where_nobody_was_told,
    leave_the_parts_of_a_cut_answer_open,
    forget_what_a_cut_answer_said,
    believe_what_is_not_written,
    ask_again_before_all_results_are_there,
    forget_to_take_up_what_a_crash_left,
    roll_back_only_the_thread,
    start_the_answer_at_the_wrong_place,
    end_an_answer_without_its_last_line,
    part_a_call_from_its_result,
)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_found(bug: Callable[[Patch], None], monkeypatch: Patch) -> None:
    bug(monkeypatch)
    found = next(filter(None, map(failure, range(SEEDS))), None)
    assert found is not None
