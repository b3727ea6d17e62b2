"""Owns giving a command to a session wherever it is driven: here, or by letter to the host that runs it.

A letter may be given twice: its sender heard nothing and sent it again, or did it itself. So each command says what it
is about so exactly that a second time changes nothing: a stop names its execution, results are accepted once a call.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias, TypeVar

import msgspec

from mainspring.model.errors import (
    Conflict,
    InvalidRequest,
    MainspringError,
    NotFound,
    SessionBusy,
    StaleWriter,
    StoreError,
    Unavailable,
)
from mainspring.model.signals import ApprovalAnswer, ApprovalSignal, ResultsSignal
from mainspring.model.values import Json, Value, encode_json
from mainspring.runtime.dispatch import Dispatch, Letter
from mainspring.runtime.host import SessionHost
from mainspring.runtime.host_ports import HostPorts
from mainspring.runtime.hosts import Elsewhere, Hosts
from mainspring.runtime.ports import Ids, SessionRecord
from mainspring.runtime.requests import ContinueRequest

log = logging.getLogger("mainspring.commands")
T = TypeVar("T")
TRIES = 8
"""How often a session may be taken away between reading its row and writing before a caller is told to come again."""
ANSWER_WAIT = 2.0
"""Seconds until a letter without an answer is looked into: the host may be frozen, and be found dead meanwhile."""
ANSWERS_KEPT = 512
KINDS: Mapping[str, type[MainspringError]] = {
    kind.__name__: kind for kind in (Conflict, InvalidRequest, NotFound, SessionBusy, StoreError, Unavailable)
}
"""The errors that a command is refused with, by name."""


class Stop(Value, frozen=True, kw_only=True, tag="stop"):
    """Ends one execution."""

    execution_id: str


class Results(Value, frozen=True, kw_only=True, tag="results"):
    """Tool results for an execution."""

    request: ContinueRequest


class Approvals(Value, frozen=True, kw_only=True, tag="approvals"):
    """Answers to approval requests."""

    answers: tuple[ApprovalAnswer, ...]


Command: TypeAlias = Stop | Results | Approvals


class Done(Value, frozen=True, kw_only=True, tag="done"):
    """It was done, or had been. `changed`: now; `cursor`: the last one before, in the session's journal."""

    changed: bool
    cursor: int


class Refused(Value, frozen=True, kw_only=True, tag="refused"):
    """It must not be done; `kind`: the class of the error to raise."""

    kind: str
    message: str
    code: str
    details: dict[str, Json] = {}


class NotHere(Value, frozen=True, tag="not-here"):
    """The host that was asked does not drive the session any more."""


Answer: TypeAlias = Done | Refused | NotHere
_read_command = msgspec.json.Decoder(Command).decode
_read_answer = msgspec.json.Decoder(Answer).decode


async def perform(host: SessionHost, command: Command, *, at: float) -> Done:
    """Does it with a host that drives the session; raises what `decide` raises, and what the store says."""
    before = host.journal.cursor
    if isinstance(command, Stop):
        execution = host.state.execution
        if execution is None or execution.id != command.execution_id:
            return Done(changed=False, cursor=before)
        recorded = host.stop()
    elif isinstance(command, Approvals):
        recorded = host.signal(ApprovalSignal(approvals=command.answers, at=at))
    else:
        request = command.request
        signal = ResultsSignal(
            execution_id=request.execution_id,
            results=request.results,
            approvals=request.approvals,
            tool_schemas=request.tool_schemas,
            at=at,
        )
        recorded = host.signal(signal)
    changed = host.journal.cursor != before
    await asyncio.shield(recorded)
    return Done(changed=changed, cursor=before)


class Commands:
    """Commands of one host's callers, and letters from other hosts."""

    def __init__(self, ports: HostPorts, *, hosts: Hosts, dispatch: Dispatch, ids: Ids) -> None:
        self._ports = ports
        self.hosts = hosts
        self._dispatch = dispatch
        self._ids = ids
        self._answered: OrderedDict[str, asyncio.Future[bytes]] = OrderedDict()

    async def record(self, session_id: str) -> SessionRecord:
        """The row of a session as it is now; raises `NotFound`."""
        record = await self._ports.log.record(session_id)
        if record is None:
            raise NotFound(f"There is no session {session_id!r}.", code="SESSION_NOT_FOUND")
        return record

    async def here(self, record: SessionRecord, act: Callable[[SessionHost], Awaitable[T]]) -> T | Elsewhere:
        """What `act` gives with the session's host, unless another host runs an execution in the session.

        `record` was just read. If another host takes the session before `act` has written, nothing of it is stored: the
        session is read anew, and `act` begins again. Raises `Unavailable` if that goes on and on.
        """
        for _ in range(TRIES):
            try:
                held = await self.hosts.hold(record)
                if isinstance(held, Elsewhere):
                    return held
                return await act(held)
            except StaleWriter:
                log.debug("session %s was taken by another host; its command begins again", record.id)
            record = await self.record(record.id)
        raise Unavailable("Other hosts keep taking this session; try again.", code="SESSION_CONTESTED")

    async def give(self, record: SessionRecord, command: Command) -> Done:
        """Has a command done by whoever drives the session; raises what that one raised, or `Unavailable`."""
        token: str | None = None
        for number in range(TRIES):
            done = await self.here(record, lambda host: perform(host, command, at=self._ports.clock.now()))
            if isinstance(done, Done):
                return done
            token = token or self._ids.token()
            letter = Letter(
                id=f"{token}:{number}", to=done.host_id, session_id=record.id, body=encode_json(command)
            )
            answer = await self._ask(letter)
            if isinstance(answer, Done):
                return answer
            if isinstance(answer, Refused):
                raise _error(answer)
            record = await self.record(record.id)
        raise Unavailable("The host that runs this session does not answer; try again.")

    async def _ask(self, letter: Letter) -> Answer:
        """The answer to a letter; none in time is as good as one that the session is not there."""
        sent = asyncio.ensure_future(self._dispatch.send(letter))
        timer = asyncio.ensure_future(self._ports.clock.sleep(ANSWER_WAIT))
        try:
            await asyncio.wait({sent, timer}, return_when=asyncio.FIRST_COMPLETED)
            body = sent.result() if sent.done() else None
        finally:
            sent.cancel()
            timer.cancel()
        if body is None:
            return NotHere()
        answer: Answer = _read_answer(body)
        return answer

    # ---- letters --------------------------------------------------------------------------------------------

    async def reply(self, letter: Letter) -> None:
        """Answers a letter from another host; one that comes again gets the answer it had."""
        known = self._answered.get(letter.id)
        if known is None:
            known = self._answered[letter.id] = asyncio.ensure_future(self._answer(letter))
            while len(self._answered) > ANSWERS_KEPT:
                self._answered.popitem(last=False)
        await self._dispatch.answer(letter, await asyncio.shield(known))

    async def _answer(self, letter: Letter) -> bytes:
        host = self.hosts.live(letter.session_id)
        if host is None:
            return encode_json(NotHere())
        try:
            command = _read_command(letter.body)
            return encode_json(await perform(host, command, at=self._ports.clock.now()))
        except StaleWriter:
            return encode_json(NotHere())
        except MainspringError as error:
            refused = Refused(
                kind=type(error).__name__, message=error.message, code=error.code, details=error.details
            )
            return encode_json(refused)


def _error(refused: Refused) -> MainspringError:
    """The error as the other host raised it."""
    return KINDS.get(refused.kind, Unavailable)(refused.message, code=refused.code, details=refused.details)
