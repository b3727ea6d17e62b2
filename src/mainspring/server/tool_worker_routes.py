"""Owns the part of the table of contents that connected workers call."""

from __future__ import annotations

from typing import Final

from mainspring.model.tool_work import (
    Announcement,
    AnswersGiven,
    AnswersTaken,
    Beat,
    Heartbeat,
    Leave,
    Pull,
    Pulled,
    Welcome,
    WorkerList,
)
from mainspring.server.operation import Operation
from mainspring.server.tool_workers import (
    announce_worker,
    answer_calls,
    beat_worker,
    dismiss_worker,
    list_workers,
    pull_calls,
)

TOOLS: Final = frozenset(("tools",))

TOOL_WORKER_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/api/tool-workers",
        handler=list_workers,
        scopes=TOOLS | {"sessions"},
        summary="The connected workers, and how many calls wait for one.",
        gives=WorkerList,
    ),
    Operation(
        method="POST",
        path="/api/tool-workers",
        handler=announce_worker,
        scopes=TOOLS,
        summary="A worker announces its tools; again, also what it still runs.",
        takes=Announcement,
        gives=Welcome,
    ),
    Operation(
        method="POST",
        path="/api/tool-workers/{id}/pull",
        handler=pull_calls,
        scopes=TOOLS,
        summary="Calls for a worker, held open until there are some.",
        takes=Pull,
        gives=Pulled,
    ),
    Operation(
        method="POST",
        path="/api/tool-workers/{id}/heartbeat",
        handler=beat_worker,
        scopes=TOOLS,
        summary="A worker lives, and says what it runs.",
        takes=Heartbeat,
        gives=Beat,
    ),
    Operation(
        method="POST",
        path="/api/tool-workers/{id}/answers",
        handler=answer_calls,
        scopes=TOOLS,
        summary="Answers to calls, each taken once; told when they are on disk.",
        takes=AnswersGiven,
        gives=AnswersTaken,
    ),
    Operation(
        method="POST",
        path="/api/tool-workers/{id}/leave",
        handler=dismiss_worker,
        scopes=TOOLS,
        summary="A worker goes.",
        takes=Leave,
        gives=Beat,
    ),
)
