"""Owns reference files: a frontmatter with a description, then the document itself."""

from __future__ import annotations

import re

from mainspring.language.reader import read_yaml, unreadable
from mainspring.language.syntax import MapNode, ScalarNode, kind_of
from mainspring.model.agents import ReferenceFile
from mainspring.model.diagnostics import Diagnostic, has_errors
from mainspring.model.spans import Span

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
FRONTMATTER = re.compile(r"---[ \t]*\r?\n(?P<head>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
SHAPE = "begin the file with `---`, a line `description: what it holds and when to read it`, and `---`"


def parse_reference(name: str, text: str) -> tuple[ReferenceFile | None, list[Diagnostic]]:
    """A reference from the text of `references/<name>.md`, and what is wrong with it; never raises.

    The frontmatter needs a `description`; other members are allowed and not used.
    """
    file = reference_path(name)
    if not NAME.fullmatch(name):
        message = f"`{name}` is not a reference name"
        return None, [_problem("reference-name", message, name, hint="names are lowercase-with-dashes")]
    text = text.removeprefix("\ufeff")
    if (refused := unreadable(text, file)) is not None:
        return None, [refused]
    found = FRONTMATTER.match(text)
    if found is None:
        message = "the reference has no frontmatter"
        return None, [_problem("reference-frontmatter", message, name, hint=SHAPE)]
    # A blank line stands for the opening one, so that places in the frontmatter are places in the file.
    tree, diagnostics = read_yaml("\n" + found["head"], file)
    if has_errors(diagnostics):
        return None, diagnostics
    description, problem = _description(tree if isinstance(tree, MapNode) else None, name)
    if problem is not None:
        return None, [*diagnostics, problem]
    content = text[found.end() :].lstrip("\r\n")
    return ReferenceFile(name=name, description=description, content=content), diagnostics


def reference_path(name: str) -> str:
    """The file of a reference, as diagnostics name it."""
    return f"references/{name}.md"


def _description(tree: MapNode | None, name: str) -> tuple[str, Diagnostic | None]:
    entry = None if tree is None else tree.entry("description")
    if entry is None:
        return "", _problem("reference-description", "the frontmatter needs `description`", name, hint=SHAPE)
    node = entry.value
    if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value.strip():
        return node.value.strip(), None
    empty = isinstance(node, ScalarNode) and (node.value is None or isinstance(node.value, str))
    message = "`description` is empty" if empty else f"`description` has to be text, not {kind_of(node)}"
    return "", _problem("reference-description", message, name, span=entry.key_span)


def _problem(code: str, message: str, name: str, *, hint: str = "", span: Span | None = None) -> Diagnostic:
    return Diagnostic(
        code=code,
        message=message,
        path=f"references.{name}",
        span=span or Span(file=reference_path(name)),
        hint=hint,
    )
