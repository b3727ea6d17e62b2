"""Owns what every wire says in the same words: tool results and files as text."""

from __future__ import annotations

import base64
import re
from typing import Final

from mainspring.model.parts import FileReference, ToolResultPart
from mainspring.model.values import encode_json

LONGEST_FILE: Final = 200_000
"""Characters of a file that are told."""
_TEXT: Final = re.compile(
    r"data:(?:text/[\w.+-]+|application/(?:json|xml|(?:x-)?yaml))(?:;[\w=.-]+)*;base64,(.*)", re.DOTALL
)


def result_text(part: ToolResultPart) -> str:
    """A tool result as a model reads it: text as it is, other values as JSON."""
    if part.error is not None:
        return f"Error: {part.error}"
    return part.output if isinstance(part.output, str) else encode_json(part.output).decode()


def file_text(file: FileReference) -> str:
    """A file that the wire cannot show: its name, type and address; what a file of text within the request says."""
    named = f"file {file.filename or file.id} ({file.media_type})"
    text = _TEXT.fullmatch(file.url)
    if text is not None:
        return f"[{named}]\n{_said(text[1])}\n[end of {named}]"
    return f"[{named}]" if file.url.startswith("data:") else f"[{named}: {file.url}]"


def _said(encoded: str) -> str:
    try:
        said = base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
    except ValueError:
        return "... (not readable)"
    return said if len(said) <= LONGEST_FILE else f"{said[:LONGEST_FILE]}\n... (cut off)"
