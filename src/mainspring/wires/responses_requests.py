"""Owns what a request of OpenAI's Responses API means: its input items as a turn and the talk before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mainspring.model.parts import FileReference
from mainspring.model.signals import ApprovalAnswer
from mainspring.model.values import Json
from mainspring.wires.checking import Fields
from mainspring.wires.openai_items import APPROVAL_MARK
from mainspring.wires.openai_requests import (
    MAX_ITEMS,
    MAX_TOOLS,
    Content,
    ParsedTurn,
    Talk,
    common_members,
    file_of,
    flag,
    function_tool,
    unsupported,
)

_DECIDES: Final = "the agent decides that itself"
_REFUSED: Final[dict[str, tuple[tuple[Json, ...], str]]] = {
    "tool_choice": (("auto",), _DECIDES),
    "prompt": ((), "an agent has its own prompts; give the session's input as mainspring.input"),
    "context_management": ((), _DECIDES),
    "moderation": ((), "there is no moderation here"),
    "top_logprobs": ((0,), "log probabilities are not kept"),
}
_ROLES: Final = ("user", "assistant", "system", "developer")
_TEXTS: Final = ("input_text", "output_text", "text")


def parse_response_request(body: Json) -> ParsedTurn:
    """The body of a request for a response; raises `InvalidRequest`, whose details name the member (`param`)."""
    fields = Fields(body)
    members = common_members(fields, _REFUSED)
    shape = Fields(fields.mapping_or_empty("text"), "text")
    if shape.has("format") and shape.inner("format").members.get("type") != "text":
        raise unsupported(shape, "format", "the agent's protocol says which type its answers have")
    talk = Talk()
    if fields.has("instructions"):
        talk.instructions.append(fields.text("instructions"))
    _read_input(talk, fields)
    if fields.has("conversation"):
        members["conversation"] = _conversation(fields)
    members["previous"] = fields.text_or_none("previous_response_id")
    named = members["previous"] or members["conversation"]
    if members["previous"] is not None and members["conversation"] is not None:
        raise fields.refuse("previous_response_id", "and conversation name one session: give one of them")
    if named is not None and talk.history:
        raise fields.refuse("input", "must be what is new in this session: one message, or results of tools")
    if talk.last is None and not talk.results and not talk.approvals:
        raise fields.refuse(
            "input",
            "must end with a message of the user, or with function_call_output or mcp_approval_response items",
        )
    said = talk.last or Content(text="")
    return ParsedTurn(
        **members,
        text=said.text,
        files=said.files,
        results=tuple(talk.results),
        approvals=tuple(talk.approvals),
        session=talk.session,
        history=talk.history,
        instructions="\n\n".join(talk.instructions),
        tools=tuple(_tool(tool) for tool in fields.objects("tools", most=MAX_TOOLS)),
        background=flag(fields, "background"),
    )


def _read_input(talk: Talk, fields: Fields) -> None:
    if isinstance(fields.members.get("input"), str):
        talk.user(Content(text=fields.text("input")))
    else:
        for item, place in fields.items("input", most=MAX_ITEMS):
            _read_item(talk, Fields(item, place))


def _conversation(fields: Fields) -> str:
    if isinstance(fields.members["conversation"], dict):
        return fields.inner("conversation").name("id")
    return fields.name("conversation")


def _tool(tool: Fields) -> dict[str, Json]:
    if tool.text("type") != "function":
        raise unsupported(
            tool, "type", "only tools of type function are the caller's; others are the agent's"
        )
    return function_tool(tool)


# ---- items


def _read_item(talk: Talk, item: Fields) -> None:
    kind = item.text_or_none("type") or "message"
    read = _READERS.get(kind)
    if read is None:
        raise unsupported(item, "type", f"{kind} is none of {', '.join(_READERS)}")
    read(talk, item)


def _message(talk: Talk, item: Fields) -> None:
    role = item.choice("role", _ROLES)
    content = _content(item)
    if role == "user":
        talk.user(content)
    elif role == "assistant":
        talk.assistant(content.text)
    else:
        talk.instructions.append(content.text)


def _content(item: Fields) -> Content:
    if isinstance(item.members.get("content"), str):
        return Content(text=item.text("content"))
    texts: list[str] = []
    files: list[FileReference] = []
    for element, place in item.items("content", most=MAX_ITEMS):
        part = Fields(element, place)
        kind = part.text("type")
        if kind in _TEXTS:
            texts.append(part.text("text"))
        elif kind == "refusal":
            texts.append(part.text("refusal"))
        else:
            files.append(_file(part, kind, f"file_{len(files)}"))
    return Content(text="\n\n".join(texts), files=tuple(files))


def _file(part: Fields, kind: str, file_id: str) -> FileReference:
    if kind == "input_image":
        return file_of(_address(part, "image_url"), kind="image", file_id=file_id)
    if kind != "input_file":
        raise unsupported(part, "type", f"{kind} is none of input_text, input_image, input_file")
    member = "file_url" if part.has("file_url") else "file_data"
    filename = part.text_or_none("filename")
    return file_of(_address(part, member), kind="file", file_id=file_id, filename=filename)


def _address(part: Fields, member: str) -> str:
    if part.has("file_id") and not part.has(member):
        raise unsupported(part, "file_id", "files are not kept here: give an address, also a data: one")
    return part.name(member)


def _call(talk: Talk, item: Fields) -> None:
    talk.call(item.name("call_id"), item.name("name"), item.text("arguments"))


def _output(talk: Talk, item: Fields) -> None:
    output = item.anything("output")
    if isinstance(output, list):
        output = "\n\n".join(
            part.text("text") for part in item.objects("output", most=MAX_ITEMS) if part.has("text")
        )
    elif not isinstance(output, str):
        raise item.refuse("output", "must be a string or an array")
    talk.result(item.name("call_id"), output)


def _approval(talk: Talk, item: Fields) -> None:
    """`input`, which is ours, are arguments to run it with instead."""
    talk.approval(
        ApprovalAnswer(
            approval_id=item.name("approval_request_id").removeprefix(APPROVAL_MARK),
            allow=item.truth("approve"),
            message=item.text_or_none("reason"),
            args=item.mapping("input") if item.has("input") else None,
        )
    )


def _nothing(talk: Talk, item: Fields) -> None:
    """An item of ours that says nothing new: thoughts stay in the session, our own calls were made."""


_READERS: Final[dict[str, Callable[[Talk, Fields], None]]] = {
    "message": _message,
    "function_call": _call,
    "function_call_output": _output,
    "reasoning": _nothing,
    "mcp_call": _nothing,
    "mcp_approval_request": _nothing,
    "mcp_approval_response": _approval,
}
