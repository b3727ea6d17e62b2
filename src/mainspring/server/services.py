"""Owns what the server needs of the rest: the use cases it serves, the journal it projects, a clock, ids."""

from __future__ import annotations

from dataclasses import dataclass

from mainspring.runtime.agents import Agents
from mainspring.runtime.attendant import Attendant
from mainspring.runtime.call_queue import CallQueue
from mainspring.runtime.files import Files
from mainspring.runtime.keys import Keys
from mainspring.runtime.late_answers import LateAnswers
from mainspring.runtime.ports import Clock, Ids, Store
from mainspring.runtime.sessions import Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The use cases, and the store behind them: read for projections, asked whether it answers."""

    agents: Agents
    sessions: Sessions
    keys: Keys
    clock: Clock
    ids: Ids
    store: Store
    calls: CallQueue
    late_answers: LateAnswers
    attendant: Attendant
    files: Files | None = None
    """None: this server keeps none."""
