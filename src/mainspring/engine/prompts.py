"""Owns the rendering of prompts: one pass over a parsed template; a value is never read as a template.

Only mapped names are filled in. A name that is not mapped, or has no value, keeps its placeholder as written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from mainspring.model.program import Condition, ConditionalNode, Prompt, TemplateNode, TextNode, VariableNode
from mainspring.model.values import Json

# A string (kept as it is) or a whole number with a fraction of zero (loses the fraction).
STRING_OR_WHOLE = re.compile(r'("(?:[^"\\]|\\.)*")|(?<![\d.])(-?\d+)\.0(?![\deE])')
WHOLE = 1e16
"""Below this every whole float is written without an exponent."""


def render_prompt(prompt: Prompt, mapping: Mapping[str, str], values: Mapping[str, Json]) -> str:
    """The text of a prompt. `mapping`: name in the prompt -> name of the source; `values`: value by source."""
    written: list[str] = []
    open_nodes: list[Iterator[TemplateNode]] = [iter(prompt.nodes)]
    while open_nodes:
        node = next(open_nodes[-1], None)
        if node is None:
            open_nodes.pop()
        elif isinstance(node, TextNode):
            written.append(node.text)
        elif isinstance(node, VariableNode):
            value = _value(node.name, mapping, values)
            written.append(node.source if value is None else text_of(value))
        else:
            open_nodes.append(iter(_chosen(node, mapping, values)))
    return "".join(written)


def text_of(value: Json) -> str:
    """The string form of a value: text as it is, whole numbers without `.0`, else JSON, indented by 2."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < WHOLE:
        return str(int(value))
    if isinstance(value, (int, float)):
        return str(value)
    formatted = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return STRING_OR_WHOLE.sub(lambda match: match[1] or match[2], formatted)


def is_truthy(value: Json) -> bool:
    """False for absent (None), `false` and the strings "", "false", "0"; true for all else, the number 0 too."""
    if isinstance(value, str):
        return value not in ("", "false", "0")
    return value is not None and value is not False


def _value(name: str, mapping: Mapping[str, str], values: Mapping[str, Json]) -> Json:
    source = mapping.get(name)
    return None if source is None else values.get(source)


def _chosen(
    node: ConditionalNode, mapping: Mapping[str, str], values: Mapping[str, Json]
) -> tuple[TemplateNode, ...]:
    """The nodes of the first arm that holds; none: nothing."""
    for branch in node.branches:
        condition = branch.condition
        if condition is None or _holds(condition, _value(condition.variable, mapping, values)):
            return branch.nodes
    return ()


def _holds(condition: Condition, value: Json) -> bool:
    """Whether a condition is true; an absent value is falsy, equals nothing and differs from everything."""
    if condition.operator in ("truthy", "falsy"):
        return is_truthy(value) is (condition.operator == "truthy")
    same = value is not None and text_of(value) == condition.literal
    return same is (condition.operator == "equals")
