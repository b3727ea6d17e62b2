"""Checks every page: links and anchors lead somewhere, code blocks are what they claim, commands and files exist."""

import json
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from mainspring import __version__
from mainspring.cli.main import command
from mainspring.language.compiler import compile_agent
from mainspring.model.agents import AgentSettings, AgentSource, PromptFile
from mainspring.providers.script_reader import load_script
from tests.architecture.test_repository import places
from tests.docs.pages import PAGES, ROOT, Fence, anchors, code_words, fences, links, name_of

LANGUAGES = {"", "sh", "text", "yaml", "json", "js", "python", "ini", "nginx"}
GENERATED = {"docs/reference/cli.md", "docs/reference/http.md", "docs/reference/settings.md"}
"""Pages that other tests hold to the program."""
SCRIPTED = "scripted-model.md"
OTHERS = {"tools.py", "mainspring.toml", "scripted/..."}
"""Names that look like files of the repository: those of an agent's folder and of a server's."""
FENCES = [fence for page in PAGES for fence in fences(page)]
_FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)+/?|[\w-]+\.(?:py|toml)")
_CALLED = re.compile(r"(?:^|[\s/])mainspring +(\w.*)")
_AGENT_FILES = ("prompts/", "references/", "my-agent/", "shared/")


def page_ids(page: Path) -> str:
    return name_of(page)


def of(language: str) -> list[Fence]:
    return [fence for fence in FENCES if fence.language == language]


@pytest.mark.parametrize("page", PAGES, ids=page_ids)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), f"{name_of(page)} links to {link}"
        assert not anchor or anchor in anchors(target), f"{name_of(page)}: there is no heading for {link}"


@pytest.mark.parametrize("page", PAGES, ids=page_ids)
def test_no_page_names_a_machine_or_a_registry(page: Path) -> None:
    assert list(places(page.read_bytes())) == []


def test_every_page_is_linked() -> None:
    reached = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in links(page)
        if not link.startswith("https://")
    }
    assert {name_of(page) for page in PAGES if page not in reached} <= {"README.md"}


def test_every_block_has_a_known_language() -> None:
    assert [fence.place for fence in FENCES if fence.language not in LANGUAGES] == []


@pytest.mark.parametrize("fence", of("json"), ids=lambda fence: fence.place)
def test_json_parses(fence: Fence) -> None:
    assert isinstance(json.loads(fence.text), dict | list)


@pytest.mark.parametrize("fence", of("python"), ids=lambda fence: fence.place)
def test_python_compiles(fence: Fence) -> None:
    compile(fence.text, fence.place, "exec")


@pytest.mark.parametrize("fence", of("yaml"), ids=lambda fence: fence.place)
def test_yaml_is_what_it_claims(fence: Fence) -> None:
    if "fragment" in fence.words:
        yaml.safe_load(fence.text)
    elif fence.page.name == SCRIPTED or (fence.word("file") or "").endswith("script.yaml"):
        script_or_protocol(fence)
    else:
        compiles(fence.text)


def script_or_protocol(fence: Fence) -> None:
    content = yaml.safe_load(fence.text)
    if isinstance(content, dict) and {"turns", "default"} & set(content):
        load_script(fence.text, fence.place)
    else:
        assert content is not None


def compiles(protocol: str) -> None:
    prompts = (PromptFile(name="system", content="Help {{NAME}}."),)
    settings = AgentSettings(slug="shown", name="Shown")
    compiled = compile_agent(AgentSource(settings=settings, protocol=protocol, prompts=prompts))
    errors = [one.message for one in compiled.diagnostics if one.severity == "error"]
    assert errors == []


def test_the_twenty_lines_are_the_golden_ones() -> None:
    [shown] = [fence for fence in FENCES if "twenty-lines" in fence.words]
    golden = ROOT / "tests" / "golden" / "protocols" / "ok" / "twenty-lines" / "protocol.yaml"
    assert shown.text == golden.read_text(encoding="utf-8")
    assert len(shown.text.splitlines()) <= 20


def commands(fence: Fence) -> list[list[str]]:
    """The arguments of every `mainspring` command in a block of shell."""
    found: list[list[str]] = []
    for line in re.split(r"\n|&&", fence.text):
        called = _CALLED.search(re.sub(r"\$\(.*\)", "x", line))
        if called is not None:
            found.append(shlex.split(re.split(r" [>&#]", called[1])[0]))
    return found


def complain_of(arguments: list[str]) -> str:
    """What the command line says to the arguments of a command; nothing: it understands them."""
    context = click.Context(command, info_name="mainspring", **command.context_settings)
    group: click.Command = command
    rest = arguments
    try:
        while isinstance(group, click.Group):
            name, found, rest = group.resolve_command(context, rest)
            assert found is not None
            context, group = click.Context(found, parent=context, info_name=name), found
        group.parse_args(context, rest)
    except click.ClickException as error:
        return error.format_message()
    return ""


@pytest.mark.parametrize("fence", of("sh"), ids=lambda fence: fence.place)
def test_every_command_is_understood(fence: Fence) -> None:
    said = {" ".join(words): complain_of(words) for words in commands(fence)}
    assert [f"mainspring {line}: {complaint}" for line, complaint in said.items() if complaint] == []


def test_a_wrong_command_is_found() -> None:
    fence = Fence(ROOT / "README.md", 1, "sh", (), "sudo mainspring serve --prot 1 && mainspring keys make\n")
    assert [bool(complain_of(words)) for words in commands(fence)] == [True, True]
    assert complain_of(["keys", "create", "--scope", "agents"]) == ""


@pytest.mark.parametrize("page", PAGES, ids=page_ids)
def test_every_file_that_is_named_exists(page: Path) -> None:
    if name_of(page) in GENERATED:
        return
    for word in code_words(page):
        ours = _FILE.fullmatch(word) and not word.startswith(_AGENT_FILES) and not word.startswith("/")
        if ours and (word.endswith("/") or "." in word.rsplit("/", 1)[-1]):
            homes = (ROOT, ROOT / "src" / "mainspring", ROOT / "docs", page.parent)
            assert any((home / word).exists() for home in homes) or word in OTHERS, f"{name_of(page)}: {word}"


def test_the_changelog_has_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+) - ", text, re.MULTILINE)[0] == __version__
