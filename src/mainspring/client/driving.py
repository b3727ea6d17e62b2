"""Owns what the sync and the async client have in common: which driver a call needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from mainspring.client.answers import Outcome
from mainspring.client.approvals import Approvals, read_approvals
from mainspring.client.configuration import Configuration
from mainspring.client.errors import StreamError
from mainspring.client.retries import Retries
from mainspring.client.routes import (
    continue_route,
    execute_worker,
    session_route,
    start_session,
    trigger_session,
    worker_route,
)
from mainspring.client.tools import Tool, ToolsGiven, tools_of
from mainspring.client.trigger import (
    USER_MESSAGE,
    Continue,
    Given,
    Results,
    Trigger,
    read_given,
    read_results,
)
from mainspring.client.turn import Place, TurnDriver, TurnOptions
from mainspring.model.stream_events import ErrorEvent
from mainspring.model.values import Json

TEXT_INPUT: Final = "USER_MESSAGE"
LAST_WORD: Final = Retries(requests=1, streams=1)
"""How often a stop is tried again: nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What answers tool calls: functions by name, and what the caller answers himself (None: all the rest)."""

    tools: Mapping[str, Tool]
    client_tools: Collection[str] | None = None

    @classmethod
    def of(cls, tools: ToolsGiven | None, client_tools: Collection[str] | None) -> Hands:
        """The hands of a caller. Raises `InvalidTool`."""
        return cls(tools_of(tools or {}), client_tools)


@dataclass(frozen=True, slots=True)
class Drivers:
    """Makes the drivers of one client."""

    configuration: Configuration

    def _options(self, hands: Hands) -> TurnOptions:
        attempts = self.configuration.patience.attempts
        return TurnOptions(retries=attempts, tools=hands.tools.keys(), client_tools=hands.client_tools)

    def _key(self, given: Trigger) -> str:
        return given.key or self.configuration.machine.token()

    def execute(self, session_id: str, given: Given, hands: Hands) -> TurnDriver:
        """A turn of a session: a trigger, or results it waits for."""
        turn = read_given(given)
        if isinstance(turn, Continue):
            return self.go_on(session_id, turn, hands)
        first = trigger_session(session_id, turn, self._key(turn))
        place = Place(session_id=session_id)
        return TurnDriver(session_route(session_id), self._options(hands), first=first, place=place)

    def go_on(
        self, session_id: str, given: Continue, hands: Hands, *, before: Place | None = None
    ) -> TurnDriver:
        """An execution of a session, with results for it; `before`: where its last turn was left."""
        route = session_route(session_id)
        first = continue_route(route, given, after=None)
        place = Place(session_id=session_id, execution_id=given.execution_id)
        if before is not None and before.execution_id == given.execution_id:
            place.asked.update(before.asked)
        return TurnDriver(route, self._options(hands), first=first, place=place)

    def pick_up(self, session_id: str, hands: Hands, *, after: int | None) -> TurnDriver:
        """Whatever runs or waits in a session."""
        place = Place(session_id=session_id, read=after)
        return TurnDriver(session_route(session_id), self._options(hands), first=None, place=place)

    def start(
        self, agent: str, given: Trigger, hands: Hands, *, session_input: Mapping[str, Json] | None
    ) -> TurnDriver:
        """A new session and its first turn at once; where it goes on is known when it has begun."""
        first = start_session(agent, dict(session_input or {}), given, self._key(given))
        return TurnDriver(None, self._options(hands), first=first, place=Place())

    def run_worker(self, agent: str, given: Mapping[str, Json] | None, hands: Hands) -> TurnDriver:
        """A run of a worker."""
        first = execute_worker(agent, dict(given or {}))
        return TurnDriver(worker_route(agent), self._options(hands), first=first, place=Place())

    def go_on_worker(self, agent: str, given: Continue, hands: Hands) -> TurnDriver:
        """A run of a worker, with results for it."""
        route = worker_route(agent)
        first = continue_route(route, given, after=None)
        place = Place(session_id=given.execution_id, execution_id=given.execution_id)
        return TurnDriver(route, self._options(hands), first=first, place=place)


def user_message(text: str, more: Mapping[str, Json]) -> Trigger:
    """What `send` sends."""
    return Trigger(name=USER_MESSAGE, input={TEXT_INPUT: text, **more})


def continuation(results: Results | None, execution_id: str, approvals: Approvals | None = None) -> Continue:
    """Results and answers for an execution. Raises `ValueError` if there is no execution, or these are none."""
    if not execution_id:
        raise ValueError("execution_id is missing: this object has seen no execution that waits")
    return Continue(
        execution_id=execution_id,
        results=read_results(results or ()),
        approvals=read_approvals(approvals or ()),
    )


def returned(outcome: Outcome) -> Json:
    """What a worker's run returned. Raises `StreamError` for one that was stopped."""
    if outcome.error is not None:
        raise StreamError(
            ErrorEvent(error_type="execution_error", message=outcome.error, retryable=True, source="platform")
        )
    return outcome.output
