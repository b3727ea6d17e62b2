"""Owns letters between hosts: rows until their sender has the answer; NOTIFY only says that there are some."""

from __future__ import annotations

from mainspring.runtime.dispatch import Letter
from mainspring.storage.postgres.connections import Connection
from mainspring.storage.postgres.hints import Hint, hint_text
from mainspring.storage.postgres.statements import statements
from mainspring.storage.postgres.text import read, written


async def send(connection: Connection, *, letter: Letter) -> bool:
    """Whether the letter is under way: the host is live, or has it already."""
    sql = statements("letters")
    async with connection.transaction():
        await connection.execute(sql["forget"])
        values = (written(letter.id), written(letter.to), written(letter.session_id), letter.body)
        await connection.execute(sql["send"], *values)
        await _notify(connection, Hint(letters=(letter.to,)))
    return (await look(connection, letter_id=letter.id))[0]


async def look(connection: Connection, *, letter_id: str) -> tuple[bool, bytes | None]:
    """Whether the letter is there, and its answer."""
    found = await connection.fetchrow(statements("letters")["look"], written(letter_id))
    return (False, None) if found is None else (True, found[0])


async def settle(connection: Connection, *, letter: Letter) -> None:
    """The sender waits no more. A letter that is being answered stays: sent again, it is the same one."""
    await connection.execute(statements("letters")["settle"], written(letter.id))


async def fetch(connection: Connection, *, host_id: str) -> list[Letter]:
    """The letters to a host that were not handed out, in the order they were sent."""
    found = await connection.fetch(statements("letters")["fetch"], written(host_id))
    return [
        Letter(id=read(row[1]), to=read(row[2]), session_id=read(row[3]), body=row[4])
        for row in sorted(found, key=lambda row: int(row[0]))
    ]


async def answer(connection: Connection, *, letter: Letter, body: bytes) -> None:
    """Keeps the answer for the sender, and tells it."""
    async with connection.transaction():
        if await connection.fetchval(statements("letters")["answer"], written(letter.id), body) is not None:
            await _notify(connection, Hint(answered=(letter.id,)))


async def _notify(connection: Connection, hint: Hint) -> None:
    await connection.execute(statements("hosts")["notify"], hint_text(hint))
