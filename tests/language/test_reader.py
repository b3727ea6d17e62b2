"""Checks the YAML reader: the core schema of 1.2, places, and everything that is refused."""

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mainspring.language import reader
from mainspring.language.reader import MAX_BYTES, MAX_DEPTH, MAX_KEYS, MAX_NODES, read_yaml, unreadable
from mainspring.language.scalars import resolve
from mainspring.language.syntax import ListNode, MapNode, Node, ScalarNode, kind_of, path_text, plain
from mainspring.model.spans import Span

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{inner}'] * 9)}]\n"
    for inner, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test runs on the C parser and on the Python one, which is used where the other is missing."""
    if not hasattr(yaml, request.param):
        pytest.skip("this PyYAML was built without the C parser")
    monkeypatch.setattr(reader, "_LOADER", getattr(yaml, request.param))
    return request.param


def read(text: str) -> Node:
    node, found = read_yaml(text, "x.yaml")
    assert found == []
    assert node is not None
    return node


def refusals(text: str) -> list[str]:
    return [one.code for one in read_yaml(text, "x.yaml")[1]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, None) for word in ("", "~", "null", "Null", "NULL")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        *(
            (word, word)
            for word in ("yes", "no", "on", "off", "y", "Yes", "nULL", "tRUE", "0b1", "1_000", "12:30")
        ),
        *(
            (word, word)
            for word in ("2026-11-22", "0o8", "0xg", "1e", ".", "-", "+.", ".inF", "=", "<<", "1.2.3")
        ),
        *((word, int(word)) for word in ("0", "-1", "+7", "007", "123456789012345678901")),
        ("0o17", 15),
        ("0xFf", 255),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        (".5", 0.5),
        ("5.", 5.0),
        (".inf", math.inf),
        ("+.INF", math.inf),
        ("-.Inf", -math.inf),
        ("1e999", math.inf),
        ("9" * 5000, math.inf),
        ("0x" + "f" * 5000, math.inf),
    ],
)
def test_a_plain_scalar_has_the_value_of_the_core_schema(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_not_a_number() -> None:
    assert all(math.isnan(float(resolve(word) or 0)) for word in (".nan", ".NaN", ".NAN"))


def test_quoted_scalars_are_text(loader: str) -> None:
    assert plain(read("a: 'true'\nb: \"1\"\nc: |\n  null\nd: >-\n  5\n")) == {
        "a": "true",
        "b": "1",
        "c": "null\n",
        "d": "5",
    }


def test_every_node_knows_its_place(loader: str) -> None:
    tree = read('a: 1\nbc:\n  - "x y"\n  - {d: ü, e: f}\n')
    assert isinstance(tree, MapNode)
    first, second = tree.entries
    assert first.key_span == Span(file="x.yaml", line=1, column=1, end_line=1, end_column=2)
    assert first.value.span == Span(file="x.yaml", line=1, column=4, end_line=1, end_column=5)
    assert isinstance(second.value, ListNode)
    text, inner = second.value.items
    assert text.span == Span(file="x.yaml", line=3, column=5, end_line=3, end_column=10)
    assert isinstance(inner, MapNode)
    assert inner.entries[1].value.span == Span(file="x.yaml", line=4, column=15, end_line=4, end_column=16)
    assert tree.entry("nothing") is None


def test_anchors_stand_for_their_value(loader: str) -> None:
    assert plain(read("a: &x {b: [1]}\nc: *x\nd: &y 5\ne: [*y, *y]\n")) == {
        "a": {"b": [1]},
        "c": {"b": [1]},
        "d": 5,
        "e": [5, 5],
    }


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (BOMB, ["yaml-too-many-values"]),
        ("a: &a [*a]", ["yaml-alias"]),
        ("a: &a {b: *a}", ["yaml-alias"]),
        ("a: *b", ["yaml-alias"]),
        ("[" * 5000, ["yaml-too-deep"]),
        ("- " * 5000, ["yaml-too-deep"]),
        ("".join(" " * depth + "a:\n" for depth in range(MAX_DEPTH + 2)), ["yaml-too-deep"]),
        ("a: &a [[[1]]]\nb: " + "[" * (MAX_DEPTH - 3) + "*a" + "]" * (MAX_DEPTH - 3), ["yaml-too-deep"]),
        ("[" + "1, " * MAX_NODES + "]", ["yaml-too-many-values"]),
        ("".join(f"k{number}: 1\n" for number in range(MAX_KEYS + 1)), ["yaml-too-many-values"]),
        ("a: " + "x" * MAX_BYTES, ["too-large"]),
        ("a: " + "ü" * (MAX_BYTES // 2), ["too-large"]),
        ("a: 1\na: 2\n", ["duplicate-key"]),
        ("{a: 1, 'a': 2}", ["duplicate-key"]),
        ("1: a\n", ["yaml-key"]),
        ("? [a]\n: b\n", ["yaml-key"]),
        ("? {a: b}\n: {a: 1, a: 2}\n", ["yaml-key", "duplicate-key"]),
        ("a: !!str b\n", ["yaml-tag"]),
        ("a: !x [b]\n", ["yaml-tag"]),
        ("! a\n", ["yaml-tag"]),
        ("!!python/object/apply:os.system ['x']\n", ["yaml-tag"]),
        ("a: 1\n---\nb: 2\n", ["yaml-documents"]),
        ("a: 'b\n", ["yaml-syntax"]),
        ("a: b: c\n", ["yaml-syntax"]),
        ("a:\n\tb: c\n", ["yaml-syntax"]),
        ("a: @b\n", ["yaml-syntax"]),
        ("%YAML 9.9\n---\na: b\n", ["yaml-syntax"]),
        ("a: \x00b\n", ["bad-character"]),
        ("a: \ud800\n", ["bad-character"]),
        ('a: "\\0"\n', ["bad-character"]),
        ('a: "\\x07 is fine"\n', []),
    ],
)
def test_what_is_refused(loader: str, text: str, codes: list[str]) -> None:
    found = refusals(text)
    assert found[: len(codes)] == codes
    assert len(found) == len(codes)


def test_a_half_character_may_not_be_escaped(loader: str) -> None:
    assert refusals('a: "\\ud800"\n') in (["bad-character"], ["yaml-syntax"])


def test_a_bomb_is_refused_where_it_grows(loader: str) -> None:
    node, found = read_yaml(BOMB, "x.yaml")
    assert node is None
    assert found[0].span is not None
    assert found[0].span.line == 5


def test_what_cannot_be_read_is_told_without_reading() -> None:
    assert unreadable("a: 1\r\nb:\u2028 2", "x.md") is None
    found = unreadable("a\r\nb\x85c\u2028d\x1b[0m", "x.md")
    assert found is not None
    assert found.span == Span(file="x.md", line=4, column=2, end_line=4, end_column=3)
    assert found.message == "the character U+001B may not stand in a text file"


def test_a_mistake_in_syntax_has_a_place_and_advice() -> None:
    node, found = read_yaml("a: b\n  c: d\n", "x.yaml")
    assert node is None
    assert found[0].span == Span(file="x.yaml", line=2, column=4, end_line=2, end_column=4)
    assert "quotes" in found[0].hint


def test_an_error_without_a_place_is_told_at_the_file() -> None:
    found = reader._syntax_error(yaml.YAMLError("the stream is broken\nsomehow"), "x.yaml", "")
    assert found.span == Span(file="x.yaml")
    assert found.message == "this is not YAML: the stream is broken"


def test_an_empty_text_has_no_tree(loader: str) -> None:
    assert read_yaml("", "x.yaml") == (None, [])
    assert read_yaml("# only a comment\n", "x.yaml") == (None, [])
    assert read_yaml("\ufeffa: 1\n", "x.yaml")[1] == []


def test_kinds_as_a_person_calls_them() -> None:
    said = {text: kind_of(read(text)) for text in ("{}", "[]", "~", "true", "x", "1", "1.5")}
    assert said == {
        "{}": "a mapping",
        "[]": "a list",
        "~": "nothing",
        "true": "a boolean",
        "x": "text",
        "1": "a number",
        "1.5": "a number",
    }


def test_the_notation_of_paths() -> None:
    assert path_text(()) == ""
    assert path_text(("agent", "tools", 0)) == "agent.tools[0]"
    assert path_text(("handlers", "user-message", "Respond", "tool")) == "handlers.user-message.Respond.tool"
    assert len(path_text(("x" * 1000,))) == 80


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab01 :#-'\"\n~", max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("ab:# 1", max_size=4), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_json_is_read_as_it_is(value: object) -> None:
    import msgspec

    node = read(msgspec.json.format(msgspec.json.encode(value), indent=1).decode())
    assert plain(node) == value
    assert isinstance(node, ScalarNode | ListNode | MapNode)
