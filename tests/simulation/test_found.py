"""Keeps what the simulation has found: each bug as the least that shows it."""

import asyncio

from mainspring.engine.lenses import running_generations
from mainspring.model.facts import GenerationSettled, MessageAdded, RolledBack
from mainspring.model.generation import Usage
from mainspring.model.messages import Message
from mainspring.model.parts import TextPart
from mainspring.model.rows import Row
from mainspring.model.session import Execution, Frame, Generation
from mainspring.model.signals import AnswerSignal, CallWritten, ResumeSignal
from mainspring.model.stream_events import ToolInputStarted, WorkerResult
from mainspring.runtime.hosts import open_parts
from mainspring.runtime.requests import TriggerRequest
from mainspring.runtime.streams import Stream
from mainspring.wires.chat_messages import chat_messages
from tests.engine.driver import Driver
from tests.runtime.desk import PROJECT, Desk
from tests.wires.journal import Journal, begun, block, block_over, finished

WITH_WORKER = """
workers:
  talker: { description: Talks, display: stream }
agent:
  model: scripted/model
  system: system
  agentic: true
  workers: [talker]
handlers:
  user-message:
    Respond: { block: next-message, display: DISPLAY }
"""
TALKER = """
steps:
  Start: { block: start-thread, thread: t, model: scripted/talker, system: system }
  Say: { block: next-message, thread: t }
"""
CALL = "call_T1_0_1_1_1_1"


def asked(driver: Driver) -> str:
    """The model call that is open."""
    assert driver.state.execution is not None
    return running_generations(driver.state.execution)[0][1].id


def test_the_open_call_of_a_cut_answer_is_found_in_a_later_turn_too() -> None:
    driver = Driver()
    driver.trigger()
    driver.answer("Done.")
    driver.trigger()
    driver.events.append(ToolInputStarted(tool_call_id="call_T2_0_1_1_1_1", tool_name="look"))
    assert open_parts(driver.events) == {"gen_2_0_1_1": (("call_T2_0_1_1_1_1", "tool", False),)}


def test_what_streamed_after_a_snapshot_within_a_turn_is_found() -> None:
    generation = Generation(id="gen_2_0_1_1", thread="main", step=1, model="a/b")
    frame = Frame(id="main", version="v", generation=generation)
    execution = Execution(
        id="e", token="T2", turn=2, trigger="t", input={}, message_id="m", root="main", frames={"main": frame}
    )
    events = [ToolInputStarted(tool_call_id="call_T2_0_1_1_1_1", tool_name="look")]
    assert open_parts(list(events), execution) == {"gen_2_0_1_1": (("call_T2_0_1_1_1_1", "tool", False),)}


def test_a_worker_whose_input_was_complete_is_over_when_the_answer_was_cut() -> None:
    driver = Driver(WITH_WORKER.replace("DISPLAY", "stream"), talker=TALKER)
    driver.trigger()
    parts = {asked(driver): (("wrk_T1_0_1_1_1_1", "worker", True),)}
    events = driver.signal(ResumeSignal(attempt="A", at=3.0, open_parts=parts))
    assert [event.worker_id for event in events if isinstance(event, WorkerResult)] == ["wrk_T1_0_1_1_1_1"]


def test_a_worker_that_a_hidden_block_calls_has_no_result_to_show() -> None:
    for display, results in (("hidden", 0), ("stream", 1)):
        driver = Driver(WITH_WORKER.replace("DISPLAY", display), talker=TALKER)
        driver.trigger()
        events = driver.signal(
            AnswerSignal(
                generation_id=asked(driver),
                attempt=1,
                parts=(CallWritten(call_id=CALL, name="talker", arguments="[1]"),),
                part_ids=(CALL,),
                reason="tool-calls",
                usage=Usage(),
                model="scripted/model",
                at=3.0,
            )
        )
        assert sum(isinstance(event, WorkerResult) for event in events) == results


async def test_a_stream_begins_anew_where_others_wrote() -> None:
    stream = Stream(1)
    stream.publish((Row(first=2, last=2, kind=0, data=b"{}", at=1.0),))
    waiting = asyncio.ensure_future(stream.wait(2))
    await asyncio.wait([waiting], timeout=0)
    stream.catch_up(2)
    assert stream.since(1)
    assert not waiting.done()
    stream.catch_up(5)
    await waiting
    assert stream.since(1) is None
    assert stream.since(5) == ()


async def test_an_answer_begins_at_its_own_trigger_though_another_came_at_once() -> None:
    async with Desk(lambda request: {"tools": [{"name": "look", "args": {}}]}) as desk:
        await desk.trigger()
        await desk.settle()
        both = (
            desk.app.sessions.trigger(PROJECT, desk.session_id, TriggerRequest(input={"USER_MESSAGE": "x"}))
            for _ in range(2)
        )
        legs = await asyncio.gather(*both, return_exceptions=True)
        for leg in legs:
            if not isinstance(leg, BaseException):
                first = (await desk.store.read(desk.session_id, leg.after, 1))[0]
                assert leg.execution_id.encode() in first.data


def said(number: int, text: str) -> tuple[Message, GenerationSettled]:
    """What the model says in its `number`-th answer of the first turn."""
    message = Message(id=f"a{number}", role="assistant", parts=(TextPart(text=text),), at=1.0, turn_id="m1")
    return message, GenerationSettled(
        generation_id=f"g{number}",
        frame="main",
        thread="main",
        message=message,
        part_ids=(f"p{number}",),
        finish_reason="stop",
        usage=Usage(),
        model="a/b",
    )


def test_a_rollback_into_a_turn_takes_back_what_was_said_after_it() -> None:
    asked = Message(id="u1", role="user", parts=(TextPart(text="And?"),), at=1.0, turn_id="u1")
    journal = (
        Journal().add(*begun(), *block(1)).text("p1", "First.").add(said(1, "First.")[1], *block_over(1))
    )
    journal.add(MessageAdded(frame="main", thread="main", message=asked))
    journal.add(*block(2)).text("p2", "Second.").add(said(2, "Second.")[1], *block_over(2), *finished())
    whole = [message["content"] for message in chat_messages(journal.rows, version=4)]
    assert whole == ["First.Second.", "And?"]
    journal.add(RolledBack(after_message_id="u1"))
    assert [message["content"] for message in chat_messages(journal.rows, version=4)] == ["First.", "And?"]
    journal.add(RolledBack(after_message_id="m1"))
    assert [message["content"] for message in chat_messages(journal.rows, version=4)] == ["First."]
