"""Owns prompts: their text in, resolved templates and diagnostics out.

`parse_prompts(prompts)` gives every prompt by name, includes resolved, even where diagnostics say that something is
wrong (a bad include or tag counts as empty). It also refuses bad and doubled names. `uses(prompt)` gives what the
text of one file mentions, with places, includes not followed: check each file once and each mistake is named once.

The text is taken as it stands, but for the line break that ends a file's last line: it is not part of what is said.
What is not one of our forms stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from mainspring.language.report import did_you_mean
from mainspring.language.template_tags import Fault, Places, Tag, scan
from mainspring.model.agents import PromptFile
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.program import (
    Branch,
    Condition,
    ConditionalNode,
    Prompt,
    TemplateNode,
    TextNode,
    VariableNode,
)
from mainspring.model.spans import Span

NESTING = 32
"""How deep conditionals may nest in one file."""
RESOLVED_NESTING = 64
"""How deep they may nest with includes resolved."""
RESOLVED_CHARACTERS = 1_048_576
"""The most text of one prompt with includes resolved."""
ALL_CHARACTERS = 4 * RESOLVED_CHARACTERS
"""The most text of all prompts of an agent with includes resolved."""
REPORTED = 100
"""The most diagnostics of one severity; a flood of mistakes is as useful cut short."""
LISTED = 20

FINAL_BREAK = re.compile(r"\r?\n\Z")
NAME = re.compile(r"[a-z0-9][a-z0-9-]*(?:/[a-z0-9][a-z0-9-]*)*")


class VariableUse(msgspec.Struct, frozen=True):
    """`{{NAME}}` at a place."""

    name: str
    span: Span


class ConditionUse(msgspec.Struct, frozen=True):
    """A condition of `{{#if}}` or `{{else if}}`; `span` is the condition itself, without the braces."""

    condition: Condition
    span: Span


class PromptUses(msgspec.Struct, frozen=True):
    """What the text of one prompt file mentions, in order; `includes` are names of prompts as written."""

    variables: tuple[VariableUse, ...]
    conditions: tuple[ConditionUse, ...]
    includes: tuple[str, ...]


class _Include(msgspec.Struct):
    """`{{@path.md}}`; `target` None: it may not be followed."""

    target: str | None
    written: str
    span: Span


class _Choice(msgspec.Struct):
    """A conditional whose arms may still hold includes."""

    arms: list[tuple[Condition | None, list[_Piece]]]
    opened: Tag
    closed_by_else: bool = False


_Piece: TypeAlias = TextNode | VariableNode | _Include | _Choice


class _Draft(msgspec.Struct):
    """A file's own pieces and includes; then, once resolved, its nodes and their measures."""

    name: str
    pieces: list[_Piece]
    includes: list[_Include]
    characters: int
    nesting: int
    nodes: tuple[TemplateNode, ...] = ()


class _Report:
    """Collects diagnostics, up to a bound."""

    def __init__(self) -> None:
        self.errors: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []

    @property
    def full(self) -> bool:
        """Whether no further error would be kept."""
        return len(self.errors) >= REPORTED

    def add(self, diagnostic: Diagnostic) -> None:
        """Keeps a diagnostic, or drops it if there are enough of its severity."""
        kept = self.errors if diagnostic.severity == "error" else self.warnings
        if len(kept) < REPORTED:
            kept.append(diagnostic)


def parse_prompts(prompts: Sequence[PromptFile]) -> tuple[dict[str, Prompt], list[Diagnostic]]:
    """Every prompt by name, in the order given, and what is wrong with them; never raises."""
    report = _Report()
    drafts: dict[str, _Draft] = {}
    for prompt in prompts:
        if _acceptable(prompt.name, drafts, report):
            drafts[prompt.name] = _Parser(prompt, report).parse()
    for draft in drafts.values():
        for include in draft.includes:
            if not report.full:
                _check_include(include, draft.name, drafts, report)
    _resolve(drafts, report)
    found = {name: Prompt(name=name, nodes=draft.nodes) for name, draft in drafts.items()}
    return found, report.errors + report.warnings


def uses(prompt: PromptFile) -> PromptUses:
    """The variables, conditions and includes in the text of one file; malformed ones are left out."""
    places = Places(prompt_path(prompt.name), prompt.content)
    variables: list[VariableUse] = []
    conditions: list[ConditionUse] = []
    includes: list[str] = []
    for tag in scan(prompt.content):
        if isinstance(tag, Fault):
            continue
        if tag.kind == "variable":
            variables.append(VariableUse(tag.name, places.span(tag.start, tag.end)))
        elif tag.kind == "include":
            includes.append(tag.name.removesuffix(".md"))
        elif tag.condition is not None:
            conditions.append(ConditionUse(tag.condition, places.span(*tag.inner)))
    return PromptUses(tuple(variables), tuple(conditions), tuple(includes))


def prompt_path(name: str) -> str:
    """The file of a prompt, as diagnostics name it."""
    return f"prompts/{name}.md"


def _acceptable(name: str, taken: dict[str, _Draft], report: _Report) -> bool:
    """Whether a prompt's own name is good and new; a diagnostic if not."""
    if not NAME.fullmatch(name):
        code, message = "prompt-name", f"`{name}` is not a prompt name"
        hint = "names are lowercase-with-dashes; `/` separates folders below `prompts/`"
    elif name in taken:
        code, message, hint = "prompt-duplicate", f"there are two prompts named `{name}`", ""
    else:
        return True
    span = Span(file=prompt_path(name))
    report.add(Diagnostic(code=code, message=message, path=f"prompts.{name}", span=span, hint=hint))
    return False


class _Parser:
    """Reads one file into a draft: balances conditionals and reports what is malformed."""

    def __init__(self, prompt: PromptFile, report: _Report) -> None:
        self._prompt = prompt
        self._text = FINAL_BREAK.sub("", prompt.content)
        self._places = Places(prompt_path(prompt.name), prompt.content)
        self._report = report
        self._root: list[_Piece] = []
        self._open: list[_Choice] = []
        self._includes: list[_Include] = []
        self._nesting = 0
        self._read = 0

    def parse(self) -> _Draft:
        """The draft of the file."""
        for found in scan(self._text):
            if isinstance(found, Fault):
                self._complain(found)
            else:
                self._take(found)
        self._text_until(len(self._text))
        for choice in self._open:
            self._unbalanced(choice.opened, "this `{{#if}}` is never closed", "add `{{/if}}` after its text")
        return _Draft(self._prompt.name, self._root, self._includes, len(self._text), self._nesting)

    @property
    def _pieces(self) -> list[_Piece]:
        return self._open[-1].arms[-1][1] if self._open else self._root

    def _text_until(self, offset: int) -> None:
        if offset > self._read:
            self._pieces.append(TextNode(text=self._text[self._read : offset]))

    def _take(self, tag: Tag) -> None:
        self._text_until(tag.start)
        self._read = tag.end
        match tag.kind:
            case "variable":
                source = self._text[tag.start : tag.end]
                self._pieces.append(VariableNode(name=tag.name, source=source))
            case "include":
                include = _Include(None, tag.name, self._places.span(tag.start, tag.end))
                self._includes.append(include)
                self._pieces.append(include)
            case "if":
                self._begin(tag)
            case "else-if" | "else":
                self._alternative(tag)
            case _:
                self._end(tag)

    def _begin(self, tag: Tag) -> None:
        choice = _Choice([(tag.condition, [])], tag)
        depth = len(self._open) + 1
        if depth <= NESTING:
            self._pieces.append(choice)
            self._nesting = max(self._nesting, depth)
        self._open.append(choice)
        if depth == NESTING + 1:
            message = f"conditionals nest deeper than {NESTING}"
            self._complain(Fault("prompt-too-deep", message, tag.start, tag.end))

    def _alternative(self, tag: Tag) -> None:
        written = "`{{else}}`" if tag.kind == "else" else "`{{else if}}`"
        if not self._open:
            self._unbalanced(
                tag, f"{written} stands outside any `{{{{#if}}}}`", "put `{{#if VAR}}` before it"
            )
            return
        choice = self._open[-1]
        if choice.closed_by_else:
            message = f"{written} comes after the `{{{{else}}}}` of the same `{{{{#if}}}}`"
            self._unbalanced(tag, message, "`{{else}}` is the last arm; there is one at most")
        choice.closed_by_else = choice.closed_by_else or tag.kind == "else"
        choice.arms.append((tag.condition, []))

    def _end(self, tag: Tag) -> None:
        if self._open:
            self._open.pop()
        else:
            self._unbalanced(tag, "`{{/if}}` closes nothing", "put `{{#if VAR}}` before it, or take it away")

    def _unbalanced(self, tag: Tag, message: str, hint: str) -> None:
        self._complain(Fault("prompt-unbalanced", message, tag.start, tag.end, hint))

    def _complain(self, fault: Fault) -> None:
        self._report.add(
            Diagnostic(
                code=fault.code,
                message=fault.message,
                severity=fault.severity,
                path=f"prompts.{self._prompt.name}",
                span=self._places.span(fault.start, fault.end),
                allowed=fault.allowed,
                hint=fault.hint,
            )
        )


def _check_include(include: _Include, owner: str, drafts: dict[str, _Draft], report: _Report) -> None:
    """Sets the target of a sound include; a diagnostic else."""
    name = include.written.removesuffix(".md")
    complaint = _path_complaint(include.written)
    if complaint is not None:
        message, hint = complaint
        report.add(_include_problem("prompt-include-path", message, include, owner=owner, hint=hint))
    elif name not in drafts:
        message = f"there is no prompt `{include.written}` to include"
        hint = did_you_mean(include.written, [f"{other}.md" for other in drafts])
        hint = hint or "the path starts below `prompts/`"
        problem = _include_problem("prompt-include-missing", message, include, owner=owner, hint=hint)
        allowed = tuple(f"{other}.md" for other in sorted(drafts)[:LISTED])
        report.add(msgspec.structs.replace(problem, allowed=allowed))
    else:
        include.target = name


def _path_complaint(written: str) -> tuple[str, str] | None:
    """What is wrong with the path of an include (message, hint); None: nothing."""
    example = "write a path below `prompts/`, like `{{@shared/tone.md}}`"
    if written.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", written):
        return f"`{written}` is an absolute path", example
    if ".." in re.split(r"[/\\]", written):
        return f"`{written}` leads out of `prompts/`", example
    if not written.endswith(".md"):
        return f"`{written}` does not end in `.md`", example
    if not NAME.fullmatch(written.removesuffix(".md")):
        return (
            f"`{written}` is not the path of a prompt",
            "names of files and folders are lowercase-with-dashes",
        )
    return None


def _include_problem(code: str, message: str, include: _Include, *, owner: str, hint: str = "") -> Diagnostic:
    return Diagnostic(code=code, message=message, path=f"prompts.{owner}", span=include.span, hint=hint)


def _resolve(drafts: dict[str, _Draft], report: _Report) -> None:
    """Gives every draft its nodes, the included ones first; circles and overlong expansions are cut and reported."""
    total = 0
    for name in list(_included_first(drafts, report)):
        draft = drafts[name]
        nesting = draft.nesting
        for include in draft.includes:
            if include.target is None:
                continue
            target = drafts[include.target]
            too_much = _over_limits(draft, target, total)
            if too_much:
                include.target = None
                report.add(_include_problem("prompt-too-large", too_much, include, owner=name))
                continue
            draft.characters += target.characters
            nesting = max(nesting, draft.nesting + target.nesting)
        draft.nesting = nesting
        total += draft.characters
        draft.nodes = tuple(_nodes(draft.pieces, drafts))


def _over_limits(draft: _Draft, target: _Draft, total: int) -> str:
    """Why `target` may not be included once more; empty: it may."""
    characters = draft.characters + target.characters
    if characters > RESOLVED_CHARACTERS:
        return f"with its includes this prompt is longer than {RESOLVED_CHARACTERS} characters"
    if total + characters > ALL_CHARACTERS:
        return f"with their includes the prompts are longer than {ALL_CHARACTERS} characters together"
    if draft.nesting + target.nesting > RESOLVED_NESTING:
        return f"with its includes the conditionals of this prompt nest deeper than {RESOLVED_NESTING}"
    return ""


def _included_first(drafts: dict[str, _Draft], report: _Report) -> Iterator[str]:
    """Names in an order in which every include stands before its includer; an include that closes a circle is cut."""
    done: set[str] = set()
    for start, draft in drafts.items():
        path = {} if start in done else {start: iter(draft.includes)}
        while path:
            name, waiting = next(reversed(path.items()))
            include = next(waiting, None)
            if include is None:
                del path[name]
                done.add(name)
                yield name
            elif include.target in path:
                names = list(path)
                circle = [*names[names.index(include.target) :], include.target]
                message = f"prompts include each other in a circle: {' -> '.join(circle)}"
                report.add(_include_problem("prompt-include-circular", message, include, owner=name))
                include.target = None
            elif include.target is not None and include.target not in done:
                path[include.target] = iter(drafts[include.target].includes)


def _nodes(pieces: Iterable[_Piece], drafts: dict[str, _Draft]) -> Iterator[TemplateNode]:
    """The nodes of a draft, its includes put in. Recursion is bounded by `NESTING`."""
    for piece in pieces:
        if isinstance(piece, _Include):
            if piece.target is not None:
                yield from drafts[piece.target].nodes
        elif isinstance(piece, _Choice):
            yield ConditionalNode(
                branches=tuple(
                    Branch(condition=condition, nodes=tuple(_nodes(inner, drafts)))
                    for condition, inner in piece.arms
                )
            )
        else:
            yield piece
