"""Owns the runs of AG-UI as such: how one is named, how it begins, and one in which nothing happens."""

from __future__ import annotations

from typing import Final

from mainspring.model.values import Json, Value
from mainspring.wires.ag_ui_activities import event, run_finished

VERSION: Final = "1.0"


class Run(Value, frozen=True, kw_only=True):
    """A run as its client names it. `history`: the messages to begin with, for a reader that returns."""

    thread_id: str
    run_id: str
    parent_run_id: str | None = None
    history: tuple[dict[str, Json], ...] | None = None


def start_run(run: Run, **known: str) -> bytes:
    """The first event of a run, and the messages so far if the reader returns to them."""
    more = {} if run.parent_run_id is None else {"parentRunId": run.parent_run_id}
    metadata = {"sessionId": known["session_id"], "executionId": known["execution_id"]}
    out = event(
        "RUN_STARTED",
        None,
        {name: value for name, value in metadata.items() if value},
        threadId=run.thread_id,
        runId=run.run_id,
        protocolVersion=VERSION,
        **more,
    )
    return out if run.history is None else out + event("MESSAGES_SNAPSHOT", None, messages=run.history)


class Recall:
    """A run in which nothing happens: the messages so far, for a reader that returns."""

    def __init__(self, run: Run, session_id: str) -> None:
        self.done = False
        self._run = run
        self._session_id = session_id

    def open(self) -> bytes:
        """The whole run."""
        self.done = True
        run = self._run
        return start_run(run, session_id=self._session_id, execution_id="") + run_finished(
            run.thread_id, run.run_id, outcome={"type": "success"}
        )

    def feed(self, _rows: object, /) -> bytes:
        """Nothing follows."""
        return b""
