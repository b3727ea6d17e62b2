"""Owns `tool-call`: a tool is called without the model."""

from __future__ import annotations

from collections.abc import Mapping

from mainspring.language.draft import BlockKind, Draft
from mainspring.language.operands import arguments
from mainspring.language.report import did_you_mean
from mainspring.model.program import CallTool, Operand


def _read(draft: Draft) -> CallTool | None:
    place = draft.section.need("tool")
    name = None if place is None else place.text()
    names = draft.unit.names["tool"]
    if place is not None and name is not None and name not in names:
        place.error("unknown-tool", f"there is no tool `{name[:80]}` in `tools`", allowed=names)
    values = arguments(draft.section, draft.scope)
    shown, output = draft.shown("description"), draft.output()
    if name is None:
        return None
    _check_arguments(name, values, draft)
    return CallTool(**shown, tool=name, input=values, output=output)


def _check_arguments(name: str, values: Mapping[str, Operand], draft: Draft) -> None:
    """The tool decides in the end; a likely slip is worth a warning."""
    tool = draft.unit.tools.get(name)
    if tool is None:
        return
    for key, place in draft.section.members("input"):
        if key not in tool.parameters:
            hint = did_you_mean(key, tool.parameters)
            place.warn("unknown-parameter", f"the tool `{name}` has no parameter `{key[:80]}`", hint=hint)
    for key, parameter in tool.parameters.items():
        if not parameter.optional and key not in values:
            at = draft.section.get("input") or draft.section.place
            at.warn("missing-parameter", f"the tool `{name}` needs the parameter `{key}`")


TOOL_CALL = BlockKind(name="tool-call", members=("tool", "input", "output"), read=_read)
