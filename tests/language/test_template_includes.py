"""Checks the includes of prompts: what is put in where, what is refused, and that nothing grows without bound."""

import pytest

from mainspring.engine.prompts import render_prompt
from mainspring.language.templates import (
    ALL_CHARACTERS,
    NESTING,
    REPORTED,
    RESOLVED_CHARACTERS,
    parse_prompts,
)
from mainspring.model.agents import PromptFile
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.program import Prompt
from mainspring.model.spans import Span


def files(**texts: str) -> list[PromptFile]:
    return [PromptFile(name=name.replace("__", "/"), content=text) for name, text in texts.items()]


def parsed(text: str, **others: str) -> Prompt:
    prompts, diagnostics = parse_prompts(files(system=text, **others))
    assert diagnostics == []
    return prompts["system"]


def complaints(text: str, **others: str) -> list[Diagnostic]:
    return parse_prompts(files(system=text, **others))[1]


def complaint(text: str, **others: str) -> Diagnostic:
    (found,) = complaints(text, **others)
    return found


def test_an_include_is_put_in_with_its_variables() -> None:
    prompt = parsed("a {{@shared/x.md}} b {{#if C}}{{@y.md}}{{/if}}", shared__x="[{{X}}{{@y.md}}]", y="{{Y}}")
    assert render_prompt(prompt, {"X": "X", "Y": "Y", "C": "C"}, {"X": 1, "Y": "{{X}}", "C": True}) == (
        "a [1{{X}}] b {{X}}"
    )


def test_a_prompt_may_be_included_often() -> None:
    assert render_prompt(parsed("{{@x.md}}" * 3, x="ab"), {}, {}) == "ababab"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/etc/passwd", "is an absolute path"),
        ("\\x.md", "is an absolute path"),
        ("C:x.md", "is an absolute path"),
        ("../secret.md", "leads out"),
        ("a/../../b.md", "leads out"),
        ("..\\b.md", "leads out"),
        ("x", "does not end in `.md`"),
        ("", "does not end in `.md`"),
        ("X.md", "is not the path of a prompt"),
        ("a//b.md", "is not the path of a prompt"),
        ("./x.md", "is not the path of a prompt"),
        ("é.md", "is not the path of a prompt"),
        ("x\0.md", "is not the path of a prompt"),
        ("%2e%2e/x.md", "is not the path of a prompt"),
    ],
)
def test_a_bad_path_is_refused(path: str, message: str) -> None:
    found = complaint("{{@" + path + "}}", x="secret")
    assert found.code == "prompt-include-path"
    assert message in found.message


def test_a_missing_include_names_the_nearest() -> None:
    found = complaint("x\n{{@shared/tune.md}}", shared__tone="")
    assert found.code == "prompt-include-missing"
    assert found.hint == "did you mean `shared/tone.md`?"
    assert found.allowed == ("shared/tone.md", "system.md")
    assert found.span == Span(file="prompts/system.md", line=2, end_line=2, end_column=20)
    assert complaint("{{@zzz.md}}").hint == "the path starts below `prompts/`"


def test_circles_are_cut_and_told() -> None:
    found = complaint("{{@a.md}}", a="{{@b.md}}", b="{{@a.md}}")
    assert found.message == "prompts include each other in a circle: a -> b -> a"
    assert found.span == Span(file="prompts/b.md", end_column=10)
    assert complaint("{{@system.md}}").message.endswith("system -> system")
    prompts, _ = parse_prompts(files(system="x{{@a.md}}", a="y{{@system.md}}"))
    assert render_prompt(prompts["system"], {}, {}) == "xy"


def test_a_bomb_of_includes_is_refused() -> None:
    bomb = {f"p{level}": f"{{{{@p{level + 1}.md}}}}" * 20 for level in range(40)}
    prompts, found = parse_prompts(files(**bomb, p40="x" * 1000))
    assert {diagnostic.code for diagnostic in found} == {"prompt-too-large"}
    assert len(found) == REPORTED
    longest = max(len(render_prompt(prompt, {}, {})) for prompt in prompts.values())
    assert longest <= RESOLVED_CHARACTERS


def test_all_prompts_together_have_a_limit() -> None:
    half = "x" * (RESOLVED_CHARACTERS // 2)
    many = {f"p{number}": "{{@half.md}}" for number in range(12)}
    found = parse_prompts(files(half=half, **many))[1]
    assert found
    assert all(str(ALL_CHARACTERS) in diagnostic.message for diagnostic in found)


def test_includes_may_not_nest_conditionals_without_end() -> None:
    deep = "{{#if A}}" * NESTING + "{{@%s.md}}" + "{{/if}}" * NESTING
    found = complaint(deep % "a", a=deep % "b", b=deep % "c", c="x{{#if A}}{{/if}}")
    assert (found.code, found.span and found.span.file) == ("prompt-too-large", "prompts/a.md")
    assert "nest deeper" in found.message


def test_a_long_chain_of_includes_is_no_recursion() -> None:
    chain = {f"p{level}": f"{{{{@p{level + 1}.md}}}}" for level in range(400)}
    prompts, found = parse_prompts(files(**chain, p400="x"))
    assert found == []
    assert render_prompt(prompts["p0"], {}, {}) == "x"
