"""Any turn, cut anywhere, on every wire: the pieces make the whole stream, and all wires tell the same text."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainspring.model.errors import Failure
from mainspring.model.events import failure_event
from mainspring.model.rows import Row
from mainspring.model.stream_events import (
    AttemptSuperseded,
    Finish,
    PendingToolCall,
    ReasoningDelta,
    ReasoningEnded,
    ReasoningStarted,
    ResourceUpdate,
    TextDelta,
    TextEnded,
    TextStarted,
    TodoItem,
    TodoUpdate,
    ToolRequest,
    WorkerInputDelta,
    WorkerInputStart,
    WorkerResult,
    WorkerStart,
)
from mainspring.wires.ag_ui import AgUiWriter
from mainspring.wires.ag_ui_messages import ag_ui_messages
from mainspring.wires.ag_ui_runs import Run
from mainspring.wires.ai_sdk import AiSdkWriter
from mainspring.wires.ai_sdk_messages import ai_sdk_messages
from mainspring.wires.events import EventsWriter
from mainspring.wires.native import LegWriter
from mainspring.wires.turns import Turn
from mainspring.wires.ui_messages import ui_messages
from tests.wires.foreign import events, turn
from tests.wires.journal import (
    Journal,
    added,
    asked,
    available,
    begun,
    block,
    block_over,
    called,
    ended,
    finished,
    round_closed,
    said,
    settled,
    text,
    tool,
)
from tests.wires.openai_types import (
    chat_completions,
    check_chunk,
    check_completion,
    check_event,
    check_numbers,
    check_response,
    replay,
    responses,
)
from tests.wires.people import PAUSED, answer, legs, wanted

FAILURE = Failure(error_type="provider_error", message="No", retryable=True, source="provider")
Writer = Any
Make = Callable[[Turn], Writer]


class Native:
    """The native wire, made as the others are."""

    def __new__(cls, given_turn: Turn) -> Any:
        return LegWriter(
            execution_id=given_turn.execution_id,
            session_id=given_turn.session_id,
            continuation=given_turn.continuation,
            version=4,
            after=given_turn.after,
        )


def ag_ui(given_turn: Turn) -> AgUiWriter:
    return AgUiWriter(given_turn, Run(thread_id="t1", run_id="r1"))


WIRES: dict[str, Make] = {
    "native": Native,
    "ai-sdk": AiSdkWriter,
    "ag-ui": ag_ui,
    "responses": responses,
    "chat-completions": chat_completions,
}
every_wire = pytest.mark.parametrize("make", WIRES.values(), ids=WIRES.keys())

PIECES = st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=3)
KINDS = (
    "text",
    "thought",
    "own",
    "refused",
    "client",
    "allowed",
    "denied",
    "worker",
    "todo",
    "resource",
    "crash",
    "object",
)
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), PIECES), max_size=8)
ENDS = st.sampled_from(("finished", "failed", "stopped"))


class Story:
    """Writes a turn of random steps."""

    def __init__(self) -> None:
        self.journal = Journal().add(*begun(), added("u1", text("Go.")), *block())
        self.steps = 0

    def step(self, kind: str, pieces: list[str]) -> None:
        """One model call, in which one thing happens."""
        self.steps += 1
        self.journal.add(asked(self.steps))
        getattr(self, kind)(f"{kind}{self.steps}", pieces)

    def settle(self, *parts: Any, **given: Any) -> None:
        self.journal.add(said(*parts, number=self.steps, **given))

    def text(self, name: str, pieces: list[str]) -> None:
        self.journal.text(name, *pieces)
        self.settle((name, text("".join(pieces))))

    def object(self, name: str, pieces: list[str]) -> None:
        whole = msgspec.json.encode(pieces).decode()
        self.journal.add(TextStarted(id=name, response_type="Words"))
        self.journal.deltas(TextDelta(id=name, delta=whole[:2]), TextDelta(id=name, delta=whole[2:]))
        self.journal.add(TextEnded(id=name))
        self.settle((name, text(whole)), response_type="Words")

    def thought(self, name: str, pieces: list[str]) -> None:
        self.journal.add(ReasoningStarted(id=name))
        self.journal.deltas(*(ReasoningDelta(id=name, delta=piece) for piece in pieces))
        self.journal.add(ReasoningEnded(id=name))

    def crash(self, name: str, pieces: list[str]) -> None:
        self.journal.text(f"{name}cut", *pieces)
        self.journal.add(AttemptSuperseded(generation_id=f"g{self.steps}", attempt=1, parts=(f"{name}cut",)))
        self.text(name, pieces)

    def call(self, name: str, tool_name: str, pieces: list[str], **result: Any) -> None:
        arguments = msgspec.json.encode({"a": pieces}).decode()
        self.journal.call(name, tool_name, arguments[:3], arguments[3:], display="stream")
        self.settle((name, tool(name, tool_name, a=pieces)))
        self.journal.add(called(name, tool_name), available(name, tool_name, a=pieces))
        if "approved" in result:
            self.ask(name, tool_name, pieces, approved=result.pop("approved"))
        if result["ran"] == "caller":
            pending = PendingToolCall(
                tool_call_id=name, tool_name=tool_name, args={"a": pieces}, source="llm"
            )
            self.journal.add(ToolRequest(tool_calls=(pending,), execution_id="e1"))
        self.journal.add(settled(name, tool_name, display="stream", **result), round_closed())

    def ask(self, name: str, tool_name: str, pieces: list[str], *, approved: bool) -> None:
        """A person is asked, alone, and answers; what they allow runs with one argument less."""
        edited = {"a": pieces[1:]} if approved else None
        self.journal.add(
            wanted(name, tool_name, args={"a": pieces}),
            PAUSED,
            answer(name, approved=approved, input=edited),
        )

    def allowed(self, name: str, pieces: list[str]) -> None:
        ran = "caller" if len(pieces) > 1 else "box"
        self.call(name, "pay", pieces, ran=ran, output=pieces, approved=True)

    def denied(self, name: str, pieces: list[str]) -> None:
        self.call(name, "pay", pieces, ran="synthetic", error="Not run.", approved=False)

    def own(self, name: str, pieces: list[str]) -> None:
        self.call(name, "octavus_reference_read", pieces, ran="builtin", output=pieces)

    def refused(self, name: str, pieces: list[str]) -> None:
        self.call(name, "nonsense", pieces, ran="synthetic", error="No such tool.")

    def client(self, name: str, pieces: list[str]) -> None:
        self.call(name, "look", pieces, ran="caller", output=pieces)

    def worker(self, name: str, pieces: list[str]) -> None:
        self.journal.add(WorkerInputStart(worker_id=name, worker_slug="finder"))
        self.journal.deltas(*(WorkerInputDelta(worker_id=name, delta=piece) for piece in pieces))
        self.journal.add(WorkerStart(worker_id=name, worker_slug="finder"))
        self.journal.add(asked(99, frame=name, thread="work"))
        self.journal.text(f"{name}text", *pieces, worker_id=name)
        self.journal.add(WorkerResult(worker_id=name, output=pieces))

    def todo(self, name: str, pieces: list[str]) -> None:
        todos = tuple(TodoItem(id=str(n), content=piece, status="pending") for n, piece in enumerate(pieces))
        self.journal.add(TodoUpdate(todos=todos))

    def resource(self, name: str, pieces: list[str]) -> None:
        self.journal.add(ResourceUpdate(name=name, value=pieces))

    def end(self, how: str) -> Journal:
        self.journal.add(*block_over())
        if how == "failed":
            return self.journal.add(failure_event(FAILURE), ended(1, "failed"))
        if how == "stopped":
            return self.journal.add(Finish(finish_reason="stop", execution_id="e1"), ended(1, "stopped"))
        return self.journal.add(*finished())


@st.composite
def turns(draw: st.DrawFn) -> Journal:
    story = Story()
    for kind, pieces in draw(STEPS):
        story.step(kind, pieces)
    return story.end(draw(ENDS))


def whole(make: Make, given_turn: Turn, rows: list[Row]) -> bytes:
    writer = make(given_turn)
    data = bytes(writer.open() + writer.feed(rows))
    assert writer.done
    return data


def cut(draw: Callable[[st.SearchStrategy[Any]], Any], rows: list[Row]) -> Iterable[list[Row]]:
    """The rows in pieces; each piece may repeat what came before."""
    cuts = sorted(draw(st.sets(st.integers(0, len(rows)), max_size=5)))
    for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        yield rows[draw(st.integers(0, begin)) : end]


few = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@every_wire
@few
@given(st.data(), turns())
def test_pieces_make_the_whole_of_every_leg(make: Make, data: st.DataObject, journal: Journal) -> None:
    for given_turn in legs(journal):
        writer = make(given_turn)
        out = writer.open() + b"".join(writer.feed(rows) for rows in cut(data.draw, journal.rows))
        assert out == whole(make, given_turn, journal.rows)
        assert b"\r" not in out
        begin = b"event: " if make is responses else b"data: "
        assert all(block.startswith(begin) for block in out.removesuffix(b"\n\n").split(b"\n\n"))


@few
@given(st.data(), turns())
def test_events_resume_after_any_cursor(data: st.DataObject, journal: Journal) -> None:
    after = data.draw(st.integers(0, journal.cursor))
    before = [row for row in journal.rows if row.last <= after]
    first, rest = EventsWriter(after=0), EventsWriter(after=before[-1].last if before else 0)
    assert first.feed(before) + rest.feed(journal.rows) == EventsWriter(after=0).feed(journal.rows)


@pytest.mark.parametrize("name", [name for name in WIRES if name != "native"])
@few
@given(turns())
def test_a_replay_in_the_middle_is_the_beginning_of_the_whole(name: str, journal: Journal) -> None:
    calls = [row for row in journal.rows if b'{"type":"tool-settled"' in row.data]
    known = frozenset(msgspec.json.decode(row.data)["callId"] for row in calls)
    known |= frozenset(f"apr_{call_id}_1" for call_id in known)
    replay = turn(settled=known)
    end = whole(WIRES[name], replay, journal.rows)
    for count in range(len(journal.rows)):
        writer = WIRES[name](replay)
        assert end.startswith(writer.open() + writer.feed(journal.rows[:count]))


NATIVE_ONLY = {"worker-input-delta", "worker-start", "tool-request", "block-start", "todo-update", "usage"}


@few
@given(turns())
def test_foreign_wires_say_only_their_own_words(journal: Journal) -> None:
    for given_turn in legs(journal):
        for event in events(whole(ag_ui, given_turn, journal.rows)):
            assert event["type"] == event["type"].upper()
        for event in events(whole(AiSdkWriter, given_turn, journal.rows)):
            assert event["type"] not in NATIVE_ONLY
        for event in events(whole(responses, given_turn, journal.rows)):
            check_event(event)
        for event in events(whole(chat_completions, given_turn, journal.rows)):
            check_chunk(event)


@few
@given(st.data(), turns())
def test_a_response_goes_on_after_any_number(data: st.DataObject, journal: Journal) -> None:
    for given_turn in legs(journal):
        blocks = whole(responses, given_turn, journal.rows).split(b"\n\n")[:-1]
        check_numbers(events(b"".join(block + b"\n\n" for block in blocks)))
        after = data.draw(st.integers(-1, len(blocks)))
        writer = responses(given_turn, after)
        rest = b"".join(writer.feed(rows) for rows in cut(data.draw, journal.rows))
        assert rest == b"".join(block + b"\n\n" for block in blocks[after + 1 :])


@few
@given(turns())
def test_openai_s_own_reader_comes_to_the_same_response(journal: Journal) -> None:
    for given_turn in legs(journal):
        found = events(whole(responses, given_turn, journal.rows))
        check_response(found[-1]["response"])
        read_back = replay(found)
        if found[-1]["type"] == "response.completed":
            assert [item["id"] for item in read_back["output"]] == [
                item["id"] for item in found[-1]["response"]["output"]
            ]


def texts_of(name: str, journal: Journal) -> str:
    """The text of the agent on a wire, over all legs, without what a crash made void."""
    kinds = {
        "native": "text-delta",
        "ai-sdk": "text-delta",
        "ag-ui": "TEXT_MESSAGE_CONTENT",
        "responses": "response.output_text.delta",
    }
    found: list[tuple[str, str]] = []
    for given_turn in legs(journal):
        for event in events(whole(WIRES[name], given_turn, journal.rows)):
            nested = event.get("workerId") or event.get("subagentRunId")
            if event["type"] == kinds[name] and not nested:
                part_id = event.get("messageId") or event.get("item_id") or event["id"]
                found.append((part_id, event["delta"]))
    return "".join(
        delta for part_id, delta in found if not part_id.endswith("cut") and "object" not in part_id
    )


def answers_of(make: Make, journal: Journal) -> list[Writer]:
    """What the legs of a turn came to, for wires that answer with a whole, too."""
    writers = [make(given_turn) for given_turn in legs(journal)]
    for writer in writers:
        writer.feed(journal.rows)
    return writers


def completed(journal: Journal) -> str:
    """The text of the completions of all legs."""
    contents: list[str] = []
    for writer in answers_of(chat_completions, journal):
        completion = writer.completion()
        check_completion(completion)
        contents.append(completion["choices"][0]["message"]["content"] or "")
    return "".join(contents)


def responded(journal: Journal) -> str:
    """The text of the responses of all legs, without objects."""
    return "".join(
        item["content"][0]["text"]
        for writer in answers_of(responses, journal)
        for item in writer.response()["output"]
        if item["type"] == "message" and "object" not in item["id"]
    )


@few
@given(turns())
def test_all_wires_tell_the_same_text(journal: Journal) -> None:
    told = {name: texts_of(name, journal) for name in WIRES if name != "chat-completions"}
    shown = {
        "native": ui_messages(journal.rows, version=4),
        "ai-sdk": ai_sdk_messages(journal.rows),
    }
    kept = {
        name: "".join(
            part["text"]
            for message in messages
            if message["role"] == "assistant"
            for part in message["parts"]
            if part["type"] == "text"
        )
        for name, messages in shown.items()
    }
    kept["responses"] = responded(journal)
    objects = {part for part in journal.rows if b'"responseType"' in part.data}
    if not objects:
        kept["chat-completions"] = completed(journal)
        kept["ag-ui"] = "".join(
            message.get("content", "")
            for message in ag_ui_messages(journal.rows)
            if message["role"] == "assistant"
        )
    assert len({*told.values(), *kept.values()}) == 1
