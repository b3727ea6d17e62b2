"""`mainspring tokens`: over real HTTP on loopback."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run, json_of


@pytest.fixture
def shop(online: Run, agent: Path) -> Run:
    """Commands with a server that has the template's agent."""
    assert online("sync", agent).exit_code == 0
    return online


def test_mint_and_revoke(shop: Run) -> None:
    made = shop("tokens", "mint", "shop-desk", "--ttl", "90m", "--client-tool", "ask-user")
    assert made.exit_code == 0
    token = made.stdout.strip()
    assert token.startswith("oct_et_")
    assert "is good until" in made.stderr
    assert shop("tokens", "revoke", token).stdout.endswith(" is revoked.\n")
    assert shop("tokens", "revoke", token).stdout == "It was unknown or over already.\n"


def test_as_json(shop: Run) -> None:
    session = json_of(shop("sessions", "list", "--json"))["sessions"]
    assert session == []
    made = json_of(shop("tokens", "mint", "shop-desk", "--trigger", "user-message", "--json"))
    assert made.keys() == {"token", "jti", "expiresAt", "agentId"}
    ended = json_of(shop("tokens", "revoke", made["token"], "--json"))
    assert ended == {"revoked": True, "jti": made["jti"]}
    assert json_of(shop("tokens", "mint", "shop-desk", "--read-only", "--json"))["token"] != made["token"]


def test_what_is_refused(shop: Run) -> None:
    assert "exclude each other" in shop("tokens", "mint", "a", "--read-only", "--trigger", "b").stderr
    for ttl in ("soon", "0s"):
        assert "it must be a duration" in shop("tokens", "mint", "shop-desk", "--ttl", ttl).stderr
    unknown = shop("tokens", "mint", "shop-desk", "--session", "ses_0")
    assert unknown.exit_code != 0
    assert "There is no session" in unknown.stderr
