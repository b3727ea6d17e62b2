"""Owns the rule for names in prompts: conditions test names that exist, against words they can have."""

from __future__ import annotations

from mainspring.language.mappings import included
from mainspring.language.report import did_you_mean
from mainspring.language.templates import ConditionUse
from mainspring.language.unit import MappedPrompt, Unit
from mainspring.model.diagnostics import Diagnostic, Severity
from mainspring.model.program import Program
from mainspring.model.spans import Span

_ABSENT = "NONE"
"""What an optional input without a default is filled with."""


def prompt_names(unit: Unit, program: Program) -> None:
    """Check every prompt file that is used, with all its uses together: prompts are shared."""
    users: dict[str, list[MappedPrompt]] = {}
    for mapped in unit.mapped:
        for file in included(unit, mapped.prompt):
            users.setdefault(file, []).append(mapped)
    for file, together in users.items():
        for condition in unit.uses[file].conditions:
            _check_condition(unit, file, condition, together)
        for variable in unit.uses[file].variables:
            if not any(variable.name in user.input for user in together) and variable.name in _declared(unit):
                message = f"`{variable.name}` is not in the `input` of the prompt: the text stays as written"
                _complain(unit, file, variable.span, ("unmapped-variable", message), severity="warning")


def _check_condition(unit: Unit, file: str, use: ConditionUse, users: list[MappedPrompt]) -> None:
    condition = use.condition
    sources = [(user, user.input[condition.variable]) for user in users if condition.variable in user.input]
    if not sources:
        _unmapped(unit, file, use, users)
        return
    if condition.operator not in {"equals", "differs"}:
        return
    for user, source in sources:
        visible = user.visible.get(source)
        declared = None if visible is None else visible.declared
        words = () if declared is None else declared.enum
        absent = declared is not None and declared.optional and not declared.has_default
        if words and condition.literal not in words and not (absent and condition.literal == _ABSENT):
            message = f"`{condition.variable}` can never be `{condition.literal[:80]}`"
            _complain(unit, file, use.span, ("bad-value", message), allowed=words)


def _unmapped(unit: Unit, file: str, use: ConditionUse, users: list[MappedPrompt]) -> None:
    name = use.condition.variable
    visible = sorted({known for user in users for known in user.visible})
    if name in visible or name in _declared(unit):
        message = f"`{name}` is not in the `input` of the prompt: the condition sees nothing"
        _complain(unit, file, use.span, ("unmapped-variable", message), severity="warning")
    else:
        message = f"no input, variable or resource is called `{name[:80]}`"
        _complain(unit, file, use.span, ("unknown-variable", message), allowed=tuple(visible))


def _declared(unit: Unit) -> set[str]:
    triggers = [name for trigger in unit.triggers.values() for name in trigger.input]
    return {*unit.input, *unit.variables, *unit.resources, *triggers}


def _complain(
    unit: Unit,
    file: str,
    span: Span,
    what: tuple[str, str],
    *,
    allowed: tuple[str, ...] = (),
    severity: Severity = "error",
) -> None:
    word = what[1].rpartition("`")[0].rpartition("`")[2]
    unit.report.add(
        Diagnostic(
            code=what[0],
            message=what[1],
            severity=severity,
            path=f"prompts.{file}",
            span=span,
            allowed=allowed,
            hint=did_you_mean(word, allowed) if allowed else "",
        )
    )
