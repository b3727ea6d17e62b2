"""Commands that need no server: init, validate, keys, and how mistakes are told."""

from pathlib import Path

import pytest

from mainspring.cli.commands.init import slug_of
from mainspring.cli.main import COMMANDS
from tests.cli.conftest import Run, json_of


def test_help_lists_every_command_and_loads_none(run: Run) -> None:
    shown = run("--help")
    assert shown.exit_code == 0
    assert all(f"  {name} " in shown.output and text in shown.output for name, text in COMMANDS.items())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(run: Run, name: str) -> None:
    shown = run(name, "-h")
    assert shown.exit_code == 0
    assert "Usage: mainspring " + name in shown.output


def test_an_unknown_command_gets_a_suggestion(run: Run) -> None:
    refused = run("validat")
    assert refused.exit_code == 2
    assert "There is no command 'validat'. Did you mean 'validate'?" in refused.stderr


def test_a_mistake_in_json(run: Run) -> None:
    assert json_of(run("sessions", "list", "--json"), 4) == {
        "error": "No API key: give one by --key or MAINSPRING_KEY.",
        "code": "NO_KEY",
        "hint": "`mainspring keys create --scope agents --scope sessions` makes one.",
    }
    assert json_of(run("keys", "create", "--scope", "everything", "--json"), 2)["code"] == "USAGE"
    assert json_of(run("sync", "nowhere", "--key", "k", "--json"), 3)["code"] == "FILE_NOT_FOUND"


def test_debug_lets_the_error_through(run: Run) -> None:
    assert type(run("--debug", "validate", "nowhere").exception).__name__ == "MissingFile"


def test_a_new_agent_is_valid_and_named_after_its_folder(run: Run, tmp_path: Path) -> None:
    made = json_of(run("init", "agents/Shop Desk", "--json"))
    assert made["slug"] == "shop-desk"
    assert {"protocol.yaml", "settings.json", "script.yaml", "tools.py", "prompts/system.md"} <= set(
        made["files"]
    )
    found = json_of(run("validate", "agents/Shop Desk", "--json"))
    assert found == {"slug": "shop-desk", "valid": True, "errors": [], "warnings": []}
    assert '"name": "Shop desk"' in (tmp_path / "agents/Shop Desk/settings.json").read_text()


def test_init_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    refused = run("init", "full")
    assert refused.exit_code == 1
    assert "not empty" in refused.stderr
    assert [entry.name for entry in (tmp_path / "full").iterdir()] == ["notes.txt"]
    (tmp_path / "empty").mkdir()
    assert "Talk to it: mainspring dev empty" in run("init", "empty").output
    (tmp_path / "file").write_text("")
    assert run("init", "file/below").exit_code == 1


def test_a_folder_without_letters_gets_a_slug() -> None:
    assert slug_of(Path("/agents/___")) == "my-agent"


def test_problems_are_shown_at_their_place(run: Run, agent: Path) -> None:
    protocol = agent / "protocol.yaml"
    protocol.write_text(protocol.read_text().replace("tools: [get-order]", "tools: [get-ordr]"))
    line = protocol.read_text().splitlines().index("  tools: [get-ordr]") + 1
    refused = run("validate", agent)
    assert refused.exit_code == 1
    assert f"protocol.yaml:{line}:11: " in refused.output
    assert "get-order" in refused.output
    assert "1 error" in refused.output
    found = json_of(run("validate", agent, "--json"), 1)
    assert (found["valid"], found["errors"][0]["line"]) == (False, line)


def test_the_script_is_checked_too(run: Run, agent: Path) -> None:
    (agent / "script.yaml").write_text("turnz: []\n")
    refused = run("validate", agent)
    assert refused.exit_code == 1
    assert "script.yaml:1:1: " in refused.output
    (agent / "script.yaml").write_bytes(b"\xff\xfe")
    assert "cannot be read" in run("validate", agent).output
    (agent / "script.yaml").unlink()
    assert run("validate", agent).exit_code == 0


def test_a_folder_that_is_no_agent(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = json_of(run("validate", "empty", "--json", "--explain"), 1)
    assert found["slug"] is None
    assert {issue["code"] for issue in found["errors"]} == {"missing-file"}
    assert run("validate", "nowhere").exit_code == 3


def test_explain_writes_out_what_is_assumed(run: Run, agent: Path) -> None:
    shown = run("validate", agent, "--explain")
    assert shown.stdout.startswith("# The agent shop-desk, version ")
    assert "# assumed" in shown.stdout
    assert json_of(run("validate", agent, "--explain", "--json"))["explained"] == shown.stdout


def test_keys_live_and_end(run: Run) -> None:
    assert run("keys", "list").exit_code == 3
    made = json_of(run("keys", "create", "--scope", "agents", "--scope", "sessions", "--json"))
    assert made["key"].startswith(made["prefix"])
    plain = run("keys", "create", "--scope", "admin", "--name", "laptop", "--expires", "30d")
    assert plain.stdout.startswith("oct_sk_")
    assert "not shown again" in plain.stderr
    listed = json_of(run("keys", "list", "--json"))["keys"]
    assert {key["name"] for key in listed} == {"", "laptop"}
    assert not any("key" in key for key in listed)
    assert run("keys", "revoke", made["id"]).output == f"{made['id']} is revoked.\n"
    again = run("keys", "revoke", made["id"])
    assert again.exit_code == 3
    assert "`mainspring keys list`" in again.stderr
    shown = run("keys", "list").output
    assert "revoked" in shown
    assert "live until" in shown
    assert plain.stdout.strip() not in shown


def test_keys_revoked_and_expired_in_json(run: Run) -> None:
    made = json_of(run("keys", "create", "--scope", "admin", "--expires", "0s", "--json"))
    assert "expiresAt" in made
    assert "expired" in run("keys", "list").output
    assert json_of(run("keys", "revoke", made["id"], "--json")) == {"id": made["id"], "revoked": True}
    assert "revokedAt" in json_of(run("keys", "list", "--json"))["keys"][0]


def test_an_expiry_that_is_no_duration(run: Run) -> None:
    refused = run("keys", "create", "--scope", "admin", "--expires", "soon")
    assert refused.exit_code == 2
    assert "30d" in refused.stderr


def test_no_keys_yet(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mainspring.db").touch()
    assert run("keys", "list").output == "There are no keys.\n"


def test_a_setting_that_is_not_allowed(run: Run, tmp_path: Path) -> None:
    refused = run("serve", "--port", "many")
    assert refused.exit_code == 2
    assert "--port: 'many' is not allowed" in refused.stderr
    assert "Hint: `mainspring serve --help`" in refused.stderr
    (tmp_path / "other.toml").write_text("prot = 1\n")
    assert 'did you mean "port"' in run("serve", "--config", "other.toml").stderr
