"""JSON Schemas that strangers wrote: what models are shown of them, and arguments held to them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.engine.schema_check import STEPS, check_schema
from mainspring.engine.schema_cleaning import DEPTH, cleaned

STRING = {"type": "string"}


def properties(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members}


CLEANED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, properties()),
    ({"type": "object"}, properties()),
    ({"properties": [], "required": "x"}, properties()),
    ({"$schema": "https://json-schema.org/x", "$id": "x", "properties": {"a": STRING}}, properties(a=STRING)),
    ({"properties": {"a": STRING}, "required": ["a", "b", 1]}, {**properties(a=STRING), "required": ["a"]}),
    (
        {"properties": {"a": {"type": "string", "pattern": "^(?=x)y"}}},
        properties(a=STRING),
    ),
    ({"properties": {"a": {"pattern": "^[a-z]+$"}}}, properties(a={"pattern": "^[a-z]+$"})),
    ({"properties": {"a": {"pattern": r"(a)\1"}, "b": {"pattern": 7}}}, properties(a={}, b={})),
    ({"properties": {"pattern": STRING}}, properties(pattern=STRING)),
    (
        {
            "properties": {"a": {"$ref": "#/$defs/x"}, "b": {"$ref": "http://10.0.0.1/"}},
            "$defs": {"x": STRING},
        },
        {**properties(a={"$ref": "#/$defs/x"}, b={}), "$defs": {"x": STRING}},
    ),
    (
        {
            "anyOf": [
                {"properties": {"a": STRING, "b": STRING}, "required": ["a", "b"]},
                {"properties": {"c": STRING}, "required": ["a"]},
                True,
            ],
            "properties": {"a": {"type": "number"}},
            "additionalProperties": False,
        },
        {**properties(a={"type": "number"}, b=STRING, c=STRING), "required": ["a"]},
    ),
    (
        {"allOf": [{"properties": {"a": STRING}, "required": ["a"]}, {"properties": {"b": STRING}}]},
        {**properties(a=STRING, b=STRING), "required": ["a"]},
    ),
    ({"oneOf": []}, properties()),
    ({"properties": {"a": {"enum": [{"$id": 1}]}}}, properties(a={"enum": [{"$id": 1}]})),
    ({"properties": {"a": {"anyOf": [STRING, {"$id": "x"}]}}}, properties(a={"anyOf": [STRING, {}]})),
]


@pytest.mark.parametrize(("written", "shown"), CLEANED)
def test_what_models_are_shown(written: dict[str, Any], shown: dict[str, Any]) -> None:
    assert cleaned(written) == shown
    assert cleaned(shown) == shown


def test_a_schema_is_told_to_a_depth() -> None:
    deep: dict[str, Any] = {"type": "array"}
    for _ in range(DEPTH + 9):
        deep = {"type": "array", "items": deep}
    found: Any = cleaned(properties(a=deep))
    levels = 0
    found = found["properties"]["a"]
    while found:
        found, levels = found.get("items"), levels + 1
    assert levels == DEPTH - 1


CHECKED: list[tuple[dict[str, Any], Any, list[str]]] = [
    ({}, {"a": 1}, []),
    ({"type": "object"}, [1], ["arguments: expected an object, got [1]"]),
    (properties(a=STRING), {"a": "x", "b": 1}, []),
    (properties(a={"type": ["string", "null"]}), {"a": None}, []),
    (properties(a={"type": ["string", "null"]}), {"a": 1}, ["a: expected a string or null, got 1"]),
    (properties(a={"type": "frog"}), {"a": 1}, []),
    (properties(a={"type": "integer"}), {"a": 2.0}, []),
    (properties(a={"type": "integer"}), {"a": 2.5}, ["a: expected a whole number, got 2.5"]),
    (properties(a={"type": "number"}), {"a": True}, ["a: expected a number, got true"]),
    (properties(a={"type": "boolean"}), {"a": "yes"}, ['a: expected true or false, got "yes"']),
    (
        {**properties(a=STRING), "additionalProperties": False},
        {"b": 1},
        ["b: there is no such member; members: a"],
    ),
    (
        {"additionalProperties": False},
        {"b": 1},
        ["b: there is no such member; members: none"],
    ),
    ({"additionalProperties": STRING}, {"b": 1}, ["b: expected a string, got 1"]),
    ({"patternProperties": {"^b": {}}, "additionalProperties": False}, {"b": 1}, []),
    ({"required": ["a", 1]}, {}, ["a: is required"]),
    ({"required": "a"}, {}, []),
    (properties(a={"items": STRING}), {"a": ["x", 1]}, ["a[1]: expected a string, got 1"]),
    (properties(a={"enum": ["x", 1]}), {"a": True}, ['a: expected one of "x", 1, got true']),
    (properties(a={"const": 1}), {"a": 1}, []),
    (properties(a={"const": 1}), {"a": 2}, ["a: expected one of 1, got 2"]),
    (properties(a={"minimum": 1, "maximum": 3}), {"a": 0}, ["a: must be at least 1, is 0"]),
    (properties(a={"exclusiveMinimum": 1}), {"a": 1}, ["a: must be more than 1, is 1"]),
    (properties(a={"exclusiveMaximum": 1, "maximum": "x"}), {"a": 1}, ["a: must be less than 1, is 1"]),
    (properties(a={"minLength": 2}), {"a": "x"}, ["a: must have at least 2 characters, has 1"]),
    (properties(a={"maxItems": 1}), {"a": [1, 2]}, ["a: must have at most 1 items, has 2"]),
    (properties(a={"allOf": [STRING, {"minLength": 2}]}), {"a": "xy"}, []),
    (properties(a={"anyOf": [STRING, {"type": "null"}]}), {"a": None}, []),
    (
        properties(a={"oneOf": [properties(k=STRING), {"type": "array", "minItems": 2}]}),
        {"a": {"k": 1}},
        ["a.k: expected a string, got 1"],
    ),
    (
        {**properties(a={"$ref": "#/$defs/x~1y"}), "$defs": {"x/y": STRING}},
        {"a": 1},
        ["a: expected a string, got 1"],
    ),
    (properties(a={"$ref": "#/nowhere/1"}, b={"$ref": "http://10.0.0.1/"}), {"a": 1, "b": 1}, []),
    (properties(a=False), {"a": 1}, ["a: nothing is allowed here"]),
    (properties(a=STRING), {"a": float("nan")}, ["arguments: numbers must be finite"]),
    (properties(a=STRING), {"a": ["x" * 99]}, [f'a: expected a string, got ["{"x" * 38}…']),
]


@pytest.mark.parametrize(("schema", "args", "problems"), CHECKED)
def test_arguments_are_held_to_a_schema(schema: dict[str, Any], args: Any, problems: list[str]) -> None:
    assert check_schema(schema, args) == problems


def test_a_schema_that_asks_for_endless_work_is_left_unfinished() -> None:
    endless = {"$defs": {"x": {"anyOf": [{"$ref": "#/$defs/x"}] * 3}}, "$ref": "#/$defs/x"}
    assert check_schema(endless, {}) == []
    assert len(check_schema(properties(a={"items": STRING}), {"a": [1] * (2 * STEPS)})) == 20


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
WORDS = st.sampled_from(
    ["type", "properties", "required", "items", "anyOf", "allOf", "oneOf", "enum", "const", "$ref", "pattern"]
)
SCHEMAS = st.recursive(
    st.booleans() | st.sampled_from(["string", "object", "array", "#/properties", "#"]) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=15,
)


@given(schema=st.dictionaries(WORDS, SCHEMAS, max_size=5), args=st.dictionaries(st.text(max_size=5), JSON))
@settings(max_examples=200, deadline=None)
def test_no_schema_and_no_arguments_break_it(schema: dict[str, Any], args: dict[str, Any]) -> None:
    assert isinstance(check_schema(schema, args), list)
    shown = cleaned(schema)
    assert shown["type"] == "object"
    assert isinstance(shown["properties"], dict)
    assert not {"anyOf", "oneOf", "allOf"} & shown.keys()
