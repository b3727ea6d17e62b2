"""Owns the `script.yaml` of an agent's folder: the answers of the scripted model."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mainspring.model.diagnostics import Diagnostic
from mainspring.providers.script import InvalidScript, Script
from mainspring.providers.script_reader import load_script

SCRIPT: Final = "script.yaml"


def read_script(path: Path) -> Script | None:
    """The script of a file; None if there is none. Raises `InvalidScript`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        found = Diagnostic(code="unreadable-file", message=f"{path.name} cannot be read: {error}")
        raise InvalidScript(found.message, diagnostics=(found,)) from None
    return load_script(text, path.name)


def check_script(path: Path) -> tuple[tuple[Diagnostic, ...], dict[str, str]]:
    """What is wrong with the script of a file, and its text by name; nothing if there is none."""
    try:
        read_script(path)
    except InvalidScript as error:
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        return error.diagnostics, {path.name: text}
    return (), {}
