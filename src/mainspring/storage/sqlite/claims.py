"""Owns who drives a session, as it is stored: taking it, claiming what nobody drives, giving up what one drives.

Runs on the writer thread, inside a transaction.
"""

from __future__ import annotations

from collections.abc import Callable

from mainspring.runtime.dispatch import Hold, Work
from mainspring.storage.sqlite.connections import Connection
from mainspring.storage.sqlite.ledger import Head, Ledger
from mainspring.storage.sqlite.statements import statements

Live = Callable[[str], bool]
"""Whether a host is live."""


def take_session(
    connection: Connection, ledger: Ledger, *, session_id: str, host_id: str, live: Live
) -> Hold:
    """The session for a host, unless a live other one runs something in it; raises `NotFound`."""
    head = ledger.head(session_id)
    if head.running and head.owner is not None and head.owner != host_id and live(head.owner):
        return Hold(epoch=head.epoch, driver=head.owner)
    handed_over = head.owner is None
    _take(connection, head, host_id)
    return Hold(epoch=head.epoch, handed_over=handed_over)


def claim_work(
    connection: Connection, ledger: Ledger, *, host_id: str, now: float, limit: int, live: Live
) -> list[Work]:
    """What runs and nobody drives, then what waits and is due, taken for a host."""
    sql = statements("sessions")
    claimed: list[Work] = []
    for (session_id,) in list(connection.execute(sql["running"])):
        head = ledger.head(session_id)
        if len(claimed) == limit:
            return claimed
        if head.owner is None or not (head.owner == host_id or live(head.owner)):
            handed_over = head.owner is None
            _take(connection, head, host_id)
            claimed.append(Work(session_id=session_id, epoch=head.epoch, handed_over=handed_over))
    for (session_id,) in list(connection.execute(sql["due_wakes"], (now, limit - len(claimed)))):
        head = ledger.head(session_id)
        _take(connection, head, host_id)
        claimed.append(Work(session_id=session_id, epoch=head.epoch, due=True))
    return claimed


def give_up(connection: Connection, ledger: Ledger, *, host_id: str) -> int:
    """Leaves what a host runs without an owner; how many executions that were."""
    given = list(connection.execute(statements("sessions")["give_up"], (host_id,)))
    for (session_id,) in given:
        ledger.head(session_id).owner = None
    return len(given)


def wakes(connection: Connection) -> dict[str, float]:
    """When waiting executions are taken up by themselves, by session."""
    return dict(connection.execute(statements("sessions")["wakes"]))


def _take(connection: Connection, head: Head, host_id: str) -> None:
    connection.execute(statements("sessions")["take"], (head.n, host_id))
    head.epoch += 1
    head.owner = host_id
