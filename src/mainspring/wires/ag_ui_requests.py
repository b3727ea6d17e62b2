"""Owns what a run of AG-UI asks for: to answer a message, to go on with results or answers, or the messages so far."""

from __future__ import annotations

from typing import Final, TypeAlias

from mainspring.model.parts import FileReference
from mainspring.model.signals import ApprovalAnswer, ToolResult
from mainspring.model.values import Json, Value
from mainspring.wires.checking import Fields, value_of_text

MAX_MESSAGES: Final = 10_000
MAX_PARTS: Final = 10_000
MAX_TOOLS: Final = 1000
MAX_RESUMES: Final = 1000
ROLES: Final = ("developer", "system", "assistant", "user", "tool", "activity", "reasoning")
_MEDIA: Final = {
    "image": "image/*",
    "audio": "audio/*",
    "video": "video/*",
    "document": "application/octet-stream",
}


class ParsedRun(Value, frozen=True, kw_only=True):
    """What every run has. `input`: the session's, for its first message (`forwardedProps.input`)."""

    thread_id: str
    run_id: str
    parent_run_id: str | None = None
    input: dict[str, Json] = {}


class ParsedAsk(ParsedRun, frozen=True, kw_only=True):
    """A message to answer; the same message again is the same turn."""

    message_id: str
    text: str
    files: tuple[FileReference, ...] = ()
    trigger: str | None = None
    inputs: dict[str, Json] = {}
    tools: tuple[dict[str, Json], ...] = ()


class ParsedAnswers(ParsedRun, frozen=True, kw_only=True):
    """Results of the client's tools, those it sent before among them, and answers to interrupts (`resume`)."""

    results: tuple[ToolResult, ...] = ()
    approvals: tuple[ApprovalAnswer, ...] = ()

    @property
    def cancels(self) -> bool:
        """Whether it says nothing but that nobody will answer."""
        return not self.results and not any(answer.allow for answer in self.approvals)


class ParsedReturn(ParsedRun, frozen=True, kw_only=True):
    """Nothing new: the reader wants to see where the talk stands."""


RunInput: TypeAlias = ParsedAsk | ParsedAnswers | ParsedReturn


def parse_run(body: Json) -> RunInput:
    """The body of a run (`RunAgentInput`); raises `InvalidRequest`."""
    fields = Fields(body)
    messages = list(fields.objects("messages", most=MAX_MESSAGES))
    for message in messages:
        message.choice("role", ROLES)
    props = Fields(fields.mapping_or_empty("forwardedProps"), "forwardedProps")
    run: dict[str, Json] = {
        "thread_id": fields.name("threadId"),
        "run_id": fields.name("runId"),
        "parent_run_id": fields.text_or_none("parentRunId"),
        "input": props.mapping_or_empty("input"),
    }
    last = messages[-1].members["role"] if messages else None
    approvals = tuple(_answer(entry) for entry in fields.objects("resume", most=MAX_RESUMES))
    if last == "user" and any(answer.allow for answer in approvals):
        raise fields.refuse("resume", "and a new message exclude each other: a message lets go of what waits")
    if last == "tool" or (approvals and last != "user"):
        results = tuple(_result(message) for message in messages if message.members["role"] == "tool")
        return ParsedAnswers(**run, results=results, approvals=approvals)
    if last != "user":
        return ParsedReturn(**run)
    text, files = _said(messages[-1])
    return ParsedAsk(
        **run,
        message_id=messages[-1].name("id"),
        text=text,
        files=files,
        trigger=props.text_or_none("triggerName"),
        inputs=props.mapping_or_empty("triggerInput"),
        tools=tuple(_tool(tool) for tool in fields.objects("tools", most=MAX_TOOLS)),
    )


def _said(message: Fields) -> tuple[str, tuple[FileReference, ...]]:
    if isinstance(message.members.get("content"), str):
        return message.text("content"), ()
    texts: list[str] = []
    files: list[FileReference] = []
    parts = list(message.objects("content", most=MAX_PARTS))
    for index, part in enumerate(parts):
        kind = part.choice("type", ("text", *_MEDIA))
        if kind == "text":
            texts.append(part.text("text"))
        else:
            files.append(_file(part, kind, f"{message.name('id')}_{index}"))
    return "\n\n".join(texts), tuple(files)


def _file(part: Fields, kind: str, file_id: str) -> FileReference:
    source = part.inner("source")
    inline = source.choice("type", ("data", "url")) == "data"
    media_type = source.text_or_none("mimeType") or _MEDIA[kind]
    value = source.name("value")
    url = f"data:{media_type};base64,{value}" if inline else value
    return FileReference(id=file_id, media_type=media_type, url=url)


def _result(message: Fields) -> ToolResult:
    call_id = message.name("toolCallId")
    if message.has("error"):
        return ToolResult(tool_call_id=call_id, error=message.name("error"))
    content = message.anything("content")
    return ToolResult(
        tool_call_id=call_id, result=value_of_text(content) if isinstance(content, str) else content
    )


def _answer(entry: Fields) -> ApprovalAnswer:
    """An answer to an interrupt; one that is cancelled is denied."""
    approval_id = entry.name("interruptId")
    resolved = entry.choice("status", ("resolved", "cancelled")) == "resolved"
    given = Fields(entry.mapping("payload") if resolved else {}, entry.at("payload"))
    return ApprovalAnswer(
        approval_id=approval_id,
        allow=resolved and given.truth("approved"),
        message=given.text_or_none("reason"),
        args=given.mapping("editedArgs") if given.has("editedArgs") else None,
    )


def _tool(tool: Fields) -> dict[str, Json]:
    return {
        "name": tool.name("name"),
        "description": tool.text_or_none("description") or "",
        "inputSchema": tool.mapping_or_empty("parameters"),
        "plain": True,
    }
