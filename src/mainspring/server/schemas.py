"""Owns the shapes of the JSON answers, and how records of the runtime are put into them."""

from __future__ import annotations

from typing import Literal

import msgspec

from mainspring.model.agents import AgentRecord, AgentSource, PromptFile, ReferenceFile
from mainspring.model.diagnostics import Diagnostic, Severity
from mainspring.model.program import Format
from mainspring.model.values import Json, Value
from mainspring.runtime.ports import SessionRecord
from mainspring.wires.ui_messages import iso

Status = Literal["active", "expired"]


class ErrorBody(Value, frozen=True, kw_only=True):
    """Every answer that is not a success. `code` is stable; `issues`: those of an agent that does not compile."""

    error: str
    code: str
    request_id: str | None = None
    issues: tuple[Issue, ...] = ()


class Issue(Value, frozen=True, kw_only=True):
    """One complaint about an agent's files. `path`: the dotted place; `file`, `line`, `column`: the written one."""

    message: str
    severity: Severity
    path: str = ""
    code: str = ""
    file: str = ""
    line: int | None = None
    column: int | None = None
    allowed: tuple[str, ...] = ()
    hint: str = ""


class Validation(Value, frozen=True, kw_only=True):
    """What there is to say about an agent's files."""

    valid: bool
    errors: tuple[Issue, ...]
    warnings: tuple[Issue, ...]


class AgentSummary(Value, frozen=True, kw_only=True):
    """An agent in a list; times are ISO 8601."""

    slug: str
    id: str
    name: str
    description: str | None
    format: Format
    created_at: str
    updated_at: str
    project_id: str
    version: str


class AgentList(Value, frozen=True, kw_only=True):
    """Every agent that is not archived."""

    agents: tuple[AgentSummary, ...]


class HostView(Value, frozen=True, kw_only=True):
    """A server that shares the database. `running`: executions it drives; `readers`: streams it feeds; as of `seen`.

    `draining`: it is about to end and takes no work; `answering`: it gave this answer.
    """

    id: str
    name: str
    version: str
    since: str
    seen: str
    running: int
    readers: int
    draining: bool = False
    answering: bool = False


class HostList(Value, frozen=True, kw_only=True):
    """The live servers on this database, the oldest first."""

    hosts: tuple[HostView, ...]


class SettingsView(Value, frozen=True, kw_only=True):
    """The settings of an agent."""

    slug: str
    name: str
    format: Format
    description: str | None = None


class AgentDetail(Value, frozen=True, kw_only=True):
    """An agent with its files."""

    id: str
    settings: SettingsView
    protocol: str
    prompts: tuple[PromptFile, ...]
    references: tuple[ReferenceFile, ...]
    version: str


class AgentChanged(Value, frozen=True, kw_only=True):
    """Which agent was created, updated or archived."""

    agent_id: str
    message: str


class TokenMade(Value, frozen=True, kw_only=True):
    """A new ephemeral token, shown once. `jti` is its id, `expiresAt` ISO 8601."""

    token: str
    jti: str
    expires_at: str
    agent_id: str
    session_id: str | None = None


class TokenRevoked(Value, frozen=True, kw_only=True):
    """Whether a token was ended just now; `jti` is its id."""

    revoked: bool
    jti: str | None = None


class SessionMade(Value, frozen=True, kw_only=True):
    """A new session."""

    session_id: str


class ExecutionAccepted(Value, frozen=True, kw_only=True):
    """An execution that runs now; its events come after `cursor`."""

    session_id: str
    execution_id: str
    cursor: int


PollStatus = Literal["idle", "streaming", "error"]


class EventPage(Value, frozen=True, kw_only=True):
    """Events of a session, in order. `cursor`: where to go on, `cursors`: that of each event.

    `status`: `streaming` while there is more to come, `error` if the execution they end failed.
    """

    events: tuple[dict[str, Json], ...]
    cursors: tuple[int, ...]
    cursor: int
    status: PollStatus


class SessionSummary(Value, frozen=True, kw_only=True):
    """A session in a list. `cursor`: its last event; `executionId`: what runs in it, `waiting`: for tool results."""

    id: str
    agent_id: str
    agent_slug: str
    version: str
    format: Format
    status: Status
    created_at: str
    updated_at: str
    expires_at: str
    cursor: int
    waiting: bool
    execution_id: str | None = None


class SessionPage(Value, frozen=True, kw_only=True):
    """Sessions, the last active first. `next` is the `before` of the next page; absent: there is none."""

    sessions: tuple[SessionSummary, ...]
    next: str | None = None


class SessionRestored(Value, frozen=True, kw_only=True):
    """Whether the session was rebuilt; an active one is left as it is."""

    session_id: str
    restored: bool


class SessionCleared(Value, frozen=True, kw_only=True):
    """Whether there was something to clear."""

    session_id: str
    cleared: bool


class OpenApproval(Value, frozen=True, kw_only=True):
    """A call that waits for a person. `input`: its arguments; `expiresAt`: Unix seconds, then it is denied.

    `kind`: may it run (`approval`), or run again, as nobody knows whether it did (`unknown-outcome`).
    """

    approval_id: str
    tool_call_id: str
    tool_name: str
    input: dict[str, Json]
    execution_id: str
    kind: Literal["approval", "unknown-outcome"]
    reason: str | None = None
    expires_at: float | None = None


class ApprovalList(Value, frozen=True, kw_only=True):
    """The open approval requests of a session, in the order of their calls."""

    session_id: str
    approvals: tuple[OpenApproval, ...]


class ApprovalTaken(Value, frozen=True, kw_only=True):
    """The answer stands. `changed`: it was news; the same again is no error."""

    session_id: str
    approval_id: str
    changed: bool


class SessionStopped(Value, frozen=True, kw_only=True):
    """Whether something was running."""

    session_id: str
    stopped: bool


class ChatMessages(Value, frozen=True, kw_only=True):
    """A chat as the AI SDK keeps it: `messages` are its `UIMessage`s."""

    id: str
    messages: tuple[dict[str, Json], ...]


class SessionView(Value, frozen=True, kw_only=True):
    """All of a session. An expired one has only `sessionId`, `agentId`, `status` and `createdAt`."""

    id: str
    agent_id: str
    input: dict[str, Json]
    variables: dict[str, Json]
    resources: dict[str, Json]
    messages: tuple[dict[str, Json], ...]
    status: Status
    created_at: str
    updated_at: str


class LogPage(Value, frozen=True, kw_only=True):
    """What happened, oldest first. `total`: how many entries there are, `truncated`: the oldest are left out."""

    session_id: str
    entries: tuple[dict[str, Json], ...]
    total: int
    truncated: bool


class ExportedEvent(Value, frozen=True, kw_only=True):
    """One event of a journal, as it is stored."""

    cursor: int
    at: str
    event: msgspec.Raw


class SessionExport(Value, frozen=True, kw_only=True):
    """The journal of a session: every fact, private ones too, oldest first."""

    session: SessionSummary
    events: tuple[ExportedEvent, ...]


class FileMade(Value, frozen=True, kw_only=True):
    """A file to upload: `PUT` its bytes to `uploadUrl`; `downloadUrl` is what a trigger's file has as `url`."""

    id: str
    upload_url: str
    download_url: str


class FilesMade(Value, frozen=True, kw_only=True):
    """One for each that was asked for, in order."""

    files: tuple[FileMade, ...]


class FileStored(Value, frozen=True, kw_only=True):
    """A file whose bytes are there. `size`: bytes."""

    id: str
    size: int
    media_type: str


class Health(Value, frozen=True, kw_only=True):
    """`ok`, `ready`."""

    status: str


def issues(diagnostics: tuple[Diagnostic, ...]) -> tuple[Issue, ...]:
    """Diagnostics as clients read them."""
    return tuple(_issue(diagnostic) for diagnostic in diagnostics)


def _issue(diagnostic: Diagnostic) -> Issue:
    span = diagnostic.span
    return Issue(
        message=diagnostic.message,
        severity=diagnostic.severity,
        path=diagnostic.path,
        code=diagnostic.code,
        file="" if span is None else span.file,
        line=None if span is None else span.line,
        column=None if span is None else span.column,
        allowed=diagnostic.allowed,
        hint=diagnostic.hint,
    )


def validation(diagnostics: tuple[Diagnostic, ...]) -> Validation:
    """Diagnostics, sorted by severity."""
    found = issues(diagnostics)
    errors = tuple(issue for issue in found if issue.severity == "error")
    warnings = tuple(issue for issue in found if issue.severity != "error")
    return Validation(valid=not errors, errors=errors, warnings=warnings)


def agent_summary(record: AgentRecord) -> AgentSummary:
    """An agent for a list."""
    settings = record.source.settings
    return AgentSummary(
        slug=settings.slug,
        id=record.id,
        name=settings.name,
        description=settings.description,
        format=settings.format,
        created_at=iso(record.created_at),
        updated_at=iso(record.updated_at),
        project_id=record.project_id,
        version=record.version,
    )


def agent_detail(record: AgentRecord) -> AgentDetail:
    """An agent with its files."""
    source: AgentSource = record.source
    settings = source.settings
    return AgentDetail(
        id=record.id,
        settings=SettingsView(
            slug=settings.slug, name=settings.name, format=settings.format, description=settings.description
        ),
        protocol=source.protocol,
        prompts=source.prompts,
        references=source.references,
        version=record.version,
    )


def session_summary(record: SessionRecord) -> SessionSummary:
    """A session for a list."""
    return SessionSummary(
        id=record.id,
        agent_id=record.agent_id,
        agent_slug=record.agent_slug,
        version=record.version,
        format=record.format,
        status=record.status,
        created_at=iso(record.created_at),
        updated_at=iso(record.updated_at),
        expires_at=iso(record.expires_at),
        cursor=record.cursor,
        waiting=record.waiting,
        execution_id=record.active_execution,
    )
