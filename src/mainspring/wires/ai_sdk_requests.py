"""Owns what a chat request of the AI SDK means: a message, one said again, outputs of client tools, approvals.

`DefaultChatTransport` sends `{id, messages, trigger, messageId}` with its whole history. The history is ours: of
theirs only the last message is new, the ones before it say after which of our messages it comes.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from mainspring.model.parts import FileReference
from mainspring.model.signals import ApprovalAnswer, ToolResult
from mainspring.model.values import Json, Value
from mainspring.wires.checking import Fields

MAX_MESSAGES: Final = 10_000
MAX_PARTS: Final = 10_000
SUBMIT: Final = "submit-message"
AGAIN: Final = "regenerate-message"
EDITED: Final = "approvalInputs"
"""The member for changed arguments, by approval id: the SDK's own answer has no place for them."""
_NO_REASON: Final = "The tool failed without a message."


class ParsedSay(Value, frozen=True, kw_only=True):
    """A message to answer. `rollback`: forget first what came after the newest of the messages `earlier` we know.

    `trigger`, `inputs`: another trigger than `user-message`, and inputs beside the text. `input`: the session's, for
    its first message.
    """

    id: str
    text: str
    files: tuple[FileReference, ...] = ()
    rollback: bool = False
    earlier: tuple[str, ...] = ()
    trigger: str | None = None
    inputs: dict[str, Json] = {}
    input: dict[str, Json] = {}


class ParsedOutputs(Value, frozen=True, kw_only=True):
    """The outputs that the client's tools gave, and what its user said to calls that wait for a person.

    What it sent before is among them.
    """

    id: str
    results: tuple[ToolResult, ...]
    approvals: tuple[ApprovalAnswer, ...] = ()


Chat: TypeAlias = ParsedSay | ParsedOutputs


def parse_chat(body: Json) -> Chat:
    """The body of a chat request; raises `InvalidRequest`."""
    fields = Fields(body)
    chat_id = fields.name("id")
    again = fields.has("trigger") and fields.choice("trigger", (SUBMIT, AGAIN)) == AGAIN
    messages = list(fields.objects("messages", most=MAX_MESSAGES))
    if not messages:
        raise fields.refuse("messages", "must have a message")
    last = messages[-1]
    if last.choice("role", ("user", "assistant")) == "assistant":
        results = _results(last)
        edited_inputs = Fields(fields.mapping_or_empty(EDITED), EDITED)
        approvals = _approvals(last, edited_inputs)
        if again or not (results or approvals):
            raise last.refuse("role", "must be user: the last message of the assistant has no tool outputs")
        return ParsedOutputs(id=chat_id, results=results, approvals=approvals)
    text, files = _said(last)
    edited = fields.text_or_none("messageId") == last.text_or_none("id") and fields.has("messageId")
    return ParsedSay(
        id=chat_id,
        text=text,
        files=files,
        rollback=again or edited,
        earlier=tuple(
            message.name("id")
            for message in reversed(messages[:-1])
            if message.members.get("role") == "assistant"
        ),
        trigger=fields.text_or_none("triggerName"),
        inputs=fields.mapping_or_empty("triggerInput"),
        input=fields.mapping_or_empty("input"),
    )


def _said(message: Fields) -> tuple[str, tuple[FileReference, ...]]:
    texts: list[str] = []
    files: list[FileReference] = []
    for index, part in enumerate(message.objects("parts", most=MAX_PARTS)):
        kind = part.text("type")
        if kind == "text":
            texts.append(part.text("text"))
        elif kind == "file":
            files.append(
                FileReference(
                    id=f"{message.text_or_none('id') or 'message'}_{index}",
                    media_type=part.name("mediaType"),
                    url=part.name("url"),
                    filename=part.text_or_none("filename"),
                )
            )
    return "\n\n".join(texts), tuple(files)


def _results(message: Fields) -> tuple[ToolResult, ...]:
    found: dict[str, ToolResult] = {}
    for part in message.objects("parts", most=MAX_PARTS):
        kind = part.text("type")
        is_call = kind.startswith("tool-") or kind == "dynamic-tool"
        if not is_call or part.members.get("providerExecuted") is True:
            continue
        state = part.members.get("state")
        if state == "output-available" and part.members.get("preliminary") is not True:
            call_id = part.name("toolCallId")
            found[call_id] = ToolResult(tool_call_id=call_id, result=part.anything("output"))
        elif state == "output-error":
            call_id = part.name("toolCallId")
            text = part.text_or_none("errorText") or ""
            found[call_id] = ToolResult(tool_call_id=call_id, error=text if text.strip() else _NO_REASON)
    return tuple(found.values())


def _approvals(message: Fields, edited: Fields) -> tuple[ApprovalAnswer, ...]:
    """The answers that no call has acted on yet: one whose call has its output says nothing new."""
    found: dict[str, ApprovalAnswer] = {}
    for part in message.objects("parts", most=MAX_PARTS):
        if part.members.get("state") != "approval-responded":
            continue
        given = part.inner("approval")
        approval_id = given.name("id")
        found[approval_id] = ApprovalAnswer(
            approval_id=approval_id,
            allow=given.truth("approved"),
            message=given.text_or_none("reason"),
            args=edited.mapping(approval_id) if edited.has(approval_id) else None,
        )
    return tuple(found.values())
