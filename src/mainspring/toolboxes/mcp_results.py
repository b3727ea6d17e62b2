"""Owns what the result of an MCP tool becomes: an output for the model, files, or the text of an error."""

from __future__ import annotations

from typing import Final

from mainspring.model.json_shape import is_list, is_object
from mainspring.model.parts import FileReference
from mainspring.model.values import Json, encode_json
from mainspring.runtime.tool_calls import ToolOutcome
from mainspring.runtime.tool_output import shorten

NO_REASON: Final = "The tool failed and did not say why."


class _Reader:
    """Reads the blocks of one result."""

    def __init__(self, call_id: str, room: int) -> None:
        self._call_id = call_id
        self._room = room
        self.texts: list[str] = []
        self.files: list[FileReference] = []

    def read(self, block: dict[str, Json]) -> None:
        """One block of content."""
        kind = block.get("type")
        if kind == "text":
            self.texts.append(str(block.get("text") or ""))
        elif kind in ("image", "audio"):
            self._file(str(block.get("data") or ""), block.get("mimeType"), str(kind))
        elif kind == "resource":
            self._resource(block.get("resource"))
        elif kind == "resource_link":
            title = block.get("title") or block.get("name") or "resource"
            self.texts.append(f"[{title}: {block.get('uri')}]")
        else:
            self.texts.append(f"[content of the kind {kind!r} is left out]")

    def _resource(self, resource: Json) -> None:
        if not is_object(resource):
            return
        uri = str(resource.get("uri") or "")
        if isinstance(resource.get("text"), str):
            self.texts.append(f"[{uri}]\n{resource['text']}")
        else:
            self._file(
                str(resource.get("blob") or ""), resource.get("mimeType"), uri.rpartition("/")[2] or uri
            )

    def _file(self, data: str, media_type: Json, name: str) -> None:
        kind = str(media_type or "application/octet-stream")
        size = len(data) * 3 // 4
        if len(data) > self._room:
            self.texts.append(f"[{name}, {kind}, {size} bytes: too large, left out]")
            return
        self._room -= len(data)
        number = len(self.files) + 1
        self.files.append(
            FileReference(
                id=f"{self._call_id}_{number}",
                media_type=kind,
                url=f"data:{kind};base64,{data}",
                filename=name,
                size=size,
            )
        )


def outcome_of(call_id: str, result: dict[str, Json], *, most: int) -> ToolOutcome:
    """The outcome of a call that the server answered. `most`: bytes of text, and of files; more is left out."""
    reader = _Reader(call_id, most)
    content = result.get("content")
    for block in content if is_list(content) else []:
        if is_object(block):
            reader.read(block)
    text = "\n".join(reader.texts)
    if result.get("isError") is True:
        return ToolOutcome(error=_bounded(text or NO_REASON, most))
    structured = result.get("structuredContent")
    output: Json = text
    if structured is not None:
        output = structured
        if len(encode_json(structured)) > most:
            output = shorten(encode_json(structured).decode(), most)
    elif len(text) > most:
        output = shorten(text, most)
    return ToolOutcome(output=output, files=tuple(reader.files))


def _bounded(text: str, most: int) -> str:
    return text if len(text) <= most else shorten(text, most)
