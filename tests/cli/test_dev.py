"""`dev`: the agent answers at once, its changes are taken up, its mistakes are told."""

import re
import shutil
import threading
from pathlib import Path

import pytest

from mainspring.assembly import real_world
from mainspring.cli.commands.demo import choose_model, packaged_agent
from mainspring.cli.dev_models import DevModels, models_of
from mainspring.cli.embedded import EmbeddedServer
from mainspring.cli.http import Api
from mainspring.cli.listening import is_free
from mainspring.cli.publishing import Published, check_folder, publish
from mainspring.cli.reloading import Reloader, Watch
from mainspring.cli.script_file import read_script
from mainspring.cli.tool_file import ToolFile
from mainspring.cli.turns import ToolCall
from mainspring.model.errors import ProviderError
from mainspring.providers.scripted import ScriptedCompleter
from mainspring.settings import Settings
from mainspring.system import SystemClock
from tests.cli.conftest import Run, json_of, lines_of

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_dev_talks_and_its_tools_answer(run: Run, agent: Path) -> None:
    shown = run("dev", agent, "--port", "0", "-m", "Where is order 17?")
    assert shown.exit_code == 0, shown.output
    assert "script.yaml answers as scripted/shop-desk" in shown.output
    assert "get-order (tools.py answers)" in shown.output
    assert "Order 17 is on its way." in shown.output
    assert (agent / ".mainspring" / "dev.db").is_file()
    assert (agent / ".mainspring" / ".gitignore").read_text() == "*\n"
    assert run("validate", agent).exit_code == 0


def test_dev_without_tools_asks(run: Run, agent: Path) -> None:
    (agent / "tools.py").unlink()
    shown = run("dev", agent, "--port", "0", "-m", "order 17", typed='{"orderId": "17", "status": "new"}\n')
    assert "get-order (you answer)" in shown.output
    assert "Order 17 is new." in shown.output


def test_dev_in_json(run: Run, agent: Path) -> None:
    first, second, *events = lines_of(run("dev", agent, "--port", "0", "-m", "Hi", "--json"))
    assert first["key"].startswith("oct_sk_")
    assert second["sessionId"].startswith("ses_")
    assert [events[0]["type"], events[-1]["type"]] == ["start", "finish"]


def test_dev_of_a_worker_prints_what_it_returns(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "brief"
    shutil.copytree(EXAMPLES / "research-brief", folder, ignore=shutil.ignore_patterns(".mainspring"))
    script = folder / "script.yaml"
    script.write_text(re.sub("pace: [0-9]+", "pace: 0", script.read_text()))
    shown = run("dev", folder, "--port", "0", "--input", "TOPIC=clocks")
    assert shown.exit_code == 0, shown.output
    assert shown.output.count("# A first look") == 1
    missing = run("dev", folder, "--port", "0")
    assert missing.exit_code == 2
    assert "TOPIC is required" in missing.stderr


def test_dev_publishes_other_folders_first(run: Run, agent: Path, tmp_path: Path) -> None:
    helper = tmp_path / "helper"
    shutil.copytree(EXAMPLES / "research-brief", helper, ignore=shutil.ignore_patterns(".mainspring"))
    protocol = agent / "protocol.yaml"
    protocol.write_text(
        protocol.read_text()
        + "  workers: [research-brief]\nworkers:\n  research-brief: {description: Helps}\n"
    )
    missing = "no worker agent `research-brief` is published yet"
    assert missing in run("dev", agent, "--port", "0", "-m", "Hi").output
    assert missing not in run("dev", agent, "--port", "0", "--with", helper, "-m", "Hi").output


def test_dev_refuses_what_is_not_valid(run: Run, agent: Path) -> None:
    (agent / "script.yaml").write_text("turnz: []\n")
    assert "script.yaml:1:1: " in run("dev", agent).stderr
    (agent / "protocol.yaml").write_text("agent: 3\n")
    refused = run("dev", agent)
    assert refused.exit_code == 1
    assert "protocol.yaml:1:8: " in refused.stderr
    assert run("dev", "nowhere").exit_code == 3


def test_dev_tells_of_a_broken_tools_file(run: Run, agent: Path) -> None:
    (agent / "tools.py").write_text("x = 1\n\nraise KeyError('a')\n")
    refused = run("dev", agent)
    assert refused.exit_code == 1
    assert "Error: tools.py:3: KeyError: 'a'" in refused.stderr


def test_dev_on_a_taken_port(run: Run, agent: Path, server: EmbeddedServer) -> None:
    port = server.url.rpartition(":")[2]
    refused = run("dev", agent, "--port", port)
    assert refused.exit_code == 1
    assert f"Port {port} on 127.0.0.1 is taken." in refused.stderr
    assert not is_free("127.0.0.1", int(port))


def test_a_model_without_a_key_is_played(agent: Path) -> None:
    protocol = agent / "protocol.yaml"
    protocol.write_text(protocol.read_text().replace("scripted/shop-desk", "anthropic/claude-sonnet-4-5"))
    program = check_folder(agent).program
    assert program is not None
    assert models_of(program) == ["anthropic/claude-sonnet-4-5"]
    world = real_world(Settings(), {})
    script = read_script(agent / "script.yaml")
    models = DevModels(world.completers, world.clock, script)
    assert isinstance(models.find("anthropic/claude-sonnet-4-5"), ScriptedCompleter)
    assert "script.yaml answers as anthropic/" in models.told(program)[0]
    models.script = None
    assert "ANTHROPIC_API_KEY" in models.told(program)[0]
    with pytest.raises(ProviderError):
        models.find("anthropic/claude-sonnet-4-5")
    with_key = DevModels(real_world(Settings(), {"ANTHROPIC_API_KEY": "k"}).completers, world.clock, script)
    assert with_key.told(program) == []


def test_models_named_by_blocks_and_inputs() -> None:
    program = check_folder(EXAMPLES / "research-brief").program
    assert program is not None
    assert models_of(program) == ["scripted/research-brief"]


class Bench:
    """A reloader on a published agent, and what it told."""

    def __init__(self, agent: Path, api: Api) -> None:
        self.told: list[str] = []
        self.published: list[Published] = []
        self.tools = ToolFile(agent / "tools.py")
        world = real_world(Settings(), {})
        self.models = DevModels(world.completers, SystemClock(), read_script(agent / "script.yaml"))
        publish(api, check_folder(agent))
        self.reloader = Reloader(
            agent,
            api,
            told=self.told.append,
            published=self.published.append,
            models=self.models,
            tools=self.tools,
        )


def test_a_changed_prompt_is_published(agent: Path, api: Api) -> None:
    bench = Bench(agent, api)
    bench.reloader.changed({"README.md"})
    bench.reloader.changed({"protocol.yaml"})
    assert bench.told == []
    (agent / "prompts" / "system.md").write_text("Be brief, {{NAME}}.")
    bench.reloader.changed({"prompts/system.md"})
    assert len(bench.published) == 1
    assert "is in use from the next message on" in bench.told[0]


def test_a_mistake_leaves_the_version_before(agent: Path, api: Api) -> None:
    bench = Bench(agent, api)
    (agent / "protocol.yaml").write_text("agent: 3\n")
    bench.reloader.changed({"protocol.yaml"})
    assert bench.published == []
    assert "protocol.yaml:1:8: " in bench.told[0]
    assert bench.told[0].endswith("The version before stays in use")


def test_scripts_and_tools_are_taken_up(agent: Path, api: Api) -> None:
    bench = Bench(agent, api)
    before = bench.models.script
    (agent / "script.yaml").write_text("turnz: []\n")
    (agent / "tools.py").write_text("def get_order(args): return 1 /\n")
    bench.reloader.changed({"script.yaml", "tools.py"})
    assert bench.models.script is before
    assert bench.told[0].startswith("Not taken up: tools.py:1: SyntaxError")
    assert bench.tools.run(ToolCall("c", "get-order", {"orderId": "17"})) == {
        "orderId": "17",
        "status": "on its way",
    }
    (agent / "script.yaml").write_text("default: {text: New}\n")
    (agent / "tools.py").write_text("def get_order(args): return 'new'\n")
    bench.reloader.changed({"script.yaml", "tools.py"})
    assert bench.told[-2:] == ["Reloaded tools.py", "Reloaded script.yaml"]
    assert bench.tools.run(ToolCall("c", "get-order", {})) == "new"
    assert bench.models.script is not before


def test_the_folder_is_watched(agent: Path) -> None:
    seen: set[str] = set()
    found = threading.Event()

    def changed(names: set[str]) -> None:
        seen.update(names)
        if "prompts/system.md" in seen:
            found.set()

    with Watch(agent, changed):
        for attempt in range(200):
            (agent / "prompts" / "system.md").write_text(f"Attempt {attempt}")
            (agent / ".mainspring").mkdir(exist_ok=True)
            (agent / ".mainspring" / "dev.db").write_text(str(attempt))
            if found.wait(0.1):
                break
    assert "prompts/system.md" in seen
    assert not any(name.startswith(".mainspring") for name in seen)


def test_the_demo_answers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with packaged_agent() as folder:
        copy = Path.cwd() / "demo-agent"
        shutil.copytree(folder, copy)
    script = copy / "script.yaml"
    script.write_text(script.read_text().replace("pace: 25", "pace: 0"))
    monkeypatch.setattr("mainspring.cli.commands.demo.resources.as_file", lambda _: _Here(copy))
    shown = run("demo")
    assert shown.exit_code == 0, shown.output
    assert "model   scripted: no key, no network" in shown.output
    assert '-> get-user-account {"userId":"user-1"}' in shown.output
    assert "You are on the Team plan, Ada, with 12 seats" in shown.output
    events = lines_of(run("demo", "Hello?", "--json"))
    assert [events[0]["type"], events[-1]["type"]] == ["start", "finish"]
    broken = run("demo", "--model", "nowhere/model")
    assert broken.exit_code == 1
    assert "`mainspring demo --model scripted/demo` needs none" in broken.stderr


class _Here:
    """A folder that needs no unpacking."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        """Nothing was unpacked."""


def test_the_demo_uses_a_real_model_when_it_can() -> None:
    assert choose_model(None, {})[0] == "scripted/demo"
    model, why = choose_model(None, {"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k"})
    assert model.startswith("anthropic/")
    assert "ANTHROPIC_API_KEY is set" in why
    assert choose_model(None, {"OPENAI_API_KEY": "k"})[0].startswith("openai/")
    assert choose_model("ollama/llama", {"OPENAI_API_KEY": "k"})[0] == "ollama/llama"


def test_keys_made_for_the_person_end_with_the_server(run: Run, agent: Path) -> None:
    run("dev", agent, "--port", "0", "-m", "Hi")
    keys = json_of(run("keys", "list", "--database", agent / ".mainspring" / "dev.db", "--json"))["keys"]
    assert [key["name"] for key in keys] == ["made for you"]
    assert "revokedAt" in keys[0]
