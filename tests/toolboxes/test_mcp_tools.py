"""What a server lists and answers, as models see it; and the settings of servers."""

from typing import Any

import pytest

from mainspring.toolboxes.mcp_results import NO_REASON, outcome_of
from mainspring.toolboxes.mcp_settings import parse_servers
from mainspring.toolboxes.mcp_tools import LARGEST_SCHEMA, MOST_TOOLS, digest_of, full_name, plain, read_tools
from tests.toolboxes.mcp_servers import listed, text

# ---- tools --------------------------------------------------------------------------------------------------


def test_names_are_ones_that_every_provider_takes() -> None:
    assert full_name("files", "read") == "files__read"
    assert full_name("files", "read.file/v2 ü") == "files__read_file_v2__"
    long = full_name("files", "x" * 100)
    assert len(long) == 64
    assert long != full_name("files", "x" * 101)
    assert full_name("files", "x" * 100) == long


def test_texts_hide_nothing_and_are_bounded() -> None:
    assert plain("a\x1b[31mred\x1b[0m\u200b\u202eb\x00\ta\nb", 100) == "aredb\ta\nb"
    assert plain("Grüße 日本語 🎉", 100) == "Grüße 日本語 🎉"
    assert plain("x" * 11, 10) == "x" * 9 + "…"
    assert plain("\U000e0041tag", 10) == "tag"


def test_schemas_hide_nothing_either() -> None:
    schema = {"type": "object", "properties": {"a": {"description": "x\u200by", "enum": ["\u200b"]}}}
    (named,) = read_tools("files", [listed("add", schema=schema)])
    assert named.tool.schema["properties"]["a"] == {"description": "xy", "enum": ["\u200b"]}


def test_what_cannot_be_offered_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    huge: dict[str, Any] = {"type": "object", "description": "x" * LARGEST_SCHEMA}
    found = read_tools("files", [listed("a.b"), listed("a/b"), listed("c", schema=huge), listed("")])
    assert [named.name for named in found] == ["a.b"]
    assert caplog.text.count("cannot be offered") == 3
    many = [listed(f"t{number}") for number in range(MOST_TOOLS + 5)]
    assert len(read_tools("files", many)) == MOST_TOOLS


def test_a_digest_is_of_name_description_and_schema_whatever_their_order() -> None:
    one = listed("add", "Adds.", {"type": "object", "properties": {}})
    assert digest_of(one) == digest_of(listed("add", "Adds.", {"properties": {}, "type": "object"}))
    others = [
        listed("sum", "Adds.", one.schema),
        listed("add", "Adds!", one.schema),
        listed("add", "Adds.", {"type": "object", "properties": {"a": {}}}),
    ]
    assert len({digest_of(tool) for tool in [one, *others]}) == 4


# ---- results ------------------------------------------------------------------------------------------------


def outcome(result: dict[str, Any], *, most: int = 1000) -> Any:
    """The outcome of a result."""
    return outcome_of("call_1", result, most=most)


def test_texts_are_joined_and_structure_wins() -> None:
    two = {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
    assert outcome(two).output == "a\nb"
    assert outcome({**two, "structuredContent": {"a": 1}}).output == {"a": 1}
    assert outcome({}).output == ""


def test_an_error_is_an_error_in_the_servers_words() -> None:
    assert outcome(text("Disk full", isError=True)).error == "Disk full"
    assert outcome({"isError": True}).error == NO_REASON
    assert len(outcome(text("x" * 5000, isError=True)).error) < 1100


def test_images_and_resources_become_files_and_texts() -> None:
    found = outcome(
        {
            "content": [
                {"type": "image", "data": "QUJD", "mimeType": "image/png"},
                {"type": "audio", "data": "QUJD", "mimeType": "audio/wav"},
                {"type": "resource", "resource": {"uri": "file:///a/b.txt", "text": "Hello"}},
                {
                    "type": "resource",
                    "resource": {"uri": "file:///a/b.pdf", "blob": "QUJD", "mimeType": "application/pdf"},
                },
                {"type": "resource", "resource": 5},
                {"type": "resource_link", "uri": "https://a.example", "name": "A"},
                {"type": "hologram"},
                7,
            ]
        }
    )
    assert found.output == (
        "[file:///a/b.txt]\nHello\n[A: https://a.example]\n[content of the kind 'hologram' is left out]"
    )
    assert [(file.id, file.media_type, file.filename, file.size) for file in found.files] == [
        ("call_1_1", "image/png", "image", 3),
        ("call_1_2", "audio/wav", "audio", 3),
        ("call_1_3", "application/pdf", "b.pdf", 3),
    ]
    assert found.files[0].url == "data:image/png;base64,QUJD"


def test_results_are_bounded() -> None:
    assert "left out" in str(outcome(text("x" * 5000)).output)
    assert len(str(outcome({"structuredContent": {"a": "x" * 5000}}).output)) < 1100
    large = outcome({"content": [{"type": "image", "data": "Q" * 5000, "mimeType": "image/png"}]})
    assert large.files == ()
    assert large.output == "[image, image/png, 3750 bytes: too large, left out]"


# ---- settings -----------------------------------------------------------------------------------------------


def test_servers_are_read_from_tables_and_from_json() -> None:
    ((name, server),) = parse_servers({"files": {"url": "https://a.example/mcp", "timeout": "2m"}})
    assert (name, server.source, server.seconds, server.connect_seconds) == ("files", "remote", 120.0, 10.0)
    ((_, local),) = parse_servers('{"git": {"command": ["mcp-server-git"], "timeout": 0.25}}')
    assert (local.source, local.seconds) == ("device", 0.25)
    assert parse_servers("") == parse_servers(()) == ()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (5, "a table such as"),
        ("[", "a table such as"),
        ({"Files": {"url": "https://a.example"}}, "lowercase-with-dashes"),
        ({"octavus": {"url": "https://a.example"}}, "lowercase-with-dashes"),
        ({"files": {}}, "either `url` or `command`"),
        ({"files": {"url": "https://a.example", "command": ["a"]}}, "either `url` or `command`"),
        ({"files": {"url": "ftp://a.example"}}, "https://"),
        ({"files": {"url": "https://a.example", "env": {"A": "b"}}}, "only with `command`"),
        ({"files": {"command": ["a"], "headers": {"A": "b"}}}, "only with `url`"),
        ({"files": {"command": ["a"], "timeout": "soon"}}, "no duration"),
        ({"files": {"command": ["a"], "timeout": 0}}, "above zero"),
        ({"files": {"command": ["a"], "shell": True}}, "shell"),
        ({"files": {"command": "a b"}}, "files"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_servers(value)


def test_secrets_come_from_the_environment_by_name() -> None:
    ((_, server),) = parse_servers(
        {"files": {"url": "https://${HOST}/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}}}
    )
    filled = server.filled({"HOST": "a.example", "TOKEN": "secret"})
    assert (filled.url, filled.headers) == ("https://a.example/mcp", {"Authorization": "Bearer secret"})
    with pytest.raises(ValueError, match="the variable TOKEN is not set"):
        server.filled({"HOST": "a.example"})
