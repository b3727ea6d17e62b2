"""Owns how a thread's configuration becomes complete settings: dynamic members resolved, the prompt rendered."""

from __future__ import annotations

import math
import re

from mainspring.engine.prompts import render_prompt
from mainspring.engine.turn import Turn, block_failure
from mainspring.model.facts import ThreadStarted
from mainspring.model.json_shape import is_list
from mainspring.model.program import Operand, Program, ThreadConfig
from mainspring.model.session import Frame, Thread
from mainspring.model.values import Json

MODEL = re.compile(r"[a-z0-9][a-z0-9._-]*/\S+")
THINKING = ("low", "medium", "high", "max", "off")
DEFAULT_STEPS = 10
STEPS_WITHOUT_AGENTIC = 2


def _resolve(operand: Operand | None, values: dict[str, Json]) -> Json:
    if operand is None:
        return None
    return operand.literal if operand.variable is None else values.get(operand.variable)


def _bad(member: str, value: Json, allowed: str) -> Exception:
    return block_failure(f"{member} is {value!r}; allowed: {allowed}", error_type="protocol_error")


def _model(member: str, value: Json) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or MODEL.fullmatch(value) is None:
        raise _bad(member, value, "provider/model-id")
    return value


def _backups(config: ThreadConfig, values: dict[str, Json]) -> Json:
    """One model, or several in order; a variable may hold a list of them, and one that holds nothing is left out."""
    found: list[str | None] = []
    for operand in config.backup_models:
        value = _resolve(operand, values)
        several: list[Json] = value if is_list(value) else [value]
        found += [_model("backupModel", None if one == "" else one) for one in several]
    models = list(dict.fromkeys(model for model in found if model is not None))
    return models[0] if len(models) == 1 else models or None


def _number(value: Json) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _temperature(value: Json) -> float | None:
    if value is None or value in ("off", ""):
        return None
    number = None if isinstance(value, bool) else _number(value)
    if number is None or not 0 <= number <= 2:
        raise _bad("temperature", value, 'a number from 0 to 2, or "off"')
    return number


def _steps(config: ThreadConfig, values: dict[str, Json], *, named: bool) -> int:
    value = _resolve(config.max_steps, values)
    if value is None or not (config.agentic or named):
        return DEFAULT_STEPS if config.agentic else STEPS_WITHOUT_AGENTIC
    number = None if isinstance(value, bool) else _number(value)
    if number is None or number != int(number) or number < 1:
        raise _bad("maxSteps", value, "a whole number above 0")
    return int(number)


def _choice(member: str, value: Json, allowed: tuple[str, ...]) -> str | None:
    if value is None or value == "":
        return None
    if value not in allowed:
        raise _bad(member, value, ", ".join(allowed))
    return str(value)


def resolve_settings(
    config: ThreadConfig, values: dict[str, Json], *, named: bool, fallback_model: Operand | None = None
) -> dict[str, Json]:
    """The complete settings of a thread; members that are not set are absent.

    Raises `BlockFailed` (`protocol_error`) for a dynamic value that is not allowed.
    """
    model = _model("model", _resolve(config.model, values) or _resolve(fallback_model, values))
    if model is None:
        raise _bad("model", None, "provider/model-id, or a variable that holds one")
    settings: dict[str, Json] = {
        "model": model,
        "backupModel": _backups(config, values),
        "temperature": _temperature(_resolve(config.temperature, values)),
        "thinking": _choice("thinking", _resolve(config.thinking, values), THINKING),
        "speed": _choice("speed", _resolve(config.speed, values), ("fast", "standard")),
        "maxSteps": _steps(config, values, named=named),
        "cache": config.cache,
        "tools": list(config.tools) or None,
        "workers": list(config.workers) or None,
        "references": list(config.references) or None,
        "mcpServers": config.options.get("mcpServers") or None,
        "onDemandMcpServers": config.options.get("onDemandMcpServers") or None,
        "todoList": config.todo_list or None,
        "maxOutputTokens": config.max_output_tokens,
        "loopGuard": config.loop_guard or None,
        "contextManagement": config.options.get("contextManagement") or None,
        "maxToolOutputTokens": config.max_tool_output_tokens,
        "maxImageDimension": config.max_image_dimension,
        "onInterrupted": None if config.on_interrupted == "keep" else config.on_interrupted,
    }
    return {name: value for name, value in settings.items() if value is not None}


def render_system(program: Program, config: ThreadConfig, values: dict[str, Json]) -> str | None:
    """The system prompt with the mapped names filled in."""
    prompt = program.prompts.get(config.system or "")
    return None if prompt is None else render_prompt(prompt, config.input, values)


def ensure_thread(turn: Turn, frame: Frame, name: str) -> Thread:
    """The thread a block talks in; the main thread of an interactive agent takes its settings anew each time."""
    threads = turn.scope(frame.id).threads
    program = turn.program(frame)
    if name != "main" or program.agent is None:
        if name not in threads:
            raise block_failure(f'thread "{name}" was not started', error_type="protocol_error")
        return threads[name]
    values = turn.values(frame)
    system = render_system(program, program.agent, values)
    settings = resolve_settings(program.agent, values, named=False)
    before = threads.get(name)
    if before is None or (before.system, before.settings) != (system, settings):
        turn.emit(ThreadStarted(frame=frame.id, thread=name, system=system, settings=settings, keep=True))
    return turn.scope(frame.id).threads[name]
