"""Owns what the bodies of native requests mean: checked, and turned into values (`octavus-http.md` §2)."""

from __future__ import annotations

import re
from typing import Final, TypeAlias, cast

from mainspring.model.agents import AgentSettings, AgentSource, PromptFile, ReferenceFile
from mainspring.model.errors import InvalidRequest
from mainspring.model.messages import Sender
from mainspring.model.program import Format
from mainspring.model.signals import ApprovalAnswer, ToolResult
from mainspring.model.values import Json, Value
from mainspring.wires.checking import Fields, read_file

MAX_RESULTS: Final = 1000
MAX_SCHEMAS: Final = 1000
MAX_FILES: Final = 100
MAX_NAMES: Final = 100
"""Triggers or tools that a token is bound to."""
MAX_MESSAGES: Final = 10_000
MAX_DOCUMENTS: Final = 1000
"""Prompts or references of one agent."""

_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NO_REASON: Final = "The tool failed without a message."


class ParsedTrigger(Value, frozen=True, kw_only=True):
    """A trigger. `rollback`: cut the main thread after `rollback_after` first (None: empty it).

    The same `key` again means the same execution.
    """

    trigger: str | None = None
    input: dict[str, Json] = {}
    sender: Sender | None = None
    rollback: bool = False
    rollback_after: str | None = None
    tool_schemas: tuple[dict[str, Json], ...] = ()
    key: str | None = None


class ParsedContinue(Value, frozen=True, kw_only=True):
    """Tool results for an execution that waits. `tool_schemas` None: none were sent."""

    execution_id: str
    results: tuple[ToolResult, ...] = ()
    tool_schemas: tuple[dict[str, Json], ...] | None = None
    approvals: tuple[ApprovalAnswer, ...] = ()


class ParsedCreate(Value, frozen=True, kw_only=True):
    """A session to create. `agent`: id or slug."""

    agent: str
    input: dict[str, Json] = {}


class ParsedStart(Value, frozen=True, kw_only=True):
    """A session to create and to trigger at once; the same `key` again means the same session."""

    agent: str
    trigger: ParsedTrigger
    input: dict[str, Json] = {}
    key: str | None = None


class ParsedWorker(Value, frozen=True, kw_only=True):
    """A worker to run."""

    input: dict[str, Json] = {}
    tool_schemas: tuple[dict[str, Json], ...] = ()


class ParsedRestore(Value, frozen=True, kw_only=True):
    """Messages to restore an expired session from; their shape is `wires.restore`'s business."""

    messages: tuple[Json, ...]
    input: dict[str, Json] = {}


class ParsedMint(Value, frozen=True, kw_only=True):
    """A token to mint. `agent`: id or slug. `seconds`: how long it lives. `triggers` None: all."""

    agent: str
    session: str | None = None
    seconds: int | None = None
    triggers: tuple[str, ...] | None = None
    tools: tuple[str, ...] = ()


Leg: TypeAlias = ParsedTrigger | ParsedContinue


def parse_trigger(body: Json) -> Leg:
    """The body of a trigger request. An `executionId` makes it a continuation: all but the results is ignored then."""
    fields = Fields(body)
    if fields.has("executionId"):
        return _continue(fields)
    if fields.has("toolResults") and fields.items("toolResults", most=MAX_RESULTS):
        raise InvalidRequest("executionId is missing: toolResults need the execution they belong to")
    rollback_after = fields.text_or_none("rollbackAfterMessageId")
    return ParsedTrigger(
        trigger=fields.name("triggerName") if fields.has("triggerName") else None,
        input=fields.mapping_or_empty("input"),
        sender=_sender(fields),
        rollback="rollbackAfterMessageId" in fields.members,
        rollback_after=rollback_after,
        tool_schemas=_schemas(fields) or (),
        key=_key(fields),
    )


def parse_create(body: Json) -> ParsedCreate:
    """The body of a session creation."""
    fields = Fields(body)
    return ParsedCreate(agent=fields.name("agentId"), input=fields.mapping_or_empty("input"))


def parse_mint(body: Json) -> ParsedMint:
    """The body of a request for a token."""
    fields = Fields(body)
    seconds = fields.number_or_none("ttlSeconds")
    if seconds == 0:
        raise fields.refuse("ttlSeconds", "must be 1 or more")
    return ParsedMint(
        agent=fields.name("agentId"),
        session=fields.name("sessionId") if fields.has("sessionId") else None,
        seconds=seconds,
        triggers=_names(fields, "triggers") if fields.has("triggers") else None,
        tools=_names(fields, "clientTools") if fields.has("clientTools") else (),
    )


def _names(fields: Fields, member: str) -> tuple[str, ...]:
    names = [value for value, _ in fields.items(member, most=MAX_NAMES) if isinstance(value, str) and value]
    if len(names) != len(fields.items(member, most=MAX_NAMES)):
        raise fields.refuse(member, "must be an array of names")
    return tuple(dict.fromkeys(names))


def parse_revoke(body: Json) -> str:
    """The token that a request wants ended."""
    return Fields(body).name("token")


def parse_start(body: Json) -> ParsedStart:
    """The body of create-and-trigger."""
    fields = Fields(body)
    trigger = fields.inner("trigger")
    return ParsedStart(
        agent=fields.name("agentId"),
        input=fields.mapping_or_empty("input"),
        key=_key(fields),
        trigger=ParsedTrigger(
            trigger=trigger.name("triggerName") if trigger.has("triggerName") else None,
            input=trigger.mapping_or_empty("input"),
            sender=_sender(trigger),
            tool_schemas=_schemas(trigger) or (),
        ),
    )


def parse_worker(body: Json) -> ParsedWorker | ParsedContinue:
    """The body of a worker execution: its first leg, or a later one."""
    fields = Fields(body)
    if fields.choice("type", ("start", "continue")) == "continue":
        return _continue(fields)
    return ParsedWorker(input=fields.mapping_or_empty("input"), tool_schemas=_schemas(fields) or ())


def parse_restore(body: Json) -> ParsedRestore:
    """The body of a restore request."""
    fields = Fields(body)
    messages = tuple(message for message, _ in fields.items("messages", most=MAX_MESSAGES))
    return ParsedRestore(messages=messages, input=fields.mapping_or_empty("input"))


def parse_agent_definition(body: Json) -> AgentSource:
    """The body of an agent's creation or validation."""
    fields = Fields(body)
    settings = fields.inner("settings")
    slug = settings.name("slug")
    if not _SLUG.fullmatch(slug):
        raise settings.refuse("slug", "must be lowercase letters and digits with dashes between")
    return AgentSource(
        settings=_settings(settings, slug),
        protocol=fields.text("protocol"),
        prompts=_prompts(fields),
        references=_references(fields),
    )


def parse_agent_patch(body: Json, current: AgentSource) -> AgentSource:
    """The body of an agent's update: what it names replaces what is there; the slug stays."""
    fields = Fields(body)
    return AgentSource(
        settings=_patched(fields.inner("settings"), current.settings)
        if fields.has("settings")
        else current.settings,
        protocol=fields.text("protocol") if fields.has("protocol") else current.protocol,
        prompts=_prompts(fields) if fields.has("prompts") else current.prompts,
        references=_references(fields) if fields.has("references") else current.references,
    )


def _continue(fields: Fields) -> ParsedContinue:
    results = tuple(_result(one) for one in fields.objects("toolResults", most=MAX_RESULTS))
    seen: set[str] = set()
    for index, result in enumerate(results):
        if result.tool_call_id in seen:
            raise InvalidRequest(f"toolResults[{index}].toolCallId repeats {result.tool_call_id}")
        seen.add(result.tool_call_id)
    return ParsedContinue(
        execution_id=fields.name("executionId"),
        results=results,
        tool_schemas=_schemas(fields),
        approvals=_approvals(fields),
    )


def _approvals(fields: Fields) -> tuple[ApprovalAnswer, ...]:
    if not fields.has("approvals"):
        return ()
    answers = tuple(
        _answer(one, one.name("approvalId")) for one in fields.objects("approvals", most=MAX_RESULTS)
    )
    seen: set[str] = set()
    for index, answer in enumerate(answers):
        if answer.approval_id in seen:
            raise InvalidRequest(f"approvals[{index}].approvalId repeats {answer.approval_id}")
        seen.add(answer.approval_id)
    return answers


def parse_approval(body: Json, approval_id: str) -> ApprovalAnswer:
    """The body of an answer to one approval request."""
    return _answer(Fields(body), approval_id)


def _answer(fields: Fields, approval_id: str) -> ApprovalAnswer:
    return ApprovalAnswer(
        approval_id=approval_id,
        allow=fields.truth("approved"),
        message=fields.text_or_none("reason"),
        args=fields.mapping("input") if fields.has("input") else None,
        by=fields.text_or_none("by"),
    )


def _result(fields: Fields) -> ToolResult:
    """One result. A handler that returns nothing sends neither `result` nor `error`: that is a null result."""
    error = fields.text_or_none("error")
    return ToolResult(
        tool_call_id=fields.name("toolCallId"),
        tool_name=fields.text_or_none("toolName"),
        result=fields.anything("result") if error is None else None,
        error=_NO_REASON if error is not None and not error.strip() else error,
        files=tuple(read_file(file) for file in fields.objects("files", most=MAX_FILES)),
    )


def _key(fields: Fields) -> str | None:
    return fields.name("idempotencyKey") if fields.has("idempotencyKey") else None


def _sender(fields: Fields) -> Sender | None:
    if not fields.has("sender"):
        return None
    sender = fields.inner("sender")
    return Sender(
        id=sender.text_or_none("id"), name=sender.text_or_none("name"), image=sender.text_or_none("image")
    )


def _schemas(fields: Fields) -> tuple[dict[str, Json], ...] | None:
    if not fields.has("dynamicToolSchemas"):
        return None
    return tuple(_schema(one) for one in fields.objects("dynamicToolSchemas", most=MAX_SCHEMAS))


def _schema(fields: Fields) -> dict[str, Json]:
    schema: dict[str, Json] = {
        "name": fields.name("name"),
        "description": fields.text_or_none("description") or "",
        "inputSchema": fields.mapping("inputSchema"),
    }
    if fields.has("outputSchema"):
        schema["outputSchema"] = fields.mapping("outputSchema")
    return schema


def _settings(fields: Fields, slug: str) -> AgentSettings:
    return AgentSettings(
        slug=slug,
        name=fields.name("name"),
        format=cast("Format", fields.choice("format", ("interactive", "worker"))),
        description=fields.text_or_none("description"),
    )


def _patched(fields: Fields, current: AgentSettings) -> AgentSettings:
    if fields.has("slug") and fields.text("slug") != current.slug:
        raise fields.refuse("slug", f"cannot change: it is {current.slug}")
    merged = {"name": current.name, "format": current.format, "description": current.description}
    return _settings(Fields({**merged, **fields.members}, fields.place), current.slug)


def _prompts(fields: Fields) -> tuple[PromptFile, ...]:
    prompts = [
        PromptFile(name=one.name("name"), content=one.text("content"))
        for one in fields.objects("prompts", most=MAX_DOCUMENTS)
    ]
    _once("prompts", [prompt.name for prompt in prompts])
    return tuple(prompts)


def _references(fields: Fields) -> tuple[ReferenceFile, ...]:
    references = [
        ReferenceFile(name=one.name("name"), description=one.text("description"), content=one.text("content"))
        for one in fields.objects("references", most=MAX_DOCUMENTS)
    ]
    _once("references", [reference.name for reference in references])
    return tuple(references)


def _once(member: str, names: list[str]) -> None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            raise InvalidRequest(f"{member}[{index}].name repeats {name}")
        seen.add(name)
