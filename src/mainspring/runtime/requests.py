"""Owns what callers ask of the runtime and what they get to follow: requests, legs, principals."""

from __future__ import annotations

from mainspring.model.messages import Sender
from mainspring.model.rows import Row
from mainspring.model.signals import ApprovalAnswer, ToolResult
from mainspring.model.values import Json, Value


class Grant(Value, frozen=True, kw_only=True):
    """What an ephemeral token may: sessions of one agent, or one session of it.

    `triggers`: the only ones it may start; None: all; an empty tuple: it may only read. `tools`: whose results it may
    bring.
    """

    agent_id: str
    session_id: str | None = None
    triggers: tuple[str, ...] | None = None
    tools: tuple[str, ...] = ()


class Principal(Value, frozen=True, kw_only=True):
    """Who calls: the project and scopes of a verified key; with a `grant` it is a token, which has no scopes.

    `key_id`: the id of the key, or of the token. `expires_at`: Unix seconds.
    """

    project_id: str
    key_id: str
    scopes: frozenset[str]
    expires_at: float | None = None
    grant: Grant | None = None


class TriggerRequest(Value, frozen=True, kw_only=True):
    """A trigger. `rollback`: cut the main thread after message `rollback_after` first (None: empty it).

    `trigger` None: `user-message`. `key`: the same key again attaches to the execution it started.
    """

    trigger: str | None = None
    input: dict[str, Json] = {}
    sender: Sender | None = None
    rollback: bool = False
    rollback_after: str | None = None
    tool_schemas: tuple[dict[str, Json], ...] = ()
    key: str | None = None


class ContinueRequest(Value, frozen=True, kw_only=True):
    """Tool results and answers to approval requests. `tool_schemas` None: those of the first leg stay."""

    execution_id: str
    results: tuple[ToolResult, ...] = ()
    tool_schemas: tuple[dict[str, Json], ...] | None = None
    approvals: tuple[ApprovalAnswer, ...] = ()


class RestoreRequest(Value, frozen=True, kw_only=True):
    """UIMessages as a consumer stored them, checked for shape by the wire, and the session input."""

    messages: tuple[dict[str, Json], ...]
    input: dict[str, Json] = {}


class Leg(Value, frozen=True, kw_only=True):
    """Where to read an answer: the events of `execution_id` after cursor `after`; `continuation`: not the first leg."""

    session_id: str
    execution_id: str
    after: int
    continuation: bool = False


class Batch(Value, frozen=True, kw_only=True):
    """Rows that became visible together, in order, without gap to the batch before."""

    rows: tuple[Row, ...]
