"""Judges a value by a JSON Schema: the keywords that the schema of protocols uses, and a complaint about any other."""

import re
from typing import Any

KINDS: dict[str, Any] = {"object": dict, "array": list, "string": str, "null": type(None)}
NOTES = {"$schema", "title", "description", "default", "$defs"}


def problems(value: Any, schema: Any, root: Any, path: str = "") -> list[str]:
    """What is wrong with `value`, each with its path; `root` holds the definitions."""
    if schema is True:
        return []
    if schema is False:
        return [f"{path}: not allowed"]
    found: list[str] = []
    for keyword, said in schema.items():
        if keyword not in NOTES:
            found += CHECKS[keyword](value, said, root, path, schema)
    return found


def is_kind(value: Any, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("integer", "number"):
        wanted = int if kind == "integer" else (int, float)
        return isinstance(value, wanted) and not isinstance(value, bool)
    return isinstance(value, KINDS[kind])


def check_type(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    return [] if is_kind(value, said) else [f"{path}: is not of type {said}"]


def check_ref(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    return problems(value, root["$defs"][said.removeprefix("#/$defs/")], root, path)


def check_any(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    tries = [problems(value, one, root, path) for one in said]
    if any(not one for one in tries):
        return []
    return [f"{path}: fits none of {len(said)} shapes", *(problem for one in tries for problem in one)]


def check_all(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    return [problem for one in said for problem in problems(value, one, root, path)]


def check_if(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    return [] if problems(value, said, root, path) else problems(value, schema["then"], root, path)


def check_properties(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    if not isinstance(value, dict):
        return []
    return [
        problem
        for key, one in said.items()
        if key in value
        for problem in problems(value[key], one, root, f"{path}.{key}")
    ]


def check_additional(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    if not isinstance(value, dict):
        return []
    patterns = schema.get("patternProperties", {})
    free = [
        key
        for key in value
        if key not in schema.get("properties", {}) and not any(re.search(regex, key) for regex in patterns)
    ]
    return [problem for key in free for problem in problems(value[key], said, root, f"{path}.{key}")]


def check_names(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    if not isinstance(value, dict):
        return []
    return [problem for key in value for problem in problems(key, said, root, f"{path} key {key}")]


def check_required(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    missing = [key for key in said if key not in value] if isinstance(value, dict) else []
    return [f"{path}: needs {key}" for key in missing]


def check_items(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    items = value if isinstance(value, list) else []
    return [
        problem
        for index, item in enumerate(items)
        for problem in problems(item, said, root, f"{path}[{index}]")
    ]


def check_unique(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    items = value if isinstance(value, list) else []
    return [f"{path}: repeats"] if any(items.count(item) > 1 for item in items) else []


def check_size(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    return [f"{path}: is too short"] if isinstance(value, (list, dict)) and len(value) < said else []


def check_least(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    return [f"{path}: is too small"] if is_kind(value, "number") and value < said else []


def check_most(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    return [f"{path}: is too large"] if is_kind(value, "number") and value > said else []


def check_pattern(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    wrong = isinstance(value, str) and not re.search(said, value)
    return [f"{path}: `{value}` does not match {said}"] if wrong else []


def check_enum(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    return [] if value in said else [f"{path}: is none of {said}"]


def check_const(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    return [] if value == said else [f"{path}: is not {said}"]


def passed(value: Any, said: Any, root: Any, path: str, schema: Any) -> list[str]:
    """Keywords that another one looks at."""
    return []


CHECKS: dict[str, Any] = {
    "type": check_type,
    "$ref": check_ref,
    "anyOf": check_any,
    "allOf": check_all,
    "if": check_if,
    "then": passed,
    "properties": check_properties,
    "patternProperties": passed,
    "additionalProperties": check_additional,
    "propertyNames": check_names,
    "required": check_required,
    "items": check_items,
    "uniqueItems": check_unique,
    "minItems": check_size,
    "minProperties": check_size,
    "minimum": check_least,
    "maximum": check_most,
    "pattern": check_pattern,
    "enum": check_enum,
    "const": check_const,
}
