"""Writes the tables of the reference of providers from the code."""

from collections.abc import Iterator

from mainspring.providers.chat_quirks import Family, Quirks, SchemaAs
from mainspring.providers.endpoints import ENDPOINTS, WireName

_WIRES: dict[WireName, str] = {
    "anthropic": "Messages",
    "gemini": "Gemini",
    "openai": "Responses at OpenAI, else Chat Completions",
    "openai-chat": "Chat Completions",
    "openai-responses": "Responses",
}
_SCHEMAS: dict[SchemaAs, str] = {
    "json_schema": "schema",
    "json_object": "`json_object`, schema in words",
    "words": "schema in words",
}


def provider_table() -> str:
    """Who is called where, with which key, by which wire."""
    lines = ["| provider | key | address | if not set | wire |", "| --- | --- | --- | --- | --- |"]
    for name, endpoint in ENDPOINTS.items():
        key = f"`{endpoint.key}`" + (", if it wants one" if endpoint.keyless else "")
        address = f"`{endpoint.url}`" if endpoint.url else "has to be set"
        lines.append(f"| `{name}` | {key} | `{endpoint.base}` | {address} | {_WIRES[endpoint.wire]} |")
    return "\n".join(lines) + "\n"


def quirks_table() -> str:
    """Where the servers of Chat Completions differ."""
    lines = [
        "| provider | models | limit | thinking | structured answers | besides |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, endpoint in ENDPOINTS.items():
        quirks = endpoint.quirks
        if endpoint.wire not in {"openai", "openai-chat"}:
            continue
        besides = "; ".join(_besides(quirks))
        lines.append(
            f"| `{name}` | all | `{quirks.limit}` | {_thinking(quirks)} | {_schema(quirks)} | {besides} |"
        )
        lines += [_family(family, quirks) for family in quirks.families]
    return "\n".join(lines) + "\n"


def _family(family: Family, quirks: Quirks) -> str:
    names = "`, `".join(family.names.replace("\\", "").split("|"))
    own = quirks.of_family(family)
    refuses = f"without `{'`, `'.join(family.refuses)}`" if family.refuses else ""
    return f"| | `{names}` | | {_thinking(own)} | {_schema(own)} | {refuses} |"


def _thinking(quirks: Quirks) -> str:
    if quirks.by_model:
        return "`reasoning_effort`, words by the model's generation"
    if not quirks.efforts:
        return "not told"
    words = quirks.efforts
    said = ", ".join(f"{ours} → {theirs}" for ours, theirs in words.items() if ours != theirs)
    as_member = {
        "reasoning_effort": "`reasoning_effort`",
        "reasoning": "`reasoning.effort`",
        "reasoning-switch": "`reasoning.enabled`",
        "thinking-switch": "`thinking.type`",
        "template-switch": "`chat_template_kwargs.enable_thinking`",
    }[quirks.thinking_as]
    if quirks.thinking_as.endswith("-switch"):
        return f"{as_member}, on and off"
    return f"{as_member}: {said}" if said else as_member


def _schema(quirks: Quirks) -> str:
    return _SCHEMAS[quirks.schema_as] + ("" if quirks.schema_beside_tools else "; in words beside tools")


def _besides(quirks: Quirks) -> Iterator[str]:
    if quirks.auth != "Authorization":
        yield f"key in the header `{quirks.auth}`"
    if quirks.reasoning_back:
        yield f"its reasoning goes back as `{quirks.reasoning_back}`"
    if not quirks.usage_option:
        yield "usage comes unasked"
    if quirks.strict_turns:
        yield "ids of calls are nine letters and digits; an answer stands between results and a question"
