"""Owns the reading of an agent's folder: its files as a source to compile, and what keeps them from being read.

Only the files that make an agent are opened: `settings.json`, `protocol.yaml`, `prompts/**/*.md`, `references/*.md`.
A link that leads out of the folder is refused, and so is anything that is not a regular file.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from mainspring.language.agent_settings import parse_settings
from mainspring.language.frontmatter import parse_reference
from mainspring.model.agents import AgentSettings, AgentSource, PromptFile, ReferenceFile
from mainspring.model.diagnostics import Diagnostic, Severity
from mainspring.model.spans import Span
from mainspring.model.values import Value

SETTINGS = "settings.json"
PROTOCOL = "protocol.yaml"
FILE_BYTES = 256 * 1024
"""The largest file that is read."""
FILES = 500
"""The most files below `prompts/`, and below `references/`."""
TOTAL_BYTES = 8 * 1024 * 1024
"""The most that the files of one agent hold together."""
FOLDERS_DEEP = 8

SEGMENT = re.compile(r"[a-z0-9][a-z0-9-]*")
NAMING = "names of files and folders are lowercase-with-dashes"


class FolderRead(Value, frozen=True, kw_only=True):
    """What a folder holds. `source` None: it is no agent yet; `texts`: every text that was read, by its path."""

    source: AgentSource | None
    diagnostics: tuple[Diagnostic, ...]
    texts: dict[str, str]


def read_agent_folder(path: Path) -> FolderRead:
    """The agent in a folder. Never raises for what the folder holds: that is told by the diagnostics."""
    reader = _Reader(path)
    if not reader.is_folder():
        return FolderRead(source=None, diagnostics=tuple(reader.found), texts={})
    protocol = reader.required(PROTOCOL, "settings and prompts alone are no agent: add `protocol.yaml`")
    settings = reader.settings(protocol or "")
    prompts = tuple(reader.prompts())
    references = tuple(reader.references())
    source = None
    if settings is not None and protocol is not None:
        source = AgentSource(settings=settings, protocol=protocol, prompts=prompts, references=references)
    return FolderRead(source=source, diagnostics=tuple(reader.found), texts=reader.texts)


class _Reader:
    """Reads files below one folder, counts what they hold and collects complaints."""

    def __init__(self, folder: Path) -> None:
        self._given = folder
        self._root = Path(os.path.realpath(folder))
        self._bytes = 0
        self.found: list[Diagnostic] = []
        self.texts: dict[str, str] = {}

    def is_folder(self) -> bool:
        """Whether there is a folder to read."""
        if self._root.is_dir():
            return True
        what = "is not a folder" if self._root.exists() else "does not exist"
        hint = f"name a folder that holds `{SETTINGS}` and `{PROTOCOL}`"
        self.found.append(Diagnostic(code="no-folder", message=f"{self._given} {what}", hint=hint))
        return False

    def settings(self, protocol: str) -> AgentSettings | None:
        """The settings, if they are there and sound; what they leave out follows from `protocol`."""
        text = self.required(SETTINGS, 'add `{"slug": "...", "name": "...", "format": "interactive"}`')
        if text is None:
            return None
        settings, diagnostics = parse_settings(text, protocol=protocol)
        self.found += diagnostics
        return settings

    def required(self, file: str, hint: str) -> str | None:
        """The text of a file that has to be there."""
        if not os.path.lexists(self._root / file):
            self._complain("missing-file", f"there is no `{file}`", file, hint=hint)
            return None
        return self._read(file)

    def prompts(self) -> Iterator[PromptFile]:
        """Every prompt, by name."""
        for file in self._files("prompts"):
            name = file.removeprefix("prompts/").removesuffix(".md")
            if not all(SEGMENT.fullmatch(segment) for segment in name.split("/")):
                self._complain("prompt-name", f"`{name}` is not a prompt name", file, hint=NAMING)
            elif (text := self._read(file)) is not None:
                yield PromptFile(name=name, content=text)

    def references(self) -> Iterator[ReferenceFile]:
        """Every reference that is sound, by name."""
        for file in self._files("references"):
            name = file.removeprefix("references/").removesuffix(".md")
            if "/" in name:
                hint = "put it directly into `references/`"
                self._complain("reference-name", "references have no folders", file, hint=hint)
            elif (text := self._read(file)) is not None:
                reference, diagnostics = parse_reference(name, text)
                self.found += diagnostics
                if reference is not None:
                    yield reference

    def _files(self, folder: str) -> list[str]:
        """The `.md` files below a folder, sorted; hidden ones and editors' copies are passed over."""
        files: list[str] = []
        for file in self._walk(folder, FOLDERS_DEEP):
            if file.endswith(".md"):
                files.append(file)
            else:
                message = f"`{file}` is not read: files in `{folder}/` end in `.md`"
                self._complain("unused-file", message, file, severity="warning")
            if len(files) > FILES:
                message = f"there are more than {FILES} files in `{folder}/`"
                self._complain("too-many-files", message, file)
                return files[:FILES]
        return files

    def _walk(self, folder: str, depth: int) -> Iterator[str]:
        try:
            entries = sorted(os.scandir(self._root / folder), key=lambda entry: entry.name)
        except FileNotFoundError:
            return
        except OSError as error:
            self._complain("unreadable-file", f"`{folder}/` cannot be read: {error.strerror}", folder)
            return
        for entry in entries:
            path = f"{folder}/{entry.name}"
            if entry.name.startswith(".") or entry.name.endswith("~"):
                continue
            if not _is_folder(entry):
                yield path
            elif entry.is_symlink():
                self._complain(
                    "linked-folder", f"`{path}` is a link to a folder: links are not followed", path
                )
            elif depth == 0:
                self._complain("too-deep", f"`{path}` lies deeper than {FOLDERS_DEEP} folders", path)
            else:
                yield from self._walk(path, depth - 1)

    def _read(self, file: str) -> str | None:
        """The text of a file, without a byte order mark; None with a complaint if it cannot be read."""
        try:
            data = self._data(file)
        except OSError as error:
            self._complain("unreadable-file", f"`{file}` cannot be read: {error.strerror}", file)
            return None
        if data is None:
            return None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.texts[file] = data.decode("utf-8", "replace")
            line = data.count(b"\n", 0, error.start) + 1
            hint = "save the file as UTF-8"
            self._complain("bad-encoding", f"`{file}` is not UTF-8", file, hint=hint, line=line)
            return None
        self.texts[file] = text
        return text

    def _data(self, file: str) -> bytes | None:
        path = Path(os.path.realpath(self._root / file))
        if not path.is_relative_to(self._root):
            self._complain("linked-file", f"`{file}` is a link that leads out of the folder", file)
            return None
        if not stat.S_ISREG(path.stat().st_mode):
            self._complain("unreadable-file", f"`{file}` is not a regular file", file)
            return None
        with path.open("rb") as stream:
            data = stream.read(FILE_BYTES + 1)
        self._bytes += len(data)
        if len(data) > FILE_BYTES:
            self._complain("too-large", f"`{file}` is larger than {FILE_BYTES // 1024} KiB", file)
            return None
        if self._bytes > TOTAL_BYTES:
            message = f"the files of the agent are larger than {TOTAL_BYTES // 1024 // 1024} MiB together"
            self._complain("too-large", message, file)
            return None
        return data

    def _complain(
        self,
        code: str,
        message: str,
        file: str,
        *,
        hint: str = "",
        severity: Severity = "error",
        line: int = 1,
    ) -> None:
        # The name of a file may hold bytes that are no text; a complaint about it has to be.
        span = Span(file=_as_text(file), line=line, end_line=line)
        self.found.append(
            Diagnostic(code=code, message=_as_text(message), severity=severity, span=span, hint=hint)
        )


def _as_text(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
