"""Checks the reading of an agent's folder: every file that counts, none outside, and clear words for the rest."""

import json
import os
from pathlib import Path

import pytest

from mainspring.model.agents import AgentSettings, AgentSource, PromptFile, ReferenceFile
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.spans import Span
from mainspring.storage.agent_folder import FILE_BYTES, FILES, FolderRead, read_agent_folder

SETTINGS = json.dumps({"slug": "a", "name": "A", "format": "interactive"})
PROTOCOL = "agent: {model: scripted/a, system: system}\n"
REFERENCE = "---\ndescription: About b\n---\nbody\n"


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    folder = tmp_path / "agent"
    write(folder, "settings.json", SETTINGS)
    write(folder, "protocol.yaml", PROTOCOL)
    write(folder, "prompts/system.md", "Hi")
    return folder


def write(folder: Path, file: str, text: str | bytes) -> Path:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def complaint(folder: Path) -> Diagnostic:
    (found,) = read_agent_folder(folder).diagnostics
    return found


def prompts(read: FolderRead) -> dict[str, str]:
    assert read.source is not None
    return {prompt.name: prompt.content for prompt in read.source.prompts}


def test_everything_of_an_agent_is_read(agent: Path) -> None:
    write(agent, "prompts/shared/tone.md", "\ufeffKind")
    write(agent, "references/b.md", REFERENCE)
    for passed_over in ("README.md", "script.yaml", "prompts/.hidden.md", "prompts/system.md~"):
        write(agent, passed_over, "x")
    assert read_agent_folder(agent) == FolderRead(
        source=AgentSource(
            settings=AgentSettings(slug="a", name="A"),
            protocol=PROTOCOL,
            prompts=(
                PromptFile(name="shared/tone", content="Kind"),
                PromptFile(name="system", content="Hi"),
            ),
            references=(ReferenceFile(name="b", description="About b", content="body\n"),),
        ),
        diagnostics=(),
        texts={
            "settings.json": SETTINGS,
            "protocol.yaml": PROTOCOL,
            "prompts/shared/tone.md": "Kind",
            "prompts/system.md": "Hi",
            "references/b.md": REFERENCE,
        },
    )


@pytest.mark.parametrize("file", ["settings.json", "protocol.yaml"])
def test_a_missing_file_is_told(agent: Path, file: str) -> None:
    (agent / file).unlink()
    assert read_agent_folder(agent).source is None
    found = complaint(agent)
    assert (found.code, found.message, found.span) == (
        "missing-file",
        f"there is no `{file}`",
        Span(file=file),
    )
    assert found.hint


def test_a_folder_that_is_none_is_told(agent: Path) -> None:
    assert complaint(agent / "no").message.endswith("no does not exist")
    assert complaint(agent / "protocol.yaml").message.endswith("protocol.yaml is not a folder")


def test_bad_settings_leave_no_source(agent: Path) -> None:
    write(agent, "settings.json", "{}")
    read = read_agent_folder(agent)
    assert read.source is None
    assert {diagnostic.code for diagnostic in read.diagnostics} == {"settings-member"}
    assert read.texts["settings.json"] == "{}"


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("prompts/Bad Name.md", "prompt-name"),
        ("prompts/Sub/x.md", "prompt-name"),
        ("references/Bad.md", "reference-name"),
        ("references/sub/x.md", "reference-name"),
    ],
)
def test_a_bad_name_is_told_and_left_out(agent: Path, file: str, code: str) -> None:
    write(agent, file, REFERENCE)
    assert complaint(agent).code == code
    assert prompts(read_agent_folder(agent)) == {"system": "Hi"}


def test_a_file_that_is_not_read_is_told(agent: Path) -> None:
    write(agent, "prompts/system.txt", "x")
    found = complaint(agent)
    assert (found.code, found.severity) == ("unused-file", "warning")


def test_a_name_that_is_no_text_can_be_told(agent: Path) -> None:
    Path(os.fsdecode(os.fsencode(agent / "prompts") + b"/\xff.md")).write_text("x")
    complaint(agent).message.encode()


def test_text_that_is_not_utf8_is_told_at_its_line(agent: Path) -> None:
    write(agent, "prompts/system.md", b"one\ntwo \xff\n")
    read = read_agent_folder(agent)
    (found,) = read.diagnostics
    assert found.code == "bad-encoding"
    assert found.span == Span(file="prompts/system.md", line=2, end_line=2)
    assert read.texts["prompts/system.md"] == "one\ntwo \ufffd\n"
    assert prompts(read) == {}


def test_a_file_that_is_too_large_is_refused(agent: Path) -> None:
    write(agent, "prompts/large.md", "x" * FILE_BYTES)
    assert read_agent_folder(agent).diagnostics == ()
    write(agent, "prompts/large.md", "x" * (FILE_BYTES + 1))
    assert complaint(agent).message == "`prompts/large.md` is larger than 256 KiB"
    write(agent, "prompts/large.md", "x")
    write(agent, "references/b.md", "---\n")
    assert complaint(agent).code == "reference-frontmatter"


def test_all_files_together_have_a_limit(agent: Path) -> None:
    for number in range(33):
        write(agent, f"prompts/p{number:02}.md", "x" * FILE_BYTES)
    read = read_agent_folder(agent)
    assert {diagnostic.message for diagnostic in read.diagnostics} == {
        "the files of the agent are larger than 8 MiB together"
    }
    assert len(prompts(read)) < 33


def test_the_number_of_files_has_a_limit(agent: Path) -> None:
    for number in range(FILES + 5):
        write(agent, f"prompts/p{number}.md", "")
    read = read_agent_folder(agent)
    assert [diagnostic.code for diagnostic in read.diagnostics] == ["too-many-files"]
    assert len(prompts(read)) == FILES


def test_folders_may_lie_only_so_deep(agent: Path) -> None:
    write(agent, "prompts/" + "a/" * 8 + "x.md", "x")
    assert read_agent_folder(agent).diagnostics == ()
    write(agent, "prompts/" + "b/" * 9 + "x.md", "x")
    assert complaint(agent).code == "too-deep"


# ---------------------------------------------------------------- links and other things that are no files


def test_the_folder_itself_may_be_a_link(agent: Path) -> None:
    link = agent.parent / "link"
    link.symlink_to(agent)
    assert read_agent_folder(link) == read_agent_folder(agent)


def test_a_link_to_a_file_of_the_agent_is_read(agent: Path) -> None:
    (agent / "prompts/other.md").symlink_to(agent / "prompts/system.md")
    assert prompts(read_agent_folder(agent)) == {"other": "Hi", "system": "Hi"}


@pytest.mark.parametrize("file", ["prompts/x.md", "references/x.md", "protocol.yaml", "settings.json"])
def test_a_link_out_of_the_folder_is_refused(agent: Path, file: str) -> None:
    secret = write(agent.parent, "secret.md", "canary")
    path = agent / file
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(secret)
    read = read_agent_folder(agent)
    assert [diagnostic.code for diagnostic in read.diagnostics] == ["linked-file"]
    assert "canary" not in str(read)


def test_a_link_to_a_folder_is_not_followed(agent: Path) -> None:
    write(agent.parent, "outside/x.md", "canary")
    (agent / "prompts/outside").symlink_to(agent.parent / "outside")
    read = read_agent_folder(agent)
    assert [diagnostic.code for diagnostic in read.diagnostics] == ["linked-folder"]
    assert "canary" not in str(read)


def test_a_linked_prompts_folder_gives_nothing_away(agent: Path) -> None:
    write(agent.parent, "outside/x.md", "canary")
    (agent / "references").symlink_to(agent.parent / "outside")
    read = read_agent_folder(agent)
    assert [diagnostic.code for diagnostic in read.diagnostics] == ["linked-file"]
    assert "canary" not in str(read)


def test_what_is_no_file_is_never_opened(agent: Path) -> None:
    os.mkfifo(agent / "prompts/pipe.md")
    assert complaint(agent).message == "`prompts/pipe.md` is not a regular file"


def test_links_that_lead_nowhere_are_told(agent: Path) -> None:
    (agent / "prompts/lost.md").symlink_to(agent / "nothing")
    (agent / "prompts/round.md").symlink_to(agent / "prompts/round.md")
    codes = [diagnostic.code for diagnostic in read_agent_folder(agent).diagnostics]
    assert codes == ["unreadable-file", "unreadable-file"]


def test_a_file_in_place_of_a_folder_is_told(agent: Path) -> None:
    write(agent, "references", "x")
    assert complaint(agent).code == "unreadable-file"
