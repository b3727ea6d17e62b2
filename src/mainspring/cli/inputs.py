"""Owns values typed by a person: `NAME=VALUE` flags and answers to questions, as the protocol declares them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

import click
import msgspec

from mainspring.cli.views.terminal import Terminal
from mainspring.model.program import Declared
from mainspring.model.values import Json


def pairs(given: Iterable[str]) -> dict[str, str]:
    """`NAME=VALUE` flags by name; raises `click.BadParameter`."""
    found: dict[str, str] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint="--input")
        found[name] = value
    return found


def typed(declared: Declared, text: str) -> Json:
    """A typed value: text for a string, JSON for everything else; raises `ValueError` that says what is allowed."""
    if declared.enum and text not in declared.enum:
        raise ValueError(f"{declared.name} is one of {', '.join(declared.enum)}")
    if declared.type.name in ("string", "unknown") and not declared.type.array:
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        kind = f"{declared.type.name}[]" if declared.type.array else declared.type.name
        raise ValueError(f"{declared.name} is a {kind}, written as JSON") from None


def fill(declared: Mapping[str, Declared], given: Mapping[str, str], terminal: Terminal) -> dict[str, Json]:
    """The values of an input; what is required and not given is asked for. Raises `click.UsageError`, `EOFError`."""
    for name in given:
        if name not in declared:
            near = get_close_matches(name, declared, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(declared) or 'none'}."
            raise click.UsageError(f"There is no input {name!r}.{hint}")
    values: dict[str, Json] = {}
    for name, one in declared.items():
        if name in given:
            try:
                values[name] = typed(one, given[name])
            except ValueError as error:
                raise click.UsageError(f"--input {name}: {error}") from None
        elif not one.optional and not one.has_default:
            values[name] = _asked(one, terminal)
    return values


def _asked(one: Declared, terminal: Terminal) -> Json:
    if not terminal.interactive:
        raise click.UsageError(f"The input {one.name} is required: give it by --input {one.name}=VALUE")
    about = f" ({one.description})" if one.description else ""
    allowed = f" [{' | '.join(one.enum)}]" if one.enum else ""
    while True:
        text = terminal.ask(f"{one.name}{about}{allowed}: ")
        try:
            return typed(one, text)
        except ValueError as error:
            terminal.line(str(error), "warn")
