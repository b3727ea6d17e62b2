"""Owns the table of rules: to add one, add its file and its line here."""

from __future__ import annotations

from collections.abc import Callable

from mainspring.language.rules.anthropic_options import anthropic_options
from mainspring.language.rules.context_management import context_management
from mainspring.language.rules.deprecated_resources import deprecated_resources
from mainspring.language.rules.fast_models import fast_models
from mainspring.language.rules.handled_triggers import handled_triggers
from mainspring.language.rules.known_threads import known_threads
from mainspring.language.rules.prompt_names import prompt_names
from mainspring.language.rules.said_nothing import said_nothing
from mainspring.language.rules.unsupported import unsupported
from mainspring.language.rules.unused_references import unused_references
from mainspring.language.unit import Unit
from mainspring.model.program import Program

Rule = Callable[[Unit, Program], None]

RULES: tuple[Rule, ...] = (
    handled_triggers,
    known_threads,
    prompt_names,
    anthropic_options,
    fast_models,
    context_management,
    deprecated_resources,
    said_nothing,
    unused_references,
    unsupported,
)
