"""Owns which model answers while an agent is worked on: a real one where its key is there, else the folder's script."""

from __future__ import annotations

from mainspring.model.errors import ProviderError
from mainspring.model.program import Block, Operand, Program, StartThread
from mainspring.providers.script import Script
from mainspring.providers.scripted import ScriptedCompleter
from mainspring.runtime.ports import Clock, Completer, Completers


class DevModels:
    """A `Completers`: those of `real`; where they refuse a model, `script` plays it. The script may be exchanged."""

    def __init__(self, real: Completers, clock: Clock, script: Script | None) -> None:
        self.script = script
        self._real = real
        self._clock = clock

    def find(self, model: str, /) -> Completer:
        """Who answers as `model`; raises `ProviderError` if nobody does."""
        try:
            return self._real.find(model)
        except ProviderError:
            if self.script is None:
                raise
            return ScriptedCompleter(self.script, self._clock)

    async def close(self) -> None:
        """Closes what the real ones hold open."""
        await self._real.close()

    def told(self, program: Program) -> list[str]:
        """For each model the program names, what a person should know about who answers; nothing: a real one does."""
        return [text for model in models_of(program) if (text := self._told(model))]

    def _told(self, model: str) -> str:
        try:
            self._real.find(model)
        except ProviderError as error:
            if self.script is None:
                return f"{model} cannot answer: {error.message}"
            if model.startswith("scripted/"):
                return f"script.yaml answers as {model}"
            return f"script.yaml answers as {model}: {error.message}"
        return ""


def models_of(program: Program) -> list[str]:
    """The models that a program names, as far as it says them itself."""
    found: list[str] = []
    configs = [] if program.agent is None else [program.agent]
    configs += [block.config for block in _blocks(program) if isinstance(block, StartThread)]
    for config in configs:
        model = _named(config.model, program)
        if model and model not in found:
            found.append(model)
    return found


def _blocks(program: Program) -> list[Block]:
    blocks = [block for handler in program.handlers.values() for block in handler]
    return [*blocks, *program.steps]


def _named(operand: Operand | None, program: Program) -> str:
    if operand is None:
        return ""
    if operand.variable is None:
        return str(operand.literal or "")
    declared = program.input.get(operand.variable)
    return "" if declared is None else str(declared.default or "")
