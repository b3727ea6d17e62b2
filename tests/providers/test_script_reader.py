"""Reading scripts: every mistake is found, where it stands, with what would be right."""

import re

import pytest

from mainspring.providers.script import (
    Call,
    Cite,
    Fail,
    InvalidScript,
    Pattern,
    Pause,
    Say,
    Script,
    Think,
    Turn,
    When,
)
from mainspring.providers.script_reader import load_script

MISTAKES = [
    ("", "empty-script", "the script is empty"),
    ("# nothing\n", "empty-script", "the script is empty"),
    ("a: [", "yaml-syntax", "this is not YAML"),
    ("7", "wrong-type", "the file has to be a mapping, not a number"),
    ("{}", "missing-key", "a script needs `turns`, or at least `default`"),
    ("turn: []", "unknown-key", "unknown key `turn`"),
    ("turns: 7", "wrong-type", "`turns` has to be a list, not a number"),
    ("[7]", "wrong-type", "has to be text, not a number"),
    ("[{}]", "empty-turn", "the turn says nothing"),
    ("[{txt: a}]", "unknown-key", "unknown key `txt`"),
    ("[{text: 7}]", "wrong-type", "`text` has to be text"),
    ("[{text: [a, 7]}]", "wrong-type", "has to be text, not a number"),
    ("[{text: a, when: b}]", "wrong-type", "`when` has to be a mapping, not text"),
    ("[{text: a, when: {users: b}}]", "unknown-key", "unknown key `users`"),
    ("[{text: a, when: {user: '/(/'}}]", "bad-pattern", "`user` is not a regular expression"),
    ("[{text: a, when: {user: ''}}]", "empty-value", "`user` is empty"),
    ("[{text: a, when: {step: 0}}]", "bad-value", "`step` has to be at least 1"),
    ("[{text: a, repeat: always}]", "bad-value", "`repeat` has to be a number or `forever`"),
    ("[{text: a, repeat: 0}]", "bad-value", "`repeat` has to be at least 1"),
    ("[{text: a, delay: -1}]", "bad-value", "`delay` has to be between 0"),
    ("[{text: a, finish: done}]", "bad-value", "`finish` has to be one of"),
    ("[{text: a, usage: {tokens: 1}}]", "unknown-key", "unknown key `tokens`"),
    ("[{text: '{{users}}'}]", "bad-template", "`{{users}}` names nothing that a script knows"),
    ("[{text: '{{result}}'}]", "bad-template", "`{{result}}` needs a name after it"),
    ("[{text: '{{user.name}}'}]", "bad-template", "`{{user}}` has no members"),
    ("[{json: {a: ['{{no}}']}}]", "bad-template", "`{{no}}` names nothing"),
    ("[{reasoning: {signature: a}}]", "missing-key", "needs `text`"),
    ("[{reasoning: {text: a, metadata: 7}}]", "wrong-type", "`metadata` has to be a mapping"),
    ("[{tools: [{args: {}}]}]", "missing-key", "needs `name`"),
    ("[{tools: [{name: a, args: 7}]}]", "wrong-type", "`args` has to be a mapping"),
    ("[{tools: [{name: a, args: {}, arguments: '{}'}]}]", "bad-part", "give `args` or `arguments`, not both"),
    ("[{tools: [{name: a, split: 0}]}]", "bad-value", "`split` has to be between 1 and"),
    ("[{sources: [{title: a}]}]", "missing-key", "needs `url`"),
    ("[{parts: [{text: a, delay: 1}]}]", "bad-part", "has to be exactly one piece"),
    ("[{parts: [7]}]", "wrong-type", "has to be a mapping"),
    ("[{parts: [{delay: soon}]}]", "wrong-type", "`delay` has to be a number"),
    ("[{failure: 500}]", "wrong-type", "`failure` has to be a mapping"),
    ("[{failure: {status: 200}}]", "bad-value", "`status` has to be between 400 and 599"),
    ("default: {text: 7}", "wrong-type", "`text` has to be text"),
]


@pytest.mark.parametrize(("text", "code", "message"), MISTAKES)
def test_a_mistake_is_found_where_it_stands(text: str, code: str, message: str) -> None:
    with pytest.raises(InvalidScript, match=r"^demo\.yaml:\d+: ") as caught:
        load_script(text, "demo.yaml")
    found = [diagnostic for diagnostic in caught.value.diagnostics if diagnostic.code == code]
    assert found, caught.value.diagnostics
    assert message in found[0].message
    assert found[0].span is not None
    assert caught.value.code == "INVALID_SCRIPT"


def test_every_mistake_is_told_at_once_with_its_line_and_a_hint() -> None:
    with pytest.raises(InvalidScript, match=re.escape("a.yaml:2: unknown key `txet`")) as caught:
        load_script("turns:\n  - txet: a\n    text: b\n    repaet: 2\ndefault: {text: '{{usr}}'}\n", "a.yaml")
    lines = [diagnostic.span.line for diagnostic in caught.value.diagnostics if diagnostic.span]
    assert lines == [2, 4, 5]
    assert caught.value.diagnostics[1].hint == "did you mean `repeat`?"


FORMS = """
pace: 1.5
together: 3
turns:
  - hello
  - when: {user: '/a.b/ims', tool-result: look, step: 2, response: R}
    repeat: forever
    pace: 0
    reasoning: [a, b]
    tools: [look, {name: see, arguments: [x, y], metadata: {k: 1}}]
    sources: [https://example.org]
    failure: {cut: true, after: 2, message: gone}
  - parts: [{tool: look, split: 2}, {delay: 3}, {reasoning: {text: a, metadata: {m: 1}, signature: s}}]
    repeat: 4
default: bye
"""


def test_the_short_and_the_long_forms() -> None:
    script = load_script(FORMS, "demo.yaml")
    assert script == Script(
        turns=(
            Turn(pieces=(Say("hello"),), repeat=1, line=5),
            Turn(
                pieces=(
                    Think("ab", ("a", "b")),
                    Cite("https://example.org"),
                    Call("look"),
                    Call("see", {}, "xy", ("x", "y"), 16, {"k": 1}),
                    Fail(message="gone", after=2, cut=True),
                ),
                when=When(
                    user=Pattern("/a.b/ims", re.compile("a.b", re.IGNORECASE | re.MULTILINE | re.DOTALL)),
                    tool_result="look",
                    step=2,
                    response="R",
                ),
                pace=0,
                line=6,
            ),
            Turn(
                pieces=(Call("look", split=2), Pause(3), Think("a", None, {"m": 1, "signature": "s"})),
                repeat=4,
                line=13,
            ),
        ),
        default=Turn(pieces=(Say("bye"),), repeat=1, line=15),
        pace=1.5,
        together=3,
        file="demo.yaml",
    )


def test_keys_for_people_are_left_alone() -> None:
    assert load_script("x-note: hello\ndefault: bye", "demo.yaml").default is not None
