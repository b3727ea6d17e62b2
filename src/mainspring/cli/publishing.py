"""Owns publishing a folder: reading it, telling what is wrong with it, sending it to a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mainspring.cli.exits import MissingFile, ServerRefused
from mainspring.cli.http import Api, segment
from mainspring.language.compiler import Compilation, compile_agent
from mainspring.model.agents import AgentSource
from mainspring.model.diagnostics import Diagnostic, has_errors
from mainspring.model.errors import InvalidAgent
from mainspring.model.program import Program
from mainspring.model.spans import Span
from mainspring.model.values import Json, Value
from mainspring.storage.agent_folder import FolderRead, read_agent_folder


class Checked(Value, frozen=True, kw_only=True):
    """A folder that was read and compiled. `program` None: something is wrong; `texts`: its files by path."""

    source: AgentSource | None
    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    texts: dict[str, str]


class Published(Value, frozen=True, kw_only=True):
    """An agent on a server. `created`: it was not there before; `changed`: its version is new."""

    agent_id: str
    slug: str
    program: Program
    created: bool
    changed: bool
    warnings: tuple[Diagnostic, ...]


def check_folder(folder: Path) -> Checked:
    """Reads and compiles a folder; raises `MissingFile` if there is none."""
    if not folder.is_dir():
        raise MissingFile(f"There is no folder {folder}.")
    read: FolderRead = read_agent_folder(folder)
    compiled = Compilation(program=None, diagnostics=())
    if read.source is not None:
        compiled = compile_agent(read.source)
    found = (*read.diagnostics, *compiled.diagnostics)
    program = None if has_errors(found) else compiled.program
    return Checked(source=read.source, program=program, diagnostics=found, texts=read.texts)


def publish(api: Api, checked: Checked) -> Published:
    """Publishes a folder that was checked; raises `InvalidAgent` with every problem, ours and the server's."""
    if checked.program is None or checked.source is None:
        raise InvalidAgent("The agent is not valid.", diagnostics=checked.diagnostics)
    body = body_of(checked.source)
    found = _known_to(api, body, checked.diagnostics)
    if has_errors(found):
        raise InvalidAgent("The agent is not valid on this server.", diagnostics=found)
    slug = checked.source.settings.slug
    before = _version(api, slug)
    made = api.post("/api/agents", body)
    return Published(
        agent_id=str(made["agentId"]),
        slug=slug,
        program=checked.program,
        created=before is None,
        changed=before != checked.program.hash,
        warnings=found,
    )


def _known_to(api: Api, body: Json, ours: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """Our complaints, and what only the server can know, such as which workers there are."""
    told = api.post("/api/agents/validate", body)
    seen = {(one.code, one.message) for one in ours}
    theirs = [_diagnostic(issue) for issue in (*told["errors"], *told["warnings"])]
    return (*ours, *(one for one in theirs if (one.code, one.message) not in seen))


def _version(api: Api, slug: str) -> str | None:
    try:
        return str(api.get(f"/api/agents/{segment(slug)}")["version"])
    except ServerRefused as error:
        if error.status == 404:
            return None
        raise


def body_of(source: AgentSource) -> Json:
    """An agent's files as a request carries them."""
    return {
        "settings": {
            "slug": source.settings.slug,
            "name": source.settings.name,
            "format": source.settings.format,
            **({"description": source.settings.description} if source.settings.description else {}),
        },
        "protocol": source.protocol,
        "prompts": [{"name": prompt.name, "content": prompt.content} for prompt in source.prompts],
        "references": [
            {"name": one.name, "description": one.description, "content": one.content}
            for one in source.references
        ],
    }


def program_of(agent: dict[str, Any]) -> Program:
    """The program of an agent as a server tells of it; raises `InvalidAgent` if this release cannot read it."""
    source = msgspec.convert(
        {
            "settings": agent["settings"],
            "protocol": agent["protocol"],
            "prompts": agent.get("prompts", []),
            "references": agent.get("references", []),
        },
        AgentSource,
    )
    compiled = compile_agent(source)
    if compiled.program is None:
        raise InvalidAgent("This release cannot read the agent.", diagnostics=compiled.diagnostics)
    return compiled.program


def _diagnostic(found: dict[str, Any]) -> Diagnostic:
    """A server's issue as the complaint it was."""
    span = None
    if found.get("file") and found.get("line"):
        line, column = int(found["line"]), int(found.get("column") or 1)
        span = Span(file=found["file"], line=line, column=column, end_line=line, end_column=column + 1)
    return Diagnostic(
        code=str(found.get("code", "")),
        message=str(found["message"]),
        severity=found["severity"],
        path=str(found.get("path", "")),
        span=span,
        allowed=tuple(found.get("allowed", ())),
        hint=str(found.get("hint", "")),
    )
