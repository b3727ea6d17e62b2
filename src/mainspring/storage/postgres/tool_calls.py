"""Owns the rows of calls that connected workers run: entered, dealt, answered, settled, taken back."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from mainspring.model.tool_work import AnswerTaken, CallAnswer, PulledCall
from mainspring.runtime.remote_calls import answer_digest, contradicted, outcome_of, pulled_call
from mainspring.runtime.tool_calls import ToolCall, ToolOutcome
from mainspring.storage.postgres.connections import Connection
from mainspring.storage.postgres.hints import Hint, call_hint_text
from mainspring.storage.postgres.statements import statements
from mainspring.storage.postgres.text import read, written

OPEN = frozenset(("ready", "held", "unclaimed"))
encode = msgspec.json.encode
_call = msgspec.json.Decoder(ToolCall).decode
_outcome = msgspec.json.Decoder(ToolOutcome).decode
Given = tuple[str, str, int]
"""Project, call id and attempt."""


def all_written(texts: Collection[str]) -> list[str]:
    """Strings as they are stored."""
    return [written(text) for text in texts]


async def tell(connection: Connection, hint: Hint) -> None:
    """Tells all hosts, once the transaction is committed."""
    if hint != Hint():
        await connection.execute(statements("hosts")["notify"], call_hint_text(hint))


async def give(connection: Connection, *, call: ToolCall, host_id: str) -> ToolOutcome | None:
    """Enters an attempt, or finds what became of it while another host waited for it; its outcome, if that is known.

    An attempt that was never entered was never begun, whatever `resumed` says.
    """
    sql = statements("tool_calls")
    project, call_id, tool = written(call.project_id), written(call.call_id), written(call.tool)
    body, session, host = encode(call), written(call.session_id), written(host_id)
    async with connection.transaction():
        values = (project, call_id, call.attempt, tool, session, body, host)
        if await connection.fetchval(sql["enter"], *values) is not None:
            await tell(connection, Hint(calls=((project, tool),)))
            return None
        found = await connection.fetchrow(sql["lock"], project, call_id)
        if found is None:  # it was forgotten in between
            return ToolOutcome(error="The call has to be given again.", retryable=True)
        attempt, before, _, dropped, outcome, *_ = found
        same = attempt == call.attempt
        if same and before == "done":
            return _outcome(outcome)
        state = _continued(before, same=same, dropped=dropped, resumed=call.resumed)
        goes_on = before == "claimed" or (same and (before in OPEN or state == "held"))
        statement = sql["go_on"] if goes_on else sql["begin_anew"]
        await connection.execute(statement, project, call_id, host, body, call.attempt, tool, session, state)
        if state == "ready":
            await tell(connection, Hint(calls=((project, tool),)))
        return None


def _continued(before: str, *, same: bool, dropped: bool, resumed: bool) -> str:
    """The state from now on of a call that is in the table already."""
    if before == "claimed":
        return "held"
    if not same:
        return "ready"
    if before in OPEN:
        return before
    if dropped and resumed:
        return "held"  # taken back by mistake; its worker may not have heard of that
    return "unclaimed" if resumed else "ready"


async def withdraw(connection: Connection, *, call: ToolCall, host_id: str) -> None:
    """Takes a call back, unless another host drives its session by now: then it goes on, for that one."""
    project = written(call.project_id)
    values = (project, written(call.call_id), call.attempt, written(host_id))
    async with connection.transaction():
        found = await connection.fetchrow(statements("tool_calls")["withdraw"], *values)
        if found is not None and found[0] is not None:
            await tell(connection, Hint(workers=((project, found[0]),)))


async def outcomes(connection: Connection, *, host_id: str) -> list[tuple[Given, ToolOutcome]]:
    """What a host waits for, and is there."""
    found = await connection.fetch(statements("tool_calls")["outcomes"], written(host_id))
    return [((read(row[0]), read(row[1]), row[2]), _outcome(row[3])) for row in found]


async def settle(connection: Connection, *, given: Sequence[Given]) -> None:
    """These outcomes are in the journal."""
    projects, calls, attempts = zip(*given, strict=True)
    await connection.execute(
        statements("tool_calls")["settle"], all_written(projects), all_written(calls), list(attempts)
    )


async def answer(connection: Connection, *, project_id: str, answer: CallAnswer) -> AnswerTaken | None:
    """Takes an answer, once; None: there is no such call here. Durable when it returns."""
    sql = statements("tool_calls")
    key = (written(project_id), written(answer.call_id))
    digest = answer_digest(answer)
    async with connection.transaction():
        found = await connection.fetchrow(sql["lock"], *key)
        if found is None:
            return None
        attempt, state, _, _, _, told, host = found
        answers: dict[str, str] = msgspec.json.decode(told)
        known = answers.get(str(answer.attempt))
        if known is None and state in OPEN:
            if answer.error is not None and answer.attempt < attempt:
                return AnswerTaken(call_id=answer.call_id)
            known = digest
            taken = encode({str(answer.attempt): digest, str(attempt): digest}).decode()
            await connection.execute(sql["answer"], *key, encode(outcome_of(answer)), taken)
            await tell(connection, Hint(outcomes=(host,)))
    if known is None and answers:
        known = answers[max(answers, key=int)]
    if known is None:
        return None
    return AnswerTaken(call_id=answer.call_id) if known == digest else contradicted(answer.call_id)


async def batch(connection: Connection, *, project: str, worker: str, number: int) -> tuple[PulledCall, ...]:
    """What a pull has brought, and still counts; names as they are stored."""
    found = await connection.fetch(statements("tool_calls")["batch"], project, worker, number)
    return tuple(pulled_call(_call(row[0])) for row in found)


async def deal(
    connection: Connection,
    *,
    place: tuple[str, str, int],
    tools: Sequence[str],
    most: int,
    sharers: int,
) -> tuple[PulledCall, ...]:
    """Gives a worker what is ready for it, the oldest first, and leaves to others that wait their share.

    `place`: project, worker and the number of its pull; names as they are stored.
    """
    project, worker, number = place
    found = await connection.fetch(
        statements("tool_calls")["deal"], project, worker, number, tools, most, sharers
    )
    return tuple(pulled_call(_call(row[1])) for row in sorted(found, key=lambda row: int(row[0])))


async def dropped(connection: Connection, *, project: str, worker: str) -> tuple[str, ...]:
    """What a worker is to stop; names as they are stored."""
    found = await connection.fetch(statements("tool_calls")["dropped"], project, worker)
    return tuple(read(row[0]) for row in found)
