"""Tells the execution log: what each fact becomes, how much of it is kept, what is cut."""

from typing import Any

from mainspring.model.errors import Failure, ProviderInfo
from mainspring.model.events import failure_event
from mainspring.model.facts import FrameClosed, FrameOpened, GenerationFailed, ThreadStarted
from mainspring.model.generation import Usage
from mainspring.model.parts import FilePart, FileReference, ReasoningPart
from mainspring.model.stream_events import ContextCompacted, ResourceUpdate
from mainspring.wires.logs import MAX_ENTRIES, MAX_VALUE, execution_log
from tests.wires.journal import (
    Journal,
    added,
    asked,
    begun,
    block,
    block_over,
    called,
    ended,
    finished,
    said,
    settled,
    text,
    turn_with_tool,
)

BUSY = Failure(
    error_type="provider_overloaded",
    message="Busy.",
    retryable=True,
    source="provider",
    provider=ProviderInfo(name="fake", status_code=529),
)

STATS = {
    "requestType": "llm",
    "provider": "fake",
    "model": "one",
    "usage": {
        "inputTokens": 3,
        "cachedInputTokens": 0,
        "cachedWriteTokens": 0,
        "outputTokens": 2,
        "reasoningOutputTokens": 0,
    },
}


def entries(journal: Journal, **given: Any) -> list[dict[str, Any]]:
    return execution_log(journal.rows, **given)["entries"]


def short(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in {"id", "timestamp", "sequence"}}


def test_a_turn_with_a_tool() -> None:
    log = execution_log(turn_with_tool().rows)
    assert (log["total"], log["truncated"]) == (10, False)
    where = {"thread": "main", "blockName": "Respond"}
    model = {**where, "model": "fake/one"}
    request = {"requestType": "llm", "provider": "fake", "model": "one"}
    assert [short(entry) for entry in log["entries"]] == [
        {"type": "trigger", "triggerName": "user-message", "triggerInput": {}},
        {
            "type": "message",
            "thread": "main",
            "role": "user",
            "content": "What time is it?",
            "visible": True,
        },
        {"type": "model-request", **model, "modelRequest": request},
        {
            "type": "llm-tool-request",
            **model,
            "response": "Let me look.",
            "toolCalls": [{"id": "c1", "name": "get-time", "arguments": {"zone": "UTC"}}],
        },
        {"type": "step-stats", **model, "stepStats": STATS},
        {
            "type": "tool-call",
            **where,
            "toolName": "get-time",
            "toolCallId": "c1",
            "toolArguments": {"zone": "UTC"},
        },
        {
            "type": "tool-result",
            "blockName": "Respond",
            "toolName": "get-time",
            "toolCallId": "c1",
            "toolResult": "noon",
        },
        {"type": "model-request", **model, "modelRequest": request},
        {"type": "llm-response", **model, "response": "It is noon."},
        {"type": "step-stats", **model, "stepStats": STATS},
    ]


def test_every_entry_has_an_id_of_its_own_and_its_time() -> None:
    found = entries(turn_with_tool())
    assert (found[0]["id"], found[0]["timestamp"], found[0]["sequence"]) == (
        "1",
        "2023-11-14T22:13:21.000Z",
        1,
    )
    assert len({entry["id"] for entry in found}) == len(found)


def test_model_requests_can_be_left_out() -> None:
    log = execution_log(turn_with_tool().rows, exclude_model_requests=True)
    assert log["total"] == 8
    assert all(entry["type"] != "model-request" for entry in log["entries"])


def test_what_a_worker_does_carries_its_id() -> None:
    journal = Journal().add(
        *begun(),
        FrameOpened(frame="w", version="v", input={"Q": 1}, variables={}, parent="main", slug="digger"),
        ThreadStarted(frame="w", thread="dig", system="Dig."),
        ThreadStarted(frame="w", thread="dig", system="Dig on.", keep=True),
        asked(frame="w", thread="dig"),
        GenerationFailed(generation_id="g1", frame="w", failure=BUSY),
        *block(3, worker_id="w", block_name="Dig"),
        *block_over(3, worker_id="w"),
        called("c1", "dig", frame="w"),
        settled("c1", "dig", error="No."),
        FrameClosed(frame="w", error="Busy."),
        FrameOpened(frame="w2", version="v", input={}, variables={}, parent="main", slug="digger"),
        FrameClosed(frame="w2", output="gold"),
    )
    found = entries(journal, exclude_model_requests=True)
    assert [entry["type"] for entry in found] == [
        "trigger",
        "worker-execution",
        "thread-created",
        "error",
        "tool-call",
        "tool-result",
        "worker-output",
        "worker-execution",
        "worker-output",
    ]
    assert all((entry["workerId"], entry["workerSlug"]) == ("w", "digger") for entry in found[1:7])
    assert found[2]["systemPrompt"] == "Dig."
    assert found[5]["toolResult"] == {"error": "No."}
    assert found[6]["workerOutput"] == {"error": "Busy."}
    assert found[8]["workerOutput"] == "gold"


def test_a_failure_is_told_once() -> None:
    journal = Journal().add(
        *begun(),
        GenerationFailed(generation_id="g1", frame="main", failure=BUSY),
        failure_event(BUSY),
        ended(outcome="failed"),
    )
    assert [short(entry) for entry in entries(journal)[1:]] == [
        {
            "type": "error",
            "error": {
                "type": "provider_overloaded",
                "message": "Busy.",
                "retryable": True,
                "source": "provider",
                "provider": {"name": "fake", "statusCode": 529},
            },
        }
    ]


def test_what_a_failed_call_cost_is_told() -> None:
    journal = Journal().add(
        *begun(),
        GenerationFailed(generation_id="g1", frame="main", failure=BUSY, usage=Usage(input_tokens=7)),
        failure_event(BUSY),
        ended(outcome="failed"),
    )
    stats, error = entries(journal)[1:]
    assert error["type"] == "error"
    assert stats["stepStats"]["provider"] == "fake"
    assert stats["stepStats"]["usage"]["inputTokens"] == 7


def test_operations_reasoning_files_and_stops() -> None:
    file = FileReference(id="f", media_type="m", url="u")
    journal = Journal().add(
        *begun(),
        added("u1", text("Look"), FilePart(file=file)),
        *block(block_name="Save", block_type="serialize-thread", description="Saves", thread="main"),
        *block_over(),
        ResourceUpdate(name="R", value=1),
        *block(2),
        said(("r", ReasoningPart(text="Hm.")), response_type="Card"),
        *block_over(2),
        ended(outcome="stopped"),
    )
    found = [short(entry) for entry in entries(journal)]
    assert found[1]["files"] == [{"id": "f", "mediaType": "m", "url": "u"}]
    assert found[2] == {
        "type": "block-operation",
        "blockName": "Save",
        "operationType": "serialize-thread",
        "operationDescription": "Saves",
        "thread": "main",
    }
    assert found[3] == {
        "type": "block-operation",
        "operationType": "set-resource",
        "operationInput": {"resource": "R"},
        "operationResult": 1,
    }
    assert found[4]["reasoningContent"] == "Hm."
    assert found[5]["responseType"] == "Card"
    assert found[-1] == {"type": "abort", "abortedAtBlock": "Respond"}


def test_the_newest_entries_are_kept() -> None:
    journal = Journal()
    for number in range(MAX_ENTRIES + 5):
        journal.add(ResourceUpdate(name="R", value=number))
    log = execution_log(journal.rows)
    assert (log["total"], log["truncated"], len(log["entries"])) == (MAX_ENTRIES + 5, True, MAX_ENTRIES)
    assert log["entries"][0]["operationResult"] == 5


def test_heavy_values_are_cut_to_their_beginning() -> None:
    (entry,) = entries(Journal().add(ResourceUpdate(name="R", value="ä" * MAX_VALUE)))
    cut = entry["operationResult"]
    assert entry["trimmed"] is True
    assert cut["__trimmed"] is True
    assert cut["originalBytes"] == 2 * MAX_VALUE + 2
    assert cut["keptBytes"] == len(cut["preview"].encode())
    assert cut["preview"].startswith('"ä')


def test_an_execution_that_ends_well_is_no_entry() -> None:
    assert [entry["type"] for entry in entries(Journal().add(*begun(), *finished()))] == ["trigger"]


def test_deltas_make_no_entries() -> None:
    assert entries(Journal().text("x", "a", "b").add(*finished())) == []


def test_a_thread_that_was_shortened() -> None:
    opened = FrameOpened(frame="wrk_1", version="v", input={}, variables={}, parent="main", slug="helper")
    journal = Journal().add(
        opened,
        ContextCompacted(
            trigger="reactive", layers=("dropped", "results"), messages=4, tokens_before=900, tokens_after=300
        ),
        ContextCompacted(
            trigger="proactive",
            layers=("summary",),
            messages=2,
            tokens_before=9,
            tokens_after=3,
            thread="notes",
            worker_id="wrk_1",
        ),
    )
    _, first, second = entries(journal)
    assert short(first) == {
        "type": "compaction",
        "thread": "main",
        "compactionTrigger": "reactive",
        "layersApplied": ["dropped", "results"],
        "messages": 4,
        "tokensBefore": 900,
        "tokensAfter": 300,
    }
    assert (second["thread"], second["workerId"]) == ("notes", "wrk_1")
