"""Checks the rendering of prompts: what is filled in, what is not, and that a value is never a template."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.engine.prompts import is_truthy, render_prompt, text_of
from mainspring.model.program import (
    Branch,
    Condition,
    ConditionalNode,
    Prompt,
    TemplateNode,
    TextNode,
    VariableNode,
)
from mainspring.model.values import Json


def variable(name: str) -> VariableNode:
    return VariableNode(name=name, source=f"{{{{{name}}}}}")


def prompt(*nodes: TemplateNode) -> Prompt:
    return Prompt(name="p", nodes=nodes)


OPERATORS: dict[str, Literal["truthy", "falsy", "equals", "differs"]] = {
    "": "truthy",
    "!": "falsy",
    "==": "equals",
    "!=": "differs",
}


def condition(text: str, *, then: str = "yes", otherwise: str = "no") -> Prompt:
    """A prompt that says `then` if `A`, `A !`, `A == x` or `A != x` holds."""
    name, _, rest = text.partition(" ")
    operator, _, literal = rest.partition(" ")
    held = Condition(variable=name, operator=OPERATORS[operator], literal=literal)
    return prompt(
        ConditionalNode(
            branches=(
                Branch(condition=held, nodes=(TextNode(text=then),)),
                Branch(condition=None, nodes=(TextNode(text=otherwise),)),
            )
        )
    )


def test_mapped_names_are_filled_in_under_their_label() -> None:
    rendered = render_prompt(
        prompt(TextNode(text="Hi "), variable("WHO"), TextNode(text="!")), {"WHO": "NAME"}, {"NAME": "Ada"}
    )
    assert rendered == "Hi Ada!"


def test_a_name_without_mapping_or_value_keeps_its_placeholder() -> None:
    template = prompt(variable("A"), VariableNode(name="B", source="{{ B }}"), variable("C"))
    assert render_prompt(template, {"B": "B", "C": "C"}, {"A": "x", "C": None}) == "{{A}}{{ B }}{{C}}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is\n", "as it is\n"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (-3.0, "-3"),
        (2.5, "2.5"),
        (1e300, "1e+300"),
        (10**18, "1000000000000000000"),
        ([], "[]"),
        ({"a": 1.0, "b": "2.0", "c": [3.0, -4.50, True, None]}, None),
        ([{"é": "x"}], '[\n  {\n    "é": "x"\n  }\n]'),
    ],
)
def test_the_string_form_of_a_value(value: Json, text: str | None) -> None:
    expected = (
        '{\n  "a": 1,\n  "b": "2.0",\n  "c": [\n    3,\n    -4.5,\n    true,\n    null\n  ]\n}'
        if text is None
        else text
    )
    assert text_of(value) == expected


@pytest.mark.parametrize("value", [None, False, "", "false", "0"])
def test_falsy(value: Json) -> None:
    assert not is_truthy(value)
    assert render_prompt(condition("A"), {"A": "A"}, {"A": value}) == "no"
    assert render_prompt(condition("A !"), {"A": "A"}, {"A": value}) == "yes"


@pytest.mark.parametrize("value", [True, 1, 0, 0.0, "no", "False", " ", "NONE", [], {}])
def test_truthy(value: Json) -> None:
    assert is_truthy(value)
    assert render_prompt(condition("A"), {"A": "A"}, {"A": value}) == "yes"


@pytest.mark.parametrize(
    ("value", "literal", "same"),
    [
        ("pro", "pro", True),
        ("Pro", "pro", False),
        (True, "true", True),
        (0, "0", True),
        (2.0, "2", True),
        (None, "", False),
        ("", "", True),
    ],
)
def test_equality_is_on_the_string_form(value: Json, literal: str, same: bool) -> None:
    assert render_prompt(condition(f"A == {literal}"), {"A": "A"}, {"A": value}) == ("yes" if same else "no")
    assert render_prompt(condition(f"A != {literal}"), {"A": "A"}, {"A": value}) == ("no" if same else "yes")


def test_a_condition_sees_mapped_names_only() -> None:
    assert render_prompt(condition("A"), {}, {"A": True}) == "no"
    assert render_prompt(condition("A"), {"A": "B"}, {"B": True}) == "yes"


def test_without_an_arm_that_holds_nothing_is_said() -> None:
    branch = Branch(condition=Condition(variable="A"), nodes=(TextNode(text="x"),))
    assert render_prompt(prompt(ConditionalNode(branches=(branch,))), {}, {}) == ""


HOSTILE = st.lists(
    st.sampled_from(
        [
            "{{",
            "}}",
            "SECRET",
            "{{SECRET}}",
            "{{@other.md}}",
            "{{#if SECRET}}",
            "{{/if}}",
            "{{7*7}}",
            "{% raw %}",
        ]
    )
    | st.text(max_size=5)
).map("".join)


@given(HOSTILE, HOSTILE)
def test_a_value_is_never_read_as_a_template(first: str, second: str) -> None:
    template = prompt(variable("A"), TextNode(text="|"), variable("B"), TextNode(text="|"), variable("A"))
    values = {"A": first, "B": second, "SECRET": "leaked", "other": "leaked"}
    mapping = {"A": "A", "B": "B", "SECRET": "SECRET"}
    assert render_prompt(template, mapping, values) == f"{first}|{second}|{first}"


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists))
def test_any_json_has_a_string_form(value: Json) -> None:
    assert isinstance(text_of(value), str)
