"""Checks the check of values from outside: defaults, types in every form, and words a person or a model can act on."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.engine.inputs import DEPTH, REPORTED, check_arguments, check_values, initial_values
from mainspring.model.program import (
    ArrayType,
    Declared,
    ObjectType,
    Program,
    Property,
    Tool,
    TypeRef,
    UnionType,
)
from mainspring.model.values import Json


def ref(text: str) -> TypeRef:
    return TypeRef(name=text.removesuffix("[]"), array=text.endswith("[]"))


def member(text: str, **more: Any) -> Property:
    return Property(type=ref(text), **more)


TYPES = {
    "Party": ObjectType(
        name="Party",
        properties={"name": member("string"), "size": member("string", enum=("s", "m"), optional=True)},
    ),
    "Parties": ArrayType(name="Parties", items=ref("Party")),
    "Card": ObjectType(
        name="Card", properties={"kind": member("string", const="card"), "to": member("Party")}
    ),
    "Note": ObjectType(
        name="Note", properties={"kind": member("string", const="note"), "any": member("unknown")}
    ),
    "Piece": UnionType(name="Piece", any_of=("Card", "Note"), discriminator="kind"),
}
PROGRAM = Program(slug="p", name="P", format="interactive", hash="0", types=TYPES)
FILE = {"id": "f", "mediaType": "image/png", "url": "https://files.example/f", "size": 3, "extra": 1}


def declared(kind: str, **more: Any) -> dict[str, Declared]:
    return {"A": Declared(name="A", type=ref(kind), **more)}


def check(kind: str, value: Json, **more: Any) -> tuple[dict[str, Json], list[str]]:
    return check_values(PROGRAM, declared(kind, **more), {"A": value}, where="input")


def complaint(kind: str, value: Json, **more: Any) -> str:
    (problem,) = check(kind, value, **more)[1]
    return problem


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", ""),
        ("number", 1),
        ("number", -1.5),
        ("integer", 3),
        ("integer", 3.0),
        ("boolean", False),
        ("unknown", None),
        ("unknown", {"a": [1, {"b": None}]}),
        ("string[]", []),
        ("string[]", ["a"]),
        ("file", FILE),
        ("file[]", [FILE, FILE]),
        ("Party", {"name": "x", "more": 1}),
        ("Party", {"name": "x", "size": None}),
        ("Parties", [{"name": "x", "size": "m"}]),
        ("Parties[]", [[{"name": "x"}], []]),
        ("Piece", {"kind": "card", "to": {"name": "x"}}),
        ("Piece", {"kind": "note", "any": None}),
        ("Piece[]", [{"kind": "note", "any": [1]}]),
    ],
)
def test_a_good_value_passes_as_it_is(kind: str, value: Json) -> None:
    assert check(kind, value) == ({"A": value}, [])


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("string", 1, "input.A: expected a string, got a number"),
        ("string", True, "input.A: expected a string, got a boolean"),
        ("number", True, "input.A: expected a number, got a boolean"),
        ("number", "x" * 50, f'input.A: expected a number, got the string "{"x" * 40}…"'),
        ("number", "01", 'input.A: expected a number, got the string "01"'),
        ("integer", 1.5, "input.A: expected an integer, got a number"),
        ("integer", True, "input.A: expected an integer, got a boolean"),
        ("boolean", "yes", 'input.A: expected a boolean, got the string "yes"'),
        ("boolean", 1, "input.A: expected a boolean, got a number"),
        ("string[]", "a", 'input.A: expected an array, got the string "a"'),
        ("string[]", ["a", None], "input.A[1]: expected a string, got null"),
        ("boolean[]", ["true"], 'input.A[0]: expected a boolean, got the string "true"'),
        ("file", [], "input.A: expected an object with id, mediaType, url, filename, size, got an array"),
        ("file", {"id": "f", "mediaType": "x"}, "input.A.url: is required, expected a string"),
        ("Party", "x", 'input.A: expected an object with name, size, got the string "x"'),
        ("Party", {}, "input.A.name: is required, expected a string"),
        ("Party", {"name": None}, "input.A.name: is required, expected a string"),
        ("Party", {"name": "x", "size": "l"}, 'input.A.size: expected one of "s", "m", got "l"'),
        ("Parties", {}, "input.A: expected an array, got an object"),
        ("Parties", [{"name": 1}], "input.A[0].name: expected a string, got a number"),
        ("Piece", [], "input.A: expected an object with kind, got an array"),
        ("Piece", {}, 'input.A.kind: expected one of "card", "note", got null'),
        ("Piece", {"kind": "cart"}, 'input.A.kind: expected one of "card", "note", got "cart"'),
        ("Piece", {"kind": ["card"]}, 'input.A.kind: expected one of "card", "note", got an array'),
        ("Piece", {"kind": "card"}, "input.A.to: is required, expected a Party"),
        ("Piece", {"kind": "card", "to": {}}, "input.A.to.name: is required, expected a string"),
        ("Piece", {"kind": "note"}, "input.A.any: is required, expected a value"),
        ("unknown", [math.nan], "input.A: numbers must be finite"),
        ("number", math.inf, "input.A: numbers must be finite"),
        ("unknown", {"a": 2**64}, f"input.A: whole numbers must be between {-(2**63)} and {2**64 - 1}"),
    ],
)
def test_a_bad_value_is_told_with_its_place(kind: str, value: Json, problem: str) -> None:
    assert complaint(kind, value) == problem


@pytest.mark.parametrize(
    ("kind", "given_text", "value"),
    [
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("number", "-2.5", -2.5),
        ("number", "0", 0),
        ("integer", "12", 12),
    ],
)
def test_text_stands_for_a_boolean_or_number(kind: str, given_text: str, value: Json) -> None:
    values, problems = check(kind, given_text)
    assert (values, problems) == ({"A": value}, [])
    assert type(values["A"]) is type(value)


def test_defaults_fill_in_what_is_not_given() -> None:
    inputs = {
        "NAMED": Declared(name="NAMED", type=ref("string"), default="x", has_default=True),
        "EMPTY": Declared(name="EMPTY", type=ref("string"), default=None, has_default=True),
        "LEFT": Declared(name="LEFT", type=ref("number"), optional=True),
        "NULL": Declared(name="NULL", type=ref("number"), optional=True),
    }
    values, problems = check_values(PROGRAM, inputs, {"NULL": None, "OTHER": 1}, where="input")
    assert values == {"NAMED": "x", "EMPTY": None, "LEFT": "NONE", "NULL": "NONE"}
    assert problems == []


def test_what_is_required_and_missing_is_told() -> None:
    values, problems = check_values(
        PROGRAM,
        {
            "A": Declared(name="A", type=ref("Party[]")),
            "B": Declared(name="B", type=ref("string"), enum=("x", "y")),
            "C": Declared(name="C", type=ref("unknown")),
        },
        {"A": None},
        where="trigger read",
    )
    assert values == {}
    assert problems == [
        "trigger read.A: is required, expected an array of Party",
        'trigger read.B: is required, expected a string "x", "y"',
        "trigger read.C: is required, expected a value",
    ]


def test_a_word_outside_the_enum_is_refused() -> None:
    assert complaint("string", "z", enum=("x", "y")) == 'input.A: expected one of "x", "y", got "z"'
    assert check("string", "x", enum=("x", "y"))[1] == []
    assert complaint("string", 1, enum=("x", "y")) == "input.A: expected a string, got a number"


def test_variables_begin_with_their_defaults_only() -> None:
    assert initial_values(
        {
            "A": Declared(name="A", type=ref("string")),
            "B": Declared(name="B", type=ref("unknown"), default={"n": 1}, has_default=True),
        }
    ) == {"B": {"n": 1}}


def test_depth_is_bounded_without_recursion() -> None:
    deep: Json = 1
    for _ in range(DEPTH):
        deep = [deep]
    assert check("unknown", deep)[1] == []
    assert complaint("unknown", [deep]) == f"input.A: nests deeper than {DEPTH} levels"
    for _ in range(100_000):
        deep = {"a": deep}
    assert complaint("unknown", deep) == f"input.A: nests deeper than {DEPTH} levels"


def test_a_flood_of_problems_is_cut_short() -> None:
    inputs = {name: Declared(name=name, type=ref("string[]")) for name in ("A", "B")}
    _, problems = check_values(PROGRAM, inputs, {"A": [1] * 5000, "B": [1] * 5000}, where="input")
    assert len(problems) == REPORTED
    tool = Tool(name="t", description="", parameters={"a": member("string[]")})
    assert len(check_arguments(tool, PROGRAM, {"a": [1] * 5000})) == REPORTED


TOOL = Tool(
    name="get-order",
    description="Looks up an order",
    parameters={
        "orderId": member("string"),
        "parts": member("Piece[]", optional=True),
        "level": member("string", enum=("low", "high"), optional=True),
    },
)


def test_good_arguments_have_no_problem() -> None:
    assert check_arguments(TOOL, PROGRAM, {"orderId": "1", "level": "low", "parts": None, "more": 1}) == []


def test_arguments_are_told_in_words_for_the_model() -> None:
    assert check_arguments(TOOL, PROGRAM, {"order_id": "1", "level": "mid", "parts": [{}]}) == [
        "orderId: is required, expected a string",
        'parts[0].kind: expected one of "card", "note", got null',
        'level: expected one of "low", "high", got "mid"',
    ]


def test_arguments_have_to_be_an_object_that_json_can_hold() -> None:
    assert check_arguments(TOOL, PROGRAM, ["1"]) == ["arguments: expected an object, got an array"]
    assert check_arguments(TOOL, PROGRAM, {"orderId": "1", "x": math.inf}) == [
        "arguments: numbers must be finite"
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "name", "to", "any", "id"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["string", "number", "integer", "boolean", "unknown", "file[]", *TYPES]))
def test_no_value_makes_it_raise(value: Json, kind: str) -> None:
    values, problems = check(kind, value, optional=True)
    assert set(values) <= {"A"}
    assert all(problem.startswith("input.A") for problem in problems)
