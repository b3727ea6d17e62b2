"""Owns the shapes of the JSON answers as the SDK gives them: agents, sessions, messages, logs, how a turn ended."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypeVar

import msgspec

from mainspring.client.events import Tokens
from mainspring.model.agents import PromptFile, ReferenceFile
from mainspring.model.program import Format
from mainspring.model.stream_events import PendingToolCall, StreamFinish, ToolApprovalRequest
from mainspring.model.values import Json, Value

T = TypeVar("T")

Status: TypeAlias = Literal["active", "expired"]
UIMessage: TypeAlias = dict[str, Json]
"""A message as a user interface shows it: `id`, `role`, `parts`, `status`, `createdAt`. Store it as it is."""


class AgentSummary(Value, frozen=True, kw_only=True):
    """An agent in a list; times are ISO 8601, `version` is the hash of its files."""

    id: str
    slug: str
    name: str
    format: Format
    description: str | None = None
    created_at: str = ""
    updated_at: str = ""
    project_id: str = ""
    version: str = ""


class AgentList(Value, frozen=True, kw_only=True):
    """Every agent that is not archived."""

    agents: tuple[AgentSummary, ...]


class AgentSettingsView(Value, frozen=True, kw_only=True):
    """The settings of an agent."""

    slug: str
    name: str
    format: Format
    description: str | None = None


class AgentDetail(Value, frozen=True, kw_only=True):
    """An agent with its files; `protocol` is YAML."""

    id: str
    settings: AgentSettingsView
    protocol: str
    prompts: tuple[PromptFile, ...] = ()
    references: tuple[ReferenceFile, ...] = ()
    version: str = ""


class TokenMade(Value, frozen=True, kw_only=True):
    """A new ephemeral token, shown once. `jti` is its id, `expires_at` ISO 8601."""

    token: str
    jti: str
    expires_at: str
    agent_id: str = ""
    session_id: str | None = None


class TokenRevoked(Value, frozen=True, kw_only=True):
    """Whether a token was ended just now; `jti` is its id."""

    revoked: bool
    jti: str | None = None


class SessionMade(Value, frozen=True, kw_only=True):
    """A new session."""

    session_id: str


class SessionSummary(Value, frozen=True, kw_only=True):
    """A session in a list. `cursor`: its last event; `execution_id`: what runs in it, `waiting`: for tool results."""

    id: str
    agent_id: str
    status: Status
    agent_slug: str = ""
    version: str = ""
    format: Format = "interactive"
    created_at: str = ""
    updated_at: str = ""
    expires_at: str = ""
    cursor: int = 0
    waiting: bool = False
    execution_id: str | None = None


class SessionPage(Value, frozen=True, kw_only=True):
    """Sessions, the last active first. `next` is the `before` of the next page; None: there is none."""

    sessions: tuple[SessionSummary, ...]
    next: str | None = None


class SessionDetail(Value, frozen=True, kw_only=True):
    """All of a session; of an expired one only its ids, `status` and `created_at` are left."""

    id: str = ""
    session_id: str = ""
    agent_id: str
    status: Status = "active"
    input: dict[str, Json] = {}
    variables: dict[str, Json] = {}
    resources: dict[str, Json] = {}
    messages: tuple[dict[str, Json], ...] = ()
    created_at: str = ""
    updated_at: str = ""

    def __post_init__(self) -> None:
        # The two answers name the id differently; here both names work.
        known = self.id or self.session_id
        msgspec.structs.force_setattr(self, "id", known)
        msgspec.structs.force_setattr(self, "session_id", known)


class SessionMessages(Value, frozen=True, kw_only=True):
    """The messages people see; none if the session is expired: restore it from those you stored."""

    session_id: str
    agent_id: str
    status: Status = "active"
    messages: tuple[UIMessage, ...] = ()
    created_at: str | None = None


class SessionRestored(Value, frozen=True, kw_only=True):
    """Whether the session was rebuilt; an active one is left as it is."""

    session_id: str
    restored: bool


class SessionCleared(Value, frozen=True, kw_only=True):
    """Whether there was something to clear."""

    session_id: str
    cleared: bool


class SessionStopped(Value, frozen=True, kw_only=True):
    """Whether something was running."""

    session_id: str
    stopped: bool


class OpenApproval(Value, frozen=True, kw_only=True):
    """A call that waits for a person. `expires_at`: Unix seconds, then it is denied."""

    approval_id: str
    tool_call_id: str
    tool_name: str
    input: dict[str, Json]
    execution_id: str
    kind: Literal["approval", "unknown-outcome"] = "approval"
    reason: str | None = None
    expires_at: float | None = None


class ApprovalList(Value, frozen=True, kw_only=True):
    """What waits for a person in a session."""

    session_id: str
    approvals: tuple[OpenApproval, ...] = ()


class ApprovalTaken(Value, frozen=True, kw_only=True):
    """An answer was taken; `changed`: it was news."""

    session_id: str
    approval_id: str
    changed: bool


class LogPage(Value, frozen=True, kw_only=True):
    """What happened, oldest first; `truncated`: the oldest of `total` entries are left out."""

    session_id: str
    entries: tuple[dict[str, Json], ...] = ()
    total: int = 0
    truncated: bool = False
    status: Status = "active"


class Outcome(Value, frozen=True, kw_only=True):
    """How a turn ended. `text`: what the agent said to the user; `objects`: its structured answers, as JSON values.

    `asked`: the calls the execution waits for, when `finish_reason` is `client-tool-calls`. `approvals`: what people
    are asked and have not answered. `output`, `error`: a worker's.
    """

    text: str = ""
    objects: tuple[Json, ...] = ()
    finish_reason: StreamFinish = "stop"
    asked: tuple[PendingToolCall, ...] = ()
    approvals: tuple[ToolApprovalRequest, ...] = ()
    tokens: Tokens = Tokens()
    output: Json = None
    error: str | None = None
    execution_id: str = ""

    def object(self, type_: type[T]) -> T:
        """The last structured answer as a type; raises `ValueError` if there is none, or it does not fit."""
        if not self.objects:
            raise ValueError("the agent gave no structured answer")
        return msgspec.convert(self.objects[-1], type_)
