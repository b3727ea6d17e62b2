"""Checks `settings.json`: what it has to hold, and where it does not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.language.agent_settings import check_settings, parse_settings
from mainspring.model.agents import AgentSettings
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.spans import Span

GOOD: dict[str, Any] = {"slug": "my-agent", "name": "My agent", "format": "worker"}


def complaint(**changes: Any) -> Diagnostic:
    settings, (found,) = check_settings({**GOOD, **changes})
    assert settings is None
    return found


def test_good_settings_are_read() -> None:
    text = "\ufeff" + json.dumps({**GOOD, "description": "Does things", "more": 1})
    assert parse_settings(text) == (
        AgentSettings(slug="my-agent", name="My agent", format="worker", description="Does things"),
        [],
    )
    assert check_settings({**GOOD, "description": None})[0] == AgentSettings(**GOOD)


def test_what_is_left_out_follows_from_the_slug_and_the_protocol() -> None:
    text = '{"slug": "my-agent", "name": null}'
    assert parse_settings(text) == (AgentSettings(slug="my-agent", name="my-agent"), [])
    settings, _ = parse_settings(text, protocol="input: {}\nsteps:\n  A: next-message\n")
    assert settings == AgentSettings(slug="my-agent", name="my-agent", format="worker")
    assert [found.path for found in parse_settings('{"slug": "No"}')[1]] == ["settings.slug"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("slug", None, "the settings need `slug`"),
        ("slug", "My Agent", "`My Agent` is not a slug"),
        ("slug", "", "`` is not a slug"),
        ("slug", "x" * 65, "is not a slug"),
        ("name", " ", "`name` has to have 1 to 200 characters"),
        ("name", "x" * 201, "`name` has to have 1 to 200 characters"),
        ("name", 3, "`name` has to be text"),
        ("format", "chat", "there is no format `chat`"),
        ("format", [], "`format` has to be text"),
        ("description", 3, "`description` has to be text"),
    ],
)
def test_a_bad_member_is_told(key: str, value: Any, message: str) -> None:
    found = complaint(**{key: value})
    assert message in found.message
    assert (found.code, found.path) == ("settings-member", f"settings.{key}")
    assert found.allowed == (("interactive", "worker") if key == "format" else ())


def test_every_bad_member_is_told_at_its_place() -> None:
    settings, found = parse_settings('{\n  "name": "x",\n  "slug": "A B",  "format" : "chat"\n}')
    assert settings is None
    assert [diagnostic.span for diagnostic in found] == [
        Span(file="settings.json", line=3, column=3, end_line=3, end_column=9),
        Span(file="settings.json", line=3, column=19, end_line=3, end_column=27),
    ]


def test_text_that_is_no_json_is_told_at_its_place() -> None:
    settings, (found,) = parse_settings('{\n  "slug": }')
    assert settings is None
    assert (found.code, found.message) == ("settings-syntax", "this is not JSON: expecting value")
    assert found.span == Span(file="settings.json", line=2, column=11, end_line=2, end_column=11)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"slug": ' + "1" * 5000 + "}"])
def test_json_that_is_too_much_is_refused(text: str) -> None:
    settings, (found,) = parse_settings(text)
    assert settings is None
    assert found.code == "settings-syntax"


def test_settings_are_an_object() -> None:
    settings, (found,) = parse_settings("[]")
    assert (settings, found.code) == (None, "settings-shape")


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    assert parse_settings(text)[1]
