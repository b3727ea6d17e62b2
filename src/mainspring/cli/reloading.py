"""Owns watching an agent's folder and taking up what changed; after a mistake the last good version stays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

from mainspring.cli.http import Api
from mainspring.cli.publishing import Published, check_folder, publish
from mainspring.cli.script_file import SCRIPT, check_script, read_script
from mainspring.cli.tool_file import ToolFile
from mainspring.language.render import render_text
from mainspring.model.diagnostics import Diagnostic, has_errors
from mainspring.model.errors import InvalidAgent, MainspringError
from mainspring.providers.script import Script

STEP_MILLISECONDS: Final = 50
IGNORED: Final = frozenset((".mainspring", "__pycache__", ".git"))


class HasScript(Protocol):
    """Whoever answers by a script."""

    script: Script | None


class Reloader:
    """Takes up the changed files of one folder.

    `told` gets the lines for the person, `published` each new version. `changed` may be called from any one thread.
    """

    def __init__(
        self,
        folder: Path,
        api: Api,
        *,
        told: Callable[[str], None],
        published: Callable[[Published], None],
        models: HasScript,
        tools: ToolFile | None = None,
    ) -> None:
        self._folder = folder
        self._api = api
        self._told = told
        self._published = published
        self._models = models
        self._tools = tools
        self._texts: dict[str, str] = {}

    def changed(self, names: set[str]) -> None:
        """Takes up changed files, named by their paths in the folder."""
        if self._tools is not None and any(name.endswith(".py") for name in names):
            self._take(self._load_tools)
        if SCRIPT in names:
            self._take(self._load_script)
        if any(_makes_the_agent(name) for name in names):
            self._take(self._publish)

    def _take(self, step: Callable[[], None]) -> None:
        try:
            step()
        except InvalidAgent as error:
            self._complain(error.diagnostics, self._texts)
        except MainspringError as error:
            self._told(f"Not taken up: {error.message}")

    def _load_tools(self) -> None:
        if self._tools is not None:
            self._tools.load()
            self._told(f"Reloaded {self._tools.path.name}")

    def _load_script(self) -> None:
        found, texts = check_script(self._folder / SCRIPT)
        if has_errors(found):
            self._complain(found, texts)
            return
        self._models.script = read_script(self._folder / SCRIPT)
        self._told(f"Reloaded {SCRIPT}")

    def _publish(self) -> None:
        checked = check_folder(self._folder)
        self._texts = checked.texts
        done = publish(self._api, checked)
        if not done.changed:
            return
        self._published(done)
        warnings = render_text(done.warnings, checked.texts)
        self._told(
            f"{warnings}Version {done.program.hash[:12]} of {done.slug} is in use from the next message on"
        )

    def _complain(self, found: tuple[Diagnostic, ...], texts: Mapping[str, str]) -> None:
        self._told(f"{render_text(found, texts)}The version before stays in use")


def _makes_the_agent(name: str) -> bool:
    return name in ("protocol.yaml", "settings.json") or name.startswith(("prompts/", "references/"))


class Watch:
    """Calls `changed` with the files that changed below a folder, on a thread, while the `with` block lasts."""

    def __init__(self, folder: Path, changed: Callable[[set[str]], None]) -> None:
        self._folder = folder.resolve()
        self._changed = changed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mainspring-watch", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        import watchfiles

        for changes in watchfiles.watch(
            self._folder, stop_event=self._stop, step=STEP_MILLISECONDS, raise_interrupt=False
        ):
            names = {self._name(path) for _, path in changes}
            if names := {name for name in names if not IGNORED.intersection(name.split("/"))}:
                self._changed(names)

    def _name(self, path: str) -> str:
        return Path(path).relative_to(self._folder).as_posix()
