"""Owns a Python file of tools: loading it, and its functions as tools, on either side of the boundary.

`TOOLS` names a function for each tool, or lists functions. Without it every function defined in the file is one, unless
its name begins with `_`: `get_order` is `get-order`. `PROBES`, if there, tells of calls whose outcome is unknown.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, Final, cast

from mainspring.cli.exits import MissingFile, Refused
from mainspring.cli.turns import ToolCall, ToolFailed
from mainspring.client.errors import InvalidTool
from mainspring.client.tools import Tool, ToolContext, ToolsGiven, tools_of
from mainspring.model.stream_events import PendingToolCall
from mainspring.model.values import Json
from mainspring.toolboxes.functions import FunctionBox

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
        self.tools: dict[str, Tool] = {}
        self.probes: dict[str, Tool] = {}
        self._boxes: list[FunctionBox] = []
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
        self._take(dict(vars(module)))

    def _take(self, members: dict[str, Any]) -> None:
        try:
            tools, probes = _tools_in(members, "TOOLS"), _tools_in(members, "PROBES")
            for box in self._boxes:
                box.replace(tools.values(), probes=probes.values())
        except InvalidTool as error:
            raise Refused(f"{self.path.name}: {error}", code="TOOLS_FAILED") from None
        self.tools, self.probes = tools, probes

    def find(self, name: str) -> Tool | None:
        """The tool of that name, if there is one."""
        return self.tools.get(name)

    def box(self) -> FunctionBox:
        """A tool box of its functions, which follows the file when it is loaded again. Raises `Refused`."""
        box = FunctionBox(self.tools.values(), probes=self.probes.values())
        self._boxes.append(box)
        return box

    def run(self, call: ToolCall) -> Json:
        """What the function of a call returns, as JSON; raises `ToolFailed`."""
        tool = self.find(call.tool_name)
        if tool is None:
            raise ToolFailed(f"There is no tool {call.tool_name} in {self.path.name}.")
        pending = PendingToolCall(
            tool_call_id=call.tool_call_id, tool_name=call.tool_name, args=call.args, source="llm"
        )
        context = ToolContext(
            call_id=call.tool_call_id, tool_name=call.tool_name, session_id="", execution_id=""
        )
        result = tool.run(pending, context)
        if result.error is not None:
            raise ToolFailed(result.error)
        return result.result


def _tools_in(members: dict[str, Any], name: str) -> dict[str, Tool]:
    """The tools that a file names, or (for `TOOLS`) all of its functions."""
    named = members.get(name)
    if named is not None:
        return tools_of(cast("ToolsGiven", named))
    own = [
        member
        for key, member in members.items()
        if inspect.isfunction(member) and member.__module__ == _MODULE and not key.startswith("_")
    ]
    return tools_of(own) if name == "TOOLS" else {}


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
