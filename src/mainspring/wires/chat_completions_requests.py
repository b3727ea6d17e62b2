"""Owns what a request of OpenAI's Chat Completions means: its messages as a turn and the talk before it."""

from __future__ import annotations

from typing import Final

from mainspring.model.parts import FileReference
from mainspring.model.values import Json
from mainspring.wires.checking import Fields
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

ROLES: Final = ("developer", "system", "user", "assistant", "tool")
_DECIDES: Final = "the agent decides that itself"
_OLD: Final = "give tools"
_REFUSED: Final[dict[str, tuple[tuple[Json, ...], str]]] = {
    "tool_choice": (("auto",), _DECIDES),
    "n": ((1,), "there is one answer"),
    "response_format": (({"type": "text"},), "the agent's protocol says which type its answers have"),
    "modalities": ((["text"],), "answers are text"),
    "logprobs": ((False,), "log probabilities are not kept"),
    "functions": ((), _OLD),
    "function_call": ((), _OLD),
}


def parse_completion_request(body: Json) -> ParsedTurn:
    """The body of a request for a completion; raises `InvalidRequest`, whose details name the member (`param`)."""
    fields = Fields(body)
    members = common_members(fields, _REFUSED)
    talk = Talk()
    for message, place in fields.items("messages", most=MAX_ITEMS):
        _read_message(talk, Fields(message, place))
    if talk.last is None and not talk.results:
        raise fields.refuse("messages", "must end with a message of the user or of tools")
    options = Fields(fields.mapping_or_empty("stream_options"), "stream_options")
    said = talk.last or Content(text="")
    return ParsedTurn(
        **members,
        text=said.text,
        files=said.files,
        results=tuple(talk.results),
        session=talk.session,
        history=talk.history,
        instructions="\n\n".join(talk.instructions),
        tools=tuple(_tool(tool) for tool in fields.objects("tools", most=MAX_TOOLS)),
        usage=flag(options, "include_usage"),
    )


def _tool(tool: Fields) -> dict[str, Json]:
    if tool.text("type") != "function":
        raise unsupported(tool, "type", "only tools of type function are the caller's")
    return function_tool(tool.inner("function"))


def _read_message(talk: Talk, message: Fields) -> None:
    role = message.choice("role", ROLES)
    if role == "tool":
        talk.result(message.name("tool_call_id"), _content(message).text)
    elif role == "user":
        talk.user(_content(message))
    elif role == "assistant":
        talk.assistant(_content(message).text if message.has("content") else "")
        for call in message.objects("tool_calls", most=MAX_ITEMS):
            function = call.inner("function")
            talk.call(call.name("id"), function.name("name"), function.text("arguments"))
    else:
        talk.instructions.append(_content(message).text)


def _content(message: Fields) -> Content:
    if isinstance(message.members.get("content"), str):
        return Content(text=message.text("content"))
    texts: list[str] = []
    files: list[FileReference] = []
    for element, place in message.items("content", most=MAX_ITEMS):
        part = Fields(element, place)
        kind = part.text("type")
        if kind in ("text", "refusal"):
            texts.append(part.text(kind))
        else:
            files.append(_file(part, kind, f"file_{len(files)}"))
    return Content(text="\n\n".join(texts), files=tuple(files))


def _file(part: Fields, kind: str, file_id: str) -> FileReference:
    if kind == "image_url":
        return file_of(part.inner("image_url").name("url"), kind="image", file_id=file_id)
    if kind != "file":
        raise unsupported(part, "type", f"{kind} is none of text, image_url, file")
    file = part.inner("file")
    if not file.has("file_data"):
        raise unsupported(file, "file_id", "files are not kept here: give file_data, a data: address")
    filename = file.text_or_none("filename")
    return file_of(file.name("file_data"), kind="file", file_id=file_id, filename=filename)
