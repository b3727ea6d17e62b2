"""Checks prompts: what their tags mean, what is wrong with them and where, and that no text is too much."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.engine.prompts import render_prompt
from mainspring.language.template_tags import CONDITION_FORMS
from mainspring.language.templates import (
    NESTING,
    REPORTED,
    parse_prompts,
    uses,
)
from mainspring.model.agents import PromptFile
from mainspring.model.diagnostics import Diagnostic
from mainspring.model.program import (
    Branch,
    Condition,
    ConditionalNode,
    Prompt,
    TemplateNode,
    TextNode,
    VariableNode,
)
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


def names_of(nodes: tuple[TemplateNode, ...]) -> list[str]:
    return [node.name for node in nodes if isinstance(node, VariableNode)]


# ---------------------------------------------------------------- variables and text


def test_a_variable_stands_between_texts() -> None:
    assert parsed("Hi {{USER_NAME}}!").nodes == (
        TextNode(text="Hi "),
        VariableNode(name="USER_NAME", source="{{USER_NAME}}"),
        TextNode(text="!"),
    )


def test_spaces_around_a_name_are_allowed_and_kept_as_source() -> None:
    assert parsed("{{ A1 }}").nodes == (VariableNode(name="A1", source="{{ A1 }}"),)


@pytest.mark.parametrize(
    ("text", "said"), [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("\n", ""), ("a\r", "a\r")]
)
def test_the_last_line_break_of_a_file_is_not_said(text: str, said: str) -> None:
    assert render_prompt(parsed(text), {}, {}) == said


def test_the_inner_braces_of_three_are_a_tag() -> None:
    assert parsed("{{{A}}}").nodes == (
        TextNode(text="{"),
        VariableNode(name="A", source="{{A}}"),
        TextNode(text="}"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "{{7*7}}",
        "{% raw %}",
        "{{lower}}",
        "{{A.b}}",
        "{{A-B}}",
        "{{}}",
        "{{ }}",
        '{{"text"}}',
        "{A}",
        "{{A}",
        "{{A\n}}",
        "{{/each}}",
        "{{elsewhere}}",
        "{{else.x}}",
        "{{elif-x}}",
        "{{/iffy}}",
        "a }} b {{ c",
        '{{A "}}',
    ],
)
def test_what_is_not_a_form_stays_text(text: str) -> None:
    assert parsed(text).nodes == ((TextNode(text=text),) if text else ())


# ---------------------------------------------------------------- conditionals


def test_a_conditional_has_its_arms_in_order() -> None:
    text = '{{#if A}}1{{else if !B}}2{{else if C == "x y"}}3{{else if D!="}}"}}4{{else}}5{{/if}}'
    assert parsed(text).nodes == (
        ConditionalNode(
            branches=(
                Branch(condition=Condition(variable="A"), nodes=(TextNode(text="1"),)),
                Branch(condition=Condition(variable="B", operator="falsy"), nodes=(TextNode(text="2"),)),
                Branch(
                    condition=Condition(variable="C", operator="equals", literal="x y"),
                    nodes=(TextNode(text="3"),),
                ),
                Branch(
                    condition=Condition(variable="D", operator="differs", literal="}}"),
                    nodes=(TextNode(text="4"),),
                ),
                Branch(condition=None, nodes=(TextNode(text="5"),)),
            )
        ),
    )


def test_conditionals_nest() -> None:
    (outer,) = parsed("{{#if A}}a{{#if B}}{{C}}{{/if}}{{/if}}").nodes
    assert isinstance(outer, ConditionalNode)
    inner = outer.branches[0].nodes[1]
    assert isinstance(inner, ConditionalNode)
    assert names_of(inner.branches[0].nodes) == ["C"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a", "UPPER_SNAKE_CASE"),
        ("A && B", "nest one"),
        ("A or B", "nest one"),
        ("A == 'x'", "double quotes"),
        ("A == x", "double quotes"),
        ('A = "x"', "`==`"),
        ('!A == "x"', "`!=`"),
        ("A > 3", "cannot be compared"),
        ("A.b", "members"),
        ("A B", ""),
        ('A == "and" "or"', ""),
        ('("x")', ""),
    ],
)
def test_a_malformed_condition_is_explained(text: str, hint: str) -> None:
    found = complaint("\n x {{#if " + text + "}}{{/if}}")
    assert (found.code, found.message) == ("prompt-bad-condition", f"`{text}` is not a condition")
    assert found.allowed == CONDITION_FORMS
    assert hint in found.hint if hint else not found.hint
    assert found.path == "prompts.system"
    assert found.span == Span(
        file="prompts/system.md", line=2, column=10, end_line=2, end_column=10 + len(text)
    )


def test_a_missing_condition_points_at_the_tag() -> None:
    found = complaint("{{#if}}{{/if}}")
    assert found.message == "the condition is missing"
    assert found.span == Span(file="prompts/system.md", end_column=8)
    assert complaint("{{#if A}}{{else if}}{{/if}}").message == "the condition is missing"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{#if A}}", "is never closed"),
        ("{{#if A}}{{#if B}}{{/if}}", "is never closed"),
        ("{{/if}}", "closes nothing"),
        ("{{else}}", "`{{else}}` stands outside"),
        ("{{else if A}}", "`{{else if}}` stands outside"),
        ("{{#if A}}{{else}}{{else}}{{/if}}", "`{{else}}` comes after"),
        ("{{#if A}}{{else}}{{else if B}}{{/if}}", "`{{else if}}` comes after"),
    ],
)
def test_unbalanced_blocks_are_found(text: str, message: str) -> None:
    found = complaint(text)
    assert found.code == "prompt-unbalanced"
    assert message in found.message
    assert found.hint


@pytest.mark.parametrize(
    "text",
    ["{{else A}}", "{{elif A}}", "{{elseif A}}", "{{elsif}}", "{{/if A}}", "{{else ifA}}"],
)
def test_a_misspelt_keyword_is_found(text: str) -> None:
    found = complaint("{{#if A}}" + text + ("" if text.startswith("{{/if") else "{{/if}}"))
    assert found.code == "prompt-malformed-tag"
    assert "write `{{" in found.hint


@pytest.mark.parametrize("text", ["{{#if A", "{{#if A\n}}", '{{#if A == "x}}', "{{@a.md", "{{#if A}"])
def test_an_unclosed_tag_is_found(text: str) -> None:
    assert complaints(text)[0].code == "prompt-unclosed-tag"


def test_unclosed_tags_still_count_as_what_they_are() -> None:
    found = complaints("{{#if A\n{{else if B\n{{/if\n")
    assert [diagnostic.code for diagnostic in found] == ["prompt-unclosed-tag"] * 3


def test_another_block_is_text_with_a_warning() -> None:
    found = complaint("{{#each items}}{{/each}}")
    assert (found.code, found.severity) == ("prompt-unknown-block", "warning")
    prompts, _ = parse_prompts(files(system="{{#each items}}"))
    assert prompts["system"].nodes == (TextNode(text="{{#each items}}"),)


def test_conditionals_nest_only_so_deep() -> None:
    deepest = "{{#if A}}" * NESTING + "x" + "{{/if}}" * NESTING
    assert parsed(deepest)
    found = complaint("{{#if A}}" * 5_000 + "x" + "{{/if}}" * 5_000)
    assert found.code == "prompt-too-deep"
    assert found.span == Span(file="prompts/system.md", column=9 * NESTING + 1, end_column=9 * NESTING + 10)


# ---------------------------------------------------------------- names, uses, bounds


@pytest.mark.parametrize("name", ["", "A", "a/", "/a", "a b", "../a", "a.md", "-a", "é"])
def test_a_bad_prompt_name_is_refused(name: str) -> None:
    prompts, (found,) = parse_prompts([PromptFile(name=name, content="x")])
    assert prompts == {}
    assert (found.code, found.span) == ("prompt-name", Span(file=f"prompts/{name}.md"))


def test_a_doubled_name_is_refused() -> None:
    _, (found,) = parse_prompts([PromptFile(name="a", content="1"), PromptFile(name="a", content="2")])
    assert found.message == "there are two prompts named `a`"


def test_uses_tells_names_and_places_of_one_file() -> None:
    text = 'Hi {{A}}\n{{#if B == "x"}}{{A}}{{else if !C}}{{else}}{{@d/e.md}}{{/if}}{{#if }}{{/if}}'
    found = uses(PromptFile(name="x", content=text))
    assert [(use.name, use.span.line, use.span.column) for use in found.variables] == [
        ("A", 1, 4),
        ("A", 2, 17),
    ]
    (first, second) = found.conditions
    assert first.condition == Condition(variable="B", operator="equals", literal="x")
    assert first.span == Span(file="prompts/x.md", line=2, column=7, end_line=2, end_column=15)
    assert second.condition == Condition(variable="C", operator="falsy")
    assert found.includes == ("d/e",)


def test_a_flood_of_mistakes_is_cut_short() -> None:
    found = complaints("{{#if}}" * 400 + "{{#each}}" * 400 + "{{@no.md}}" * 400)
    severities = [diagnostic.severity for diagnostic in found]
    assert severities == ["error"] * REPORTED + ["warning"] * REPORTED


# ---------------------------------------------------------------- any text at all

TOKENS = st.sampled_from(
    [
        "{{",
        "}}",
        "{",
        "}",
        "#if ",
        "else",
        " if ",
        "/if",
        "@a.md",
        "@",
        "A",
        "b",
        '"',
        " == ",
        "!",
        "\n",
        " ",
        "é",
        "{{A}}",
        "{{#if A}}",
        "{{else}}",
        "{{/if}}",
        "{{@a.md}}",
    ]
)
TEXTS = st.lists(TOKENS, max_size=40).map("".join) | st.text(max_size=60)


@given(st.dictionaries(st.sampled_from(["a", "b", "c/d"]), TEXTS))
def test_no_text_makes_it_raise(texts: dict[str, str]) -> None:
    prompts, diagnostics = parse_prompts(
        [PromptFile(name=name, content=text) for name, text in texts.items()]
    )
    assert list(prompts) == list(texts)
    for prompt in prompts.values():
        render_prompt(prompt, {"A": "A"}, {"A": "{{A}}"})
    for diagnostic in diagnostics:
        assert diagnostic.span is not None
        lines = texts[diagnostic.path.removeprefix("prompts.")].split("\n")
        assert 1 <= diagnostic.span.line <= len(lines)
        assert 1 <= diagnostic.span.column <= len(lines[diagnostic.span.line - 1]) + 1


@given(TEXTS.filter(lambda text: "#if" not in text and "@" not in text))
def test_without_values_a_text_comes_out_as_it_went_in(text: str) -> None:
    prompts, diagnostics = parse_prompts([PromptFile(name="a", content=text)])
    if not diagnostics:
        assert render_prompt(prompts["a"], {}, {}) == re.sub(r"\r?\n\Z", "", text)
