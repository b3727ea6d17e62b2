"""Owns `mainspring approvals`: what waits for a person in a session, and the answers from the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from mainspring.cli.flags import json_flag, server_flags, server_from
from mainspring.cli.http import segment
from mainspring.cli.servers import connect
from mainspring.cli.views.stream import brief
from mainspring.cli.views.terminal import Terminal, moment
from mainspring.model.errors import InvalidRequest
from mainspring.model.values import Json

Function = TypeVar("Function", bound=Callable[..., Any])


def _answering(function: Function) -> Function:
    by = click.option("--by", metavar="NAME", help="Who answers; kept in the session's journal.")
    session = click.argument("session")
    approval = click.argument("approval")
    return session(approval(by(server_flags(json_flag(function)))))


@click.group("approvals")
def command() -> None:
    """List, allow and deny the tool calls of a session that wait for a person."""


@command.command("list")
@click.argument("session")
@server_flags
@json_flag
def list_approvals(*, session: str, url: str | None, key: str | None, as_json: bool) -> None:
    """List what waits in SESSION."""
    terminal = Terminal(as_json=as_json)
    with connect(*server_from(url, key)) as api:
        found = api.get(f"/api/agent-sessions/{segment(session)}/approvals")["approvals"]
    if as_json:
        terminal.json({"approvals": found})
    elif not found:
        terminal.line("Nothing waits for a person.")
    else:
        terminal.table(("APPROVAL", "TOOL", "ARGUMENTS", "WHY", "UNTIL"), map(_row, found))


def _row(request: dict[str, Any]) -> tuple[str, ...]:
    until = request.get("expiresAt")
    return (
        request["approvalId"],
        request["toolName"],
        brief(request["input"]),
        request.get("reason") or "",
        "" if until is None else moment(until),
    )


@command.command("allow")
@_answering
@click.option("--input", "given", metavar="JSON", help="Run it with these arguments instead.")
def allow(
    *,
    session: str,
    approval: str,
    by: str | None,
    given: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Let the call of APPROVAL in SESSION run."""
    answer: dict[str, Json] = {"approved": True, "by": by}
    if given is not None:
        try:
            answer["input"] = msgspec.json.decode(given, type=dict[str, Json])
        except msgspec.MsgspecError as error:
            raise InvalidRequest(f"--input is not a JSON object: {error}") from None
    _answer((url, key), session, approval, answer, as_json=as_json)


@command.command("deny")
@_answering
@click.option("--reason", metavar="TEXT", help="What the model is told.")
def deny(
    *,
    session: str,
    approval: str,
    by: str | None,
    reason: str | None,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Do not let the call of APPROVAL in SESSION run; the model is told."""
    answer: dict[str, Json] = {"approved": False, "by": by, "reason": reason}
    _answer((url, key), session, approval, answer, as_json=as_json)


def _answer(
    server: tuple[str | None, str | None],
    session: str,
    approval: str,
    answer: dict[str, Json],
    *,
    as_json: bool,
) -> None:
    terminal = Terminal(as_json=as_json)
    path = f"/api/agent-sessions/{segment(session)}/approvals/{segment(approval)}"
    with connect(*server_from(*server)) as api:
        taken = api.post(path, {name: value for name, value in answer.items() if value is not None})
    if as_json:
        terminal.json(taken)
        return
    word = "Allowed" if answer["approved"] else "Denied"
    terminal.line(f"{word}." if taken["changed"] else f"{word} before.")
