"""Owns what every wire says in the same words: tool results and files as text."""

from __future__ import annotations

from mainspring.model.parts import FileReference, ToolResultPart
from mainspring.model.values import encode_json


def result_text(part: ToolResultPart) -> str:
    """A tool result as a model reads it: text as it is, other values as JSON."""
    if part.error is not None:
        return f"Error: {part.error}"
    return part.output if isinstance(part.output, str) else encode_json(part.output).decode()


def file_text(file: FileReference) -> str:
    """A file that the wire cannot show: its name, type and address (unless the address is the file itself)."""
    address = "" if file.url.startswith("data:") else f": {file.url}"
    return f"[file {file.filename or file.id} ({file.media_type}){address}]"
