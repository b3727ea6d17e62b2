"""Owns the terminal: where output goes, whether it has colours, what is safe to print, and questions to the person."""

from __future__ import annotations

import contextlib
import importlib
import sys
import unicodedata
from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from typing import Any, Final

import click
import msgspec

from mainspring.model.values import Json
from mainspring.settings import process_environment

STYLES: Final = {
    "strong": "\x1b[1m",
    "dim": "\x1b[2m",
    "good": "\x1b[32m",
    "bad": "\x1b[31m",
    "warn": "\x1b[33m",
    "tool": "\x1b[36m",
    "you": "\x1b[34m",
}
RESET: Final = "\x1b[0m"


def clean(text: str) -> str:
    """Foreign text without what could move the cursor, change colours or pass for something else."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(
        letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in _HIDDEN
    )


def moment(at: float) -> str:
    """Unix seconds as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_HIDDEN: Final = frozenset(("Cc", "Cs", "Zl", "Zp"))


class Terminal:
    """Output for a person, or with `as_json` JSON on stdout and nothing else there."""

    def __init__(self, *, as_json: bool = False) -> None:
        environment = process_environment()
        plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
        self.as_json = as_json
        self.interactive = sys.stdin.isatty() and sys.stdout.isatty()
        self.colors = sys.stdout.isatty() and not plain
        self._asking: str | None = None
        self._error_colors = sys.stderr.isatty() and not plain

    def paint(self, text: str, style: str = "") -> str:
        """Text in a style, where there are colours."""
        return f"{STYLES[style]}{text}{RESET}" if self.colors and style else text

    def line(self, text: str = "", style: str = "") -> None:
        """A line for people; nothing in JSON mode."""
        if not self.as_json:
            click.echo(self.paint(text, style), color=self.colors)

    def write(self, text: str, style: str = "") -> None:
        """A piece of a line for people, shown at once."""
        if not self.as_json:
            click.echo(self.paint(text, style), nl=False, color=self.colors)

    def json(self, value: Json) -> None:
        """One line of JSON."""
        click.echo(msgspec.json.encode(value))

    def note(self, text: str, style: str = "dim") -> None:
        """A line beside the output, on stderr."""
        painted = f"{STYLES[style]}{text}{RESET}" if self._error_colors and style else text
        click.echo(painted, err=True, color=self._error_colors)

    def interrupt(self, text: str) -> None:
        """A line on stderr while the person may be typing: the prompt and what was typed are shown again."""
        prompt = self._asking
        if prompt is None:
            self.note(text)
            return
        readline: Any = sys.modules.get("readline")
        typed = "" if readline is None else readline.get_line_buffer()
        self.note("\r\x1b[K" + text, style="")
        click.echo(self.paint(prompt, "you") + typed, nl=False, color=self.colors)

    def ask(self, prompt: str) -> str:
        """A line that the person types; raises `EOFError` when there are no more."""
        if self.interactive and not self.as_json:
            self._asking = prompt
            try:
                return self._input(prompt)
            finally:
                self._asking = None
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")

    def _input(self, prompt: str) -> str:
        with contextlib.suppress(ImportError):
            importlib.import_module("readline")  # gives `input` editing and a memory
        return input(self._prompt(prompt))

    def _prompt(self, text: str) -> str:
        # readline has to know what takes no room.
        return f"\x01{STYLES['you']}\x02{text}\x01{RESET}\x02" if self.colors else text

    @contextlib.contextmanager
    def working(self, text: str) -> Generator[None]:
        """Shows that something takes its time, where somebody looks."""
        if self.as_json or not self._error_colors:
            yield
            return
        from rich.console import Console

        with Console(stderr=True).status(text):
            yield

    def table(self, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
        """Rows below their headings; wide ones are not cut when the output is no terminal."""
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold" if self.colors else "")
        for name in columns:
            table.add_column(name, overflow="fold", no_wrap=not self.interactive)
        for row in rows:
            table.add_row(*(Text(clean(cell)) for cell in row))
        width = None if self.interactive else 10_000
        console = Console(
            no_color=not self.colors, width=width, highlight=False, soft_wrap=not self.interactive
        )
        console.print(table)
