"""Tells how workers show in the messages: as one part with what happened inside."""

from mainspring.model.facts import FrameOpened
from mainspring.model.stream_events import (
    AttemptSuperseded,
    WorkerInputReady,
    WorkerInputStart,
    WorkerResult,
    WorkerStart,
)
from tests.wires.journal import (
    Journal,
    asked,
    available,
    begun,
    block,
    block_over,
    called,
    ended,
    finished,
    said,
    settled,
    text,
)
from tests.wires.test_ui_messages import STEP, done, draw, parts


def digging() -> Journal:
    """A turn whose model calls a worker and writes its input."""
    journal = Journal().add(*begun(), *block(), WorkerInputStart(worker_id="w", worker_slug="digger"))
    return journal.add(
        WorkerInputReady(worker_id="w", input={"Q": "?"}),
        FrameOpened(frame="w", version="v", input={}, variables={}, parent="main", slug="digger"),
        WorkerStart(worker_id="w", worker_slug="digger", description="Digs", input={"Q": "?"}),
        *block(2, worker_id="w"),
        asked(1, frame="w"),
    )


def test_what_a_worker_does_is_shown_inside_its_part() -> None:
    journal = digging()
    journal.text("n1", "Digging.", worker_id="w").call("c1", "dig", "{}", worker_id="w", display="stream")
    journal.add(
        said(("n1", text("Digging.")), frame="w"),
        called("c1", "dig", frame="w", display="stream"),
        available("c1", "dig", worker_id="w"),
        settled("c1", "dig", output="gold", worker_id="w", display="stream"),
        asked(2, frame="w"),
    )
    journal.text("n2", "Found.", worker_id="w")
    journal.add(
        said(("n2", text("Found.")), frame="w", number=2),
        *block_over(2, worker_id="w"),
        WorkerResult(worker_id="w", output="gold"),
        *block_over(),
        *finished(),
    )
    assert parts(journal) == [
        {
            "type": "worker",
            "workerId": "w",
            "workerSlug": "digger",
            "description": "Digs",
            "input": {"Q": "?"},
            "parts": [
                done("Digging."),
                {
                    "type": "tool-call",
                    "toolCallId": "c1",
                    "toolName": "dig",
                    "args": {},
                    "status": "done",
                    "display": "stream",
                    "result": "gold",
                },
                STEP,
                done("Found."),
            ],
            "status": "done",
            "output": "gold",
        }
    ]
    assert draw(journal, version=2) == []


def test_a_worker_may_fail_be_cancelled_or_be_cut() -> None:
    journal = Journal().add(*begun())
    for name in ("a", "b", "c"):
        journal.add(WorkerStart(worker_id=name, worker_slug="s"))
    journal.text("n1", "cut short", worker_id="c").call("c1", "dig", "{", worker_id="c")
    journal.add(
        WorkerResult(worker_id="a", error="No."),
        WorkerResult(worker_id="b", error="Stopped.", cancelled=True),
        ended(outcome="stopped"),
    )
    shown = parts(journal)
    assert [part["status"] for part in shown] == ["error", "cancelled", "cancelled"]
    assert [part.get("error") for part in shown] == ["No.", "Stopped.", None]
    assert [part["status"] for part in shown[2]["parts"]] == ["done", "cancelled"]


def test_a_worker_that_is_not_shown_leaves_nothing() -> None:
    journal = Journal().add(*begun(), WorkerInputReady(worker_id="w", input={}), asked(1, frame="w"))
    assert draw(journal.add(WorkerResult(worker_id="w"), *finished())) == []


def test_a_worker_whose_call_was_made_anew_is_forgotten() -> None:
    journal = Journal().add(*begun(), WorkerInputStart(worker_id="w", worker_slug="s"))
    journal.add(AttemptSuperseded(generation_id="g1", attempt=1, parts=("w",)))
    assert draw(journal) == []
