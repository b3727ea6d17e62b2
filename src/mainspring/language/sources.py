"""Owns the checks of an agent's files before any is understood: their names, and that they are text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mainspring.language.names import SLUG
from mainspring.language.report import Report
from mainspring.language.templates import prompt_path
from mainspring.language.unit import Unit
from mainspring.model.agents import AgentSource
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.program import Reference
from mainspring.model.spans import Span

SETTINGS_FILE = "settings.json"
PROTOCOL_FILE = "protocol.yaml"
_SURROGATE = re.compile("[\ud800-\udfff]")


def readable(source: AgentSource, report: Report) -> bool:
    """Whether every file is text that can be stored and sent; complains about those that are not."""
    good = True
    for file, text in _texts(source):
        found = _SURROGATE.search(text)
        if found is not None:
            good = False
            report.add(_half(file, found))
    return good


def _half(file: str, found: re.Match[str]) -> Diagnostic:
    message = f"the character U+{ord(found.group()):04X} is half of another: the file is not UTF-8"
    return Diagnostic(
        code="bad-character", message=message, span=Span(file=file.encode("utf-8", "replace").decode())
    )


def _texts(source: AgentSource) -> Iterator[tuple[str, str]]:
    settings = source.settings
    yield SETTINGS_FILE, f"{settings.slug}{settings.name}{settings.description}"
    yield PROTOCOL_FILE, source.protocol
    for prompt in source.prompts:
        yield prompt_path(prompt.name), prompt.name + prompt.content
    for reference in source.references:
        yield reference_path(reference.name), reference.name + reference.description + reference.content


def reference_path(name: str) -> str:
    """The file of a reference, as diagnostics name it."""
    return f"references/{name}.md"


def check_settings(unit: Unit) -> None:
    """The members of `settings.json` that have rules."""
    settings = unit.source.settings
    if not SLUG.fullmatch(settings.slug):
        message = f"`{settings.slug[:80]}` is not a slug: write it in lowercase-with-dashes"
        unit.report.add(_complaint("bad-name", message, SETTINGS_FILE, "settings.slug"))
    if not settings.name.strip():
        unit.report.add(_complaint("empty-value", "`name` is empty", SETTINGS_FILE, "settings.name"))


def read_references(unit: Unit) -> None:
    """Put the reference documents into the unit."""
    for reference in unit.source.references:
        name, file = reference.name, reference_path(reference.name)
        path = f"references.{name}"
        if not SLUG.fullmatch(name):
            message = f"`{name[:80]}` is not the name of a reference: write it in lowercase-with-dashes"
            unit.report.add(_complaint("bad-name", message, file, path))
        elif name in unit.references:
            message = f"there are two references named `{name}`"
            unit.report.add(_complaint("duplicate-name", message, file, path))
        elif not reference.description.strip():
            message = "a reference needs a `description` in its frontmatter"
            unit.report.add(_complaint("missing-key", message, file, path))
        unit.references.setdefault(
            name, Reference(name=name, description=reference.description, content=reference.content)
        )
    unit.names["reference"] = tuple(unit.references)


def _complaint(code: str, message: str, file: str, path: str) -> Diagnostic:
    return Diagnostic(code=code, message=message, path=path, span=Span(file=file))
