"""Reads the protocols of the golden tests: a folder is an agent, a lone file is the protocol of a small one."""

import json
from pathlib import Path

from mainspring.language.frontmatter import parse_reference
from mainspring.model.agents import AgentSettings, AgentSource, PromptFile, ReferenceFile
from mainspring.model.diagnostics import Diagnostic

PROMPTS = (
    PromptFile(name="system", content="You help."),
    PromptFile(name="user-message", content="{{USER_MESSAGE}}"),
)


def read_case(path: Path) -> tuple[AgentSource, list[Diagnostic]]:
    """The agent in a folder, or the protocol in a file beside two prompts; and what its references are told."""
    if path.is_file():
        settings = AgentSettings(slug=path.stem, name=path.stem)
        return AgentSource(settings=settings, protocol=path.read_text(), prompts=PROMPTS), []
    references: list[ReferenceFile] = []
    found: list[Diagnostic] = []
    for file in sorted(path.glob("references/*.md")):
        reference, diagnostics = parse_reference(file.stem, file.read_text())
        found += diagnostics
        references += [reference] if reference is not None else []
    prompts = path / "prompts"
    source = AgentSource(
        settings=AgentSettings(**json.loads((path / "settings.json").read_text())),
        protocol=(path / "protocol.yaml").read_text(),
        prompts=tuple(
            PromptFile(name=file.relative_to(prompts).with_suffix("").as_posix(), content=file.read_text())
            for file in sorted(prompts.rglob("*.md"))
        ),
        references=tuple(references),
    )
    return source, found
