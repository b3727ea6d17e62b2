"""Owns how a thread talks to its model: the members that `agent` and `start-thread` have in common."""

from __future__ import annotations

from collections.abc import Iterable

from mainspring.language import operands
from mainspring.language.mappings import mapping_for
from mainspring.language.places import Place, Section, listed
from mainspring.language.scope import Scope
from mainspring.language.unit import Unit
from mainspring.model.program import Operand, ThreadConfig
from mainspring.model.values import Json

MEDIA_MODELS = ("imageModel", "videoModel", "speechModel", "transcriptionModel")
SHARED = (
    "model",
    "backupModel",
    "onInterrupted",
    "system",
    "input",
    "tools",
    "workers",
    "references",
    "todoList",
    "maxSteps",
    "temperature",
    "thinking",
    "speed",
    "cache",
    "maxToolOutputTokens",
    "maxImageDimension",
    "maxOutputTokens",
    "loopGuard",
    "skills",
    "mcpServers",
    "onDemandMcpServers",
    "sandboxTimeout",
    "imageModel",
    "webSearch",
)
AGENT = (
    *SHARED,
    "agentic",
    "videoModel",
    "speechModel",
    "transcriptionModel",
    "speechVoice",
    "contextManagement",
    "anthropic",
)
_LISTS = (
    ("tools", "tool", "tools"),
    ("workers", "worker", "workers"),
    ("references", "reference", "references/"),
    ("skills", "skill", "skills"),
    ("mcpServers", "mcp server", "mcpServers"),
    ("onDemandMcpServers", "mcp source", "onDemandMcpServers"),
)
_OPTIONS = (
    "skills",
    "mcpServers",
    "onDemandMcpServers",
    "sandboxTimeout",
    *MEDIA_MODELS,
    "speechVoice",
    "webSearch",
    "contextManagement",
    "anthropic",
)
_HOUR = 3_600_000


def read_thread(section: Section, unit: Unit, scope: Scope, *, system: str | None = None) -> ThreadConfig:
    """The settings of a thread; what is wrong is left out. `system`: the prompt that is assumed."""
    written = section.get("system")
    prompt = system if written is None else read_prompt(written, unit)
    lists = {key: _names(section, (key, kind, home), unit) for key, kind, home in _LISTS}
    _check_options(section, scope)
    return ThreadConfig(
        model=operands.dynamic(section, "model", scope, operands.model),
        backup_models=_backups(section, scope),
        system=prompt,
        input=mapping_for(section, prompt, unit, scope),
        tools=lists["tools"],
        workers=lists["workers"],
        references=lists["references"],
        todo_list=section.flag("todoList"),
        agentic=section.flag("agentic"),
        max_steps=operands.dynamic(section, "maxSteps", scope, operands.max_steps),
        temperature=operands.dynamic(section, "temperature", scope, operands.temperature),
        thinking=operands.dynamic(section, "thinking", scope, operands.thinking),
        speed=operands.dynamic(section, "speed", scope, operands.speed),
        cache=section.choice("cache", ("auto", "extended", "off"), default="auto"),
        max_tool_output_tokens=section.integer("maxToolOutputTokens"),
        max_image_dimension=section.integer("maxImageDimension"),
        max_output_tokens=section.integer("maxOutputTokens"),
        loop_guard=section.flag("loopGuard"),
        on_interrupted=section.choice("onInterrupted", ("keep", "restart"), default="keep"),
        options=_options(section),
    )


def _backups(section: Section, scope: Scope) -> tuple[Operand, ...]:
    """The models to ask instead, in order: one, or a list; doubled ones are complained about."""
    place = section.get("backupModel")
    if place is None:
        return ()
    found: list[Operand] = []
    for item in place.items() if isinstance(place.value, list) else (place,):
        operand = operands.dynamic_at(item, scope, operands.model)
        if operand in found:
            item.warn("duplicate-name", f"`{item.value}` is listed twice")
        elif operand is not None:
            found.append(operand)
    return tuple(found)


def read_prompt(place: Place, unit: Unit) -> str | None:
    """The name of a prompt that is there."""
    name = place.text()
    if name is None or name in unit.prompts:
        return name
    plain = name.removesuffix(".md").removeprefix("prompts/")
    hint = f"name it `{plain}`" if plain in unit.prompts else ""
    message = f"there is no prompt `{name[:80]}`: the file would be `prompts/{plain[:80]}.md`"
    place.error("unknown-prompt", message, allowed=tuple(unit.prompts), hint=hint)
    return None


def agentic_by_steps(steps: Operand | None) -> bool:
    """A thread of its own takes several steps if it says that it may."""
    return steps is not None and (steps.variable is not None or steps.literal > 1)


def _names(section: Section, what: tuple[str, str, str], unit: Unit) -> tuple[str, ...]:
    """A list of declared names; doubled ones are complained about."""
    key, kind, home = what
    declared = unit.names[kind]
    found: dict[str, None] = {}
    for item in section.items(key):
        name = item.text()
        if name is not None and name not in declared:
            _unknown(item, name, (kind, home), declared)
        elif name is not None and name in found:
            item.warn("duplicate-name", f"`{name}` is listed twice")
        elif name is not None:
            found[name] = None
    return tuple(found)


def _unknown(place: Place, name: str, what: tuple[str, str], declared: Iterable[str]) -> None:
    kind, home = what
    said = {"mcp server": "MCP server", "mcp source": "MCP source"}.get(kind, kind)
    code = f"unknown-{kind.replace(' ', '-')}"
    place.error(code, f"there is no {said} `{name[:80]}` in `{home}`", allowed=tuple(declared))


def _options(section: Section) -> dict[str, Json]:
    return {key: place.json() for key in _OPTIONS if (place := section.get(key)) is not None}


def _check_options(section: Section, scope: Scope) -> None:
    """The members that are compiled and checked, but not run."""
    section.integer("sandboxTimeout", most=_HOUR)
    section.flag("webSearch")
    for key in MEDIA_MODELS:
        operands.dynamic(section, key, scope, operands.model)
    operands.dynamic(section, "speechVoice", scope, Place.text)
    voice = section.get("speechVoice")
    if voice is not None and section.get("speechModel") is None:
        voice.error("missing-key", "`speechVoice` stands only beside `speechModel`")
    context = section.get("contextManagement")
    if context is not None:
        _check_context(context)
    anthropic = section.get("anthropic")
    if anthropic is not None:
        _check_anthropic(anthropic)


def _check_context(place: Place) -> None:
    section = place.section(
        ("summarizerWorker", "thresholdPercent", "recentPercent", "window", "recentWindow")
    )
    if section is not None:
        section.text("summarizerWorker")
        section.integer("thresholdPercent", least=1, most=100)
        section.integer("recentPercent", least=0, most=100)
        section.integer("window")


_PROVIDER_TOOLS = ("web-search", "code-execution")


def _check_anthropic(place: Place) -> None:
    section = place.section(("tools", "skills"))
    if section is None:
        return
    for name, tool in section.members("tools"):
        if name not in _PROVIDER_TOOLS:
            message = f"anthropic has no tool `{name[:80]}`: there are {listed(_PROVIDER_TOOLS)}"
            tool.error("unknown-tool", message, allowed=_PROVIDER_TOOLS)
        inner = None if tool.is_null else tool.section(("display", "title", "description"))
        if inner is not None:
            _shown(inner)
    for _, skill in section.members("skills"):
        inner = skill.section(("type", "version", "display", "title", "description"))
        if inner is not None:
            kind = inner.need("type")
            if kind is not None:
                kind.choice(("anthropic", "custom"))
            _shown(inner)


def _shown(section: Section) -> None:
    section.choice("display", ("hidden", "name", "description", "stream", "title"), default="description")
    section.text("title")
    section.text("description")
