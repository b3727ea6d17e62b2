"""Settings: a flag wins over a variable, a variable over the file; mistakes name the place and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mainspring.settings import (
    NAMES,
    InvalidSetting,
    Settings,
    default_of,
    help_of,
    load_settings,
    parse_setting,
    process_environment,
    read_file,
)


def test_the_defaults_are_safe() -> None:
    settings = load_settings({}, {}, file=None)
    assert settings == Settings()
    assert settings.host == "127.0.0.1"
    assert settings.synchronous == "FULL"


def test_flags_win_over_variables_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mainspring.toml"
    file.write_text(
        'port = 1\nhost = "file"\nsession_lifetime = "2h"\ncors_origins = ["https://a.example"]\n'
    )
    environment = {"MAINSPRING_PORT": "2", "MAINSPRING_HOST": "variable", "OTHER": "x"}
    settings = load_settings({"port": 3, "host": None}, environment, file=file)
    assert (settings.port, settings.host, settings.session_lifetime) == (3, "variable", 7200.0)
    assert settings.cors_origins == {"https://a.example"}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("session_lifetime", "24h", 86400.0),
        ("session_lifetime", "90", 90.0),
        ("heartbeat", "250ms", 0.25),
        ("delta_retention", "1.5 d", 129600.0),
        ("max_body", "10MB", 10_000_000),
        ("max_body", "256kb", 256_000),
        ("max_body", 77, 77),
        ("stop_on_disconnect", "off", False),
        ("stop_on_disconnect", True, True),
        ("allowed_hosts", "a, b,", frozenset({"a", "b"})),
        ("synchronous", " NORMAL ", "NORMAL"),
        ("database", 5, "5"),
    ],
)
def test_values_are_read(name: str, text: object, value: object) -> None:
    assert parse_setting(name, text, where=name) == value


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("session_lifetime", "soon", "a duration such as"),
        ("session_lifetime", "0s", "a duration above zero"),
        ("max_body", "10 apples", "a size such as"),
        ("stop_on_disconnect", "maybe", '"true" or "false"'),
        ("port", "-1", "a whole number"),
        ("synchronous", "OFF", '"FULL" or "NORMAL"'),
    ],
)
def test_a_bad_value_says_what_is_allowed(name: str, text: str, allowed: str) -> None:
    with pytest.raises(InvalidSetting, match=f"--{name}: '{text}' is not allowed; it must be {allowed}"):
        parse_setting(name, text, where=f"--{name}")


def test_a_bad_variable_is_named() -> None:
    with pytest.raises(InvalidSetting, match="MAINSPRING_PORT"):
        load_settings({}, {"MAINSPRING_PORT": "x"})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("prot = 1", 'did you mean "port"'),
        ("zzz = 1", "there is no setting 'zzz'$"),
        ("port = ", "cannot be read"),
        ('port = "x"', "mainspring.toml: port"),
    ],
)
def test_a_bad_file_is_told(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "mainspring.toml"
    file.write_text(content)
    with pytest.raises(InvalidSetting, match=told):
        read_file(file)


def test_a_missing_file_that_was_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="cannot be read"):
        load_settings({}, {}, file=tmp_path / "none.toml")


def test_every_setting_explains_itself() -> None:
    for name in NAMES:
        assert help_of(name).endswith(".")
        assert parse_setting(name, default_text(name), where=name) == default_of(name)
    assert "PATH" in process_environment()


def default_text(name: str) -> object:
    value = default_of(name)
    return ",".join(sorted(value)) if isinstance(value, frozenset) else value
