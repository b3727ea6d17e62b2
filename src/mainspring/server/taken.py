"""Owns the shapes of request bodies for the API document; what reads and checks them are the wires."""

from __future__ import annotations

from typing import Literal

from mainspring.model.agents import PromptFile, ReferenceFile
from mainspring.model.messages import Sender
from mainspring.model.parts import FileReference
from mainspring.model.program import Format
from mainspring.model.values import Json, Value


class SettingsBody(Value, frozen=True, kw_only=True):
    """The settings of an agent."""

    slug: str
    name: str
    format: Format
    description: str | None = None


class AgentBody(Value, frozen=True, kw_only=True):
    """An agent's files. `protocol` is YAML."""

    settings: SettingsBody
    protocol: str
    prompts: tuple[PromptFile, ...] = ()
    references: tuple[ReferenceFile, ...] = ()


class SettingsPatch(Value, frozen=True, kw_only=True):
    """Changed settings of an agent; the slug stays."""

    name: str | None = None
    format: Format | None = None
    description: str | None = None


class AgentPatch(Value, frozen=True, kw_only=True):
    """Changed files of an agent; what is left out stays."""

    settings: SettingsPatch | None = None
    protocol: str | None = None
    prompts: tuple[PromptFile, ...] | None = None
    references: tuple[ReferenceFile, ...] | None = None


class CreateBody(Value, frozen=True, kw_only=True):
    """A session to create. `agentId`: id or slug."""

    agent_id: str
    input: dict[str, Json] = {}


class MintBody(Value, frozen=True, kw_only=True):
    """A token to mint. `agentId`: id or slug; `sessionId`: only that session. `ttlSeconds`: 3600 if absent, most 86400.

    `triggers`: the only ones it may start; an empty list: it may only read. `clientTools`: whose results it may bring.
    """

    agent_id: str
    session_id: str | None = None
    ttl_seconds: int | None = None
    triggers: tuple[str, ...] | None = None
    client_tools: tuple[str, ...] = ()


class RevokeBody(Value, frozen=True, kw_only=True):
    """A token to end."""

    token: str


class ToolSchema(Value, frozen=True, kw_only=True):
    """A tool that the caller offers for one execution."""

    name: str
    input_schema: dict[str, Json]
    description: str = ""
    output_schema: dict[str, Json] | None = None


class ToolResultBody(Value, frozen=True, kw_only=True):
    """The answer to a tool call: `result`, or the text of an `error`."""

    tool_call_id: str
    tool_name: str | None = None
    result: Json = None
    error: str | None = None
    files: tuple[FileReference, ...] = ()


class TurnBody(Value, frozen=True, kw_only=True):
    """A trigger. Without `triggerName`: `user-message`."""

    trigger_name: str | None = None
    input: dict[str, Json] = {}
    sender: Sender | None = None
    dynamic_tool_schemas: tuple[ToolSchema, ...] = ()


class ApprovalBody(Value, frozen=True, kw_only=True):
    """What a person says to an approval request. `input`: run the call with these arguments instead."""

    approved: bool
    reason: str | None = None
    input: dict[str, Json] | None = None
    by: str | None = None


class ApprovalEntry(ApprovalBody, frozen=True, kw_only=True):
    """An answer that names its request."""

    approval_id: str


class TriggerBody(Value, frozen=True, kw_only=True):
    """A trigger, or with `executionId` the tool results and approvals an execution waits for: then only those count.

    `rollbackAfterMessageId` drops what came after that message first; null drops all. The same `idempotencyKey` again
    is the same execution.
    """

    trigger_name: str | None = None
    input: dict[str, Json] = {}
    sender: Sender | None = None
    dynamic_tool_schemas: tuple[ToolSchema, ...] = ()
    rollback_after_message_id: str | None = None
    idempotency_key: str | None = None
    execution_id: str | None = None
    tool_results: tuple[ToolResultBody, ...] = ()
    approvals: tuple[ApprovalEntry, ...] = ()


class UploadFile(Value, frozen=True, kw_only=True):
    """A file that is to be uploaded. `size`: bytes."""

    filename: str
    media_type: str
    size: int


class UploadBody(Value, frozen=True, kw_only=True):
    """Files that are to be uploaded, for a session."""

    session_id: str
    files: tuple[UploadFile, ...]


class StartBody(Value, frozen=True, kw_only=True):
    """A session to create and trigger; the same `idempotencyKey` again is the same session and execution."""

    agent_id: str
    trigger: TurnBody
    input: dict[str, Json] = {}
    idempotency_key: str | None = None


class WorkerBody(Value, frozen=True, kw_only=True):
    """A worker to run (`start`), or the tool results a run waits for (`continue`, with `executionId`)."""

    type: Literal["start", "continue"]
    input: dict[str, Json] = {}
    dynamic_tool_schemas: tuple[ToolSchema, ...] = ()
    execution_id: str | None = None
    tool_results: tuple[ToolResultBody, ...] = ()


class RestoreBody(Value, frozen=True, kw_only=True):
    """UI messages as the consumer stored them, and the session's input."""

    messages: tuple[dict[str, Json], ...]
    input: dict[str, Json] = {}


class StopBody(Value, frozen=True, kw_only=True):
    """What to stop; nothing named: whatever runs."""

    execution_id: str | None = None


class ChatMessage(Value, frozen=True, kw_only=True):
    """A message of the AI SDK. Of its parts texts, files and the states of tool calls are read."""

    role: Literal["user", "assistant"]
    parts: tuple[dict[str, Json], ...]
    id: str | None = None


class ChatBody(Value, frozen=True, kw_only=True):
    """What `DefaultChatTransport` sends; the last message counts. `id`: any name of the chat, or a session's id.

    Beside it (the transport's `body`): `input` of the session for the first message, `triggerName` for another trigger
    than `user-message`, `triggerInput` for inputs beside the text.
    """

    id: str
    messages: tuple[ChatMessage, ...]
    trigger: Literal["submit-message", "regenerate-message"] = "submit-message"
    message_id: str | None = None
    input: dict[str, Json] = {}
    trigger_name: str | None = None
    trigger_input: dict[str, Json] = {}


class RunBody(Value, frozen=True, kw_only=True):
    """AG-UI's `RunAgentInput`; the last message counts. `threadId`: any name, or a session's id.

    `forwardedProps`: `input` of the session for the first message, `triggerName`, `triggerInput`.
    """

    thread_id: str
    run_id: str
    messages: tuple[dict[str, Json], ...]
    parent_run_id: str | None = None
    tools: tuple[dict[str, Json], ...] = ()
    forwarded_props: dict[str, Json] = {}
