"""Owns the `tools.py` of an agent's folder: loading it, and running its functions for tool calls.

`TOOLS` names a function for each tool; without it the function of `get-order` is `get_order`. A function takes the
arguments as one dictionary and returns what is JSON; it may be `async`. What it raises is told to the model.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, Final, cast

import msgspec

from mainspring.cli.exits import MissingFile, Refused
from mainspring.cli.turns import ToolCall, ToolFailed
from mainspring.model.values import Json

FILE: Final = "tools.py"
_MODULE: Final = "mainspring_agent_tools"


class _Fresh(SourceFileLoader):
    """Reads the source every time and leaves no bytecode in the folder."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


class ToolFile:
    """The functions of one file. Raises `MissingFile`, and `Refused` if it cannot be loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._members: dict[str, Any] = {}
        self.load()

    def load(self) -> None:
        """Reads the file (again); what it held before stays if that fails."""
        if not self.path.is_file():
            raise MissingFile(f"There is no file {self.path}.")
        loader = _Fresh(_MODULE, str(self.path))
        spec = importlib.util.spec_from_loader(_MODULE, loader)
        module = importlib.util.module_from_spec(cast(Any, spec))
        before = sys.modules.get(_MODULE)
        sys.modules[_MODULE] = module
        folder = str(self.path.resolve().parent)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        try:
            loader.exec_module(module)
        except Exception as error:
            if before is not None:
                sys.modules[_MODULE] = before
            raise Refused(f"{_place(error, self.path)}: {_said(error)}", code="TOOLS_FAILED") from error
        self._members = dict(vars(module))

    def find(self, name: str) -> Callable[[dict[str, Json]], Json] | None:
        """The function of a tool, if there is one."""
        table = self._members.get("TOOLS")
        found: object = None
        if isinstance(table, dict):
            found = cast("dict[str, object]", table).get(name)
        else:
            found = self._members.get(name.replace("-", "_"))
        return cast("Callable[[dict[str, Json]], Json]", found) if callable(found) else None

    def run(self, call: ToolCall) -> Json:
        """What the function of a call returns, as JSON; raises `ToolFailed`."""
        function = self.find(call.tool_name)
        if function is None:
            raise ToolFailed(f"There is no tool {call.tool_name} in {self.path.name}.")
        try:
            result = function(call.args)
            if inspect.iscoroutine(result):
                result = asyncio.run(result)
        except Exception as error:
            raise ToolFailed(_said(error)) from error
        try:
            return msgspec.json.decode(msgspec.json.encode(result))
        except (TypeError, ValueError, msgspec.MsgspecError) as error:
            raise ToolFailed(f"{call.tool_name} returned what is not JSON: {error}") from error


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _place(error: Exception, path: Path) -> str:
    """The line of the file an error comes from."""
    if isinstance(error, SyntaxError):
        return f"{path.name}:{error.lineno}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f"{path.name}:{lines[-1]}" if lines else path.name
