"""Owns `settings.json`: its text, or the value that stands for it, in; settings and diagnostics out."""

from __future__ import annotations

import json
import re
from typing import cast

from mainspring.model.agents import AgentSettings
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.program import Format
from mainspring.model.spans import Span
from mainspring.model.values import Json

FILE = "settings.json"
FORMATS: tuple[Format, ...] = ("interactive", "worker")
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
NAME_CHARACTERS = 200
_STEPS = re.compile(r"^(?:steps|\"steps\")\s*:", re.MULTILINE)


def parse_settings(text: str, *, protocol: str = "") -> tuple[AgentSettings | None, list[Diagnostic]]:
    """The settings in the text of a `settings.json`, and what is wrong with it; never raises.

    `name` may be left out: it is the slug then; so may `format`: it is `worker` if `protocol` has `steps`.
    """
    try:
        value = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        place = Span(
            file=FILE, line=error.lineno, column=error.colno, end_line=error.lineno, end_column=error.colno
        )
        message = f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        return None, [Diagnostic(code="settings-syntax", message=message, span=place)]
    except (RecursionError, ValueError):
        message = "this is not JSON that can be read: it nests too deep, or a number is too long"
        return None, [Diagnostic(code="settings-syntax", message=message, span=Span(file=FILE))]
    return check_settings(value, text=text, protocol=protocol)


def check_settings(
    value: Json, *, text: str = "", protocol: str = ""
) -> tuple[AgentSettings | None, list[Diagnostic]]:
    """The settings in a JSON value, and what is wrong with them. `text`: the file, to give places in it."""
    if not isinstance(value, dict):
        message = "the settings have to be an object with a `slug`"
        return None, [Diagnostic(code="settings-shape", message=message, span=Span(file=FILE))]
    members = cast("dict[str, Json]", value)
    assumed: dict[str, Json] = {"name": _assumed_name(members), "format": _assumed_format(protocol)}
    check = _Check({**assumed, **{key: one for key, one in members.items() if one is not None}}, text)
    slug, name, chosen = check.slug(), check.name(), check.format()
    description = check.description()
    if slug is None or name is None or chosen is None or check.found:
        return None, check.found
    return AgentSettings(slug=slug, name=name, format=chosen, description=description), []


def _assumed_name(members: dict[str, Json]) -> str:
    """The slug, if it is one: a bad slug is complained about once."""
    slug = members.get("slug")
    return slug if isinstance(slug, str) and SLUG.fullmatch(slug) else "agent"


def _assumed_format(protocol: str) -> Format:
    return "worker" if _STEPS.search(protocol) else "interactive"


class _Check:
    """The members of the settings, one after the other."""

    def __init__(self, members: dict[str, Json], text: str) -> None:
        self._members = members
        self._text = text
        self.found: list[Diagnostic] = []

    def slug(self) -> str | None:
        slug = self._string("slug")
        if slug is None or SLUG.fullmatch(slug):
            return slug
        message = f"`{slug[:80]}` is not a slug"
        self._complain("slug", message, hint="write lowercase letters, digits and dashes, at most 64")
        return None

    def name(self) -> str | None:
        name = self._string("name")
        if name is None or (name.strip() and len(name) <= NAME_CHARACTERS):
            return name
        self._complain("name", f"`name` has to have 1 to {NAME_CHARACTERS} characters")
        return None

    def format(self) -> Format | None:
        written = self._string("format")
        for known in FORMATS:
            if written == known:
                return known
        if written is None:
            return None
        self._complain("format", f"there is no format `{written[:80]}`", allowed=FORMATS)
        return None

    def description(self) -> str | None:
        return None if self._members.get("description") is None else self._string("description")

    def _string(self, key: str) -> str | None:
        value = self._members.get(key)
        if isinstance(value, str):
            return value
        allowed = FORMATS if key == "format" else ()
        message = f"the settings need `{key}`" if value is None else f"`{key}` has to be text"
        self._complain(key, message, allowed=allowed)
        return None

    def _complain(self, key: str, message: str, *, hint: str = "", allowed: tuple[str, ...] = ()) -> None:
        self.found.append(
            Diagnostic(
                code="settings-member",
                message=message,
                path=f"settings.{key}",
                span=self._place(key),
                hint=hint,
                allowed=allowed,
            )
        )

    def _place(self, key: str) -> Span:
        """Where the key stands in the file; the start of the file if it does not."""
        found = re.search(rf'"{key}"(?=\s*:)', self._text)
        if found is None:
            return Span(file=FILE)
        before = self._text[: found.start()]
        line, column = before.count("\n") + 1, found.start() - before.rfind("\n")
        return Span(
            file=FILE, line=line, column=column, end_line=line, end_column=column + len(found.group())
        )
